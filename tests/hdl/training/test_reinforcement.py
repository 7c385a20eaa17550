"""The events of a commit."""

import pytest

from metaplast.hdl.training.reinforcement import Reinforcement
from metaplast.sim.verilator.design import Design
from metaplast.sim.verilator.simulator import BenchFailure, build

from ..folded_layers import FOLDED_LAYERS

BENCH = "tests.hdl.training.benches.reinforcement"


def run(layer: str, *, later: int = 0, flip: bool = False) -> None:
    reinforcement = Reinforcement(FOLDED_LAYERS[layer])
    parameters = {"layer": layer, "latency": reinforcement.decode + later}
    build(Design.of(reinforcement)).run(BENCH, parameters=parameters, flip=flip)


@pytest.mark.parametrize("layer", FOLDED_LAYERS)
def test_steps_are_the_draws_and_on_time(layer: str) -> None:
    run(layer)


def test_the_bench_notices_a_flipped_bit() -> None:
    with pytest.raises(BenchFailure, match=r"\w+: item \d+, in cycle \d+: expected"):
        run("two banks", flip=True)


def test_the_bench_notices_a_latency_that_is_wrong() -> None:
    with pytest.raises(BenchFailure, match=r"\w+: item \d+, in cycle \d+: expected"):
        run("two banks", later=1)
