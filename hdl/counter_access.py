"""Hidden weights one by one, in order: for the host, and for the seeded initial state."""

from amaranth.hdl import Elaboratable, Module, Signal, signed
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from .plan import FoldedLayer

__all__ = ["CounterAccess"]


class CounterAccess(wiring.Component):
    """Read or write counters in the order of their neurons and inputs, over a walk of the rows.

    A neuron's counters are gathered into rows; a row is stored when its last counter has come,
    and as a whole: of a row, all counters are to be written, from the first on. Only while nothing
    else uses the banks.

    A counter that is written takes a cycle, and after a row's last two more, in which the row is
    stored. A counter that is read takes two: one to read its row, one to give it.

    Parameters
    ----------
    folded : FoldedLayer
        The layer and its fold factors.

    Members
    -------
    rewind : In(1)
        Go to counter 0 of neuron 0; what was gathered of a row is dropped.
    skip : In(1)
        Go on by a neuron; only after ``rewind``.
    w : In(stream)
        Counters to write.
    r : Out(stream)
        Counters read, while ``reading`` is set.
    reading : In(1)
        Read at the present place.
    next_row, next_neuron, walk_rewind : Out(1)
        The walker's requests.
    last_row : In(1)
        The walker is at a neuron's last row.
    store, read : Out(1)
        The walker's row is to be stored, or read, in its bank.
    row : Out(array of signed)
        The row to store, in the cycle after ``store``.
    stored : In(array of signed)
        The row that was read, from the cycle after ``read`` on.
    """

    def __init__(self, folded: FoldedLayer):
        self.folded = folded
        counter = signed(folded.config.counter_bits)
        row = data.ArrayLayout(counter, folded.plan.counters)
        super().__init__(
            {
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
                "row": Out(row),
                "stored": In(row),
            }
        )

    def elaborate(self, platform: object) -> Elaboratable:
        m = Module()
        config, plan = self.folded.config, self.folded.plan

        lane = Signal(range(max(plan.counters, 2)))
        partial = config.inputs - (self.folded.rows - 1) * plan.counters
        last_lane = Signal()
        m.d.comb += [
            last_lane.eq(lane == plan.counters - 1),
            self.walk_rewind.eq(self.rewind),
            self.next_neuron.eq(self.skip),
        ]
        with m.If(self.last_row):
            m.d.comb += last_lane.eq(lane == partial - 1)

        def advance() -> None:
            with m.If(last_lane):
                m.d.sync += lane.eq(0)
            with m.Else():
                m.d.sync += lane.eq(lane + 1)

        with m.FSM():
            with m.State("Idle"):
                m.d.comb += self.w.ready.eq(1)
                with m.If(self.w.valid):
                    with m.If(lane == 0):
                        m.d.sync += self.row.as_value().eq(0)
                    m.d.sync += self.row[lane].eq(self.w.payload)
                    advance()
                    with m.If(last_lane):
                        m.next = "Store"
                with m.Elif(self.reading):
                    m.d.comb += self.read.eq(1)
                    m.next = "Read"
            with m.State("Store"):
                m.d.comb += [self.store.eq(1), self.next_row.eq(1)]
                m.next = "Stored"
            with m.State("Stored"):
                # The row must stand while it is written.
                m.next = "Idle"
            with m.State("Read"):
                m.d.comb += [self.r.valid.eq(1), self.r.payload.eq(self.stored[lane])]
                with m.If(self.r.ready):
                    advance()
                    m.d.comb += self.next_row.eq(last_lane)
                    m.next = "Idle"

        with m.If(self.rewind | self.skip):
            m.d.sync += lane.eq(0)

        return m
