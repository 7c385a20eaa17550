"""Hidden weights one by one, in order: for the host, and for the seeded initial state."""

from amaranth.hdl import Elaboratable, Module, Mux, Signal, signed
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from ..planning.plan import FoldedLayer

__all__ = ["CounterAccess"]


class CounterAccess(wiring.Component):
    """Read or write counters in the order of their neurons and inputs, over a walk of the rows.

    Only while nothing else uses the banks. A counter takes two cycles to write: in the first its
    row is named, in the second it is given. To read one takes four: its row is named, and in the
    fourth it is there.

    Parameters
    ----------
    folded : FoldedLayer
        The layer and its fold factors.

    Members
    -------
    rewind : In(1)
        Go to counter 0 of neuron 0.
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
        A counter of the walker's row is to be stored, or that row is to be read, in its bank. The
        counter to store is at ``w`` in the cycle after, too.
    lane : Out
        Which counter of the row.
    stored : In(signed)
        The counter that was read, from the third cycle after ``read`` on.
    """

    def __init__(self, folded: FoldedLayer):
        self.folded = folded
        counter = signed(folded.config.counter_bits)
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
                "lane": Out(range(max(folded.plan.counters, 2))),
                "stored": In(counter),
            }
        )

    def elaborate(self, platform: object) -> Elaboratable:
        m = Module()
        config, plan = self.folded.config, self.folded.plan

        lane = self.lane
        partial = config.inputs - (self.folded.rows - 1) * plan.counters
        last_lane = Signal()
        m.d.comb += [
            last_lane.eq(lane == plan.counters - 1),
            self.walk_rewind.eq(self.rewind),
            self.next_neuron.eq(self.skip),
            self.r.payload.eq(self.stored),
        ]
        with m.If(self.last_row):
            m.d.comb += last_lane.eq(lane == partial - 1)

        moves = Signal()
        with m.If(moves):
            m.d.comb += self.next_row.eq(last_lane)
            m.d.sync += lane.eq(Mux(last_lane, 0, lane + 1))

        with m.FSM():
            with m.State("Idle"):
                with m.If(self.w.valid):
                    m.d.comb += self.store.eq(1)
                    m.next = "Store"
                with m.Elif(self.reading):
                    m.d.comb += self.read.eq(1)
                    m.next = "Wait 1"
            with m.State("Store"):
                m.d.comb += [self.w.ready.eq(1), moves.eq(1)]
                m.next = "Idle"
            with m.State("Wait 1"):
                m.next = "Wait 2"
            with m.State("Wait 2"):
                m.next = "Read"
            with m.State("Read"):
                m.d.comb += [self.r.valid.eq(1), moves.eq(self.r.ready)]
                with m.If(self.r.ready):
                    m.next = "Idle"

        with m.If(self.rewind | self.skip):
            m.d.sync += lane.eq(0)

        return m
