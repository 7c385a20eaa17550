# amaranth: UnusedElaboratable=no
"""Bytes of frames."""

import pytest

from metaplast.hdl.link.framer import Framer
from metaplast.sim.verilator.design import Design
from metaplast.sim.verilator.simulator import BenchFailure, build

BENCH = "tests.hdl.link.benches.framer"


def run(flip: bool = False) -> None:
    build(Design.of(Framer())).run(BENCH, flip=flip)


def test_contents_are_framed() -> None:
    run()


def test_the_bench_notices_a_flipped_bit() -> None:
    with pytest.raises(BenchFailure, match=r"o: item \d+, in cycle \d+: expected"):
        run(flip=True)
