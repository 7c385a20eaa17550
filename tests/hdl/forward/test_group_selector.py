# amaranth: UnusedElaboratable=no
"""The choice of a group's neuron in gateware."""

from typing import Any

import pytest

from metaplast.hdl.forward.group_selector import GroupSelector
from metaplast.sim.verilator.design import Design
from metaplast.sim.verilator.simulator import BenchFailure, build

BENCH = "tests.hdl.forward.benches.group_selector"


def run(selector: GroupSelector, flip: bool = False) -> None:
    parameters = {
        "inputs": selector.inputs,
        "group": selector.group,
        "select": selector.select,
        "latency": selector.latency,
    }
    build(Design.of(selector)).run(BENCH, parameters=parameters, flip=flip)


@pytest.mark.parametrize(
    ("inputs", "group", "select", "latency"),
    [(1, 1, 1, 1), (9, 6, 3, 2), (20, 8, 1, 1), (5, 4, 4, 2)],
)
def test_choices_are_right_and_on_time(inputs: int, group: int, select: int, latency: int) -> None:
    selector = GroupSelector(inputs=inputs, group=group, select=select)
    assert selector.latency == latency
    run(selector)


def test_the_bench_notices_a_flipped_bit() -> None:
    with pytest.raises(BenchFailure, match=r"o__payload: item \d+, in cycle \d+: exp") as caught:
        run(GroupSelector(inputs=9, group=6, select=3), flip=True)
    assert len(caught.value.failed) == 4


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"inputs": 0}, "inputs must be at least 1, not 0"),
        ({"group": 0}, "group must be at least 1, not 0"),
        ({"select": 0}, "select must divide the group of 6, not be 0"),
        ({"select": 4}, "select must divide the group of 6, not be 4"),
    ],
)
def test_parameters_out_of_range_are_refused(wrong: dict[str, Any], message: str) -> None:
    right = {"inputs": 9, "group": 6, "select": 3}
    with pytest.raises(ValueError, match=message):
        GroupSelector(**{**right, **wrong})
