"""The host's end of the link (docs/link.md): whatever the cable does, each frame counts once."""

import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from ...golden_model.errors import MetaplastError
from ...hdl.link.protocol import (
    SAMPLES_AHEAD,
    FrameDecoder,
    FrameError,
    RowReply,
    SampleResult,
    StateReply,
    ValueReply,
    counters_request,
    decode_reply,
    encode_frame,
    frames_between,
    next_number,
    read_request,
    sample_request,
    sync_request,
    write_request,
)
from ...hdl.registers.register_map import Status

__all__ = [
    "BAUD",
    "BoardRestartedError",
    "LinkClient",
    "LinkError",
    "LinkLostError",
    "NoAnswerError",
    "RefusedError",
    "SampleFrame",
    "StuckError",
    "WriteFrame",
]

BAUD = 1_000_000
"""Bits a second on a real board's line, unless it says otherwise."""

FRAMES_AHEAD = 16
"""Sequenced frames that are on their way at a time: the line is not idle, and few come twice."""

TAGS = 1 << 16
COUNTS = 1 << 8
REOPEN_SECONDS = 0.2
BUSY_SECONDS = 0.002

SLOW_TRIES = 4
"""Time-outs in a row that tell of a slow board, and not of a bad cable."""

LEAST_WAIT = 0.02
WAIT_FACTOR = 4
"""What is usual is four times as long as answers take."""


class LinkError(MetaplastError):
    """Something is wrong between host and board."""


class NoAnswerError(LinkError):
    """Nobody answers at a port."""


class LinkLostError(LinkError):
    """A board that was there is not any more."""


class BoardRestartedError(LinkError):
    """A board does not stand where it was left."""


class StuckError(LinkError):
    """A board answers, and gets nowhere."""


class RefusedError(LinkError):
    """A board refuses a request.

    Attributes
    ----------
    status : Status
        Why.
    """

    def __init__(self, message: str, status: Status):
        super().__init__(message)
        self.status = status


@dataclass(frozen=True)
class WriteFrame:
    """A register to write."""

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


