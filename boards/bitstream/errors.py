"""Errors of building a bitstream."""

from ...golden_model.errors import MetaplastError

__all__ = ["BuildError", "DesignTooLargeError"]


class BuildError(MetaplastError):
    """A bitstream cannot be built; the message gives the reason and the remedy."""


class DesignTooLargeError(BuildError):
    """A design is too large for its FPGA.

    Attributes
    ----------
    excess : int or None
        Missing logic cells; None if another resource is missing.
    """

    def __init__(self, message: str, excess: int | None):
        super().__init__(message)
        self.excess = excess
