"""A bank's hidden weights and their snapshot."""

import pytest

from metaplast.hdl.weights.weight_bank import WeightBank
from metaplast.sim.verilator.design import Design
from metaplast.sim.verilator.simulator import BenchFailure, build

from ..folded_layers import FOLDED_LAYERS

BENCH = "tests.hdl.weights.benches.weight_bank"


def run(layer: str, *, later: int = 0, flip: bool = False) -> None:
    bank = WeightBank(FOLDED_LAYERS[layer])
    parameters = {"layer": layer, "latency": bank.saturated_latency + later}
    build(Design.of(bank)).run(BENCH, parameters=parameters, flip=flip)


@pytest.mark.parametrize("layer", FOLDED_LAYERS)
def test_rows_signs_and_counts_are_right_and_on_time(layer: str) -> None:
    run(layer)


def test_the_bench_notices_a_flipped_bit() -> None:
    with pytest.raises(
        BenchFailure, match=r"(counter|snapshot|saturated): item \d+, in cycle \d+: expected"
    ) as caught:
        run("single port", flip=True)
    assert len(caught.value.failed) == 4


def test_the_bench_notices_a_latency_that_is_wrong() -> None:
    with pytest.raises(BenchFailure, match=r"item 0 took \d+ cycles, not \d+"):
        run("single port", later=1)
