"""Which neurons were updated since their last scan."""

import pytest

from metaplast.hdl.training.dirty_neurons import DirtyNeurons
from metaplast.sim.verilator.design import Design
from metaplast.sim.verilator.simulator import BenchFailure, build

from ..folded_layers import FOLDED_LAYERS

BENCH = "tests.hdl.training.benches.dirty_neurons"


def run(layer: str, flip: bool = False) -> None:
    design = Design.of(DirtyNeurons(FOLDED_LAYERS[layer]))
    build(design).run(BENCH, parameters={"layer": layer}, flip=flip)


@pytest.mark.parametrize("layer", FOLDED_LAYERS)
def test_marks_stay_until_they_are_cleared(layer: str) -> None:
    run(layer)


def test_the_bench_notices_a_flipped_bit() -> None:
    with pytest.raises(BenchFailure, match=r"marked: item \d+, in cycle \d+: expected"):
        run("two banks", flip=True)
