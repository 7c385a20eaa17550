# amaranth: UnusedElaboratable=no
"""The memory of hidden weights."""

from dataclasses import asdict, dataclass, replace
from random import Random
from typing import Any

import pytest
from amaranth.sim import SimulatorContext

from metaplast.hdl.export.files import SPRAM_MODEL
from metaplast.hdl.export.verilog import to_verilog
from metaplast.hdl.planning.plan import MemoryKind
from metaplast.hdl.weights.counter_memory import CounterMemory
from metaplast.sim.verilator.design import Design
from metaplast.sim.verilator.simulator import SimulationError, build

from ..simulate import simulate

BENCH = "tests.hdl.weights.benches.counter_memory"
CYCLES = 500


class UltraPlus:
    """As much of Amaranth's iCE40 platform as the memory looks at."""

    device = "iCE40UP5K"


@dataclass(frozen=True)
class Cycle:
    """A cycle of a memory's ports; ``expected`` is the row of the next cycle, if it is known."""

    read_enable: bool
    read_address: int
    write_enable: bool
    write_address: int
    write_data: list[int]
    expected: list[int] | None


def memory_cycles(memory: CounterMemory) -> list[Cycle]:
    """Reads and writes of rows: first all are written.

    A row is there in the cycle after its read, and stays until the next read; with a single port,
    until the next write, too.
    """
    random, single_port = Random(1), memory.kind is MemoryKind.SPRAM
    rows = memory.rows
    addresses = [a for a in (*range(20), rows // 2, 16_383, 16_384, rows - 1) if a < rows]
    content: dict[int, list[int]] = {}
    shown: list[int] | None = None
    cycles = []
    for number in range(len(addresses) + CYCLES):
        read, write = (random.choice([None, random.choice(addresses)]) for _ in range(2))
        if number < len(addresses):
            read, write = None, addresses[number]
        elif read is not None and (single_port or read == write):
            write = None
        if read is not None:
            shown = content[read]
        elif write is not None and single_port:
            shown = None
        half = 1 << memory.counter_bits - 1
        row = [random.randrange(-half, half) for _ in range(memory.counters)]
        if write is not None:
            content[write] = row
        cycles.append(
            Cycle(
                read_enable=read is not None,
                read_address=random.randrange(rows) if read is None else read,
                write_enable=write is not None,
                write_address=random.randrange(rows) if write is None else write,
                write_data=row,
                expected=shown,
            )
        )
    return cycles


async def pass_cycle(ctx: SimulatorContext, memory: CounterMemory, cycle: Cycle) -> None:
    """Set the ports for a cycle, and let it pass."""
    for name, value in asdict(cycle).items():
        if name != "expected":
            ctx.set(getattr(memory, name), value)
    await ctx.tick()


def check_rows(memory: CounterMemory, *, flip: bool = False) -> None:
    """Read and write rows; if ``flip`` is set, expect each row wrongly."""

    async def bench(ctx: SimulatorContext) -> None:
        for cycle in memory_cycles(memory):
            await pass_cycle(ctx, memory, cycle)
            if cycle.expected is not None:
                row = [ctx.get(memory.read_data[n]) for n in range(memory.counters)]
                assert row == [k ^ flip for k in cycle.expected]

    simulate(memory, bench)


@pytest.mark.parametrize("kind", list(MemoryKind))
@pytest.mark.parametrize(
    ("rows", "counters", "counter_bits"), [(2, 1, 2), (13, 3, 5), (300, 8, 8), (20_000, 2, 16)]
)
def test_rows_are_read_as_written(
    kind: MemoryKind, rows: int, counters: int, counter_bits: int
) -> None:
    check_rows(CounterMemory(rows=rows, counters=counters, counter_bits=counter_bits, kind=kind))


@pytest.mark.parametrize("kind", list(MemoryKind))
def test_the_check_notices_a_flipped_bit(kind: MemoryKind) -> None:
    with pytest.raises(AssertionError):
        check_rows(CounterMemory(rows=13, counters=3, counter_bits=5, kind=kind), flip=True)


def test_the_row_of_an_spram_is_lost_after_a_write() -> None:
    memory = CounterMemory(rows=4, counters=2, counter_bits=5, kind=MemoryKind.SPRAM)

    async def bench(ctx: SimulatorContext) -> None:
        row, other = [3, -7], [8, 9]
        for cycle in (
            Cycle(False, 0, True, 0, row, None),
            Cycle(True, 0, False, 0, other, row),
            Cycle(False, 0, False, 0, other, row),
        ):
            await pass_cycle(ctx, memory, cycle)
        assert [ctx.get(memory.read_data[n]) for n in range(2)] == row
        for address in (0, 1):
            await pass_cycle(ctx, memory, Cycle(False, 0, True, address, other, None))
            shown = [ctx.get(memory.read_data[n]) for n in range(2)]
            assert all(k not in (*row, *other) for k in shown)
        # It stays lost until the next read.
        await pass_cycle(ctx, memory, Cycle(False, 0, False, 0, other, None))
        assert all(ctx.get(memory.read_data[n]) not in (*row, *other) for n in range(2))
        await pass_cycle(ctx, memory, Cycle(True, 1, False, 0, other, other))
        assert [ctx.get(memory.read_data[n]) for n in range(2)] == other

    simulate(memory, bench)


@pytest.mark.parametrize(
    ("rows", "counters", "cells"), [(13, 3, 2), (16_384, 4, 2), (40_000, 1, 3), (20_000, 3, 4)]
)
def test_an_ultraplus_has_cells_for_it(rows: int, counters: int, cells: int) -> None:
    # The cells are a vendor's Verilog, which Amaranth's simulator does not read.
    memory = CounterMemory(rows=rows, counters=counters, counter_bits=8, kind=MemoryKind.SPRAM)
    design = Design.of(memory, platform=UltraPlus())
    assert design.verilog.count("SB_SPRAM256KA") == cells
    design = replace(design, verilog=design.verilog + SPRAM_MODEL.read_text())
    build(design).run(BENCH, parameters={"cycles": list(map(asdict, memory_cycles(memory)))})


def collision(memory: CounterMemory) -> list[Cycle]:
    """A row is written, and then read while that row, or any row of a single port, is written."""
    row = [0] * memory.counters
    other = 1 if memory.kind is MemoryKind.SPRAM else 0
    return [Cycle(False, 0, True, 0, row, None), Cycle(True, 0, True, other, row, None)]


@pytest.mark.parametrize("kind", list(MemoryKind))
def test_a_read_and_a_write_at_once_stop_a_simulation(kind: MemoryKind) -> None:
    memory = CounterMemory(rows=13, counters=3, counter_bits=5, kind=kind)

    async def bench(ctx: SimulatorContext) -> None:
        for cycle in collision(memory):
            await pass_cycle(ctx, memory, cycle)

    with pytest.raises(AssertionError, match="a row is read and written at once"):
        simulate(memory, bench)


@pytest.mark.parametrize("kind", list(MemoryKind))
def test_a_read_and_a_write_at_once_stop_verilator(kind: MemoryKind) -> None:
    memory = CounterMemory(rows=13, counters=3, counter_bits=5, kind=kind)
    parameters = {"cycles": list(map(asdict, collision(memory)))}
    with pytest.raises(SimulationError, match="a row is read and written at once"):
        build(Design.of(memory)).run(BENCH, parameters=parameters)


def test_a_device_has_no_assertions() -> None:
    for kind in MemoryKind:
        memory = CounterMemory(rows=13, counters=3, counter_bits=5, kind=kind)
        assert "assert" in to_verilog(memory, name="memory")
        assert "assert" not in to_verilog(memory, name="memory", platform=UltraPlus())


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"rows": 0}, "rows must be at least 1, not 0"),
        ({"counters": 0}, "counters must be at least 1, not 0"),
        ({"counter_bits": 1}, "counter_bits must be from 2 to 16, not 1"),
        ({"counter_bits": 17}, "counter_bits must be from 2 to 16, not 17"),
        ({"kind": "block"}, "kind must be a MemoryKind, not 'block'"),
    ],
)
def test_parameters_out_of_range_are_refused(wrong: dict[str, Any], message: str) -> None:
    right = {"rows": 8, "counters": 2, "counter_bits": 4, "kind": MemoryKind.BLOCK}
    with pytest.raises(ValueError, match=message):
        CounterMemory(**{**right, **wrong})
