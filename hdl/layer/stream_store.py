"""Store of the random streams of a universal trainer's layers, in the memory of hidden weights."""

from amaranth.hdl import Cat, Elaboratable, Module, Mux, Signal
from amaranth.lib.wiring import In, Out

from ...golden_model.random_stream import HISTORY_BITS
from ..planning.universal import UniversalEngine
from ..primitives.component import Component

__all__ = ["StreamStore"]

WORD_BITS = 32


class StreamStore(Component):
    """Move the history of a layer's random stream between the generator, memory and the host.

    A history is four words of 32 bits, as the host writes and reads it; bit 0 of the first word is
    unused. It is stored in ``P = 128 / S`` pieces of ``S`` bits (``stream_piece_bits``), as hidden
    weights of ``stream_rows`` rows; those of layer 0 follow the rows of all hidden weights, those
    of each other layer follow the rows of the layer before. A move is of the whole history, or of
    a word, in ``P / 4`` pieces. Cycle by cycle, from the cycle after a request for ``n`` pieces::

        load, read       0 … n − 1    read a piece in each cycle
                         3 … n + 2    shift it into the history; ``moved`` in the last cycle
        store, write     0, 2, …      command to write a piece
                         1, 3, …      give the piece; ``store`` rotates the history; ``moved`` in
                                      the last cycle

    After a read, the word is in the history's highest bits.

    Parameters
    ----------
    engine : UniversalEngine
        The engine.

    Members
    -------
    layer : In
        The layer.
    load, store : In(1)
        Load its history into the generator, or store the generator's.
    read, write : In(1)
        Read word ``number`` of its history into the generator, or write ``word``. One of the four
        requests is held until ``moved``.
    number : In(range(4))
        See ``read``.
    word : In(32)
        See ``read``.
    moved : Out(1)
        The last cycle.
    fetch, replace : Out(1)
        Command to the weight bank: read, or replace, ``column`` of ``row``.
    row, column : Out
        See ``fetch``.
    piece : In(B)
        The counter that was read, three cycles after ``fetch``.
    history : In(127)
        The generator's history.
    stored : Out(B)
        The counter to write, in the cycle after ``replace``.
    shift : Out(1)
        The history moves down by ``S`` bits; ``shifted`` enters.
    shifted : Out(S)
        See ``shift``.
    """

    def __init__(self, engine: UniversalEngine):
        self.engine = engine
        bits = engine.config.counter_bits
        super().__init__(
            {
                "layer": In(range(max(engine.layers, 2))),
                "load": In(1),
                "store": In(1),
                "read": In(1),
                "write": In(1),
                "number": In(range(4)),
                "word": In(WORD_BITS),
                "moved": Out(1),
                "fetch": Out(1),
                "replace": Out(1),
                "row": Out(range(max(engine.bank_rows, 2))),
                "column": Out(range(max(engine.plan.update_width, 2))),
                "piece": In(bits),
                "history": In(HISTORY_BITS),
                "stored": Out(bits),
                "shift": Out(1),
                "shifted": Out(engine.stream_piece_bits),
            }
        )

    def elaborate(self, platform: object) -> Elaboratable:
        m = Module()
        engine, bits = self.engine, self.engine.stream_piece_bits
        pieces, word_pieces = engine.stream_pieces, WORD_BITS // bits
        row_bits = engine.plan.update_width.bit_length() - 1

        number = Signal(range(pieces))  # of the next piece to command
        last_of_word = number[: word_pieces.bit_length() - 1].all()
        whole = self.load | self.store
        reads, writes = self.load | self.read, self.store | self.write
        started, commanded, phase = Signal(), Signal(), Signal()  # commanded: all pieces are
        with m.If(~started):
            m.d.sync += [
                started.eq(reads | writes),
                commanded.eq(0),
                phase.eq(0),
                number.eq(Mux(whole, 0, self.number * word_pieces)),
            ]
        with m.Elif(self.fetch | self.replace):
            m.d.sync += [
                number.eq(number + 1),
                commanded.eq(Mux(whole, number.all(), last_of_word)),
            ]
        with m.If(started):
            m.d.sync += phase.eq(~phase)
        before = Signal.like(number)  # of the piece that was commanded before
        m.d.sync += before.eq(number)
        m.d.comb += [
            self.fetch.eq(started & reads & ~commanded),
            self.replace.eq(started & writes & ~phase),
            self.row.eq(
                engine.weight_rows + self.layer * engine.stream_rows + (number >> row_bits)
            ),
            self.column.eq(number[:row_bits]),
            # The first piece has 127 mod S bits, and the rotation is one of 127 bits.
            self.stored.eq(Cat(self.history[-1], self.history[: bits - 1])),
        ]
        with m.If(self.write):
            m.d.comb += self.stored.eq(self.word.word_select(before % word_pieces, bits))
        with m.If(before == 0):
            m.d.comb += self.stored[0].eq(0)

        reading = Signal(3)
        m.d.sync += reading.eq(Cat(self.fetch, reading))
        with m.If(reads):
            m.d.comb += [
                self.shift.eq(reading[-1]),
                self.shifted.eq(self.piece),
                self.moved.eq(reading[-1] & ~reading[:2].any() & ~self.fetch),
            ]
        with m.Elif(writes):
            m.d.comb += [
                self.shift.eq(started & phase & self.store),
                self.shifted.eq(self.history),
                self.moved.eq(started & phase & commanded),
            ]
        with m.If(self.moved):
            m.d.sync += started.eq(0)

        return m
