# amaranth: UnusedElaboratable=no
"""Weight bank: hidden weights, their updates, and the snapshot of their signs."""

from typing import Any

from amaranth.hdl import Elaboratable, Module, Mux, Signal, Value, signed
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
        2    the row is there; it is stepped and, unless it is registered, written back
        3    a registered row is written back; signs are written to the snapshot (with SPRAM in
             cycle 2); ``counter`` is valid

    With block RAM, one command in each cycle; a command must not name a row that the command in
    the cycle before writes. With SPRAM, a command that writes counters takes two cycles.

    The memories of a large FPGA are far apart. So a universal trainer with block RAM registers
    rows before they are written (``folded.registers_rows``). A command that names the row of the
    command two cycles before gets it from these registers.

    Parameters
    ----------
    folded : FoldedLayer
        The layer and its fold factors.

    Members
    -------
    shape : In(struct)
        The numbers of the layer of the commands, in cycles 0 and 1 of each.
    i : In(stream)
        Commands. Never stalls.
    inputs : In(counters)
        In cycle 1 of an update, the input bits of the row.
    store : In(signed)
        In cycle 1 of a store or a replacement, the counter to write.
    counter : Out(signed)
        The counter that a read names, from cycle 3 of the read to cycle 3 of the next command;
        undefined after a command that writes or counts.
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
        self._saturation = SaturationCounter(counters=plan.update_width)
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

        # Cycle 1: decode the command into the registers of cycle 2.
        operation = command.operation
        updates, counts, stores, reinforces = (
            operation == wanted
            for wanted in (
                RowOperation.UPDATE,
                RowOperation.COUNT,
                RowOperation.STORE,
                RowOperation.REINFORCE,
            )
        )
        replaces = stores | (operation == RowOperation.REPLACE)
        takes_signs = arrived & (stores | (operation == RowOperation.SCAN))
        last_column = self.shape.last_column | (~command.last).replicate(len(command.column))
        counted, written, updated = Signal(), Signal(), Signal()
        steps, lower, replaced, real = (Signal(plan.update_width) for _ in range(4))
        store, read_column = Signal.like(self.store), Signal.like(command.column)
        written_row = command.row  # in a single port, no command follows in the next cycle
        if not self.folded.single_port:
            written_row = Signal.like(command.row)
            m.d.sync += written_row.eq(command.row)
        m.d.comb += [
            counters.read_enable.eq(arrived),
            counters.read_address.eq(command.row),
        ]
        m.d.sync += [
            counted.eq(arrived & counts),
            written.eq(arrived & (updates | replaces | reinforces)),
            updated.eq(updates),
            read_column.eq(command.column),
            store.eq(self.store),
        ]
        for column in range(plan.update_width):
            named = command.column == column
            m.d.sync += [
                steps[column].eq(updates | counts | (named & reinforces)),
                lower[column].eq(~updates | (self.inputs[column] ^ command.desired)),
                replaced[column].eq(replaces & named),
                real[column].eq(~command.padding & (column <= last_column)),
            ]

        # Cycle 2. Counters are stepped away from zero to be counted, too, but not written.
        row, positive = counters.read_data, Signal(plan.update_width)
        if self.folded.registers_rows:
            row, stepped = self._write_registered(
                m, counters, step, (written, written_row), (arrived, command.row)
            )
            # A command that only reads a row does not step it.
            column = Signal.like(read_column)
            m.d.sync += column.eq(read_column)
            m.d.comb += self.counter.eq(_selected(list(stepped), column))
        else:
            m.d.sync += self.counter.eq(_selected(list(row), read_column))
            m.d.comb += [
                counters.write_address.eq(written_row),
                counters.write_data.eq(step.o),
                counters.write_enable.eq(written),
            ]
        m.d.comb += [
            step.i.eq(row),
            step.enable.eq(steps),
            step.update.eq(updated),
            step.lower.eq(lower),
            step.replace.eq(replaced),
            step.value.eq(store),
        ]
        for column in range(plan.update_width):
            negative = Mux(replaced[column], store[-1], row[column][-1])
            m.d.comb += positive[column].eq(~negative & real[column])

        m.submodules.saturation = saturation = self._saturation
        m.d.comb += [
            saturation.i.valid.eq(counted),
            saturation.i.p.saturated.eq(step.saturated),
            saturation.i.p.real.eq(real),
        ]
        wiring.connect(m, saturation.o, wiring.flipped(self.saturated))
        self._write_signs(m, takes_signs, command, positive)

        return m

    def _write_registered(
        self,
        m: Module,
        counters: CounterMemory,
        step: CounterStep,
        write: tuple[Signal, Signal],
        read: tuple[Signal, Value],
    ) -> tuple[Any, Any]:
        """Write a row a cycle after its step; give the row of cycle 2, and the one of cycle 3.

        ``write`` has enable and row of the write in cycle 2, ``read`` those of the read in cycle 1.
        """
        (written, written_row), (arrived, read_row) = write, read
        # Row of cycle 3, and the one that is forwarded. They are plain signals: Yosys 0.70 confuses
        # bit 3 of a register with bit 0 of the view of its element 3, which both are "[3]".
        stepped, before = (Signal(counters.row.size, name=name) for name in ("stepped", "before"))
        again, forwarded = Signal(), Signal()
        m.d.sync += [
            stepped.eq(step.o),
            counters.write_enable.eq(written),
            counters.write_address.eq(written_row),
        ]
        m.d.comb += [
            counters.write_data.eq(stepped),
            again.eq(arrived & counters.write_enable & (counters.write_address == read_row)),
        ]
        with m.If(arrived):
            m.d.sync += forwarded.eq(again)
        with m.If(again):
            m.d.comb += counters.read_enable.eq(0)
            m.d.sync += before.eq(stepped)
        row = Mux(forwarded, before, counters.read_data)
        return counters.row(row), counters.row(stepped)

    def _write_signs(self, m: Module, takes: Value, command: data.View, signs: Value) -> None:
        """Write the signs of a row to the snapshot; read rows of the snapshot.

        ``takes`` and ``command`` are those of cycle 1, ``signs`` those of cycle 2.
        """
        plan = self.folded.plan
        m.submodules.signs = snapshot = SimpleDualPortRAM(
            shape=plan.pe * plan.simd,
            depth=self.folded.snapshot_rows,
            granularity=plan.update_width,
        )
        chunks = self.folded.chunks
        places = Signal(plan.pe * chunks)
        row = Signal.like(command.snapshot_row)
        m.d.sync += row.eq(command.snapshot_row)
        for pe in range(plan.pe):
            for chunk in range(chunks):
                m.d.sync += places[pe * chunks + chunk].eq(
                    takes & (command.snapshot_pe == pe) & (command.snapshot_chunk == chunk)
                )
        write = [
            snapshot.write_address.eq(row),
            snapshot.write_enable.eq(places),
        ]
        written = signs
        if self.folded.single_port:
            m.d.comb += write
        else:
            written = Signal.like(signs)
            m.d.sync += [*write, written.eq(signs)]
        m.d.comb += [
            snapshot.write_data.eq(written.replicate(plan.pe * chunks)),
            snapshot.read_address.eq(self.snapshot_address),
            snapshot.read_enable.eq(self.snapshot_enable),
            self.snapshot.eq(snapshot.read_data),
        ]


def _selected(values: list[Value], index: Value) -> Value:
    """The value with an index, through a tree of multiplexers."""
    for bit in index:
        pairs = [values[n : n + 2] for n in range(0, len(values), 2)]
        values = [Mux(bit, pair[-1], pair[0]) for pair in pairs]
    return values[0]
