"""PLL settings: the output frequencies that an FPGA's PLL can make from a crystal."""

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
"""Maximum relative deviation from the requested frequency."""


def megahertz(hertz: Fraction) -> str:
    """Format a frequency: ``23.438 MHz``."""
    return f"{float(hertz / 1_000_000):.6g} MHz"


@dataclass(frozen=True, kw_only=True)
class PLL(ABC):
    """Settings of a PLL.

    Attributes
    ----------
    reference : Fraction
        The crystal's frequency in hertz.
    """

    reference: Fraction

    @property
    @abstractmethod
    def vco(self) -> Fraction:
        """Frequency of the oscillator in hertz."""

    @property
    @abstractmethod
    def frequency(self) -> Fraction:
        """Output frequency in hertz."""

    @classmethod
    @abstractmethod
    def settings(cls, reference: Fraction) -> Iterable[Self]:
        """All settings that the FPGA vendor allows."""

    @abstractmethod
    def instance(self, crystal: Any, clock: Any, locked: Any) -> "Instance":
        """The PLL primitive: input ``crystal``, outputs ``clock`` and ``locked``."""

    @classmethod
    def choose(cls, reference: Fraction, wanted: Fraction) -> Self:
        """The first of the settings whose frequency is nearest to the wanted one.

        Raises
        ------
        ConfigurationError
            If no frequency is near enough.
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
    """A PLL whose feedback comes from its output.

    Attributes
    ----------
    reference_divider, feedback_divider, output_divider : int
        Dividers of the reference, the feedback and the output.
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
