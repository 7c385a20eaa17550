# amaranth: UnusedElaboratable=no
"""The local prediction and the error bit in gateware."""

import pytest

from metaplast.hdl.forward.error_detector import ErrorDetector
from metaplast.sim.verilator.design import Design
from metaplast.sim.verilator.simulator import BenchFailure, build

BENCH = "tests.hdl.forward.benches.error_detector"


def run(detector: ErrorDetector, flip: bool = False) -> None:
    parameters = {
        "classes": detector.classes,
        "neurons": detector.neurons,
        "latency": detector.latency,
    }
    build(Design.of(detector)).run(BENCH, parameters=parameters, flip=flip)


@pytest.mark.parametrize(("classes", "neurons"), [(2, 1), (5, 16), (11, 33), (256, 3)])
def test_errors_are_right_and_on_time(classes: int, neurons: int) -> None:
    detector = ErrorDetector(classes=classes, neurons=neurons)
    assert detector.latency == classes + 2
    run(detector)


def test_the_bench_notices_a_flipped_bit() -> None:
    with pytest.raises(BenchFailure, match=r"o: item \d+, in cycle \d+: expected") as caught:
        run(ErrorDetector(classes=5, neurons=16), flip=True)
    assert len(caught.value.failed) == 4


@pytest.mark.parametrize("classes", [1, 257])
def test_there_are_2_to_256_classes(classes: int) -> None:
    with pytest.raises(ValueError, match=f"classes must be from 2 to 256, not {classes}"):
        ErrorDetector(classes=classes, neurons=8)


def test_a_layer_has_a_neuron() -> None:
    with pytest.raises(ValueError, match="neurons must be at least 1, not 0"):
        ErrorDetector(classes=2, neurons=0)
