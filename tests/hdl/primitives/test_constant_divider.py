# amaranth: UnusedElaboratable=no
"""Division by a constant in gateware."""

from random import Random

import pytest
from amaranth.sim import SimulatorContext

from metaplast.hdl.primitives.constant_divider import ConstantDivider

from ..simulate import simulate


def check_divisions(divider: ConstantDivider, *, enabled: float, flip: bool = False) -> None:
    """Divide every number, in the cycles that are enabled; in the others, the pipeline stands.

    If ``flip`` is set, every quotient is expected wrongly.
    """
    random = Random(1)
    dividends = list(range(1 << divider.width))
    random.shuffle(dividends)

    async def bench(ctx: SimulatorContext) -> None:
        entered = cycles = 0
        while entered < len(dividends) + divider.latency:
            enable = random.random() < enabled
            dividend = random.choice(dividends)
            if enable and entered < len(dividends):
                dividend = dividends[entered]
            ctx.set(divider.i, dividend)
            ctx.set(divider.enable, enable)
            # Without registers the quotient is that of the present dividend.
            if entered >= divider.latency and (enable or divider.latency):
                quotient, remainder = divmod(dividends[entered - divider.latency], divider.divisor)
                assert ctx.get(divider.quotient) == quotient ^ flip
                assert ctx.get(divider.remainder) == remainder
            entered += enable
            cycles += 1
            await ctx.tick()
        if enabled == 1:
            assert cycles == divider.latency + len(dividends)

    simulate(divider, bench)


@pytest.mark.parametrize("enabled", [1, 0.6])
@pytest.mark.parametrize(
    ("width", "divisor", "latency"),
    [(5, 1, 0), (3, 16, 0), (4, 100, 0), (9, 7, 7), (7, 100, 1)],
)
def test_all_divisions_are_right_and_on_time(
    width: int, divisor: int, latency: int, enabled: float
) -> None:
    divider = ConstantDivider(width=width, divisor=divisor)
    assert divider.latency == latency
    check_divisions(divider, enabled=enabled)


@pytest.mark.parametrize("enabled", [1, 0.6])
def test_the_check_notices_a_flipped_bit(enabled: float) -> None:
    with pytest.raises(AssertionError):
        check_divisions(ConstantDivider(width=9, divisor=7), enabled=enabled, flip=True)


def test_a_dividend_has_a_bit() -> None:
    with pytest.raises(ValueError, match="width must be at least 1, not 0"):
        ConstantDivider(width=0, divisor=3)


def test_nothing_is_divided_by_zero() -> None:
    with pytest.raises(ValueError, match="divisor must be at least 1, not 0"):
        ConstantDivider(width=4, divisor=0)
