"""Drivers and monitors of streams: a correct design passes, each fault is found."""

import pytest

from metaplast.sim.verilator.design import Design
from metaplast.sim.verilator.simulator import BenchFailure, build

from ..stage import Fault, Stage

BENCH = "tests.sim.benches.stage"


def test_a_correct_design_passes_with_all_flows() -> None:
    reports = build(Design.of(Stage())).run(BENCH)
    assert [report["flow"] for report in reports] == [
        "STEADY",
        "IDLE",
        "BACK_PRESSURE",
        "IDLE_AND_BACK_PRESSURE",
    ]
    cycles = [report["cycles"] for report in reports]
    assert cycles[0] == 31
    assert min(cycles[1:]) > 31


@pytest.mark.parametrize(
    ("fault", "message", "failed"),
    [
        (Fault.WRONG, r"o: item \d+, in cycle \d+: expected {'value': .*}, got {'value': ", 4),
        (Fault.DROPS, r"o: item 3, in cycle \d+: expected", 4),
        (Fault.REPEATS, r"o: item 4, in cycle \d+: expected", 4),
        (Fault.WITHDRAWS, "o: an item was offered and withdrawn", 2),
        (Fault.CHANGES, "o: an item was offered and changed", 2),
        (Fault.WAITS, r"i: ready for item \d+: not within 20,000 cycles", 2),
    ],
)
def test_a_faulty_design_is_found_out(fault: Fault, message: str, failed: int) -> None:
    with pytest.raises(BenchFailure, match=message) as caught:
        build(Design.of(Stage(fault))).run(BENCH, seed=1)
    assert len(caught.value.failed) == failed


def test_an_item_too_many_is_found_out() -> None:
    message = r"o: after the 29 expected items came {'value': .*}, in cycle \d+"
    with pytest.raises(BenchFailure, match=message) as caught:
        build(Design.of(Stage())).run(BENCH, parameters={"unexpected": 1})
    assert len(caught.value.failed) == 4


def test_a_flipped_bit_is_found_out() -> None:
    with pytest.raises(BenchFailure, match=r"o: item \d+, in cycle \d+: expected") as caught:
        build(Design.of(Stage())).run(BENCH, flip=True)
    assert len(caught.value.failed) == 4


def test_a_wrong_latency_is_found_out() -> None:
    with pytest.raises(BenchFailure, match="item 0 took 1 cycles, not 2") as caught:
        build(Design.of(Stage())).run(BENCH, parameters={"latency": 2})
    assert caught.value.failed == ("items/flow=STEADY", "items/flow=IDLE")
