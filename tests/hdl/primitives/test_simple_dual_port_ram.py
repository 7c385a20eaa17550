# amaranth: UnusedElaboratable=no
"""The memory whose rows are never read and written in one cycle."""

import re
from random import Random

import pytest
from amaranth.back import rtlil
from amaranth.sim import SimulatorContext

from metaplast.hdl.primitives.simple_dual_port_ram import NO_COLLISION_EMULATION, SimpleDualPortRAM

from ..simulate import simulate

CYCLES = 500


def check_rows(
    width: int, rows: int, granularity: int | None = None, *, apart: bool = False, flip: int = 0
) -> None:
    """Write and read rows and parts of rows; expect them XOR ``flip``.

    A row is there in the cycle after its read, and stays until the next read. If ``apart`` is set,
    parts of a row are written in the cycle of its read, and the others are read.
    """
    random = Random(1)
    memory = SimpleDualPortRAM(shape=width, depth=rows, granularity=granularity, apart=apart)
    parts, part_width = len(memory.write_enable), granularity or width
    addresses = range(min(rows, 20))
    content: dict[int, int] = {}

    async def bench(ctx: SimulatorContext) -> None:
        async def cycle(read: int | None, write: int | None, enable: int) -> None:
            row = random.getrandbits(width)
            ctx.set(memory.read_enable, read is not None)
            ctx.set(memory.read_address, random.randrange(rows) if read is None else read)
            ctx.set(memory.write_enable, 0 if write is None else enable)
            ctx.set(memory.write_address, random.randrange(rows) if write is None else write)
            ctx.set(memory.write_data, row)
            await ctx.tick()
            if write is not None:
                written = (n for n in range(parts) if enable >> n & 1)
                mask = sum((1 << part_width) - 1 << n * part_width for n in written)
                content[write] = content.get(write, 0) & ~mask | row & mask

        for address in addresses:
            await cycle(None, address, (1 << parts) - 1)
        shown, known, together = None, 0, 0
        for _ in range(CYCLES):
            read, write = (random.choice([None, random.choice(addresses)]) for _ in range(2))
            enable = random.randrange(1, 1 << parts)
            if read is not None and read == write and not apart:
                write = None
            if read is not None:
                shown, known = content[read], (1 << width) - 1
                if read == write:
                    known = sum(
                        (1 << part_width) - 1 << n * part_width
                        for n in range(parts)
                        if not enable >> n & 1
                    )
                    together += 1
            await cycle(read, write, enable)
            if shown is not None:
                assert ctx.get(memory.read_data) & known == (shown ^ flip) & known
        assert (together > 0) == apart

    simulate(memory, bench)


@pytest.mark.parametrize(
    ("width", "rows", "granularity"),
    [(1, 2, None), (13, 3, None), (40, 300, None), (12, 5, 4)],
)
def test_rows_are_read_as_written(width: int, rows: int, granularity: int | None) -> None:
    check_rows(width, rows, granularity)


def test_parts_of_a_row_are_read_while_others_are_written() -> None:
    check_rows(6, 4, 1, apart=True)


@pytest.mark.parametrize("bit", [0, 11])
def test_the_check_notices_a_flipped_bit(bit: int) -> None:
    with pytest.raises(AssertionError):
        check_rows(12, 5, 4, flip=1 << bit)


def test_a_read_of_the_row_that_is_written_stops_a_simulation() -> None:
    memory = SimpleDualPortRAM(shape=3, depth=5)

    async def bench(ctx: SimulatorContext) -> None:
        for port in (memory.read_address, memory.write_address):
            ctx.set(port, 2)
        ctx.set(memory.read_enable, 1)
        await ctx.tick()
        ctx.set(memory.write_enable, 1)
        await ctx.tick()

    with pytest.raises(AssertionError, match="a row is read and written at once"):
        simulate(memory, bench)


def test_no_rows_are_refused() -> None:
    with pytest.raises(ValueError, match="depth must be at least 1, not 0"):
        SimpleDualPortRAM(shape=3, depth=0)


def test_the_command_for_synthesis_names_the_memory() -> None:
    text = rtlil.convert(SimpleDualPortRAM(shape=3, depth=5), platform=object())
    name = re.search(r"cell \$memrd_v2 .*\n    parameter \\MEMID \"\\\\(.*)\"", text)
    assert name is not None
    assert (
        f"setparam -set COLLISION_X_MASK 1 t:$memrd_v2 r:MEMID=*{name[1]} %i"
    ) == NO_COLLISION_EMULATION
    assert "$check" not in text
