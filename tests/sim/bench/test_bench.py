"""The environment of a bench, and benches with errors."""

import pytest

from metaplast.sim.verilator.design import Design
from metaplast.sim.verilator.simulator import BenchFailure, Simulator, build

from ..stage import Adder, Stage

QUIRKS = "tests.sim.benches.quirks"


@pytest.fixture(scope="module")
def stage() -> Simulator:
    return build(Design.of(Stage()))


def test_a_design_without_a_clock_has_cycles() -> None:
    build(Design.of(Adder())).run("tests.sim.benches.adder")


@pytest.mark.parametrize(
    ("case", "message"),
    [
        ("expects_nothing", "expects_nothing: the bench expected nothing"),
        ("counts_wrong", "counts_wrong: 2 items were sent, 1 came"),
        ("waits_for_an_item", "waits_for_an_item: o: item 0: not within 1,000 cycles"),
        ("is_never_done", "is_never_done: not done within 1,000 cycles; waits for: o: item 0"),
        ("runs_for_ever", "runs_for_ever: not done within 1,000 cycles; waits for: no event"),
        ("writes_too_much", "writes_too_much: 6 bits hold -32 to 31, not 32"),
    ],
)
def test_a_bench_that_is_wrong_fails(stage: Simulator, case: str, message: str) -> None:
    with pytest.raises(BenchFailure, match=message) as caught:
        stage.run(QUIRKS, case=case)
    assert caught.value.failed == (case,)


def test_a_bench_can_access_public_signals(stage: Simulator) -> None:
    with pytest.raises(BenchFailure, match=r"looks_inside: .*count"):
        stage.run(QUIRKS, case="looks_inside")
    build(Design.of(Stage(), public=("count",))).run(QUIRKS, case="looks_inside")
