"""Errors of the host driver: ports, the link, and boards that fail."""

from ...hdl.client.transport import TransportError

__all__ = [
    "BoardRestartedError",
    "LinkError",
    "LinkLostError",
    "NoAnswerError",
    "PortError",
    "StuckError",
]


class LinkError(TransportError):
    """The host cannot use a board; base of the driver's errors."""


class PortError(LinkError):
    """A serial port cannot be opened: missing, in use, not permitted, or not at this baud rate."""


class NoAnswerError(LinkError):
    """No board has answered at a port yet."""


class LinkLostError(LinkError):
    """A board that answered before is silent, or its port is missing."""


class BoardRestartedError(LinkError):
    """A board's frame and result numbers are not those that the host expects."""


class StuckError(LinkError):
    """A board answers, and makes no progress."""
