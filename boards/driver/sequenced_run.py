"""Sequenced frames with go-back-N (docs/link.md): the board accepts each once, in order."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

from ...hdl.client.transport import RefusedError
from ...hdl.link.protocol import (
    SAMPLES_AHEAD,
    SampleResult,
    StateReply,
    frames_between,
    next_number,
    sample_request,
    write_request,
)
from ...hdl.registers.register_map import Status
from .errors import BoardRestartedError
from .frame_port import FramePort
from .requests import Requests

__all__ = ["COUNTS", "SampleFrame", "SequencedRun", "WriteFrame", "restarted_error"]

FRAMES_AHEAD = 16
"""Window of go-back-N: large enough to keep the line busy, small enough for few repetitions."""

COUNTS = 1 << 8
"""A board counts its results modulo this."""


@dataclass(frozen=True)
class WriteFrame:
    """A write of a register."""

    address: int
    value: int

    def content(self, number: int) -> bytes:
        """The frame's content."""
        return write_request(number, self.address, self.value)


@dataclass(frozen=True)
class SampleFrame:
    """A sample to train on, or to evaluate."""

    label: int
    last: bool
    words: bytes

    def content(self, number: int) -> bytes:
        """The frame's content."""
        return sample_request(number, self.label, self.last, self.words)


def restarted_error(name: str, state: StateReply, expected: str) -> BoardRestartedError:
    """The error for a board at port ``name`` whose numbers are not those ``expected``."""
    return BoardRestartedError(
        f"the board at {name} expects frame {state.expected} after {state.count} results, "
        f"and not {expected}: it was restarted, or another program talks to it"
    )


class SequencedRun:
    """A run of go-back-N: send frames until the board has accepted all, and collect results.

    Parameters
    ----------
    port : FramePort
        The port to the board.
    requests : Requests
        Requests to the same board, for its state.
    frames : sequence of WriteFrame and SampleFrame
        The frames.
    number : int
        The first frame's number.
    count : int
        The board's count of results before the run, modulo :data:`COUNTS`.

    Attributes
    ----------
    results : list of SampleResult
        Results so far.
    repeated : int
        Number of frames that were sent again.
    """

    def __init__(
        self,
        port: FramePort,
        requests: Requests,
        frames: Sequence[WriteFrame | SampleFrame],
        *,
        number: int,
        count: int,
    ):
        self.results: list[SampleResult] = []
        self.repeated = 0
        self._port = port
        self._requests = requests
        self._frames = frames
        self._number = number
        self._count = count
        self._sent = self._accepted = 0
        self._samples_before = list(
            accumulate((isinstance(frame, SampleFrame) for frame in frames), initial=0)
        )
        self._limit = requests.progress_limit("the frames to be accepted, and their results")

    @property
    def number(self) -> int:
        """Number of the next frame for the board to accept."""
        return next_number(self._number, self._accepted)

    @property
    def count(self) -> int:
        """The board's count of results, including those of this run."""
        return (self._count + len(self.results)) % COUNTS

    def run(self) -> None:
        """Send the frames until all are accepted and all results have come.

        Raises
        ------
        RefusedError
            If the board refuses a write.
        BoardRestartedError
            If the board's numbers do not belong to this run.
        StuckError
            If the board answers, and makes no progress.
        LinkError
            If no answer comes.
        """
        while self._accepted < len(self._frames) or len(self.results) < self._samples_before[-1]:
            self._send()
            state = self._port.receive(StateReply, None, self._requests.usual_wait)
            if state is None:
                self._go_back()
                continue
            progress = self._take(state)
            if state.dropped:
                self._go_back()
            elif progress:
                self._limit.restart()
            else:
                self._limit.wait()

    def _send(self) -> None:
        """Send the frames within the limits of frames and samples ahead."""
        while (
            self._sent < len(self._frames)
            and self._sent - self._accepted < FRAMES_AHEAD
            and self._samples_before[self._sent + 1] - len(self.results) <= SAMPLES_AHEAD
        ):
            frame = self._frames[self._sent]
            self._port.send(frame.content(next_number(self._number, self._sent)))
            self._sent += 1

    def _take(self, state: StateReply) -> bool:
        """Process a state's acknowledgement and results; returns whether any was new."""
        accepted = self._accepted_in(state)
        if accepted < self._accepted:
            return False  # an old state
        new = self._new_results(state)
        # A STATE has the results of SAMPLES_AHEAD samples, so none is missing in it.
        complete = 0 < new <= self._missing_results(accepted)
        if complete:
            self.results.extend(state.results[-new:])
        progress = complete or accepted > self._accepted
        self._accepted = accepted
        if accepted < len(self._frames) and state.status not in (Status.OK, Status.BUSY):
            frame = self._frames[accepted]
            assert isinstance(frame, WriteFrame)
            raise RefusedError(
                f"{self._port.name}: a write of {frame.value} at register {frame.address:#x} was "
                f"refused: {state.status.name}",
                state.status,
            )
        return progress

    def _go_back(self) -> None:
        """Request the board's state, and repeat from the first frame it has not accepted."""
        state = self._requests.sync()
        accepted = self._accepted_in(state)
        if accepted < self._accepted or self._new_results(state) > self._missing_results(accepted):
            raise self._restarted(state)
        if self._take(state):
            self._limit.restart()
        else:
            self._limit.wait()
        self.repeated += self._sent - self._accepted
        self._sent = self._accepted

    def _accepted_in(self, state: StateReply) -> int:
        """Frames of this run that a state acknowledges; an old state can give fewer than known.

        Raises
        ------
        BoardRestartedError
            If the state's number does not belong to this run.
        """
        ahead = frames_between(self.number, state.expected)
        if ahead is None or self._accepted + ahead > self._sent:
            raise self._restarted(state)
        return self._accepted + ahead

    def _new_results(self, state: StateReply) -> int:
        """New results in a state, modulo :data:`COUNTS`."""
        return (state.count - self._count - len(self.results)) % COUNTS

    def _missing_results(self, accepted: int) -> int:
        """Results of the first ``accepted`` frames that have not come."""
        return self._samples_before[accepted] - len(self.results)

    def _restarted(self, state: StateReply) -> BoardRestartedError:
        return restarted_error(
            self._port.name,
            state,
            f"one of {self.number} to {next_number(self._number, self._sent)} after "
            f"{self.count} or more",
        )
