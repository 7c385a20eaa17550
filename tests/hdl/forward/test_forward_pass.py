"""The forward pass of a layer."""

import pytest

from metaplast.hdl.forward.forward_pass import ForwardPass
from metaplast.hdl.planning.timing import popcount_latency
from metaplast.sim.verilator.design import Design
from metaplast.sim.verilator.simulator import BenchFailure, build

from ..forward_layers import FORWARD_LAYERS
from ..placed_layers import ENGINES

BENCH = "tests.hdl.forward.benches.forward_pass"


def run(layer: str, *, later: int = 0, flip: bool = False) -> None:
    folded = {**FORWARD_LAYERS, **ENGINES}[layer]
    parameters = {
        "layer": layer,
        "choice": (1 if folded.select == 1 else 2) + (folded.universal and folded.select > 1),
        "array": popcount_latency(folded.plan.simd) + 2,
        "scores": popcount_latency(folded.plan.banks * folded.select) + 1,
        "detector": 2 + later,  # and a cycle for each class
    }
    build(Design.of(ForwardPass(folded))).run(BENCH, parameters=parameters, flip=flip)


@pytest.mark.parametrize("layer", FORWARD_LAYERS)
def test_results_and_choices_are_right_and_on_time(layer: str) -> None:
    run(layer)


@pytest.mark.parametrize("name", ["one", "pairs", "three chunks", "shared memories"])
def test_layers_are_set_at_run_time(name: str) -> None:
    run(name)


def test_the_bench_notices_a_flipped_bit() -> None:
    with pytest.raises(BenchFailure, match=r"\w+: item \d+, in cycle \d+: expected") as caught:
        run("two banks", flip=True)
    assert len(caught.value.failed) == 4


def test_the_bench_notices_a_latency_that_is_wrong() -> None:
    with pytest.raises(BenchFailure, match=r"o: number 0 is \d+, not \d+") as caught:
        run("two banks", later=1)
    assert len(caught.value.failed) == 4
