"""Go-back-N with scripted states: each sentence of a STATE that the driver must act on."""

from collections.abc import Callable, Iterable, Iterator
from itertools import count

import pytest

from metaplast.boards.driver.errors import (
    BoardRestartedError,
    LinkLostError,
    NoAnswerError,
    StuckError,
)
from metaplast.boards.driver.frame_port import FramePort
from metaplast.boards.driver.link_client import LinkClient
from metaplast.boards.driver.requests import Requests
from metaplast.boards.driver.sequenced_run import (
    FRAMES_AHEAD,
    SampleFrame,
    SequencedRun,
    WriteFrame,
)
from metaplast.hdl.link.protocol import LAP, SAMPLES_AHEAD, RequestKind, next_number
from metaplast.hdl.registers.register_map import Status

from .clock import Clock, injected_clock
from .scripted_port import READ_SECONDS, Device, ScriptedPort, kind_of, number_of

TIMEOUT, PATIENCE = 1.0, 10.0
WRITES = [WriteFrame(6, value) for value in range(1, 4)]
SAMPLE = SampleFrame(0, False, b"\x5a")
SYNC, WRITE = RequestKind.SYNC, RequestKind.WRITE


@pytest.fixture
def clock() -> Iterator[Clock]:
    with injected_clock() as clock:
        yield clock


class Board(Device):
    """A good board; a test replaces the reply to sequenced frames."""

    def __init__(self, clock: Clock, **fields: int):
        super().__init__(**fields)  # type: ignore[arg-type]
        self.clock = clock
        self.port = ScriptedPort(clock, self.answer)
        self.sequenced: Callable[[bytes], Iterable[bytes]] = self.accept

    def answer(self, request: bytes) -> Iterable[bytes]:
        if kind_of(request) is not SYNC:
            return self.sequenced(request)
        self.tag, self.status = number_of(request), Status.OK
        # A board can report a frame that it dropped before in the STATE of a SYNC.
        return [self.state(dropped=True)]

    def accept(self, request: bytes) -> list[bytes]:
        """Accept a frame if its number is expected."""
        if number_of(request) != self.expected:
            return [self.state(dropped=True)]
        self.expected, self.status = next_number(self.expected), Status.OK
        self.count += kind_of(request) is RequestKind.SAMPLE
        return [self.state()]

    def silent(self, request: bytes) -> list[bytes]:
        """Ignore a frame."""
        return []

    def run(self, frames: list[WriteFrame | SampleFrame], *, number: int = 0) -> SequencedRun:
        """Send the frames, after the board has answered once."""
        port = FramePort(lambda: self.port, "PORT", patience=PATIENCE)
        requests = Requests(port, timeout=TIMEOUT, patience=PATIENCE)
        run = SequencedRun(port, requests, frames, number=number, count=0)
        run.run()
        return run


def test_a_reported_drop_is_repaired_without_waiting(clock: Clock) -> None:
    board, frames = Board(clock), count()

    def accept_but_the_second(request: bytes) -> list[bytes]:
        return [board.state(dropped=True)] if next(frames) == 1 else board.accept(request)

    board.sequenced = accept_but_the_second
    run = board.run([*WRITES])
    assert board.port.requests == [
        *((WRITE, number) for number in range(3)),
        (SYNC, 1),
        *((WRITE, number) for number in (1, 2)),
    ]
    assert run.repeated == 2
    assert clock.now < READ_SECONDS


def test_a_lost_state_is_asked_for_after_the_usual_wait(clock: Clock) -> None:
    board = Board(clock)

    def accept_silently(request: bytes) -> list[bytes]:
        board.accept(request)
        return []

    board.sequenced = accept_silently
    run = board.run([*WRITES])
    assert board.port.requests[3:] == [(SYNC, 1)]
    assert run.repeated == 0
    assert TIMEOUT < clock.now <= TIMEOUT + 2 * READ_SECONDS


