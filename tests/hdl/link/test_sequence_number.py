# amaranth: UnusedElaboratable=no
"""Numbers of sequenced frames."""

import pytest

from metaplast.hdl.link.sequence_number import SequenceNumber
from metaplast.sim.verilator.design import Design
from metaplast.sim.verilator.simulator import BenchFailure, build

BENCH = "tests.hdl.link.benches.sequence_number"


def run(flip: bool = False) -> None:
    build(Design.of(SequenceNumber())).run(BENCH, flip=flip)


def test_numbers_follow_each_other() -> None:
    run()


def test_the_bench_notices_a_flipped_bit() -> None:
    with pytest.raises(BenchFailure, match=r"number: item \d+, in cycle \d+: expected"):
        run(flip=True)
