"""The frequencies that an FPGA's PLL can make of a crystal's, exactly."""

from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Self

from ...golden_model.errors import ConfigurationError

if TYPE_CHECKING:
    from amaranth.hdl import Instance

__all__ = ["PLL", "FeedbackPLL", "megahertz"]

TOLERANCE = Fraction(1, 50)
"""A frequency that is farther than so from what was asked for is refused."""


def megahertz(hertz: Fraction) -> str:
    """A frequency to read: ``23.438 MHz``."""
    return f"{float(hertz / 1_000_000):.6g} MHz"


@dataclass(frozen=True, kw_only=True)
class PLL(ABC):
    """How a PLL is set.

    Attributes
    ----------
    reference : Fraction
        The crystal's frequency in hertz.
    """

    reference: Fraction

    @property
    @abstractmethod
    def vco(self) -> Fraction:
        """Frequency of its oscillator in hertz."""

    @property
    @abstractmethod
    def frequency(self) -> Fraction:
        """Frequency that results, in hertz."""

    @classmethod
    @abstractmethod
    def settings(cls, reference: Fraction) -> Iterable[Self]:
        """All settings that the FPGA's maker allows."""

    @abstractmethod
    def instance(self, crystal: Any, clock: Any, locked: Any) -> "Instance":
        """The PLL itself, from the crystal's signal to a clock and a signal that it is stable."""

    @classmethod
    def choose(cls, reference: Fraction, wanted: Fraction) -> Self:
        """The setting whose frequency is nearest, and of those the first.

        Raises
        ------
        ConfigurationError
            If none is near.
        """
        found = min(cls.settings(reference), key=lambda pll: abs(pll.frequency - wanted))
        if abs(found.frequency - wanted) > TOLERANCE * wanted:
            raise ConfigurationError(
                f"a clock of {megahertz(wanted)} cannot be made from {megahertz(reference)}; "
                f"the nearest is {megahertz(found.frequency)}: ask for that with --clock"
            )
        return found


@dataclass(frozen=True, kw_only=True)
class FeedbackPLL(PLL):
    """A PLL whose feedback is its own output.

    Attributes
    ----------
    reference_divider, feedback_divider, output_divider : int
        Its dividers.
    """

    reference_divider: int
    feedback_divider: int
    output_divider: int

    @property
    def frequency(self) -> Fraction:
        return self.reference / self.reference_divider * self.feedback_divider

    @property
    def vco(self) -> Fraction:
        return self.frequency * self.output_divider
