"""Clocks of PLLs."""

from fractions import Fraction

import pytest

from metaplast.boards.pll.ecp5 import ECP5PLL
from metaplast.boards.pll.gowin import GowinPLL
from metaplast.boards.pll.ice40 import Ice40PLL
from metaplast.boards.pll.pll import PLL
from metaplast.golden_model.errors import ConfigurationError

MHZ = 1_000_000


def test_the_dividers_of_an_ice40() -> None:
    pll = Ice40PLL.choose(Fraction(12 * MHZ), Fraction(24 * MHZ))
    assert (pll.divr, pll.divf, pll.divq, pll.filter_range) == (0, 63, 5, 1)
    assert (pll.frequency, pll.vco) == (24 * MHZ, 768 * MHZ)


def test_the_filter_of_an_ice40_follows_the_detector() -> None:
    ranges = [
        Ice40PLL(reference=Fraction(mhz * MHZ), divr=0, divf=0, divq=1).filter_range
        for mhz in (12, 17, 26, 44, 66, 101)
    ]
    assert ranges == [1, 2, 3, 4, 5, 6]


def test_the_dividers_of_an_ecp5() -> None:
    pll = ECP5PLL.choose(Fraction(25 * MHZ), Fraction(60 * MHZ))
    assert (pll.reference_divider, pll.feedback_divider, pll.output_divider) == (5, 12, 10)
    assert (pll.frequency, pll.vco) == (60 * MHZ, 600 * MHZ)


def test_the_dividers_of_a_gowin() -> None:
    pll = GowinPLL.choose(Fraction(27 * MHZ), Fraction(36 * MHZ))
    assert (pll.reference_divider, pll.feedback_divider, pll.output_divider) == (3, 4, 16)
    assert (pll.frequency, pll.vco) == (36 * MHZ, 576 * MHZ)


def test_the_exact_clock_of_a_setting_is_given() -> None:
    pll = Ice40PLL.choose(Fraction(12 * MHZ), Fraction(37 * MHZ))
    assert pll.frequency == Fraction(12 * MHZ * (pll.divf + 1), 2**pll.divq)
    assert abs(pll.frequency - 37 * MHZ) <= Fraction(12 * MHZ, 2 ** (pll.divq + 1))


@pytest.mark.parametrize(
    ("kind", "crystal", "lowest", "highest"),
    [
        (Ice40PLL, 12, 533, 1066),
        (ECP5PLL, 25, 400, 800),
        (ECP5PLL, 48, 400, 800),
        (GowinPLL, 27, 400, 1200),
    ],
)
def test_oscillators_stay_in_their_range(
    kind: type[PLL], crystal: int, lowest: int, highest: int
) -> None:
    settings = list(kind.settings(Fraction(crystal * MHZ)))
    assert settings
    for pll in settings:
        assert lowest * MHZ <= pll.vco <= highest * MHZ


def test_a_clock_out_of_range_is_refused_with_the_nearest() -> None:
    with pytest.raises(ConfigurationError) as error:
        Ice40PLL.choose(Fraction(12 * MHZ), Fraction(5 * MHZ))
    assert str(error.value) == (
        "a clock of 5 MHz cannot be made from 12 MHz; the nearest is 16.125 MHz: "
        "ask for that with --clock"
    )
