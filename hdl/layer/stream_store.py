"""Store of the random streams of a universal trainer's layers, in the memory of hidden weights."""

from amaranth.hdl import Cat, Elaboratable, Module, Mux, Signal
from amaranth.lib.wiring import In, Out

from ...golden_model.random_stream import HISTORY_BITS
from ..planning.universal import UniversalEngine
from ..primitives.component import Component

__all__ = ["StreamStore"]


class StreamStore(Component):
    """Move the history of a layer's random stream between the generator and memory.

    The history is stored in ``P = ceil(127 / B)`` pieces, as hidden weights of ``stream_rows``
    rows; those of layer 0 follow the rows of all hidden weights, those of each other layer follow
    the rows of the layer before. The lowest bits of the first piece are not used. Cycle by cycle,
    from the cycle after ``load`` or ``store`` is set::

        load     0 … P − 1    read a piece in each cycle
                 3 … P + 2    shift it into the history; ``moved`` in the last cycle
        store    0, 2, …      command to write a piece
                 1, 3, …      give the piece, and rotate the history; ``moved`` in the last cycle

    Parameters
    ----------
    engine : UniversalEngine
        The engine.

    Members
    -------
    layer : In
        The layer.
    load, store : In(1)
        Load or store its history; one of them is held until ``moved``.
    moved : Out(1)
        The last cycle.
    read, replace : Out(1)
        Command to the weight bank: read, or replace, ``column`` of ``row``.
    row, column : Out
        See ``read``.
    piece : In(B)
        The counter that was read, three cycles after ``read``.
    history : In(127)
        The generator's history.
    stored : Out(B)
        The counter to write, in the cycle after ``replace``.
    shift : Out(1)
        The history moves down by ``B`` bits; ``shifted`` enters.
    shifted : Out(B)
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
                "moved": Out(1),
                "read": Out(1),
                "replace": Out(1),
                "row": Out(range(max(engine.bank_rows, 2))),
                "column": Out(range(max(engine.plan.update_width, 2))),
                "piece": In(bits),
                "history": In(HISTORY_BITS),
                "stored": Out(bits),
                "shift": Out(1),
                "shifted": Out(bits),
            }
        )

    def elaborate(self, platform: object) -> Elaboratable:
        m = Module()
        engine, bits = self.engine, self.engine.config.counter_bits
        pieces = engine.stream_pieces
        unused = pieces * bits - HISTORY_BITS

        left = Signal(range(pieces + 1))  # pieces whose command is not given
        started = Signal()
        phase = Signal()
        last_column = self.column == engine.plan.update_width - 1
        commanded = self.read | self.replace
        with m.If(~started):
            m.d.sync += [
                left.eq(pieces),
                started.eq(self.load | self.store),
                phase.eq(0),
                self.row.eq(engine.weight_rows + self.layer * engine.stream_rows),
                self.column.eq(0),
            ]
        with m.Elif(commanded):
            m.d.sync += [
                left.eq(left - 1),
                self.column.eq(Mux(last_column, 0, self.column + 1)),
                self.row.eq(self.row + last_column),
            ]
        with m.If(started):
            m.d.sync += phase.eq(~phase)
        m.d.comb += [
            self.read.eq(started & self.load & (left != 0)),
            self.replace.eq(started & self.store & ~phase),
            self.stored.eq(Cat(self.history[HISTORY_BITS - unused :], self.history)),
        ]

        reading = Signal(3)
        m.d.sync += reading.eq(Cat(self.read, reading))
        with m.If(self.load):
            m.d.comb += [
                self.shift.eq(reading[-1]),
                self.shifted.eq(self.piece),
                self.moved.eq(reading[-1] & ~reading[:2].any() & ~self.read),
            ]
        with m.Elif(self.store):
            m.d.comb += [
                self.shift.eq(started & phase),
                self.shifted.eq(self.history),
                self.moved.eq(started & phase & (left == 0)),
            ]
        with m.If(self.moved):
            m.d.sync += started.eq(0)

        return m
