"""What an FPGA supplies: logic, registers, memories and the shapes they come in."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import reduce

from ...golden_model.errors import ConfigurationError
from .integers import Integers, ceil_divide, choose, minimum

__all__ = ["FPGAS", "BlockRAM", "FPGA", "LUTRAM", "Placement", "SPRAM", "find_fpga"]

# What Yosys weighs memories by (memory_libmap): a LUT memory, and a multiplexer behind it.
LUT_RAM_WEIGHT = 4
MULTIPLEXER_WEIGHT = 0.5


@dataclass(frozen=True, kw_only=True)
class BlockRAM:
    """An FPGA's block RAM: one port writes, another reads.

    Parameters
    ----------
    name : str
        What its maker calls it.
    count : int
        Blocks in the FPGA.
    shapes : tuple of (int, int)
        Rows and bits of a row, as they can be chosen, narrowest rows last.
    byte : int
        Bits that a write can leave as they are only together.
    weight : int
        Bits below which a synthesiser takes registers instead.
    """

    name: str
    count: int
    shapes: tuple[tuple[int, int], ...]
    byte: int
    weight: int

    @property
    def bits(self) -> int:
        """Bits that a block holds at most."""
        return max(rows * bits for rows, bits in self.shapes)

    def blocks(
        self, depth: Integers, width: Integers, granularity: Integers | None = None
    ) -> Integers:
        """Blocks that hold a memory.

        Parameters
        ----------
        depth, width : int or array
            Rows, and bits of a row.
        granularity : int or array, optional
            Bits of a row that are written together; divides ``width``. The whole row by default.
        """
        granularity = width if granularity is None else granularity
        parts = width // granularity
        choices = []
        for rows, bits in self.shapes:
            columns = parts * ceil_divide(granularity, bits)
            if bits >= self.byte and (self.byte > 1 or (rows, bits) == self.shapes[0]):
                # Bytes of a word are written apart; other shapes write whole words only.
                bytes_ = parts * ceil_divide(granularity, self.byte)
                columns = choose(parts == 1, columns, ceil_divide(bytes_, bits // self.byte))
            choices.append(ceil_divide(depth, rows) * columns)
        return reduce(minimum, choices)


@dataclass(frozen=True, kw_only=True)
class SPRAM:
    """An FPGA's large single-port memories, of one shape.

    Parameters
    ----------
    name : str
        What its maker calls it.
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
        """Memories that hold one of ``depth`` rows of ``width`` bits."""
        return ceil_divide(depth, self.depth) * ceil_divide(width, self.width)


@dataclass(frozen=True, kw_only=True)
class LUTRAM:
    """LUTs that serve as small memories: one port writes, another reads.

    Parameters
    ----------
    depth, width : int
        Rows, and bits of a row.
    luts : int
        LUTs that it takes, those of its write port included.
    """

    depth: int
    width: int
    luts: int


@dataclass(frozen=True, kw_only=True)
class Placement:
    """What a memory is made of; two of the three are 0.

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
    """An FPGA's supply.

    Parameters
    ----------
    name : str
        The maker's name, as short as it is clear.
    family : str
        ``ice40``, ``ecp5`` or ``gowin``: which synthesis.
    luts, registers : int
        LUTs of four inputs, and registers.
    block_ram : BlockRAM
        Its block RAMs.
    spram : SPRAM or None
        Its large single-port memories, if it has some.
    max_cell_utilisation : float
        Share of its logic cells that the planner fills if it can: the logic around a core fits as
        well, and all of it is routed at a good clock.
    max_block_ram_utilisation : float
        Share of its block RAMs that the planner fills if that does not cost too many cycles.
    lone_registers : float
        Share of registers that take a logic cell alone, for a cell's register holds what its own
        LUT gives, or else that LUT serves nothing; 0 where the two can be used apart.
    lut_ram : LUTRAM or None
        Its LUTs as memories, if they can be.
    aliases : tuple of str
        What people say instead of its name.
    boards : tuple of str
        Boards that carry it.
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
        """Large single-port memories."""
        return self.spram.count if self.spram else 0

    @property
    def bits(self) -> int:
        """Bits that it can keep at most, in memories, LUT memories and registers."""
        block_rams = self.block_ram.count * self.block_ram.bits
        sprams = self.spram.count * self.spram.depth * self.spram.width if self.spram else 0
        lut_rams = 16 * self.luts if self.lut_ram else 0
        return block_rams + sprams + lut_rams + self.registers

    def with_cells(self, cells: int) -> "FPGA":
        """The FPGA as far as a core may fill it, where something else is to share it.

        Parameters
        ----------
        cells : int
            Logic cells that the core may take, from 1 to all.

        Raises
        ------
        ConfigurationError
            If the FPGA does not have as many.
        """
        if not 1 <= cells <= self.luts:
            raise ConfigurationError(
                f"cells must be from 1 to {self.luts:,}, which the {self.name} has, not {cells:,}"
            )
        return replace(self, luts=cells, max_cell_utilisation=1.0)

    def place(
        self, depth: Integers, width: Integers, granularity: Integers | None = None
    ) -> Placement:
        """What Yosys makes a memory of: block RAMs, or if it is small LUTs or registers.

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
        # Of registers and a block RAM that weigh the same, Yosys takes the registers.
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
"""FPGAs with open tools, smallest first."""


def find_fpga(name: str) -> FPGA:
    """A known FPGA by its name, an alias or a board that carries it; case does not matter.

    Raises
    ------
    ConfigurationError
        If it is not known; the message lists those that are.
    """

    def plain(text: str) -> str:
        return "".join(character for character in text.lower() if character.isalnum())

    wanted = plain(name)
    for fpga in FPGAS:
        if wanted in map(plain, (fpga.name, *fpga.aliases, *fpga.boards)):
            return fpga
    known = ", ".join(f"{fpga.name} ({', '.join(fpga.boards)})" for fpga in FPGAS)
    raise ConfigurationError(f"FPGA {name!r} is not known; those that are: {known}")
