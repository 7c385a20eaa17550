"""A port that breaks: what came before is not mixed with what comes after."""

from collections.abc import Iterator
from itertools import count

import pytest

from metaplast.boards.driver.frame_port import FramePort
from metaplast.hdl.link.protocol import StateReply

from .clock import Clock, injected_clock
from .scripted_port import READ_SECONDS, Device, ScriptedPort

SECONDS = 1.0
STATES = [Device(expected=number).state() for number in range(3)]


@pytest.fixture
def clock() -> Iterator[Clock]:
    with injected_clock() as clock:
        yield clock


class BrokenPort(ScriptedPort):
    """A port that gives some bytes, and then fails at each access."""

    def __init__(self, clock: Clock, content: bytes):
        super().__init__(clock, lambda request: [])
        self._content = content

    def read(self, count: int) -> bytes:
        """Read all bytes at once."""
        if not self._content:
            raise OSError(5, "Input/output error")
        content, self._content = self._content, b""
        return content

    def write(self, content: bytes) -> None:
        """Fail."""
        raise OSError(5, "Input/output error")


def broken_port(clock: Clock, before: bytes, after: bytes) -> FramePort:
    """A port that gives bytes ``before`` it breaks, and others after it is opened again."""
    opened = count()

    def open_port() -> ScriptedPort:
        if next(opened) == 0:
            return BrokenPort(clock, before)
        port = ScriptedPort(clock, lambda request: [after])
        port.write(STATES[0])  # any frame is answered
        return port

    return FramePort(open_port, "PORT", patience=10.0)


def expected_in(port: FramePort) -> int | None:
    """The number in the next STATE, if one comes."""
    state = port.receive(StateReply, None, SECONDS)
    return None if state is None else state.expected


def test_replies_that_came_before_a_port_broke_are_not_taken(clock: Clock) -> None:
    port = broken_port(clock, STATES[0] + STATES[1], STATES[2])
    assert expected_in(port) == 0
    port.send(b"anything")
    assert expected_in(port) == 2
    assert port.losses == 1


def test_a_half_frame_is_forgotten_when_a_port_breaks(clock: Clock) -> None:
    port = broken_port(clock, STATES[0] + STATES[1][:9], STATES[2])
    assert expected_in(port) == 0
    assert expected_in(port) is None
    assert expected_in(port) == 2
    assert port.losses == 1


def test_a_wait_ends_when_a_port_breaks(clock: Clock) -> None:
    port = broken_port(clock, b"", STATES[2])
    assert expected_in(port) is None
    assert clock.now < READ_SECONDS
    assert expected_in(port) == 2
