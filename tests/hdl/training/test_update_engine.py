"""The walk through the chosen neurons' rows."""

import pytest

from metaplast.hdl.training.update_engine import UpdateEngine
from metaplast.sim.verilator.design import Design
from metaplast.sim.verilator.simulator import BenchFailure, build

from ..folded_layers import FOLDED_LAYERS

BENCH = "tests.hdl.training.benches.update_engine"


def run(layer: str, flip: bool = False) -> None:
    design = Design.of(UpdateEngine(FOLDED_LAYERS[layer]))
    build(design).run(BENCH, parameters={"layer": layer}, flip=flip)


@pytest.mark.parametrize("layer", FOLDED_LAYERS)
def test_rows_and_inputs_come_as_planned(layer: str) -> None:
    run(layer)


def test_the_bench_notices_a_flipped_bit() -> None:
    with pytest.raises(BenchFailure, match=r"\w+: item \d+, in cycle \d+: expected") as caught:
        run("single port", flip=True)
    assert len(caught.value.failed) == 4
