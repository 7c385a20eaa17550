"""Counts and settings of the layers of a universal trainer, in the memory of sums."""

from amaranth.hdl import C, Cat, Elaboratable, Module, Mux, Signal
from amaranth.lib import data
from amaranth.lib.wiring import In, Out

from ..forward.neuron_array import counts_signature
from ..planning.plan import COUNT_BITS
from ..planning.timing import count_hold
from ..planning.universal import RECORD_HALVES, UniversalEngine
from ..primitives.component import Component
from .layer_settings import SETTINGS, LayerSettings, settings_layout

__all__ = ["COUNTS", "LayerRows"]

COUNTS = ("errors", "updates", "right")
"""Counts of a layer, in the order of their rows."""


class LayerRows(Component):
    """Count errors, updated neurons and right predictions of each layer, and store its settings.

    A layer has 16 rows of 16 bits behind the sums of the neuron array: two for each count, the low
    half first, two that are not used, and those of the settings (:data:`.SETTINGS`). A *run* goes
    through rows, in the cycles from the one after its request::

        0        read the first row
        n        the row n − 1 is there; write it, if it changes; read row n
        r        the last of r rows is there

    ======  ====  =====================================================================
    run     r
    ======  ====  =====================================================================
    add     6     add an amount, or the carry, to each half of the counts
    load    6     load the settings without ``events``; complete in cycle r + 1
    access  2     read a count or a setting, or write it; a load follows after a setting
    clear   8 L   clear the counts of all L layers
    ======  ====  =====================================================================

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
    load : In(1)
        Load ``settings``. Not during an addition.
    array_layer : In
        See ``load``: the layer whose margin is loaded; from the next cycle on the layer whose other
        settings are.
    access : In(1)
        Read a count or a setting of ``layer``; held until ``accessed``.
    layer : In
        See ``access``.
    half : In
        First half of the count or setting in the layer's record.
    single : In(1)
        It has no second half.
    write : In(1)
        With ``access``: write ``data`` to the setting, or clear the count.
    data : In(32)
        See ``write``.
    accessed : Out(1)
        The last cycle of an access.
    value : Out(32)
        In the cycle before ``accessed``, the low half of the count or setting; with ``accessed``,
        in the upper bits, the high half.
    clear : In(1)
        Clear all counts of all layers.
    busy : Out(1)
        A run is under way.
    loads : Out(1)
        A load is.
    settings : Out(struct)
        Settings that were loaded; ``events`` is undefined.
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
                "load": In(1),
                "array_layer": In(layer),
                "access": In(1),
                "layer": In(layer),
                "half": In(range(RECORD_HALVES)),
                "single": In(1),
                "write": In(1),
                "data": In(2 * COUNT_BITS),
                "accessed": Out(1),
                "value": Out(2 * COUNT_BITS),
                "clear": In(1),
                "busy": Out(1),
                "loads": Out(1),
                "settings": Out(settings_layout(engine)),
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
        reading, writing = Signal(), Signal()
        accesses, loads, clears = Signal(), Signal(), Signal()  # kind of the run
        layer, place = Signal.like(self.layer), Signal(range(RECORD_HALVES))
        last, written, written_layer = Signal.like(place), Signal.like(place), Signal.like(layer)
        amounts = Signal.like(self.amounts)
        changed = Signal()  # a setting was written
        m.d.comb += [
            self.accessed.eq(self.access & accesses & writing & ~reading),
            changed.eq(self.accessed & self.write & self.half[-1]),
        ]
        m.d.sync += [writing.eq(reading), written.eq(place), written_layer.eq(layer)]
        first_setting, last_loaded = SETTINGS["margin"], SETTINGS["column"]
        with m.If(reading):
            # An access ends with the other row of a pair.
            m.d.sync += [
                place[0].eq(~place[0]),
                place[1:-1].eq(place[1:-1] + (place[0] & ~accesses)),
            ]
            with m.If(loads):
                m.d.sync += layer.eq(self.array_layer)
            with m.If(place == last):
                m.d.sync += reading.eq(clears & (layer != layers - 1))
                with m.If(clears):
                    m.d.sync += layer.eq(layer + 1)
        with m.Elif(self.clear):
            m.d.sync += [
                reading.eq(1),
                Cat(accesses, loads, clears).eq(0b100),
                Cat(place, layer).eq(0),
                last.eq(first_setting - 1),
            ]
        with m.Elif(self.add):
            m.d.sync += [
                reading.eq(1),
                Cat(accesses, loads, clears).eq(0),
                Cat(place, layer).eq(Cat(C(0, len(place)), self.evaluated)),
                last.eq(2 * len(COUNTS) - 1),
                amounts.eq(self.amounts),
            ]
        with m.Elif(self.load | changed):
            m.d.sync += [
                reading.eq(1),
                Cat(accesses, loads, clears).eq(0b010),
                Cat(place, layer).eq(Cat(C(first_setting, len(place)), self.array_layer)),
                last.eq(last_loaded),
            ]
        with m.Elif(self.access & ~writing):
            m.d.sync += [
                reading.eq(1),
                Cat(accesses, loads, clears).eq(0b001),
                Cat(place, layer).eq(Cat(self.half, self.layer)),
                last.eq(self.half ^ 1),
            ]

        memory, top = self.memory, self.engine.sums_depth - 1  # the first count is the last row
        # The sum and the choice between it and the amount take one LUT for each bit.
        carry = Signal()
        amount = Signal(COUNT_BITS)  # to add, or to write
        total = memory.row + amount
        m.d.comb += [
            self.busy.eq(reading | writing),
            self.loads.eq(loads & self.busy),
            self.holds.eq(reading & (clears | (place < count_hold(self.engine.plan.simd)))),
            self.value.eq(Cat(memory.row, Mux(self.single, 0, memory.row))),
            memory.read.eq(reading),
            memory.read_address.eq(top ^ Cat(place, layer)),
            memory.write.eq(
                writing & ~loads & (~accesses | (self.write & ~(self.single & ~reading)))
            ),
            memory.write_address.eq(top ^ Cat(written, written_layer)),
            memory.data.eq(Mux(accesses | clears, amount, total[:COUNT_BITS])),
        ]
        given = Mux(reading, self.data[:COUNT_BITS], self.data[COUNT_BITS:])
        with m.If(accesses):
            m.d.comb += amount.eq(Mux(written[-1], given, 0))
        with m.Elif(~clears):
            m.d.comb += amount.eq(carry)
            for index, name in enumerate(COUNTS):
                with m.If(written == 2 * index):
                    m.d.comb += amount.eq(amounts[name])
        m.d.sync += carry.eq(total[COUNT_BITS])

        m.submodules.settings = settings = LayerSettings(self.engine, piece_bits=COUNT_BITS)
        m.d.comb += [
            settings.load.eq(loads & writing),
            settings.number.eq(written[:-1]),
            settings.piece.eq(memory.row),
            self.settings.eq(settings.o),
        ]

        with m.If(memory.write):
            for index in range(layers):
                for name, _ in self.totals[index].shape():
                    for half in range(2):
                        row = 2 * COUNTS.index(name) + half
                        with m.If((written_layer == index) & (written == row)):
                            words = self.totals[index][name]
                            m.d.sync += words.word_select(half, COUNT_BITS).eq(memory.data)

        return m
