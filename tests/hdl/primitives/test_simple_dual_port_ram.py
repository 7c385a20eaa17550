# amaranth: UnusedElaboratable=no
"""The memory whose rows are never read and written in one cycle."""

import re

import pytest
from amaranth.back import rtlil

from metaplast.hdl.primitives.simple_dual_port_ram import NO_COLLISION_EMULATION, SimpleDualPortRAM
from metaplast.sim.verilator.design import Design
from metaplast.sim.verilator.simulator import BenchFailure, SimulationError, build

BENCH = "tests.hdl.primitives.benches.simple_dual_port_ram"


def run(memory: SimpleDualPortRAM, *, violate: bool = False, flip: bool = False) -> None:
    parameters = {"rows": memory.depth, "granularity": memory.granularity, "violate": violate}
    build(Design.of(memory)).run(BENCH, parameters=parameters, flip=flip)


@pytest.mark.parametrize(("width", "rows"), [(1, 2), (13, 3), (40, 300)])
def test_rows_are_read_as_written(width: int, rows: int) -> None:
    run(SimpleDualPortRAM(shape=width, depth=rows))


def test_parts_of_rows_are_written() -> None:
    run(SimpleDualPortRAM(shape=12, depth=5, granularity=4))


def test_the_bench_notices_a_flipped_bit() -> None:
    with pytest.raises(BenchFailure, match=r"read_data: item \d+, in cycle \d+: expected"):
        run(SimpleDualPortRAM(shape=12, depth=5, granularity=4), flip=True)


def test_what_must_not_be_asked_for_stops_a_simulation() -> None:
    with pytest.raises(SimulationError, match="a row is read and written at once"):
        run(SimpleDualPortRAM(shape=3, depth=5), violate=True)


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
