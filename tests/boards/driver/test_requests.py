"""Requests that are repeated: when, how often, and when the driver gives up."""

from collections.abc import Callable, Iterable, Iterator
from itertools import pairwise

import pytest

from metaplast.boards.driver.errors import LinkLostError, NoAnswerError, StuckError
from metaplast.boards.driver.frame_port import REOPEN_SECONDS, FramePort
from metaplast.boards.driver.requests import BUSY_SECONDS, MIN_WAIT, SLOW_TRIES, TAGS, Requests
from metaplast.hdl.link.protocol import ReplyKind, ValueReply, encode_frame, read_request
from metaplast.hdl.registers.register_map import Status

from .clock import Clock, injected_clock
from .scripted_port import READ_SECONDS, Device, ScriptedPort, number_of

TIMEOUT, PATIENCE = 1.0, 10.0
SLACK = 2 * READ_SECONDS
"""Seconds by which a wait can be longer, since the driver looks at the clock between two reads."""


@pytest.fixture
def clock() -> Iterator[Clock]:
    with injected_clock() as clock:
        yield clock


def value(tag: int, status: Status = Status.OK, number: int = 0) -> bytes:
    """The frame of a VALUE."""
    head = bytes([ReplyKind.VALUE]) + tag.to_bytes(2, "little")
    return encode_frame(head + bytes([status.value]) + number.to_bytes(4, "little"))


DAMAGED = encode_frame(b"damaged")[:-2] + b"\0\x7e"


def answered(request: bytes) -> list[bytes]:
    """The reply of a good board."""
    return [value(number_of(request))]


def silent(request: bytes) -> list[bytes]:
    """No reply."""
    return []


def busy(request: bytes) -> list[bytes]:
    """The reply of a busy board."""
    return [value(number_of(request), Status.BUSY)]


class Board:
    """Requests to a scripted port."""

    def __init__(self, clock: Clock, answer: Callable[[bytes], Iterable[bytes]] = answered):
        self.port = ScriptedPort(clock, answer)
        frames = FramePort(lambda: self.port, "PORT", patience=PATIENCE)
        self.requests = Requests(frames, timeout=TIMEOUT, patience=PATIENCE)

    def read(self) -> ValueReply:
        return self.requests.ask(lambda tag: read_request(tag, 8), ValueReply, "register 0x8")

    def settle(self) -> None:
        """Get fast replies, until the usual wait is the shortest."""
        for _ in range(20):
            self.read()
        assert self.requests.usual_wait == MIN_WAIT
        self.port.sent.clear()

    @property
    def waits(self) -> list[float]:
        """Seconds between the requests."""
        times = [time for time, _ in self.port.sent]
        return [later - earlier for earlier, later in pairwise(times)]


def test_a_silent_board_is_asked_every_second_until_patience_ends(clock: Clock) -> None:
    board = Board(clock, silent)
    with pytest.raises(NoAnswerError, match="no board answers at PORT within 10 seconds"):
        board.read()
    assert PATIENCE < clock.now <= PATIENCE + TIMEOUT + SLACK
    assert board.waits == pytest.approx([TIMEOUT] * 9, abs=SLACK)


def test_the_wait_for_a_board_that_stops_answering_doubles(clock: Clock) -> None:
    board = Board(clock)
    board.settle()
    board.port.answer = silent
    with pytest.raises(LinkLostError, match="has not answered for 10 seconds"):
        board.read()
    assert PATIENCE < clock.now <= PATIENCE + TIMEOUT + SLACK
    doubled = [MIN_WAIT * 2**n for n in range(6)]
    assert board.waits[:6] == pytest.approx(doubled, abs=SLACK)
    assert board.waits[6:] == pytest.approx([TIMEOUT] * len(board.waits[6:]), abs=SLACK)
    assert len(board.waits) in range(14, 18)


def test_a_request_is_repeated_at_once_after_a_damaged_frame(clock: Clock) -> None:
    board = Board(clock)
    board.settle()
    damaged = iter(range(2 * SLOW_TRIES))
    board.port.answer = lambda request: (
        [DAMAGED] if next(damaged, None) is not None else answered(request)
    )
    board.read()
    assert len(board.port.sent) == 2 * SLOW_TRIES + 1
    assert clock.now == 0.0
    # Losses are not a sign of a slow board.
    assert board.requests.usual_wait == MIN_WAIT


