# amaranth: UnusedElaboratable=no
"""Division by a constant in gateware."""

import pytest

from metaplast.hdl.primitives.constant_divider import ConstantDivider
from metaplast.sim.verilator.design import Design
from metaplast.sim.verilator.simulator import BenchFailure, build

BENCH = "tests.hdl.primitives.benches.constant_divider"


def run(divider: ConstantDivider, flip: bool = False) -> None:
    parameters = {
        "width": divider.width,
        "divisor": divider.divisor,
        "latency": divider.latency,
    }
    build(Design.of(divider)).run(BENCH, parameters=parameters, flip=flip)


@pytest.mark.parametrize(
    ("width", "divisor", "latency"),
    [(5, 1, 0), (3, 16, 0), (4, 100, 0), (9, 7, 7), (7, 100, 1)],
)
def test_all_divisions_are_right_and_on_time(width: int, divisor: int, latency: int) -> None:
    divider = ConstantDivider(width=width, divisor=divisor)
    assert divider.latency == latency
    run(divider)


def test_the_bench_notices_a_flipped_bit() -> None:
    with pytest.raises(BenchFailure, match=r": item \d+, in cycle \d+: expected") as caught:
        run(ConstantDivider(width=9, divisor=7), flip=True)
    assert caught.value.failed == ("every_cycle", "with_pauses")


def test_a_dividend_has_a_bit() -> None:
    with pytest.raises(ValueError, match="width must be at least 1, not 0"):
        ConstantDivider(width=0, divisor=3)


def test_nothing_is_divided_by_zero() -> None:
    with pytest.raises(ValueError, match="divisor must be at least 1, not 0"):
        ConstantDivider(width=4, divisor=0)
