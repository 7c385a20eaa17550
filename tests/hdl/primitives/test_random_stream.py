# amaranth: UnusedElaboratable=no
"""The bit stream in gateware."""

import pytest

from metaplast.hdl.primitives.random_stream import RandomStreamGenerator
from metaplast.sim.verilator.design import Design
from metaplast.sim.verilator.simulator import BenchFailure, Simulator, build

BENCH = "tests.hdl.primitives.benches.random_stream"


def simulator(width: int, halving: bool) -> Simulator:
    return build(Design.of(RandomStreamGenerator(width, halving=halving)))


@pytest.mark.parametrize(
    ("width", "halving"),
    [(1, False), (2, True), (31, False), (32, True), (64, False), (64, True)],
)
def test_bits_and_state_are_the_models(width: int, halving: bool) -> None:
    simulator(width, halving).run(BENCH, parameters={"width": width, "halving": halving})


def test_the_bench_notices_a_flipped_bit() -> None:
    with pytest.raises(
        BenchFailure, match=r"(o|state): item \d+, in cycle \d+: expected"
    ) as caught:
        simulator(32, True).run(BENCH, parameters={"width": 32, "halving": True}, flip=True)
    assert len(caught.value.failed) == 4


@pytest.mark.parametrize("width", [0, 65])
def test_a_width_beyond_one_xor_a_bit_is_refused(width: int) -> None:
    with pytest.raises(ValueError, match=f"width must be from 1 to 64, not {width}"):
        RandomStreamGenerator(width)


def test_an_odd_width_is_not_halved() -> None:
    with pytest.raises(ValueError, match="width must be even to be halved, not 5"):
        RandomStreamGenerator(5, halving=True)
