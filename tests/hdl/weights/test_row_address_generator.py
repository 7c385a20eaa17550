"""The walk over a layer's hidden weights."""

import pytest

from metaplast.hdl.weights.row_address_generator import RowAddressGenerator
from metaplast.sim.verilator.design import Design
from metaplast.sim.verilator.simulator import BenchFailure, build

from ..folded_layers import FOLDED_LAYERS

BENCH = "tests.hdl.weights.benches.row_address_generator"


def run(layer: str, flip: bool = False) -> None:
    design = Design.of(RowAddressGenerator(FOLDED_LAYERS[layer]))
    build(design).run(BENCH, parameters={"layer": layer}, flip=flip)


@pytest.mark.parametrize("layer", FOLDED_LAYERS)
def test_places_come_in_order_and_at_once(layer: str) -> None:
    run(layer)


def test_the_bench_notices_a_flipped_bit() -> None:
    with pytest.raises(BenchFailure, match=r"\w+: item \d+, in cycle \d+: expected"):
        run("two banks", flip=True)
