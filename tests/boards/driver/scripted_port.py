"""A port whose replies a test scripts, with the times at which the driver sends requests."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from metaplast.hdl.link.protocol import (
    RESULTS,
    FrameDecoder,
    ReplyKind,
    RequestKind,
    encode_frame,
    result_bytes,
)
from metaplast.hdl.registers.register_map import Status

from .clock import Clock

__all__ = ["READ_SECONDS", "Device", "ScriptedPort", "kind_of", "number_of"]

READ_SECONDS = 0.01
"""Read time-out of the port."""


def kind_of(content: bytes) -> RequestKind:
    """Kind of a request."""
    return RequestKind(content[0])


def number_of(content: bytes) -> int:
    """Number or tag of a request."""
    return int.from_bytes(content[1:3], "little")


@dataclass
class Device:
    """Fields of the STATE of a device with one layer."""

    tag: int = 0
    busy: bool = False
    status: Status = Status.OK
    expected: int = 0
    count: int = 0

    def state(self, *, dropped: bool = False) -> bytes:
        """The frame of a STATE; its results are zeros."""
        head = bytes([ReplyKind.STATE]) + self.tag.to_bytes(2, "little")
        flags = self.busy | dropped << 1
        numbers = self.expected.to_bytes(2, "little") + bytes([self.count % 256])
        content = head + bytes([flags, self.status.value]) + numbers
        return encode_frame(content + bytes(RESULTS * result_bytes(1)))


@dataclass
class ScriptedPort:
    """Reply to each request as a function tells.

    Attributes
    ----------
    clock : Clock
        The driver's clock. A read without bytes takes :data:`READ_SECONDS`.
    answer : callable
        Gives the bytes that the content of a request is answered with.
    delay : float
        Seconds until they come.
    sent : list of (float, bytes)
        Time and content of each request.
    """

    clock: Clock
    answer: Callable[[bytes], Iterable[bytes]]
    delay: float = 0.0
    sent: list[tuple[float, bytes]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._incoming = FrameDecoder()
        self._outgoing: list[tuple[float, bytes]] = []

    @property
    def requests(self) -> list[tuple[RequestKind, int]]:
        """Kind, and number or tag, of each request."""
        return [(kind_of(content), number_of(content)) for _, content in self.sent]

    @property
    def in_waiting(self) -> int:
        """Bytes that can be read; not known."""
        return 0

    def read(self, count: int) -> bytes:
        """Read the next reply."""
        if self._outgoing and self._outgoing[0][0] <= self.clock.now:
            return self._outgoing.pop(0)[1]
        self.clock.now += READ_SECONDS
        return b""

    def write(self, content: bytes) -> None:
        """Write requests."""
        for request in self._incoming.feed(content):
            self.sent.append((self.clock.now, request))
            due = self.clock.now + self.delay
            self._outgoing += ((due, reply) for reply in self.answer(request))

    def close(self) -> None:
        """Close the port."""