def test_a_board_with_damaged_frames_only_is_given_up(clock: Clock) -> None:
    board = Board(clock, lambda request: [DAMAGED])
    board.port.delay = 0.05
    with pytest.raises(NoAnswerError):
        board.read()
    assert PATIENCE < clock.now <= PATIENCE + TIMEOUT + SLACK


def test_a_reply_to_an_earlier_request_is_ignored(clock: Clock) -> None:
    board = Board(clock)
    board.port.answer = lambda request: [
        value(number_of(request) - 1, number=7),
        Device(tag=number_of(request)).state(),
        value(number_of(request), number=9),
    ]
    assert board.read().value == 9


def test_the_wait_stays_long_for_a_slow_board(clock: Clock) -> None:
    board = Board(clock)
    board.settle()
    board.port.delay = 0.5
    board.read()
    # 20, 40, 80, 160, 320 ms are too short.
    assert len(board.port.sent) == 6
    assert board.requests.usual_wait == pytest.approx(MIN_WAIT * 2**5)
    board.port.sent.clear()
    board.read()
    assert len(board.port.sent) == 1


def test_the_wait_stays_short_after_a_few_losses(clock: Clock) -> None:
    board = Board(clock)
    board.settle()
    lost = iter(range(SLOW_TRIES - 2))
    board.port.answer = lambda request: [] if next(lost, None) is not None else answered(request)
    board.read()
    assert len(board.port.sent) == SLOW_TRIES - 1
    assert board.requests.usual_wait == MIN_WAIT


def test_a_busy_board_is_asked_again_until_patience_ends(clock: Clock) -> None:
    board = Board(clock, busy)
    with pytest.raises(StuckError, match=r"made no progress for 10 seconds \(waited for register"):
        board.read()
    assert PATIENCE < clock.now <= PATIENCE + SLACK
    assert board.waits == pytest.approx([BUSY_SECONDS] * len(board.waits))


def test_a_busy_board_may_be_silent_for_the_whole_patience(clock: Clock) -> None:
    board = Board(clock)

    def answer(request: bytes) -> list[bytes]:
        if clock.now < 0.6 * PATIENCE:
            return busy(request)
        return answered(request) if clock.now > 1.2 * PATIENCE else []

    board.port.answer = answer
    board.read()
    assert clock.now > 1.2 * PATIENCE


def test_time_without_a_question_does_not_count_as_time_without_progress(clock: Clock) -> None:
    limit = Board(clock).requests.progress_limit("the end")
    for _ in range(8):
        clock.now += 3600
        limit.wait()
    limit.restart()
    for _ in range(9):
        clock.now += 3600
        limit.wait()
    clock.now += 3600
    limit.wait()
    with pytest.raises(StuckError, match="waited for the end"):
        limit.wait()


def test_tags_wrap(clock: Clock) -> None:
    board = Board(clock)
    board.requests._tag = TAGS - 2
    for _ in range(3):
        board.read()
    assert [number for _, number in board.port.requests] == [TAGS - 1, 0, 1]


@pytest.mark.parametrize("failing", ["write", "read"])
def test_a_port_is_opened_again_until_patience_ends(clock: Clock, failing: str) -> None:
    port, opened = ScriptedPort(clock, answered), []

    def fail(content: object) -> bytes:
        raise OSError(5, "Input/output error")

    def open_port() -> ScriptedPort:
        opened.append(clock.now)
        if len(opened) > 1:
            raise FileNotFoundError(2, "No such file or directory")
        return port

    requests = Requests(
        FramePort(open_port, "PORT", patience=PATIENCE), timeout=TIMEOUT, patience=PATIENCE
    )
    setattr(port, failing, fail)
    with pytest.raises(LinkLostError, match="did not come back within 10 seconds: No such file"):
        requests.sync()
    assert PATIENCE < clock.now <= PATIENCE + REOPEN_SECONDS + SLACK
    waits = [later - earlier for earlier, later in pairwise(opened[1:])]
    assert waits == pytest.approx([REOPEN_SECONDS] * len(waits))
    assert len(waits) in (50, 51)
