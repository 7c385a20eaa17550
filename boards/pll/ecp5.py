"""The PLL of an ECP5."""

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Self

from .pll import FeedbackPLL

if TYPE_CHECKING:
    from amaranth.hdl import Instance

__all__ = ["ECP5PLL"]

DETECTOR = (3_125_000, 400_000_000)
OSCILLATOR = (400_000_000, 800_000_000)
OUTPUT = (10_000_000, 400_000_000)


@dataclass(frozen=True, kw_only=True)
class ECP5PLL(FeedbackPLL):
    """``EHXPLLL``, whose feedback comes from its first output."""

    @classmethod
    def settings(cls, reference: Fraction) -> Iterable[Self]:
        for reference_divider in range(1, 129):
            if not DETECTOR[0] <= reference / reference_divider <= DETECTOR[1]:
                continue
            for feedback_divider in range(1, 81):
                frequency = reference / reference_divider * feedback_divider
                if not OUTPUT[0] <= frequency <= OUTPUT[1]:
                    continue
                # The oscillator frequency is near the middle of its range.
                output_divider = round(sum(OSCILLATOR) / 2 / frequency)
                pll = cls(
                    reference=reference,
                    reference_divider=reference_divider,
                    feedback_divider=feedback_divider,
                    output_divider=output_divider,
                )
                if 1 <= output_divider <= 128 and OSCILLATOR[0] <= pll.vco <= OSCILLATOR[1]:
                    yield pll

    def instance(self, crystal: Any, clock: Any, locked: Any) -> "Instance":
        from amaranth.hdl import C, Instance

        return Instance(
            "EHXPLLL",
            a_ICP_CURRENT="12",
            a_LPF_RESISTOR="8",
            a_MFG_ENABLE_FILTEROPAMP="1",
            a_MFG_GMCREF_SEL="2",
            p_FEEDBK_PATH="CLKOP",
            p_CLKI_DIV=self.reference_divider,
            p_CLKFB_DIV=self.feedback_divider,
            p_CLKOP_ENABLE="ENABLED",
            p_CLKOP_DIV=self.output_divider,
            p_CLKOP_CPHASE=self.output_divider - 1,
            p_CLKOP_FPHASE=0,
            i_CLKI=crystal,
            i_CLKFB=clock,
            i_RST=C(0),
            i_STDBY=C(0),
            i_PHASESEL0=C(0),
            i_PHASESEL1=C(0),
            i_PHASEDIR=C(1),
            i_PHASESTEP=C(1),
            i_PHASELOADREG=C(1),
            i_PLLWAKESYNC=C(0),
            i_ENCLKOP=C(0),
            o_CLKOP=clock,
            o_LOCK=locked,
        )
