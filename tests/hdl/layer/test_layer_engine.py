"""A layer that learns."""

import pytest

from metaplast.hdl.layer.layer_engine import LayerEngine
from metaplast.sim.verilator.design import Design
from metaplast.sim.verilator.simulator import BenchFailure, build

from ..folded_layers import FOLDED_LAYERS

BENCH = "tests.hdl.layer.benches.layer_engine"


def run(
    layer: str, next_input_width: int | None = None, *, case: str | None = None, flip: bool = False
) -> None:
    design = Design.of(LayerEngine(FOLDED_LAYERS[layer], next_input_width))
    parameters = {"layer": layer, "next_input_width": next_input_width}
    build(design).run(BENCH, parameters=parameters, case=case, flip=flip)


@pytest.mark.parametrize(
    ("layer", "next_input_width"),
    [("smallest", 1), ("single port", None), ("two banks", 5), ("one row", None)],
)
def test_a_layer_learns_as_the_literal_one(layer: str, next_input_width: int | None) -> None:
    run(layer, next_input_width)


def test_the_bench_notices_a_flipped_bit() -> None:
    with pytest.raises(
        BenchFailure, match=r"(o|responses|batch_ends\[0\]): item \d+, in cycle \d+: expected"
    ):
        run("single port", case="training/flow=STEADY", flip=True)
