"""The seeded initial state of a layer."""

import pytest

from metaplast.hdl.training.initialiser import Initialiser
from metaplast.sim.verilator.design import Design
from metaplast.sim.verilator.simulator import BenchFailure, build

from ..folded_layers import FOLDED_LAYERS

BENCH = "tests.hdl.training.benches.initialiser"


def run(layer: str, flip: bool = False) -> None:
    design = Design.of(Initialiser(FOLDED_LAYERS[layer]))
    build(design).run(BENCH, parameters={"layer": layer}, flip=flip)


@pytest.mark.parametrize("layer", FOLDED_LAYERS)
def test_the_initial_state_is_the_models(layer: str) -> None:
    run(layer)


def test_the_bench_notices_a_flipped_bit() -> None:
    with pytest.raises(
        BenchFailure, match=r"(column|counters|history): item \d+, in cycle \d+: expected"
    ) as caught:
        run("one row", flip=True)
    assert len(caught.value.failed) == 4
