# amaranth: UnusedElaboratable=no
"""The memory of hidden weights."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from metaplast.hdl.export.verilog import to_verilog
from metaplast.hdl.planning.plan import MemoryKind
from metaplast.hdl.weights.counter_memory import CounterMemory
from metaplast.sim.verilator.design import Design
from metaplast.sim.verilator.simulator import BenchFailure, SimulationError, build

BENCH = "tests.hdl.weights.benches.counter_memory"
SPRAM_MODEL = Path(__file__).parents[1] / "cells" / "sb_spram256ka.v"


class UltraPlus:
    """As much of Amaranth's iCE40 platform as the memory looks at."""

    device = "iCE40UP5K"


def run(memory: CounterMemory, *, violate: bool = False, flip: bool = False) -> None:
    parameters = {
        "rows": memory.rows,
        "single_port": memory.kind is MemoryKind.SPRAM,
        "violate": violate,
    }
    build(Design.of(memory)).run(BENCH, parameters=parameters, flip=flip)


@pytest.mark.parametrize("kind", list(MemoryKind))
@pytest.mark.parametrize(
    ("rows", "counters", "counter_bits"), [(2, 1, 2), (13, 3, 5), (300, 8, 8), (20_000, 2, 16)]
)
def test_rows_are_read_as_written(
    kind: MemoryKind, rows: int, counters: int, counter_bits: int
) -> None:
    run(CounterMemory(rows=rows, counters=counters, counter_bits=counter_bits, kind=kind))


@pytest.mark.parametrize(
    ("rows", "counters", "cells"), [(13, 3, 2), (16_384, 4, 2), (40_000, 1, 3), (20_000, 3, 4)]
)
def test_an_ultraplus_has_cells_for_it(rows: int, counters: int, cells: int) -> None:
    memory = CounterMemory(rows=rows, counters=counters, counter_bits=8, kind=MemoryKind.SPRAM)
    design = Design.of(memory, platform=UltraPlus())
    assert design.verilog.count("SB_SPRAM256KA") == cells
    design = replace(design, verilog=design.verilog + SPRAM_MODEL.read_text())
    parameters = {"rows": rows, "single_port": True, "violate": False}
    build(design).run(BENCH, parameters=parameters)


@pytest.mark.parametrize("kind", list(MemoryKind))
def test_the_bench_notices_a_flipped_bit(kind: MemoryKind) -> None:
    memory = CounterMemory(rows=13, counters=3, counter_bits=5, kind=kind)
    with pytest.raises(BenchFailure, match=r"read_data: item \d+, in cycle \d+: expected"):
        run(memory, flip=True)


@pytest.mark.parametrize("kind", list(MemoryKind))
def test_what_must_not_be_asked_for_stops_a_simulation(kind: MemoryKind) -> None:
    memory = CounterMemory(rows=13, counters=3, counter_bits=5, kind=kind)
    with pytest.raises(SimulationError, match="a row is read and written at once"):
        run(memory, violate=True)


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
