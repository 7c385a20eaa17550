"""The PLL of an iCE40."""

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Self

from .pll import PLL

if TYPE_CHECKING:
    from amaranth.hdl import Instance

__all__ = ["Ice40PLL"]

DETECTOR = (10_000_000, 133_000_000)
OSCILLATOR = (533_000_000, 1_066_000_000)
OUTPUT = (16_000_000, 275_000_000)

# Upper limits of the phase detector's frequency for the settings of the loop filter, from 1.
FILTERS = (17_000_000, 26_000_000, 44_000_000, 66_000_000, 101_000_000)


@dataclass(frozen=True, kw_only=True)
class Ice40PLL(PLL):
    """``SB_PLL40_PAD``, whose feedback comes directly from its oscillator.

    Parameters
    ----------
    divr, divf, divq : int
        Dividers of the reference (less one), of the feedback (less one), and of the output (a
        power of two).
    """

    divr: int
    divf: int
    divq: int

    @property
    def detector(self) -> Fraction:
        """Frequency of the phase detector in hertz."""
        return self.reference / (self.divr + 1)

    @property
    def vco(self) -> Fraction:
        return self.detector * (self.divf + 1)

    @property
    def frequency(self) -> Fraction:
        return self.vco / 2**self.divq

    @property
    def filter_range(self) -> int:
        """Setting of the loop filter."""
        return 1 + sum(self.detector >= limit for limit in FILTERS)

    @classmethod
    def settings(cls, reference: Fraction) -> Iterable[Self]:
        for divr in range(16):
            if not DETECTOR[0] <= reference / (divr + 1) <= DETECTOR[1]:
                continue
            for divf in range(128):
                for divq in range(1, 7):
                    pll = cls(reference=reference, divr=divr, divf=divf, divq=divq)
                    if (
                        OSCILLATOR[0] <= pll.vco <= OSCILLATOR[1]
                        and OUTPUT[0] <= pll.frequency <= OUTPUT[1]
                    ):
                        yield pll

    def instance(self, crystal: Any, clock: Any, locked: Any) -> "Instance":
        from amaranth.hdl import C, Instance

        return Instance(
            "SB_PLL40_PAD",
            p_FEEDBACK_PATH="SIMPLE",
            p_DIVR=C(self.divr, 4),
            p_DIVF=C(self.divf, 7),
            p_DIVQ=C(self.divq, 3),
            p_FILTER_RANGE=C(self.filter_range, 3),
            i_PACKAGEPIN=crystal,
            i_RESETB=C(1),
            i_BYPASS=C(0),
            o_PLLOUTGLOBAL=clock,
            o_LOCK=locked,
        )
