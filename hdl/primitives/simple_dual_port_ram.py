"""Simple dual-port block RAM: one read port, one write port, and no row in both at once."""

from typing import Any

from amaranth.hdl import Assert, Elaboratable, Module
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In, Out, Signature

from .component import Component

__all__ = ["NO_COLLISION_EMULATION", "SimpleDualPortRAM", "ram_user_signature"]

MEMORY_NAME = "apart_memory"

NO_COLLISION_EMULATION = f"setparam -set COLLISION_X_MASK 1 t:$memrd_v2 r:MEMID=*{MEMORY_NAME} %i"
"""Yosys command that removes collision logic from every :class:`SimpleDualPortRAM`.

A block RAM reads undefined data from a row that is written in the same cycle, and Yosys adds
registers and multiplexers that define it. This command tells Yosys that the memories of this
component, and no others, do not need them. Run it after the design is read (Amaranth's
``script_after_read``).
"""


def ram_user_signature(*, shape: Any, depth: int) -> Signature:
    """Signature of a component that uses a :class:`SimpleDualPortRAM` outside of it."""
    return Signature(
        {
            "read_address": Out(range(depth)),
            "read_enable": Out(1),
            "read_data": In(shape),
            "write_address": Out(range(depth)),
            "write_data": Out(shape),
            "write_enable": Out(1),
        }
    )


class SimpleDualPortRAM(Component):
    """Store rows in block RAM, with a read port and a write port.

    A row is at ``read_data`` in the cycle after its read, and stays there until the next read::

        cycle                0      1      2
        read_enable          1      0
        read_address         r
        read_data                   [r]    [r]
        write_enable, …             1               a read of this row sees it from cycle 2 on

    A row must not be read and written in the same cycle; simulation asserts this, unless ``apart``
    is set. Synthesis needs :data:`NO_COLLISION_EMULATION`.

    Parameters
    ----------
    shape : ShapeLike
        Shape of a row.
    depth : int
        Rows. At least 1.
    granularity : int or None
        Bits of a row (elements, if the row is an array) that have one write enable; None for the
        whole row.
    apart : bool
        Whether a row may be read while a part of it is written: the part that is written is then
        undefined in ``read_data``, and the others are read as they are.

    Members
    -------
    read_address : In(range(depth))
        Row to read.
    read_enable : In(1)
        Read the row at ``read_address``.
    read_data : Out(shape)
        The row that was read last; undefined before the first read.
    write_address : In(range(depth))
        Row to write.
    write_data : In(shape)
        Data to write.
    write_enable : In
        Write the row at ``write_address``; a bit for each part of ``granularity``.

    Raises
    ------
    ValueError
        If a parameter is out of its range.
    """

    def __init__(
        self, *, shape: Any, depth: int, granularity: int | None = None, apart: bool = False
    ):
        if depth < 1:
            raise ValueError(f"depth must be at least 1, not {depth!r}")

        self.depth = depth
        self.granularity = granularity
        self.apart = apart
        self._memory: Memory[Any, Any] = Memory(shape=shape, depth=depth, init=[])
        self._write = self._memory.write_port(granularity=granularity)
        self._read = self._memory.read_port()
        super().__init__(
            {
                "read_address": In(range(depth)),
                "read_enable": In(1),
                "read_data": Out(shape),
                "write_address": In(range(depth)),
                "write_data": In(shape),
                "write_enable": In(len(self._write.en)),
            }
        )

    def elaborate(self, platform: object) -> Elaboratable:
        m = Module()

        m.submodules[MEMORY_NAME] = self._memory
        m.d.comb += [
            self._read.addr.eq(self.read_address),
            self._read.en.eq(self.read_enable),
            self.read_data.eq(self._read.data),
            self._write.addr.eq(self.write_address),
            self._write.data.eq(self.write_data),
            self._write.en.eq(self.write_enable),
        ]
        if platform is None and not self.apart:
            together = self.read_enable & self.write_enable.any()
            conflict = together & (self.read_address == self.write_address)
            m.d.sync += Assert(~conflict, "a row is read and written at once")

        return m
