"""Requests to a board, repeated until the reply comes or a time limit is reached."""

import time
from collections.abc import Callable

from ...hdl.link.protocol import StateReply, sync_request
from ...hdl.registers.register_map import Status
from .errors import LinkLostError, NoAnswerError, StuckError
from .frame_port import FramePort, Reply

__all__ = ["ProgressLimit", "Requests"]

TAGS = 1 << 16
BUSY_SECONDS = 0.002
"""Seconds between two requests to a busy board."""

MIN_WAIT = 0.02
WAIT_FACTOR = 4
"""A request is repeated after this many times the usual time of a reply."""

SLOW_TRIES = 4
"""Consecutive time-outs that mean a slow board; fewer can come from a bad cable."""


class Requests:
    """Send requests to a board, each repeated until its reply comes.

    The time-out adapts to the time that replies take. It doubles at each time-out, and stays long
    if the board is slow.

    Parameters
    ----------
    port : FramePort
        The port to the board.
    timeout : float
        Maximum seconds to wait for a reply before the request is repeated.
    patience : float
        Seconds without a reply, or with replies but without progress, after which to give up.

    Attributes
    ----------
    usual_wait : float
        Seconds to wait for a reply before it counts as lost.
    """

    def __init__(self, port: FramePort, *, timeout: float, patience: float):
        self.usual_wait = timeout
        self._port = port
        self._max_wait = timeout
        self._patience = patience
        self._tag = 0
        self._answered = False

    def ask(self, request: Callable[[int], bytes], kind: type[Reply], awaited: str) -> Reply:
        """Send a request until its reply comes; after a reply BUSY it is sent again.

        Parameters
        ----------
        request : callable
            Makes the content of a frame with a tag.
        kind : type
            The reply's class.
        awaited : str
            The reply in words, for messages.

        Raises
        ------
        NoAnswerError
            If no reply comes, and none ever came.
        LinkLostError
            If no reply comes, and some came before.
        StuckError
            If the board stays busy.
        """
        limit = self.progress_limit(awaited)
        deadline = time.monotonic() + self._patience
        tries, wait = 1, self.usual_wait
        while True:
            self._tag = (self._tag + 1) % TAGS
            asked = time.monotonic()
            self._port.send(request(self._tag))
            losses = self._port.losses
            reply = self._port.receive(kind, self._tag, wait)
            if reply is None:
                if self._port.losses == losses:
                    tries += 1
                    wait = min(2 * wait, self._max_wait)
                if time.monotonic() > deadline:
                    self._give_up(awaited)
                continue
            self._adapt(time.monotonic() - asked, wait if tries >= SLOW_TRIES else 0.0)
            if isinstance(reply, StateReply) or reply.status is not Status.BUSY:
                self._answered = True
                return reply
            limit.wait()
            deadline = time.monotonic() + self._patience

    def sync(self) -> StateReply:
        """Request the board's state, after all frames that were sent before.

        Raises
        ------
        LinkError
            As :meth:`ask`.
        """
        return self.ask(sync_request, StateReply, "its state")

    def progress_limit(self, awaited: str) -> "ProgressLimit":
        """A limit for a wait in which the board answers; ``awaited`` names the awaited event."""
        return ProgressLimit(
            self._port.name, awaited, patience=self._patience, max_wait=self._max_wait
        )

    def _adapt(self, seconds: float, at_least: float) -> None:
        """Adapt the usual wait to a multiple of the time that a reply took."""
        usual = (3 * self.usual_wait + WAIT_FACTOR * seconds) / 4
        self.usual_wait = min(max(MIN_WAIT, usual, at_least), self._max_wait)

    def _give_up(self, awaited: str) -> None:
        name, seconds = self._port.name, f"{self._patience:g} seconds"
        if self._answered:
            raise LinkLostError(
                f"the board at {name} has not answered for {seconds} (asked for {awaited}): is it "
                "still plugged in?"
            )
        raise NoAnswerError(
            f"no board answers at {name} within {seconds} (asked for {awaited}): is there a board "
            "with a Metaplast bitstream (`metaplast flash`), and is the baud rate correct?"
        )


class ProgressLimit:
    """Time limit for a board that answers without progress.

    The time between two answers counts as at most ``max_wait`` seconds.

    Parameters
    ----------
    name : str
        The port's name.
    awaited : str
        The awaited event, for messages.
    patience : float
        Seconds without progress after which to give up.
    max_wait : float
        Maximum seconds to wait for a reply.
    """

    def __init__(self, name: str, awaited: str, *, patience: float, max_wait: float):
        self._name = name
        self._awaited = awaited
        self._patience = patience
        self._max_wait = max_wait
        self.restart()

    def restart(self) -> None:
        """Restart the time limit, since the board has made progress."""
        self._seconds, self._last = 0.0, time.monotonic()

    def wait(self) -> None:
        """Wait for a short time, since the board has answered without progress.

        Raises
        ------
        StuckError
            If the limit is reached.
        """
        time.sleep(BUSY_SECONDS)
        now = time.monotonic()
        self._seconds += min(now - self._last, self._max_wait)
        self._last = now
        if self._seconds > self._patience:
            raise StuckError(
                f"the board at {self._name} answers, but has made no progress for "
                f"{self._patience:g} seconds (waited for {self._awaited}): reset it, or unplug it "
                "and plug it in again"
            )