@pytest.mark.parametrize("ahead", [1, 2, 5, LAP // 2 - 20])
@pytest.mark.parametrize("asked", [False, True])
def test_a_board_that_acknowledges_frames_that_were_never_sent(
    clock: Clock, ahead: int, asked: bool
) -> None:
    # Some frames are not sent yet, so the number is one that this run will have.
    frames = [*WRITES] * 10
    board = Board(clock, expected=FRAMES_AHEAD + ahead)
    board.sequenced = board.silent if asked else lambda request: [board.state()]
    with pytest.raises(
        BoardRestartedError,
        match=f"expects frame {FRAMES_AHEAD + ahead} after 0 results, and not one of 0 to "
        f"{FRAMES_AHEAD} after 0 or more",
    ):
        board.run(frames)
    assert len(board.port.sent) == FRAMES_AHEAD + asked


def test_all_frames_that_were_sent_can_be_acknowledged_at_once(clock: Clock) -> None:
    board = Board(clock)

    def accept_rarely(request: bytes) -> list[bytes]:
        state = board.accept(request)
        return state if board.expected % FRAMES_AHEAD == 0 else []

    board.sequenced = accept_rarely
    frames = [*WRITES] * FRAMES_AHEAD
    assert board.run(frames).repeated == 0
    assert [number for _, number in board.port.requests] == [*range(len(frames))]
    assert clock.now == 0.0


def test_an_old_state_is_ignored(clock: Clock) -> None:
    board = Board(clock)

    def accept_and_repeat_the_first_state(request: bytes) -> list[bytes]:
        return [*board.accept(request), Device(expected=1).state()]

    board.sequenced = accept_and_repeat_the_first_state
    run = board.run([*WRITES])
    assert (run.number, run.repeated) == (3, 0)
    assert len(board.port.sent) == 3


def test_an_earlier_number_in_the_answer_to_a_sync_is_a_restart(clock: Clock) -> None:
    board = Board(clock, expected=LAP)

    def accept_one_and_fall_back(request: bytes) -> list[bytes]:
        states = board.accept(request) if number_of(request) == LAP else []
        board.expected = LAP + 1 if states else LAP
        return states

    board.sequenced = accept_one_and_fall_back
    with pytest.raises(BoardRestartedError, match=f"expects frame {LAP} after 0 results"):
        board.run([*WRITES], number=LAP)


@pytest.mark.parametrize("results", [-1, 2, 3, 255])
def test_results_that_were_not_asked_for_are_not_taken(clock: Clock, results: int) -> None:
    board = Board(clock)

    def accept_and_count(request: bytes) -> list[bytes]:
        board.accept(request)
        board.count = results
        return [board.state()]

    board.sequenced = accept_and_count
    with pytest.raises(
        BoardRestartedError,
        match=f"expects frame 1 after {results % 256} results, and not one of 1 to 1 after 0 or",
    ):
        board.run([SAMPLE])


def test_a_write_is_repeated_while_the_board_is_busy(clock: Clock) -> None:
    board, tries = Board(clock), count()

    def refuse_twice(request: bytes) -> list[bytes]:
        if number_of(request) == board.expected == 1 and next(tries) < 2:
            board.status = Status.BUSY
            return [board.state(dropped=True)]
        return board.accept(request)

    board.sequenced = refuse_twice
    assert board.run([*WRITES]).number == 3
    numbers = [number for kind, number in board.port.requests if kind is WRITE]
    assert numbers == [0, 1, 2, 1, 2, 1, 2]


def test_a_status_without_a_write_that_it_can_refer_to_is_ignored(clock: Clock) -> None:
    board = Board(clock)

    def accept_with_status(request: bytes) -> list[bytes]:
        states = board.accept(request)
        board.status = Status.RANGE if board.expected == 3 else Status.OK
        return [board.state() for _ in states]

    board.sequenced = accept_with_status
    assert board.run([*WRITES]).number == 3


@pytest.mark.parametrize(
    ("frames", "results"), [(1, 0), (0, 1), (0, -1), (-1, 0)], ids=["more", "count", "less", "few"]
)
def test_a_restart_between_two_runs_shows_in_either_number(
    clock: Clock, frames: int, results: int
) -> None:
    board = Board(clock)
    client = LinkClient(lambda: board.port, "PORT", timeout=TIMEOUT, patience=PATIENCE)
    client.begin()
    client.run([*WRITES, SAMPLE])
    assert client.settle().count == 1
    board.expected += frames
    board.count += results
    with pytest.raises(
        BoardRestartedError,
        match=f"expects frame {4 + frames} after {1 + results} results, and not 4 after 1: ",
    ):
        client.settle()


def test_numbers_of_another_host_are_adopted_at_the_beginning(clock: Clock) -> None:
    board = Board(clock, expected=70, count=30)
    client = LinkClient(lambda: board.port, "PORT", timeout=TIMEOUT, patience=PATIENCE)
    client.begin()
    assert len(client.run([SAMPLE])) == 1
    assert client.settle().expected == 71
    board.expected, board.count = 0, 0
    client.begin()
    assert len(client.run([SAMPLE])) == 1


@pytest.mark.parametrize(
    ("frame", "ahead"),
    [(WRITES[0], FRAMES_AHEAD), (SAMPLE, SAMPLES_AHEAD)],
    ids=["write", "sample"],
)
def test_frames_and_samples_are_sent_ahead_up_to_a_limit(
    clock: Clock, frame: WriteFrame | SampleFrame, ahead: int
) -> None:
    board = Board(clock)
    board.sequenced = board.silent
    with pytest.raises(StuckError):
        board.run([frame] * 30)
    kinds = [kind for kind, _ in board.port.requests]
    assert kinds.index(SYNC) == ahead


def test_samples_wait_for_results_and_not_only_for_their_acceptance(clock: Clock) -> None:
    board = Board(clock)

    def accept_without_result(request: bytes) -> list[bytes]:
        states = board.accept(request)
        board.count = 0
        return [board.state() for _ in states]

    board.sequenced = accept_without_result
    with pytest.raises(StuckError, match="waited for the frames to be accepted, and their results"):
        board.run([SAMPLE] * 10)
    assert [kind for kind, _ in board.port.requests].count(RequestKind.SAMPLE) == SAMPLES_AHEAD


def test_a_board_that_stops_answering_is_given_up_after_patience(clock: Clock) -> None:
    board = Board(clock)
    board.port.answer = board.silent
    with pytest.raises(NoAnswerError, match="asked for its state"):
        board.run([*WRITES])
    # The usual wait for a STATE, and patience for the SYNC.
    assert TIMEOUT + PATIENCE < clock.now <= PATIENCE + 2 * TIMEOUT + 4 * READ_SECONDS


def test_a_board_that_answers_without_progress_is_given_up_after_patience(clock: Clock) -> None:
    board = Board(clock)
    board.sequenced = board.silent
    with pytest.raises(StuckError, match="has made no progress for 10 seconds"):
        board.run([*WRITES])
    assert PATIENCE < clock.now <= PATIENCE + 2 * TIMEOUT


@pytest.mark.parametrize("asked", [False, True])
def test_progress_restarts_patience(clock: Clock, asked: bool) -> None:
    board = Board(clock)

    def accept_slowly(request: bytes) -> list[bytes]:
        waited = clock.now > 0.6 * PATIENCE * (board.expected + 1)
        states = board.accept(request) if waited else []
        return [] if asked else states

    board.sequenced = accept_slowly
    assert board.run([*WRITES]).number == 3
    assert clock.now > 1.8 * PATIENCE


def test_a_result_is_progress(clock: Clock) -> None:
    board = Board(clock)

    def accept_without_result(request: bytes) -> list[bytes]:
        board.accept(request)
        board.count = 0
        return [board.state()]

    def answer(request: bytes) -> Iterable[bytes]:
        board.count = min(3, int(clock.now / (0.6 * PATIENCE)))
        return board.answer(request)

    board.sequenced, board.port.answer = accept_without_result, answer
    assert len(board.run([SAMPLE] * 3).results) == 3
    assert clock.now > 1.8 * PATIENCE


def test_a_board_that_disappears_within_a_run_is_lost(clock: Clock) -> None:
    board = Board(clock)
    client = LinkClient(lambda: board.port, "PORT", timeout=TIMEOUT, patience=PATIENCE)
    client.begin()
    board.port.answer = board.silent
    with pytest.raises(LinkLostError, match="has not answered for 10 seconds"):
        client.run([*WRITES])
