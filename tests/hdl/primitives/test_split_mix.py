"""The seeding of bit streams in gateware."""

import pytest

from metaplast.golden_model.random_stream import split_mix_64
from metaplast.hdl.primitives.split_mix import INCREMENT, SplitMix64Seeder
from metaplast.sim.verilator.design import Design
from metaplast.sim.verilator.simulator import BenchFailure, Simulator, build

BENCH = "tests.hdl.primitives.benches.split_mix"
PARAMETERS = {"latency": SplitMix64Seeder.latency}


def simulator() -> Simulator:
    return build(Design.of(SplitMix64Seeder()))


def test_histories_are_the_models_and_on_time() -> None:
    simulator().run(BENCH, parameters=PARAMETERS)


def test_the_bench_notices_a_flipped_bit() -> None:
    with pytest.raises(BenchFailure, match=r"o: item \d, in cycle \d+: expected") as caught:
        simulator().run(BENCH, parameters=PARAMETERS, flip=True)
    assert len(caught.value.failed) == 4


def test_the_bench_notices_a_latency_that_is_wrong() -> None:
    with pytest.raises(BenchFailure) as caught:
        simulator().run(BENCH, parameters={"latency": SplitMix64Seeder.latency - 1})
    assert caught.value.failed == ("histories/flow=STEADY",)


def test_no_history_is_all_zero() -> None:
    # Each step of the output is a bijection that keeps zero, so only the state 0 gives 0. The
    # second output is then that of a single increment.
    state_before_zero = -INCREMENT % (1 << 64)
    assert split_mix_64(state_before_zero, 2) == [0, split_mix_64(0, 1)[0]]
    assert split_mix_64(0, 1)[0] % (1 << 63) != 0
