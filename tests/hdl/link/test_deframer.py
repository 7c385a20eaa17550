# amaranth: UnusedElaboratable=no
"""Frames from bytes."""

import pytest

from metaplast.hdl.link.deframer import Deframer
from metaplast.sim.verilator.design import Design
from metaplast.sim.verilator.simulator import BenchFailure, build

BENCH = "tests.hdl.link.benches.deframer"


def run(flip: bool = False) -> None:
    build(Design.of(Deframer())).run(BENCH, flip=flip)


def test_frames_are_taken_apart() -> None:
    run()


def test_the_bench_notices_a_flipped_bit() -> None:
    with pytest.raises(BenchFailure, match=r"(o|end): item \d+, in cycle \d+: expected"):
        run(flip=True)
