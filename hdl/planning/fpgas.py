"""Resources of FPGAs: LUTs, registers, block RAMs, SPRAMs and their shapes."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import reduce

from ...golden_model.errors import ConfigurationError
from .integers import Integers, ceil_divide, choose, minimum

__all__ = ["FPGAS", "BlockRAM", "FPGA", "LUTRAM", "Placement", "SPRAM", "find_fpga"]

# Costs of memories in Yosys (memory_libmap): of a LUT memory, and of a multiplexer behind it.
LUT_RAM_WEIGHT = 4
MULTIPLEXER_WEIGHT = 0.5


@dataclass(frozen=True, kw_only=True)
class BlockRAM:
    """The block RAMs of an FPGA, with a write port and a read port.

    Parameters
    ----------
    name : str
        The vendor's name.
    count : int
        Blocks in the FPGA.
    shapes : tuple of (int, int)
        Possible shapes: rows and bits of a row, narrowest rows last.
    byte : int
        Bits per write-enable bit.
    weight : int
        Cost of a block, in bits: synthesis maps memories below it to registers.
    """

    name: str
    count: int
    shapes: tuple[tuple[int, int], ...]
    byte: int
    weight: int

    @property
    def bits(self) -> int:
        """Maximum number of bits in a block."""
        return max(rows * bits for rows, bits in self.shapes)

    def blocks(
        self, depth: Integers, width: Integers, granularity: Integers | None = None
    ) -> Integers:
        """Number of blocks for a memory.

        Parameters
        ----------
        depth, width : int or array
            Rows, and bits of a row.
        granularity : int or array, optional
            Bits of a row that are written together; divides ``width``. The whole row by default.
        """
        granularity = width if granularity is None else granularity
        parts = width // granularity
        blocks: Integers = 0
        least: Integers = 0  # cost of the cheapest shape so far
        for index, (rows, bits) in enumerate(self.shapes):
            depths = ceil_divide(depth, rows)
            count = depths * (width // bits) + self._rest(depth, width % bits)
            columns = parts * ceil_divide(granularity, bits)
            if bits >= self.byte and (self.byte > 1 or (rows, bits) == self.shapes[0]):
                # The bytes of a word have separate write enables; other shapes write whole words.
                bytes_ = parts * ceil_divide(granularity, self.byte)
                columns = ceil_divide(bytes_, bits // self.byte)
            count = choose(parts == 1, count, depths * columns)
            cost = self.weight * count + MULTIPLEXER_WEIGHT * width * (depths - 1)
            # At equal cost, Yosys prefers deeper blocks.
            cheaper = True if index == 0 else cost <= least
            blocks, least = choose(cheaper, count, blocks), choose(cheaper, cost, least)
        return blocks

    def _rest(self, depth: Integers, bits: Integers) -> Integers:
        """Blocks for the bits of rows that do not fill a block; Yosys takes a shape for them."""
        counts = [
            choose(bits <= width, ceil_divide(depth, rows), depth)
            for rows, width in self.shapes
            if width >= self.byte
        ]
        return choose(bits == 0, 0, reduce(minimum, counts))


@dataclass(frozen=True, kw_only=True)
class SPRAM:
    """The large single-port memories of an FPGA, of one shape.

    Parameters
    ----------
    name : str
        The vendor's name.
    count : int
        Memories in the FPGA.
    depth, width : int
        Rows, and bits of a row.
    """

    name: str
    count: int
    depth: int
    width: int

    def blocks(self, depth: Integers, width: Integers) -> Integers:
        """Number of SPRAMs for a memory of ``depth`` rows of ``width`` bits."""
        return ceil_divide(depth, self.depth) * ceil_divide(width, self.width)


@dataclass(frozen=True, kw_only=True)
class LUTRAM:
    """Distributed RAM: LUTs as a small memory with a write port and a read port.

    Parameters
    ----------
    depth, width : int
        Rows, and bits of a row.
    luts : int
        LUTs of a memory, including its write port.
    """

    depth: int
    width: int
    luts: int


@dataclass(frozen=True, kw_only=True)
class Placement:
    """Resources that a memory is mapped to; two of the three are 0.

    Attributes
    ----------
    block_rams : int or array
        Block RAMs.
    lut_rams : int or array
        LUT memories.
    register_bits : int or array
        Bits in registers.
    """

    block_rams: Integers
    lut_rams: Integers
    register_bits: Integers


@dataclass(frozen=True, kw_only=True)
class FPGA:
    """Resources of an FPGA.

    Parameters
    ----------
    name : str
        Short form of the vendor's name.
    family : str
        ``ice40``, ``ecp5`` or ``gowin``; decides the synthesis.
    luts, registers : int
        LUTs of four inputs, and registers.
    block_ram : BlockRAM
        Block RAMs.
    spram : SPRAM or None
        Large single-port memories, if there are any.
    max_cell_utilisation : float
        Share of the logic cells that the planner uses if possible. The rest is left for the logic
        around a core and for routing at a high clock frequency.
    max_block_ram_utilisation : float
        Share of the block RAMs that the planner uses if that does not cost too many cycles.
    lone_registers : float
        Share of registers that take a logic cell without using its LUT, since the register of a
        cell has only that LUT as its input; 0 if LUT and register can be used independently.
    lut_ram : LUTRAM or None
        Distributed RAM, if there is any.
    aliases : tuple of str
        Other names.
    boards : tuple of str
        Boards with this FPGA.
    """

    name: str
    family: str
    luts: int
    registers: int
    block_ram: BlockRAM
    max_cell_utilisation: float
    max_block_ram_utilisation: float
    lone_registers: float = 0.0
    spram: SPRAM | None = None
    lut_ram: LUTRAM | None = None
    aliases: tuple[str, ...] = ()
    boards: tuple[str, ...] = ()

    @property
    def sprams(self) -> int:
        """Number of SPRAMs."""
        return self.spram.count if self.spram else 0

    @property
    def bits(self) -> int:
        """Maximum number of bits in block RAMs, SPRAMs, LUT memories and registers."""
        block_rams = self.block_ram.count * self.block_ram.bits
        sprams = self.spram.count * self.spram.depth * self.spram.width if self.spram else 0
        lut_rams = 16 * self.luts if self.lut_ram else 0
        return block_rams + sprams + lut_rams + self.registers

    def with_cells(self, cells: int) -> "FPGA":
        """The FPGA with fewer logic cells, to leave some for other logic.

        Parameters
        ----------
        cells : int
            Logic cells for the core, from 1 to all.

        Raises
        ------
        ConfigurationError
            If the FPGA does not have this number of cells.
        """
        if not 1 <= cells <= self.luts:
            raise ConfigurationError(
                f"cells must be from 1 to {self.luts:,}, which the {self.name} has, not {cells:,}"
            )
        return replace(self, luts=cells, max_cell_utilisation=1.0)

    def place(
        self, depth: Integers, width: Integers, granularity: Integers | None = None
    ) -> Placement:
        """Mapping of a memory by Yosys: to block RAMs, or, if it is small, to LUTs or registers.

        Parameters are those of :meth:`BlockRAM.blocks`.
        """
        granularity = width if granularity is None else granularity
        blocks = self.block_ram.blocks(depth, width, granularity)
        bits = depth * width
        lut_rams: Integers = 0
        weight = bits
        if self.lut_ram is not None:
            columns = (width // granularity) * ceil_divide(granularity, self.lut_ram.width)
            rows = ceil_divide(depth, self.lut_ram.depth)
            lut_rams = rows * columns
            weight = LUT_RAM_WEIGHT * lut_rams + MULTIPLEXER_WEIGHT * width * (rows - 1)
            bits = 0
        # At equal cost, Yosys prefers registers to a block RAM.
        most = self.block_ram.weight * blocks
        small = weight < most if self.lut_ram is not None else weight <= most
        return Placement(
            block_rams=choose(small, 0, blocks),
            lut_rams=choose(small, lut_rams, 0),
            register_bits=choose(small, bits, 0),
        )


def _ecp5(name: str, luts: int, blocks: int, boards: Sequence[str]) -> FPGA:
    return FPGA(
        name=f"ECP5-{name}",
        family="ecp5",
        luts=luts,
        registers=luts,
        block_ram=BlockRAM(
            name="EBR",
            count=blocks,
            shapes=((512, 36), (1024, 18), (2048, 9), (4096, 4), (8192, 2), (16384, 1)),
            byte=9,
            weight=128,
        ),
        max_cell_utilisation=0.5,
        max_block_ram_utilisation=0.9,
        lut_ram=LUTRAM(depth=16, width=4, luts=6),
        aliases=(f"LFE5U-{name}", name),
        boards=tuple(boards),
    )


FPGAS: tuple[FPGA, ...] = (
    FPGA(
        name="iCE40UP5K",
        family="ice40",
        luts=5280,
        registers=5280,
        block_ram=BlockRAM(
            name="EBR",
            count=30,
            shapes=((256, 16), (512, 8), (1024, 4), (2048, 2)),
            byte=1,
            weight=64,
        ),
        max_cell_utilisation=0.8125,
        max_block_ram_utilisation=1.0,
        lone_registers=0.4,
        spram=SPRAM(name="SPRAM", count=4, depth=16384, width=16),
        aliases=("UP5K",),
        boards=("iCEBreaker",),
    ),
    FPGA(
        name="GW1NR-9",
        family="gowin",
        luts=8640,
        registers=6480,
        block_ram=BlockRAM(
            name="BSRAM",
            count=26,
            shapes=((512, 36), (1024, 18), (2048, 9), (4096, 4), (8192, 2), (16384, 1)),
            byte=9,
            weight=128,
        ),
        max_cell_utilisation=0.7,
        max_block_ram_utilisation=0.9,
        lut_ram=LUTRAM(depth=16, width=4, luts=6),
        aliases=("GW1NR-9C", "GW1N-9", "GW1N-9C"),
        boards=("Tang Nano 9K",),
    ),
    _ecp5("12F", 12_144, 32, ["ULX3S-12F"]),
    _ecp5("25F", 24_288, 56, ["ULX3S-25F", "OrangeCrab"]),
    _ecp5("45F", 43_848, 108, ["ULX3S-45F"]),
    _ecp5("85F", 83_640, 208, ["ULX3S-85F", "OrangeCrab-85F"]),
)
"""Supported FPGAs, smallest first."""


def find_fpga(name: str) -> FPGA:
    """Find an FPGA by its name, an alias or a board; case does not matter.

    Raises
    ------
    ConfigurationError
        If it is not known; the message lists the known FPGAs.
    """

    def plain(text: str) -> str:
        return "".join(character for character in text.lower() if character.isalnum())

    wanted = plain(name)
    for fpga in FPGAS:
        if wanted in map(plain, (fpga.name, *fpga.aliases, *fpga.boards)):
            return fpga
    known = ", ".join(f"{fpga.name} ({', '.join(fpga.boards)})" for fpga in FPGAS)
    raise ConfigurationError(f"FPGA {name!r} is not known; known FPGAs: {known}")
