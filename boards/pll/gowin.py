"""The PLL of a Gowin GW1NR-9C."""

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Self

from .pll import FeedbackPLL

if TYPE_CHECKING:
    from amaranth.hdl import Instance

__all__ = ["GowinPLL"]

DETECTOR = (3_000_000, 400_000_000)
OSCILLATOR = (400_000_000, 1_200_000_000)
OUTPUT = (3_125_000, 600_000_000)
OUTPUT_DIVIDERS = (2, 4, 8, 16, 32, 48, 64, 80, 96, 112, 128)


@dataclass(frozen=True, kw_only=True)
class GowinPLL(FeedbackPLL):
    """``rPLL``, whose feedback comes from its output."""

    @classmethod
    def settings(cls, reference: Fraction) -> Iterable[Self]:
        for reference_divider in range(1, 65):
            if not DETECTOR[0] <= reference / reference_divider <= DETECTOR[1]:
                continue
            for feedback_divider in range(1, 65):
                frequency = reference / reference_divider * feedback_divider
                if not OUTPUT[0] <= frequency <= OUTPUT[1]:
                    continue
                for output_divider in OUTPUT_DIVIDERS:
                    pll = cls(
                        reference=reference,
                        reference_divider=reference_divider,
                        feedback_divider=feedback_divider,
                        output_divider=output_divider,
                    )
                    if OSCILLATOR[0] <= pll.vco <= OSCILLATOR[1]:
                        yield pll

    def instance(self, crystal: Any, clock: Any, locked: Any) -> "Instance":
        from amaranth.hdl import C, Instance

        return Instance(
            "rPLL",
            p_DEVICE="GW1NR-9C",
            p_FCLKIN=f"{float(self.reference / 1_000_000):g}",
            p_IDIV_SEL=self.reference_divider - 1,
            p_FBDIV_SEL=self.feedback_divider - 1,
            p_ODIV_SEL=self.output_divider,
            p_DYN_IDIV_SEL="false",
            p_DYN_FBDIV_SEL="false",
            p_DYN_ODIV_SEL="false",
            p_CLKFB_SEL="internal",
            p_CLKOUT_BYPASS="false",
            p_CLKOUTP_BYPASS="false",
            p_CLKOUTD_BYPASS="false",
            i_CLKIN=crystal,
            i_CLKFB=C(0),
            i_RESET=C(0),
            i_RESET_P=C(0),
            i_FBDSEL=C(0, 6),
            i_IDSEL=C(0, 6),
            i_ODSEL=C(0, 6),
            i_PSDA=C(0, 4),
            i_DUTYDA=C(0, 4),
            i_FDLY=C(0, 4),
            o_CLKOUT=clock,
            o_LOCK=locked,
        )
