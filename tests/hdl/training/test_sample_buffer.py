"""The samples inside a layer."""

import pytest

from metaplast.hdl.training.sample_buffer import SampleBuffer
from metaplast.sim.verilator.design import Design
from metaplast.sim.verilator.simulator import BenchFailure, build

from ..folded_layers import FOLDED_LAYERS

BENCH = "tests.hdl.training.benches.sample_buffer"


def run(layer: str, flip: bool = False) -> None:
    design = Design.of(SampleBuffer(FOLDED_LAYERS[layer]))
    build(design).run(BENCH, parameters={"layer": layer}, flip=flip)


@pytest.mark.parametrize("layer", FOLDED_LAYERS)
def test_words_come_out_as_they_went_in(layer: str) -> None:
    run(layer)


def test_the_bench_notices_a_flipped_bit() -> None:
    with pytest.raises(BenchFailure, match=r"\w+: item \d+, in cycle \d+: expected"):
        run("two banks", flip=True)
