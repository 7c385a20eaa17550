"""Counts of the layers of a universal trainer: errors, updated neurons, right predictions."""

from amaranth.hdl import C, Cat, Elaboratable, Module, Mux, Signal
from amaranth.lib import data
from amaranth.lib.wiring import In, Out

from ..forward.neuron_array import counts_signature
from ..planning.plan import COUNT_BITS
from ..planning.timing import count_hold
from ..planning.universal import COUNT_ROWS, UniversalEngine
from ..primitives.component import Component

__all__ = ["COUNTS", "LayerCounts"]

COUNTS = ("errors", "updates", "right")
"""Counts of a layer, in the order of their rows."""


class LayerCounts(Component):
    """Count the errors, the updated neurons and the right predictions of each layer.

    A count is in two rows of 16 bits, the low half first, behind the sums of the neuron array. A
    *run* goes through the rows of a layer's three counts and adds to each, or through the rows of
    one count, for the host, or through all rows of all layers, to clear them. It begins in the
    cycle after its request, and takes a cycle more than it has rows::

        0        read the first row
        n        write row n − 1, with its amount or the carry, or as zero; read row n

    Nothing else may use the memory during a run.

    Parameters
    ----------
    engine : UniversalEngine
        The engine.

    Members
    -------
    add : In(1)
        Add ``amounts`` to the counts of ``evaluated``.
    evaluated : In
        See ``add``.
    amounts : In(struct)
        See ``add``.
    access : In(1)
        Read a count of ``layer``; held until ``accessed``.
    layer : In
        See ``access``.
    count : In
        The count to access, a place in :data:`COUNTS`.
    zero : In(1)
        With ``access``: clear it.
    accessed : Out(1)
        The last cycle of an access.
    value : Out(32)
        With ``accessed``: the count.
    clear : In(1)
        Clear all counts of all layers.
    busy : Out(1)
        A run is under way.
    holds : Out(1)
        No pass may start in the next cycle, since it would write sums during the run.
    memory : Out(port)
        Port to the memory (:func:`.neuron_array.counts_signature`); ``row`` follows a read by one
        cycle.
    totals : Out(array)
        Errors and updated neurons of each layer, as in the memory while not ``busy``. They are for
        benches, in registers of their own, which synthesis drops if nothing reads them.
    """

    def __init__(self, engine: UniversalEngine):
        self.engine = engine
        layer = range(max(engine.layers, 2))
        super().__init__(
            {
                "add": In(1),
                "evaluated": In(layer),
                "amounts": In(
                    data.StructLayout(
                        {"errors": 1, "updates": range(engine.config.neurons + 1), "right": 1}
                    )
                ),
                "access": In(1),
                "layer": In(layer),
                "count": In(range(len(COUNTS))),
                "zero": In(1),
                "accessed": Out(1),
                "value": Out(2 * COUNT_BITS),
                "clear": In(1),
                "busy": Out(1),
                "holds": Out(1),
                "memory": Out(counts_signature(engine.sums_depth)),
                "totals": Out(
                    data.ArrayLayout(
                        data.StructLayout({"errors": 2 * COUNT_BITS, "updates": 2 * COUNT_BITS}),
                        engine.layers,
                    )
                ),
            }
        )

    def elaborate(self, platform: object) -> Elaboratable:
        m = Module()
        layers = self.engine.layers

        # The row to read, and the row that was read
        reading, writing, all_layers, zero = Signal(), Signal(), Signal(), Signal()
        layer, place, last = Signal.like(self.layer), Signal(range(COUNT_ROWS)), Signal(3)
        amounts = Signal.like(self.amounts)
        written_layer, written = Signal.like(layer), Signal.like(place)
        m.d.sync += [writing.eq(reading), written.eq(place), written_layer.eq(layer)]
        with m.If(reading):
            m.d.sync += place.eq(place + 1)
            with m.If(place == last):
                m.d.sync += [reading.eq(all_layers & (layer != layers - 1)), layer.eq(layer + 1)]
        with m.Elif(self.clear):
            m.d.sync += [
                reading.eq(1),
                Cat(place, layer).eq(0),
                last.eq(COUNT_ROWS - 1),
                all_layers.eq(1),
                zero.eq(1),
            ]
        with m.Elif(self.add):
            m.d.sync += [
                reading.eq(1),
                Cat(place, layer).eq(Cat(C(0, len(place)), self.evaluated)),
                last.eq(2 * len(COUNTS) - 1),
                all_layers.eq(0),
                zero.eq(0),
                amounts.eq(self.amounts),
            ]
        with m.Elif(self.access & ~writing):
            m.d.sync += [
                reading.eq(1),
                Cat(place, layer).eq(Cat(C(0, 1), self.count, self.layer)),
                last.eq(2 * self.count + 1),
                all_layers.eq(0),
                zero.eq(self.zero),
                amounts.eq(0),
            ]

        memory, top = self.memory, self.engine.sums_depth - 1  # the first count is the last row
        carry = Signal()
        amount = Signal.like(amounts.updates)
        low = Signal(COUNT_BITS)  # the row before
        total = memory.row + amount
        m.d.comb += [
            self.busy.eq(reading | writing),
            self.holds.eq(reading & (all_layers | (place < count_hold(self.engine.plan.simd)))),
            self.accessed.eq(self.access & writing & ~reading),
            self.value.eq(Cat(low, memory.row)),
            memory.read.eq(reading),
            memory.read_address.eq(top ^ Cat(place, layer)),
            memory.write.eq(writing),
            memory.write_address.eq(top ^ Cat(written, written_layer)),
            memory.data.eq(Mux(zero, 0, total[:COUNT_BITS])),
            amount.eq(carry),
        ]
        for index, name in enumerate(COUNTS):
            with m.If(written == 2 * index):
                m.d.comb += amount.eq(amounts[name])
        m.d.sync += [carry.eq(total[COUNT_BITS]), low.eq(memory.row)]

        with m.If(writing):
            for index in range(layers):
                for name, _ in self.totals[index].shape():
                    for half in range(2):
                        row = 2 * COUNTS.index(name) + half
                        with m.If((written_layer == index) & (written == row)):
                            words = self.totals[index][name]
                            m.d.sync += words.word_select(half, COUNT_BITS).eq(memory.data)

        return m
