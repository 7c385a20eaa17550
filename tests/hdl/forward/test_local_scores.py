# amaranth: UnusedElaboratable=no
"""The scores of the local classifier in gateware."""

from typing import Any

import pytest

from metaplast.hdl.forward.local_scores import LocalScores
from metaplast.sim.verilator.design import Design
from metaplast.sim.verilator.simulator import BenchFailure, build

BENCH = "tests.hdl.forward.benches.local_scores"


def run(scores: LocalScores, flip: bool = False) -> None:
    parameters = {
        "classes": scores.classes,
        "neurons": scores.neurons,
        "width": scores.width,
        "latency": scores.latency,
    }
    build(Design.of(scores)).run(BENCH, parameters=parameters, flip=flip)


@pytest.mark.parametrize(
    ("classes", "neurons", "width", "latency"), [(2, 3, 1, 2), (10, 40, 8, 3), (33, 6, 6, 2)]
)
def test_scores_are_right_and_on_time(classes: int, neurons: int, width: int, latency: int) -> None:
    scores = LocalScores(classes=classes, neurons=neurons, width=width)
    assert scores.latency == latency
    run(scores)


def test_the_bench_notices_a_flipped_bit() -> None:
    with pytest.raises(BenchFailure, match=r": item \d+, in cycle \d+: expected") as caught:
        run(LocalScores(classes=2, neurons=3, width=1), flip=True)
    assert len(caught.value.failed) == 4


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"classes": 1}, "classes must be at least 2, not 1"),
        ({"neurons": 0}, "neurons must be at least 1, not 0"),
        ({"width": 0}, "width must be from 1 to 8, not 0"),
        ({"width": 9}, "width must be from 1 to 8, not 9"),
    ],
)
def test_parameters_out_of_range_are_refused(wrong: dict[str, Any], message: str) -> None:
    right = {"classes": 10, "neurons": 8, "width": 4}
    with pytest.raises(ValueError, match=message):
        LocalScores(**{**right, **wrong})
