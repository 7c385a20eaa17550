"""A layer's side of the host's registers."""

import pytest

from metaplast.hdl.layer.layer_registers import LayerRegisters
from metaplast.sim.verilator.design import Design
from metaplast.sim.verilator.simulator import BenchFailure, build

from ..folded_layers import FOLDED_LAYERS

BENCH = "tests.hdl.layer.benches.layer_registers"


def run(layer: str, flip: bool = False) -> None:
    design = Design.of(LayerRegisters(FOLDED_LAYERS[layer]))
    build(design).run(BENCH, parameters={"layer": layer}, flip=flip)


@pytest.mark.parametrize("layer", ["smallest", "two banks"])
def test_every_request_is_answered_and_obeyed(layer: str) -> None:
    run(layer)


def test_the_bench_notices_a_flipped_bit() -> None:
    with pytest.raises(BenchFailure, match=r"\w+: item \d+, in cycle \d+: expected") as caught:
        run("two banks", flip=True)
    assert len(caught.value.failed) == 4
