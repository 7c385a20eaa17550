"""A bank's neurons in the forward pass."""

import pytest

from metaplast.hdl.forward.forward_bank import ForwardBank
from metaplast.sim.verilator.design import Design
from metaplast.sim.verilator.simulator import BenchFailure, build

from ..forward_layers import FORWARD_LAYERS
from ..placed_layers import ENGINES

BENCH = "tests.hdl.forward.benches.forward_bank"


def run(layer: str, *, later: int = 0, flip: bool = False) -> None:
    bank = ForwardBank({**FORWARD_LAYERS, **ENGINES}[layer])
    parameters = {
        "layer": layer,
        "latency": bank.latency + later,
        "choice": bank.choice_latency,
    }
    build(Design.of(bank)).run(BENCH, parameters=parameters, flip=flip)


@pytest.mark.parametrize("layer", FORWARD_LAYERS)
def test_steps_and_choices_are_right_and_on_time(layer: str) -> None:
    run(layer)


@pytest.mark.parametrize("name", ["one", "pairs", "three chunks", "shared memories"])
def test_layers_are_set_at_run_time(name: str) -> None:
    run(name)


def test_the_bench_notices_a_flipped_bit() -> None:
    with pytest.raises(BenchFailure, match=r"\w+: item \d+, in cycle \d+: expected") as caught:
        run("two banks", flip=True)
    assert len(caught.value.failed) == 4
