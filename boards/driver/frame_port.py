"""Send and receive frames of the link over a serial port, with reconnection."""

import os
import time
from collections.abc import Callable
from typing import Any, TypeVar

from ...hdl.link.protocol import (
    FrameDecoder,
    FrameError,
    RowReply,
    StateReply,
    ValueReply,
    decode_reply,
    encode_frame,
)
from .errors import LinkLostError, PortError

__all__ = ["FramePort", "Reply"]

REOPEN_SECONDS = 0.2
"""Seconds between two attempts to open a port again."""

Reply = TypeVar("Reply", StateReply, ValueReply, RowReply)


class FramePort:
    """Send frames over a serial port, and receive a board's replies.

    A port that breaks is opened again. Frames can be lost then, so a request without a reply has to
    be sent again.

    Parameters
    ----------
    open_port : callable
        Opens the port: a pyserial ``Serial`` with a read time-out, or an object that behaves like
        one. Raises ``OSError`` or :class:`.PortError` if it cannot.
    name : str
        The port's name, for messages.
    patience : float
        Seconds to try to open a broken port again.

    Attributes
    ----------
    losses : int
        Number of damaged frames and reopenings; after each, a reply can be missing.

    Raises
    ------
    PortError
        If the port cannot be opened.
    """

    def __init__(self, open_port: Callable[[], Any], name: str, *, patience: float):
        self.name = name
        self.losses = 0
        self._open_port = open_port
        self._patience = patience
        self._layers = 1
        self._counter_bits = 8
        self._decoder = FrameDecoder()
        self._replies: list[StateReply | ValueReply | RowReply] = []
        try:
            self._port = open_port()
        except OSError as error:
            raise PortError(f"{name} cannot be opened: {_reason(error)}") from error

    def close(self) -> None:
        """Close the port."""
        self._port.close()

    def describe(self, *, layers: int, counter_bits: int) -> None:
        """Set the sizes that replies depend on: layers, and bits of a counter."""
        self._layers = layers
        self._counter_bits = counter_bits

    def send(self, content: bytes) -> None:
        """Send a frame; it is lost if the port breaks.

        Raises
        ------
        LinkLostError
            If a broken port cannot be opened again.
        """
        try:
            self._port.write(encode_frame(content))
        except OSError:
            self._reopen()

    def receive(self, kind: type[Reply], tag: int | None, seconds: float) -> Reply | None:
        """Wait for a reply; others that come before it are dropped.

        Parameters
        ----------
        kind : type
            The reply's class.
        tag : int or None
            The reply's tag; None for any.
        seconds : float
            Maximum time to wait.

        Returns
        -------
        reply or None
            None if it does not come, or can be lost (:attr:`losses`).

        Raises
        ------
        LinkLostError
            If a broken port cannot be opened again.
        """
        deadline = time.monotonic() + seconds
        losses = self.losses
        while True:
            while self._replies:
                reply = self._replies.pop(0)
                if isinstance(reply, kind) and tag in (None, reply.tag):
                    return reply
            if time.monotonic() > deadline or self.losses != losses:
                return None
            self._read()

    def _read(self) -> None:
        """Decode received bytes; waits at most for the read time-out of the port."""
        try:
            received = self._port.read(max(1, self._port.in_waiting))
        except (OSError, TypeError):  # pyserial raises TypeError if a port closes during a read
            self._reopen()
            return
        damaged = self._decoder.damaged
        for content in self._decoder.feed(received):
            try:
                reply = decode_reply(content, layers=self._layers, counter_bits=self._counter_bits)
            except FrameError:
                continue  # from another network; a missing reply is requested again
            self._replies.append(reply)
        self.losses += self._decoder.damaged - damaged

    def _reopen(self) -> None:
        """Open a broken port again as soon as possible."""
        self._port.close()
        self._replies.clear()
        self._decoder = FrameDecoder()
        self.losses += 1
        deadline = time.monotonic() + self._patience
        while True:
            try:
                self._port = self._open_port()
                return
            except (OSError, PortError) as error:
                if time.monotonic() > deadline:
                    reason = _reason(error) if isinstance(error, OSError) else str(error)
                    raise LinkLostError(
                        f"{self.name} disappeared, and did not come back within "
                        f"{self._patience:g} seconds: {reason}"
                    ) from error
                time.sleep(REOPEN_SECONDS)


def _reason(error: OSError) -> str:
    """The reason in words; errors of pyserial have only the number."""
    return os.strerror(error.errno) if error.errno else str(error)
