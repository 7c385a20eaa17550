"""Memory of hidden weights in block RAM or SPRAM."""

import math

from amaranth.hdl import Assert, C, ClockSignal, Elaboratable, Instance, Module, Mux, Signal, signed
from amaranth.lib import data
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In, Out

from ..planning.plan import MemoryKind
from ..primitives.component import Component
from ..primitives.simple_dual_port_ram import SimpleDualPortRAM

__all__ = ["CounterMemory"]

SPRAM_DEVICE = "iCE40UP5K"
SPRAM_ROWS = 1 << 14
SPRAM_BITS = 16


class CounterMemory(Component):
    """Store rows of hidden weights in block RAM or SPRAM, with the same ports.

    A row is at ``read_data`` in the cycle after its read, and stays there until the next read or,
    in SPRAM, the next write::

        cycle                0      1      2
        read_enable          1      0
        read_address         r
        read_data                   [r]    [r]
        write_enable, …             1               a read of this row sees it from cycle 2 on

    A row of block RAM must not be read and written in the same cycle; SPRAM must not be read and
    written in the same cycle at all. Simulation asserts both rules.

    Block RAM is a :class:`.simple_dual_port_ram.SimpleDualPortRAM`. On an iCE40 UltraPlus, SPRAM is
    made of SB_SPRAM256KA cells, 16 bits wide, in parallel and stacked; on any other platform it is
    a memory with the same timing.

    Parameters
    ----------
    rows : int
        Rows. At least 1.
    counters : int
        Counters in a row. At least 1.
    counter_bits : int
        Width ``B`` of a counter. 2 to 16.
    kind : MemoryKind
        Block RAM or SPRAM.

    Members
    -------
    read_address : In(range(rows))
        Row to read.
    read_enable : In(1)
        Read the row at ``read_address``.
    read_data : Out(array of signed)
        The row that was read last; undefined before the first read.
    write_address : In(range(rows))
        Row to write.
    write_data : In(array of signed)
        Counters to write.
    write_enable : In(1)
        Write the row at ``write_address``.

    Raises
    ------
    ValueError
        If a parameter is out of its range.
    """

    def __init__(self, *, rows: int, counters: int, counter_bits: int, kind: MemoryKind):
        if rows < 1:
            raise ValueError(f"rows must be at least 1, not {rows!r}")
        if counters < 1:
            raise ValueError(f"counters must be at least 1, not {counters!r}")
        if not 2 <= counter_bits <= 16:
            raise ValueError(f"counter_bits must be from 2 to 16, not {counter_bits!r}")
        if not isinstance(kind, MemoryKind):
            raise ValueError(f"kind must be a MemoryKind, not {kind!r}")

        self.rows = rows
        self.counters = counters
        self.counter_bits = counter_bits
        self.kind = kind
        self.row = data.ArrayLayout(signed(counter_bits), counters)
        super().__init__(
            {
                "read_address": In(range(rows)),
                "read_enable": In(1),
                "read_data": Out(self.row),
                "write_address": In(range(rows)),
                "write_data": In(self.row),
                "write_enable": In(1),
            }
        )

    def elaborate(self, platform: object) -> Elaboratable:
        m = Module()

        if platform is None and self.kind is MemoryKind.SPRAM:
            conflict = self.read_enable & self.write_enable
            m.d.sync += Assert(~conflict, "a row is read and written at once")

        if self.kind is MemoryKind.BLOCK:
            self._elaborate_block(m)
        elif getattr(platform, "device", None) == SPRAM_DEVICE:
            self._elaborate_spram(m)
        else:
            self._elaborate_model(m)

        return m

    def _elaborate_block(self, m: Module) -> None:
        m.submodules.memory = memory = SimpleDualPortRAM(shape=self.row, depth=self.rows)
        m.d.comb += [
            memory.read_address.eq(self.read_address),
            memory.read_enable.eq(self.read_enable),
            self.read_data.eq(memory.read_data),
            memory.write_address.eq(self.write_address),
            memory.write_data.eq(self.write_data),
            memory.write_enable.eq(self.write_enable),
        ]

    def _elaborate_spram(self, m: Module) -> None:
        columns = math.ceil(self.row.size / SPRAM_BITS)
        banks = math.ceil(self.rows / SPRAM_ROWS)
        address = Signal(range(banks * SPRAM_ROWS))
        m.d.comb += address.eq(Mux(self.write_enable, self.write_address, self.read_address))
        bank = address[14:]
        bank_read = Signal(range(banks))
        with m.If(self.read_enable):
            m.d.sync += bank_read.eq(bank)

        words = data.ArrayLayout(SPRAM_BITS, columns)
        written = Signal(words)
        m.d.comb += written.eq(self.write_data)
        for b in range(banks):
            output = Signal(words, name=f"output_{b}")
            with m.If(bank_read == b):
                m.d.comb += self.read_data.eq(output)
            for c in range(columns):
                m.submodules[f"spram_{b}_{c}"] = Instance(
                    "SB_SPRAM256KA",
                    i_CLOCK=ClockSignal(),
                    i_ADDRESS=address[:14],
                    i_CHIPSELECT=(self.read_enable | self.write_enable) & (bank == b),
                    i_WREN=self.write_enable,
                    i_MASKWREN=C(0b1111, 4),
                    i_DATAIN=written[c],
                    o_DATAOUT=output[c],
                    i_STANDBY=C(0),
                    i_SLEEP=C(0),
                    i_POWEROFF=C(1),
                )

    def _elaborate_model(self, m: Module) -> None:
        memory = m.submodules.memory = Memory(shape=self.row, depth=self.rows, init=[])
        read, write = memory.read_port(), memory.write_port()
        # The output of an SPRAM is undefined after a write.
        lost = Signal()
        with m.If(self.read_enable | self.write_enable):
            m.d.sync += lost.eq(self.write_enable)
        m.d.comb += [
            read.addr.eq(self.read_address),
            read.en.eq(self.read_enable),
            self.read_data.eq(read.data.as_value() ^ lost.replicate(self.row.size)),
            write.addr.eq(self.write_address),
            write.data.eq(self.write_data),
            write.en.eq(self.write_enable),
        ]