class LinkClient:
    """Talk to a board; a context manager.

    Frames that are lost or damaged are sent again. A port that breaks is opened again, and what
    was not done before is done then.

    Parameters
    ----------
    open_port : callable
        Opens the port: a pyserial ``Serial`` with a time-out, or what behaves like one.
    name : str
        The port's name, for messages.
    timeout : float
        Seconds to wait for an answer before asking again, at most; less when answers were quick.
    patience : float
        Seconds without any answer, without a port, or with answers but without progress, after
        which to give up.

    Attributes
    ----------
    repeated : int
        Sequenced frames that were sent again.

    Raises
    ------
    LinkError
        If the port cannot be opened.
    """

    def __init__(
        self,
        open_port: Callable[[], Any],
        name: str,
        *,
        timeout: float = 1.0,
        patience: float = 10.0,
    ):
        self.name = name
        self._open_port = open_port
        self._longest_wait = timeout
        self._usual_wait = timeout
        self._patience = patience
        self._tag = 0
        self._layers = 1
        self._counter_bits = 8
        self._heard = False
        self._expected = 0
        self._count = 0
        self._astray = True  # it is not known where the board stands
        self.repeated = 0
        self._decoder = FrameDecoder()
        self._replies: list[Any] = []
        try:
            self._port = open_port()
        except OSError as error:
            raise LinkError(
                f"{name} cannot be opened: {_reason(error)}; "
                "`metaplast devices` lists the ports there are"
            ) from None

    def __enter__(self) -> "LinkClient":
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the port."""
        self._port.close()

    def describe(self, *, layers: int, counter_bits: int) -> None:
        """Say what the board's replies are like."""
        self._layers = layers
        self._counter_bits = counter_bits

    # Not sequenced

    def read(self, address: int) -> int:
        """A register's value.

        Raises
        ------
        RefusedError
            If the board refuses it, other than for being busy.
        LinkError
            If no answer comes.
        """

        def ask(tag: int) -> bytes:
            return read_request(tag, address)

        reply = self._ask(ask, ValueReply)
        if reply.status is not Status.OK:
            raise RefusedError(
                f"{self.name}: a read at register {address:#x} was refused: {reply.status.name}",
                reply.status,
            )
        return int(reply.value)

    def row(self, position_address: int, neuron: int, count: int) -> tuple[int, ...]:
        """Counters of a neuron.

        Raises
        ------
        RefusedError
            If the board refuses it, other than for being busy.
        LinkError
            If no answer comes.
        """

        def ask(tag: int) -> bytes:
            return counters_request(tag, position_address, neuron, count)

        stall = self._stall()
        while True:
            reply = self._ask(ask, RowReply)
            if reply.status is not Status.OK:
                raise RefusedError(
                    f"{self.name}: the counters of neuron {neuron} are refused: "
                    f"{reply.status.name}",
                    reply.status,
                )
            if len(reply.counters) == count:
                return tuple(reply.counters)
            stall.goes_on()  # an answer to another request

    def sync(self) -> StateReply:
        """Where the board stands, when all that was sent before is through.

        Raises
        ------
        LinkError
            If no answer comes.
        """
        state: StateReply = self._ask(sync_request, StateReply)
        return state

    def settle(self) -> StateReply:
        """Wait until the board's core is not busy.

        Raises
        ------
        BoardRestartedError
            If it does not stand where the last run left it.
        LinkError
            If no answer comes.
        """
        stall = self._stall()
        while (state := self.sync()).busy:
            stall.goes_on()
        if not self._astray and (state.expected, state.count) != (self._expected, self._count):
            raise self._restarted(state, f"{self._expected} after {self._count}")
        return state

    # Sequenced

    def begin(self) -> None:
        """Take up numbers where the board stands.

        Raises
        ------
        LinkError
            If no answer comes.
        """
        self._astray = True
        state = self.settle()
        self._expected, self._count = state.expected, state.count
        self._astray = False

    def run(self, frames: Sequence[WriteFrame | SampleFrame]) -> list[SampleResult]:
        """Have frames obeyed, in order, each once; gives the samples' results.

        After a run that was broken off, numbers are taken up where the board stands.

        Raises
        ------
        RefusedError
            If the board refuses a write.
        BoardRestartedError
            If it does not stand where it was left.
        LinkError
            If no answer comes, or nothing but answers.
        """
        if self._astray:
            self.begin()
        self._astray = True
        first, counted = self._expected, self._count
        samples_before = [0]
        for frame in frames:
            samples_before.append(samples_before[-1] + isinstance(frame, SampleFrame))
        results: list[SampleResult] = []
        sent = accepted = 0
        stall = self._stall()

        def number_of(frame: int) -> int:
            return next_number(first, frame)

        def accepted_by(state: StateReply) -> int | None:
            """How many frames are; fewer than before if it is an old state, None if it is none."""
            ahead = frames_between(number_of(accepted), state.expected)
            return None if ahead is None or accepted + ahead > sent else accepted + ahead

        def restarted(state: StateReply) -> BoardRestartedError:
            return self._restarted(
                state,
                f"one of {number_of(accepted)} to {number_of(sent)} after "
                f"{(counted + len(results)) % COUNTS} or more",
            )

        def take(state: StateReply) -> None:
            nonlocal accepted
            done = accepted_by(state)
            if done is None:
                raise restarted(state)
            if done < accepted:
                return  # from before
            new = (state.count - counted - len(results)) % COUNTS
            if new and new <= min(len(state.results), samples_before[done] - len(results)):
                results.extend(state.results[-new:])
            accepted = done
            if accepted < len(frames) and state.status not in (Status.OK, Status.BUSY):
                frame = frames[accepted]
                assert isinstance(frame, WriteFrame)
                raise RefusedError(
                    f"{self.name}: a write of {frame.value} at register {frame.address:#x} was "
                    f"refused: {state.status.name}",
                    state.status,
                )

        def resume() -> None:
            nonlocal sent
            before = (accepted, len(results))
            state = self.sync()
            done = accepted_by(state)
            if done is None or done < accepted:
                raise restarted(state)
            new = (state.count - counted - len(results)) % COUNTS
            if new > samples_before[done] - len(results):
                raise restarted(state)
            take(state)
            self.repeated += sent - accepted
            sent = accepted
            if before == (accepted, len(results)):
                stall.goes_on()
            else:
                stall.ends()

        while accepted < len(frames) or len(results) < samples_before[-1]:
            while (
                sent < len(frames)
                and sent - accepted < FRAMES_AHEAD
                and samples_before[sent + 1] - len(results) <= SAMPLES_AHEAD
            ):
                self._send(frames[sent].content(number_of(sent)))
                sent += 1
            state = self._wait(StateReply, None, self._usual_wait)
            if state is None:
                resume()
                continue
            take(state)
            if state.dropped:
                resume()
        self._expected = number_of(len(frames))
        self._count = (counted + len(results)) % COUNTS
        self._astray = False
        return results

    # Bytes

    def _ask(self, request: Callable[[int], bytes], kind: type[Any]) -> Any:
        """Ask until an answer of this kind and with the right tag comes."""
        deadline = time.monotonic() + self._patience
        stall = self._stall()
        tries, wait = 1, self._usual_wait
        while True:
            self._tag = (self._tag + 1) % TAGS
            asked = time.monotonic()
            self._send(request(self._tag))
            damaged = self._decoder.damaged
            reply = self._wait(kind, self._tag, wait)
            if reply is not None:
                taken = WAIT_FACTOR * (time.monotonic() - asked)
                usual = (3 * self._usual_wait + taken) / 4
                if tries >= SLOW_TRIES:
                    usual = max(usual, wait)
                self._usual_wait = min(max(LEAST_WAIT, usual), self._longest_wait)
            elif self._decoder.damaged == damaged:
                tries += 1
                wait = min(2 * wait, self._longest_wait)
            if reply is not None and kind is not StateReply and reply.status is Status.BUSY:
                stall.goes_on()
                deadline = time.monotonic() + self._patience
                continue
            if reply is not None:
                self._heard = True
                return reply
            if time.monotonic() > deadline:
                self._give_up()

    def _stall(self) -> "_Stall":
        return _Stall(self.name, self._patience, self._longest_wait)

    def _restarted(self, state: StateReply, awaited: str) -> BoardRestartedError:
        return BoardRestartedError(
            f"the board at {self.name} expects frame {state.expected} after {state.count} results, "
            f"and not {awaited}: it was restarted, or another program talks to it"
        )

    def _give_up(self) -> None:
        seconds = f"{self._patience:g} seconds"
        if self._heard:
            raise LinkLostError(
                f"the board at {self.name} has not answered for {seconds}: is it still plugged in?"
            )
        raise NoAnswerError(
            f"nobody answers at {self.name} within {seconds}: is there a board with a Metaplast "
            "bitstream (`metaplast flash`), and is the baud rate correct?"
        )

    def _send(self, content: bytes) -> None:
        frame = encode_frame(content)
        try:
            self._port.write(frame)
        except OSError:
            self._reopen()

    def _wait(self, kind: type[Any], tag: int | None, seconds: float) -> Any:
        """The next reply of a kind, and with a tag if one is given; None if it does not come."""
        deadline = time.monotonic() + seconds
        damaged = self._decoder.damaged
        while True:
            while self._replies:
                reply = self._replies.pop(0)
                if isinstance(reply, kind) and (tag is None or reply.tag == tag):
                    return reply
            if time.monotonic() > deadline or self._decoder.damaged != damaged:
                return None
            try:
                received = self._port.read(max(1, self._port.in_waiting))
            except (OSError, TypeError):  # pyserial's, where a port is closed meanwhile
                self._reopen()
                return None
            for content in self._decoder.feed(received):
                try:
                    self._replies.append(
                        decode_reply(content, layers=self._layers, counter_bits=self._counter_bits)
                    )
                except FrameError:
                    continue  # of another network, and asked for again if it matters

    def _reopen(self) -> None:
        """Open a port that broke, when it is there again."""
        self._port.close()
        self._replies.clear()
        self._decoder = FrameDecoder()
        deadline = time.monotonic() + self._patience
        while True:
            try:
                self._port = self._open_port()
                return
            except OSError as error:
                if time.monotonic() > deadline:
                    raise LinkLostError(
                        f"{self.name} has gone, and was not there again within "
                        f"{self._patience:g} seconds: {_reason(error)}"
                    ) from None
                time.sleep(REOPEN_SECONDS)


class _Stall:
    """How long a board has answered and got nowhere; a silence in between counts for little."""

    def __init__(self, name: str, patience: float, longest: float):
        self._name = name
        self._patience = patience
        self._longest = longest
        self.ends()

    def ends(self) -> None:
        """It has got on."""
        self._seconds, self._last = 0.0, time.monotonic()

    def goes_on(self) -> None:
        """It has answered that it has not; waits a little."""
        time.sleep(BUSY_SECONDS)
        now = time.monotonic()
        self._seconds += min(now - self._last, self._longest)
        self._last = now
        if self._seconds > self._patience:
            raise StuckError(
                f"the board at {self._name} answers, but has got nowhere for "
                f"{self._patience:g} seconds: reset it, or plug it in anew"
            )


def _reason(error: OSError) -> str:
    """Why, in words; pyserial's errors know the number only."""
    return os.strerror(error.errno) if error.errno else str(error)
