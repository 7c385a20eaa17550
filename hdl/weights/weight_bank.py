# amaranth: UnusedElaboratable=no
"""Weight bank: hidden weights, their updates, and the snapshot of their signs."""

from typing import Any

from amaranth.hdl import Cat, Elaboratable, Module, Mux, Signal, Value, signed
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from ..planning.plan import FoldedLayer
from ..primitives.component import Component
from ..primitives.simple_dual_port_ram import SimpleDualPortRAM
from ..shape.layer_shape import shape_port
from .counter_memory import CounterMemory
from .counter_step import CounterStep
from .row_command import RowOperation, row_command_layout
from .saturation_counter import SaturationCounter

__all__ = ["WeightBank"]


class WeightBank(Component):
    """Store the counters ``k`` of a bank and the snapshot ``W`` of their signs; step the counters.

    Every operation is on a row, in a pipeline::

        0    the command comes
        1    the row is read; ``inputs`` or ``store`` comes
        2    the row is there; it is stepped and written back
        3    its signs are written to the snapshot; ``counter`` is valid

    With block RAM, one command in each cycle; a command must not name a row that the command in
    the cycle before writes. With SPRAM, a command that writes counters takes two cycles.

    Parameters
    ----------
    folded : FoldedLayer
        The layer and its fold factors.

    Members
    -------
    shape : In(struct)
        The numbers of the layer of the commands, in cycles 0 to 2 of each.
    i : In(stream)
        Commands. Never stalls.
    inputs : In(counters)
        In cycle 1 of an update, the input bits of the row.
    store : In(signed)
        In cycle 1 of a store or a replacement, the counter to write.
    counter : Out(signed)
        The counter that a read names, from cycle 3 of the read to cycle 3 of the next command.
    saturated : Out(stream)
        Number of saturated counters of a counted row. Never waits.
    snapshot_address : In
        Row of the snapshot to read: ``set · words + word``.
    snapshot_enable : In(1)
        Read the row at ``snapshot_address``.
    snapshot : Out(array)
        The row, a cycle later: a word of weights for each of the ``pe`` neurons.

    Attributes
    ----------
    saturated_latency : int
        Cycles from the command to the number at ``saturated``.
    """

    def __init__(self, folded: FoldedLayer):
        self.folded = folded
        plan = folded.plan
        counter = signed(folded.config.counter_bits)
        self._saturation = SaturationCounter(
            counters=plan.update_width, counter_bits=folded.config.counter_bits
        )
        self.saturated_latency = 2 + self._saturation.latency
        super().__init__(
            {
                "shape": shape_port(folded),
                "i": In(stream.Signature(row_command_layout(folded), always_ready=True)),
                "inputs": In(plan.update_width),
                "store": In(counter),
                "counter": Out(counter),
                "saturated": Out(stream.Signature(range(plan.update_width + 1), always_ready=True)),
                "snapshot_address": In(range(max(folded.snapshot_rows, 2))),
                "snapshot_enable": In(1),
                "snapshot": Out(data.ArrayLayout(plan.simd, plan.pe)),
            }
        )

    def elaborate(self, platform: object) -> Elaboratable:
        m = Module()
        config, plan = self.folded.config, self.folded.plan

        m.submodules.counters = counters = CounterMemory(
            rows=self.folded.bank_rows,
            counters=plan.update_width,
            counter_bits=config.counter_bits,
            kind=plan.memory,
        )
        m.submodules.step = step = CounterStep(
            counters=plan.update_width, counter_bits=config.counter_bits
        )

        # Cycle 0
        arrived = Signal()
        command: Any = Signal(row_command_layout(self.folded))
        m.d.sync += arrived.eq(self.i.valid)
        with m.If(self.i.valid):
            m.d.sync += command.eq(self.i.p)

        # Cycle 1
        valid = Signal()
        present: Any = Signal.like(command)
        inputs, store = Signal.like(self.inputs), Signal.like(self.store)
        m.d.comb += [
            counters.read_enable.eq(arrived),
            counters.read_address.eq(command.row),
        ]
        m.d.sync += valid.eq(arrived)
        with m.If(arrived):
            m.d.sync += [present.eq(command), inputs.eq(self.inputs), store.eq(self.store)]

        # Cycle 2
        row = counters.read_data

        real = Signal(plan.update_width)  # columns that are hidden weights
        m.d.comb += real.eq((1 << plan.update_width) - 1)
        with m.If(present.last):
            m.d.comb += real.eq(
                Cat(column <= self.shape.last_column for column in range(plan.update_width))
            )
        with m.If(present.padding):
            m.d.comb += real.eq(0)

        reinforces = present.operation == RowOperation.REINFORCE
        stores = present.operation == RowOperation.STORE
        replaces = stores | (present.operation == RowOperation.REPLACE)
        steps = Signal(plan.update_width)
        replaced = Signal(plan.update_width)  # counters that ``store`` replaces
        with m.Switch(present.operation):
            with m.Case(RowOperation.UPDATE):
                m.d.comb += steps.eq((1 << plan.update_width) - 1)
            with m.Case(RowOperation.REINFORCE):
                m.d.comb += steps.eq(1 << present.column)
            with m.Case(RowOperation.STORE, RowOperation.REPLACE):
                m.d.comb += replaced.eq(1 << present.column)
        m.d.comb += [
            step.i.eq(row),
            step.reinforce.eq(reinforces),
            step.enable.eq(steps),
            step.inputs.eq(inputs),
            step.desired.eq(present.desired),
            counters.write_address.eq(present.row),
            counters.write_enable.eq(
                valid & ((present.operation == RowOperation.UPDATE) | reinforces | replaces)
            ),
        ]
        negative = Signal(plan.update_width)
        for column in range(plan.update_width):
            m.d.comb += [
                counters.write_data[column].eq(Mux(replaced[column], store, step.o[column])),
                negative[column].eq(Mux(replaced[column], store[-1], row[column][-1])),
            ]
        m.d.sync += self.counter.eq(row[present.column])

        m.submodules.saturation = saturation = self._saturation
        m.d.comb += [
            saturation.i.valid.eq(valid & (present.operation == RowOperation.COUNT)),
            saturation.i.p.row.eq(row),
            saturation.i.p.real.eq(real),
        ]
        wiring.connect(m, saturation.o, wiring.flipped(self.saturated))

        takes_signs = valid & ((present.operation == RowOperation.SCAN) | stores)
        self._write_signs(m, takes_signs, present, ~negative & real)

        return m

    def _write_signs(self, m: Module, takes: Value, command: data.View, signs: Value) -> None:
        """Write the signs of a row to the snapshot in cycle 3; read rows of the snapshot."""
        plan = self.folded.plan
        m.submodules.signs = snapshot = SimpleDualPortRAM(
            shape=plan.pe * plan.simd,
            depth=self.folded.snapshot_rows,
            granularity=plan.update_width,
        )
        chunks = self.folded.chunks
        positive = Signal(plan.update_width)
        places = Signal(plan.pe * chunks)
        m.d.sync += [
            positive.eq(signs),
            snapshot.write_address.eq(command.snapshot_row),
        ]
        for pe in range(plan.pe):
            for chunk in range(chunks):
                m.d.sync += places[pe * chunks + chunk].eq(
                    takes & (command.snapshot_pe == pe) & (command.snapshot_chunk == chunk)
                )
        m.d.comb += [
            snapshot.write_data.eq(positive.replicate(plan.pe * chunks)),
            snapshot.write_enable.eq(places),
            snapshot.read_address.eq(self.snapshot_address),
            snapshot.read_enable.eq(self.snapshot_enable),
            self.snapshot.eq(snapshot.read_data),
        ]
