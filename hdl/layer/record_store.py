"""Store of random streams and settings of a universal trainer's layers, with hidden weights."""

from amaranth.hdl import C, Cat, Elaboratable, Module, Mux, Signal
from amaranth.lib.wiring import In, Out

from ...golden_model.random_stream import HISTORY_BITS
from ..planning.universal import RECORD_HALVES, UniversalEngine
from ..primitives.component import Component
from .layer_settings import HALF_BITS

__all__ = ["RecordStore"]


class RecordStore(Component):
    """Move a layer's random stream and settings between memory, their registers and the host.

    A layer's record is 16 halves of 16 bits: the history of its stream, four words of 32 bits as
    the host writes and reads it, and its settings (:data:`.SETTINGS`). Bit 0 of the first word is
    unused. The record is stored in pieces of ``S`` bits (``piece_bits``), as hidden weights of
    ``record_rows`` rows; those of layer 0 follow the rows of all hidden weights, those of each
    other layer follow the rows of the layer before. A move is of the history or the settings, in
    ``P = 128 / S`` pieces each, of a word, in ``P / 4`` pieces, or of a half. Cycle by cycle, from
    the cycle after a request for ``n`` pieces::

        load, read       0 … n − 1    read a piece in each cycle
                         3 … n + 2    shift it into the history; ``moved`` in the last cycle
        load_settings    as a load, but the piece goes to ``settings``
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
    load_settings : In(1)
        Load its settings.
    read, write : In(1)
        Read a word of its history into the generator, or write ``word``. One of the five requests
        is held until ``moved``.
    half : In(range(16))
        First half to read or to write.
    single : In(1)
        Write only this half, the low one of ``word``.
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
        The counter to write, in the cycle after ``replace``; the lowest bits of ``word`` if there
        is no request.
    shift : Out(1)
        The history moves down by ``S`` bits; ``shifted`` enters.
    shifted : Out(S)
        See ``shift``.
    set : Out(1)
        ``shifted`` is piece ``set_number`` of the settings.
    set_number : Out
        See ``set``.
    """

    def __init__(self, engine: UniversalEngine):
        self.engine = engine
        bits = engine.config.counter_bits
        super().__init__(
            {
                "layer": In(range(max(engine.layers, 2))),
                "load": In(1),
                "store": In(1),
                "load_settings": In(1),
                "read": In(1),
                "write": In(1),
                "half": In(range(RECORD_HALVES)),
                "single": In(1),
                "word": In(2 * HALF_BITS),
                "moved": Out(1),
                "fetch": Out(1),
                "replace": Out(1),
                "row": Out(range(max(engine.bank_rows, 2))),
                "column": Out(range(max(engine.plan.update_width, 2))),
                "piece": In(bits),
                "history": In(HISTORY_BITS),
                "stored": Out(bits),
                "shift": Out(1),
                "shifted": Out(engine.piece_bits),
                "set": Out(1),
                "set_number": Out(range(engine.setting_pieces)),
            }
        )

    def elaborate(self, platform: object) -> Elaboratable:
        m = Module()
        engine, bits = self.engine, self.engine.piece_bits
        row_bits = engine.plan.update_width.bit_length() - 1
        half_bits = (HALF_BITS // bits).bit_length() - 1  # of a piece's number in a half

        number = Signal(range(engine.stream_pieces + engine.setting_pieces))  # to command next
        before = Signal.like(number)  # of the piece that was commanded before
        whole = self.load | self.store | self.load_settings
        last = Signal()  # piece of the move
        m.d.comb += last.eq(
            Cat(C(1), number[:half_bits]).all()
            & (number[half_bits] | (self.single & ~whole))
            & (~whole | number[half_bits + 1 : -1].all())
        )
        reads, writes = self.load | self.load_settings | self.read, self.store | self.write
        started, commanded, phase = Signal(), Signal(), Signal()  # commanded: all pieces are
        with m.If(~started):
            m.d.sync += [
                started.eq(reads | writes),
                commanded.eq(0),
                phase.eq(0),
                number.eq(
                    Mux(
                        whole,
                        self.load_settings << len(number) - 1,
                        self.half << half_bits,
                    )
                ),
                self.set_number.eq(0),
            ]
        with m.Elif(self.fetch | self.replace):
            m.d.sync += [number.eq(number + 1), commanded.eq(last)]
        with m.If(started):
            m.d.sync += phase.eq(~phase)
        m.d.sync += before.eq(number)
        m.d.comb += [
            self.fetch.eq(started & reads & ~commanded),
            self.replace.eq(started & writes & ~phase),
            self.row.eq(
                engine.weight_rows + self.layer * engine.record_rows + (number >> row_bits)
            ),
            self.column.eq(number[:row_bits]),
        ]
        place = Cat(before[:half_bits], before[half_bits] & ~self.single) & self.write.replicate(
            half_bits + 1
        )
        m.d.comb += self.stored.eq(
            self.word.bit_select(place << bits.bit_length() - 1, len(self.stored))
        )
        with m.If(self.store):
            # The first piece has 127 mod S bits, and the rotation is one of 127 bits.
            m.d.comb += self.stored.eq(Cat(self.history[-1], self.history[: bits - 1]))
        with m.If(writes & (before == 0)):
            m.d.comb += self.stored[0].eq(0)

        reading = Signal(3)
        m.d.sync += reading.eq(Cat(self.fetch, reading))
        m.d.comb += self.shifted.eq(Mux(reads, self.piece, self.history))
        with m.If(reads):
            m.d.comb += [
                self.set.eq(reading[-1] & self.load_settings),
                self.shift.eq(reading[-1] & ~self.load_settings),
                self.moved.eq(reading[-1] & ~reading[:2].any() & ~self.fetch),
            ]
        with m.Elif(writes):
            m.d.comb += [
                self.shift.eq(started & phase & self.store),
                self.moved.eq(started & phase & commanded),
            ]
        with m.If(self.set):
            m.d.sync += self.set_number.eq(self.set_number + 1)
        with m.If(self.moved):
            m.d.sync += started.eq(0)

        return m
