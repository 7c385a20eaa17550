"""Counters written and read one by one."""

import pytest

from metaplast.hdl.weights.counter_port import CounterPort
from metaplast.sim.verilator.design import Design
from metaplast.sim.verilator.simulator import BenchFailure, build

from ..folded_layers import FOLDED_LAYERS

BENCH = "tests.hdl.weights.benches.counter_port"


def run(layer: str, flip: bool = False) -> None:
    design = Design.of(CounterPort(FOLDED_LAYERS[layer]))
    build(design).run(BENCH, parameters={"layer": layer}, flip=flip)


@pytest.mark.parametrize("layer", FOLDED_LAYERS)
def test_counters_are_written_and_read_in_order(layer: str) -> None:
    run(layer)


def test_the_bench_notices_a_flipped_bit() -> None:
    with pytest.raises(
        BenchFailure, match=r"(r|stored): item \d+, in cycle \d+: expected"
    ) as caught:
        run("single port", flip=True)
    assert len(caught.value.failed) == 4
