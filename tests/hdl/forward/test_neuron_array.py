# amaranth: UnusedElaboratable=no
"""Neurons side by side in gateware."""

from typing import Any

import pytest

from metaplast.hdl.forward.neuron_array import NeuronArray
from metaplast.sim.verilator.design import Design
from metaplast.sim.verilator.simulator import BenchFailure, build

BENCH = "tests.hdl.forward.benches.neuron_array"


def run(array: NeuronArray, flip: bool = False) -> None:
    parameters = {
        "inputs": array.inputs,
        "simd": array.simd,
        "pe": array.pe,
        "sets": array.sets,
        "select": array.select,
        "latency": array.latency,
    }
    build(Design.of(array)).run(BENCH, parameters=parameters, flip=flip)


@pytest.mark.parametrize(
    ("inputs", "simd", "pe", "sets", "select", "latency"),
    [
        (1, 1, 1, 1, 1, 3),
        (13, 5, 6, 4, 3, 3),  # padding, and neurons that leave in two cycles
        (9, 2, 2, 1, 2, 3),  # a set that waits for its own sum
        (9, 4, 1, 2, 1, 3),  # two that do
        (20, 20, 4, 3, 1, 4),  # a single word, and neurons that leave one by one
    ],
)
def test_neurons_are_right_and_on_time(
    inputs: int, word: int, pe: int, sets: int, select: int, latency: int
) -> None:
    array = NeuronArray(inputs=inputs, simd=word, pe=pe, sets=sets, select=select)
    assert array.latency == latency
    run(array)


def test_the_bench_notices_a_flipped_bit() -> None:
    with pytest.raises(BenchFailure, match=r"o: item \d+, in cycle \d+: expected") as caught:
        run(NeuronArray(inputs=13, simd=5, pe=6, sets=4, select=3), flip=True)
    assert len(caught.value.failed) == 8


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"inputs": 0}, "inputs must be at least 1, not 0"),
        ({"simd": 0}, "word must be at least 1, not 0"),
        ({"pe": 0}, "pe must be at least 1, not 0"),
        ({"sets": 0}, "sets must be at least 1, not 0"),
        ({"select": 0}, "select must divide the 6 neurons of pe, not be 0"),
        ({"select": 4}, "select must divide the 6 neurons of pe, not be 4"),
    ],
)
def test_parameters_out_of_range_are_refused(wrong: dict[str, Any], message: str) -> None:
    right = {"inputs": 13, "simd": 5, "pe": 6, "sets": 4, "select": 3}
    with pytest.raises(ValueError, match=message):
        NeuronArray(**{**right, **wrong})
