"""Read and write single hidden weights, in order: for the host and the initial state."""

from amaranth.hdl import Elaboratable, Module, Mux, Signal, signed
from amaranth.lib import stream
from amaranth.lib.wiring import In, Out

from ..planning.plan import FoldedLayer
from ..primitives.component import Component
from ..shape.layer_shape import shape_port

__all__ = ["CounterPort"]


class CounterPort(Component):
    """Read or write counters one by one, in the order of their neurons and inputs.

    Only while nothing else uses the banks. A write takes two cycles: the command with the row's
    address, then the counter. A read takes four cycles: the command in the first, the counter in
    the fourth.

    Parameters
    ----------
    folded : FoldedLayer
        The layer and its fold factors.

    Members
    -------
    shape : In(struct)
        The layer's numbers.
    rewind : In(1)
        Go to counter 0 of neuron 0.
    skip : In(1)
        Go to the first counter of the next neuron; only after ``rewind``.
    w : In(stream)
        Counters to write.
    r : Out(stream)
        Counters read, while ``reading`` is set.
    reading : In(1)
        Read the present counter.
    next_row, next_neuron, walk_rewind : Out(1)
        Requests to the row address generator.
    last_row : In(1)
        The present row is the last row of a neuron.
    store, read : Out(1)
        Command to the present row's bank: store a counter of the row, or read it. The counter to
        store is still at ``w`` in the next cycle.
    column : Out
        Lane of the present counter in its row.
    stored : In(signed)
        The counter that was read, from the third cycle after ``read`` on.
    """

    def __init__(self, folded: FoldedLayer):
        self.folded = folded
        counter = signed(folded.config.counter_bits)
        super().__init__(
            {
                "shape": shape_port(folded),
                "rewind": In(1),
                "skip": In(1),
                "w": In(stream.Signature(counter)),
                "r": Out(stream.Signature(counter)),
                "reading": In(1),
                "next_row": Out(1),
                "next_neuron": Out(1),
                "walk_rewind": Out(1),
                "last_row": In(1),
                "store": Out(1),
                "read": Out(1),
                "column": Out(range(max(folded.plan.update_width, 2))),
                "stored": In(counter),
            }
        )

    def elaborate(self, platform: object) -> Elaboratable:
        m = Module()
        plan = self.folded.plan

        column = self.column
        last_column = Signal()
        m.d.comb += [
            last_column.eq(column == plan.update_width - 1),
            self.walk_rewind.eq(self.rewind),
            self.next_neuron.eq(self.skip),
            self.r.payload.eq(self.stored),
        ]
        with m.If(self.last_row):
            m.d.comb += last_column.eq(column == self.shape.last_column)

        moves = Signal()
        with m.If(moves):
            m.d.comb += self.next_row.eq(last_column)
            m.d.sync += column.eq(Mux(last_column, 0, column + 1))

        with m.FSM():
            with m.State("Idle"):
                with m.If(self.w.valid):
                    m.d.comb += self.store.eq(1)
                    m.next = "Store"
                with m.Elif(self.reading):
                    m.d.comb += self.read.eq(1)
                    m.next = "Fetch"
            with m.State("Store"):
                m.d.comb += [self.w.ready.eq(1), moves.eq(1)]
                m.next = "Idle"
            with m.State("Fetch"):
                m.next = "Select"
            with m.State("Select"):
                m.next = "Read"
            with m.State("Read"):
                m.d.comb += [self.r.valid.eq(1), moves.eq(self.r.ready)]
                with m.If(self.r.ready):
                    m.next = "Idle"

        with m.If(self.rewind | self.skip):
            m.d.sync += column.eq(0)

        return m
