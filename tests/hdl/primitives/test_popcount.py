# amaranth: UnusedElaboratable=no
"""Counting equal bits in gateware."""

import math

import pytest

from metaplast.hdl.primitives.popcount import XnorPopcount
from metaplast.sim.verilator.design import Design
from metaplast.sim.verilator.simulator import BenchFailure, build

BENCH = "tests.hdl.primitives.benches.popcount"


def run(popcount: XnorPopcount, flip: bool = False) -> None:
    parameters = {"width": popcount.width, "latency": popcount.latency}
    build(Design.of(popcount)).run(BENCH, parameters=parameters, flip=flip)


@pytest.mark.parametrize(
    ("width", "register_every"),
    [(1, 2), (2, 1), (3, 9), (4, 2), (7, 1), (8, 2), (22, 1), (64, 2), (112, 2), (129, 3)],
)
def test_counts_are_right_and_on_time(width: int, register_every: int) -> None:
    run(XnorPopcount(width, register_every=register_every))


def test_the_bench_notices_a_flipped_bit() -> None:
    with pytest.raises(BenchFailure, match=r"count: item \d+, in cycle \d+: expected"):
        run(XnorPopcount(22), flip=True)


def test_registers_stand_every_so_many_levels() -> None:
    levels = 2 + math.ceil(math.log2(math.ceil(112 / 7)))
    assert [XnorPopcount(112, register_every=every).latency for every in range(1, 8)] == [
        math.ceil(levels / every) for every in range(1, 8)
    ]


def test_a_word_has_a_bit() -> None:
    with pytest.raises(ValueError, match="width must be at least 1, not 0"):
        XnorPopcount(0)


def test_registers_are_a_level_apart() -> None:
    with pytest.raises(ValueError, match="register_every must be at least 1, not 0"):
        XnorPopcount(8, register_every=0)
