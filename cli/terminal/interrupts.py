"""Ctrl-C, and other requests to end: when they count, and when they have to wait."""

import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType
from typing import Any

__all__ = [
    "end_with_the_command",
    "heed_interrupts",
    "held_interrupts",
    "ignore_interrupts",
    "requests_to_end",
]

# Windows has no SIGHUP.
NAMES = ("SIGINT", "SIGTERM", "SIGHUP")
SIGNALS = [getattr(signal, name) for name in NAMES if hasattr(signal, name)]

ONE_REQUEST_SECONDS = 1.0
"""Signals that follow each other as quickly are one request: a key held down, an impatient user."""


@dataclass
class _Requests:
    """What came while a command ran, and what becomes of it."""

    came: bool = False
    """Whether there was one, even if the command did not notice."""
    raised: float = -ONE_REQUEST_SECONDS
    """When one last became a KeyboardInterrupt, as :func:`time.monotonic` gives it."""
    held: bool = False
    ignored: bool = False

    def interrupt(self) -> None:
        self.raised = time.monotonic()
        raise KeyboardInterrupt

    def handle(self, number: int, frame: FrameType | None) -> None:
        """The signals' handler."""
        if self.ignored:
            return
        self.came = True
        if not self.held and time.monotonic() - self.raised >= ONE_REQUEST_SECONDS:
            self.interrupt()


_requests = _Requests()
_ends_with_the_command = False


def _in_main_thread() -> bool:
    """Whether signals can be handled here."""
    return threading.current_thread() is threading.main_thread()


def end_with_the_command() -> None:
    """This process ends when its command does: what comes after that no longer interrupts it."""
    global _ends_with_the_command
    _ends_with_the_command = True


@contextmanager
def requests_to_end() -> Iterator[None]:
    """While a command runs, a request to end, or a closed terminal, ends it as Ctrl-C does."""
    global _requests
    requests = _requests = _Requests()
    before: dict[int, Any] = {}
    if _in_main_thread():
        handlers = {number: signal.getsignal(number) for number in SIGNALS}
        # One that is None was not set from Python, and cannot be set again from there.
        before = {number: handler for number, handler in handlers.items() if handler is not None}
        for number, handler in before.items():
            if handler in (signal.SIG_DFL, signal.default_int_handler):
                signal.signal(number, requests.handle)
    try:
        yield
    finally:
        requests.ignored = True  # at once; the handlers take their time
        for number, handler in before.items():
            signal.signal(number, signal.SIG_IGN if _ends_with_the_command else handler)


@contextmanager
def held_interrupts() -> Iterator[None]:
    """Let what is inside come to its end; an interruption counts after that."""
    requests = _requests
    already = requests.came
    requests.held = True
    try:
        yield
    finally:
        requests.held = False
    if requests.came and not already:
        requests.interrupt()


def heed_interrupts() -> None:
    """Be interrupted by what came before and was swallowed, as by an object's finaliser.

    Raises
    ------
    KeyboardInterrupt
        If something was.
    """
    if _requests.came:
        _requests.interrupt()


def ignore_interrupts() -> None:
    """Interruptions no longer count, until the command's end."""
    _requests.ignored = True
    if _in_main_thread():
        for number in SIGNALS:
            signal.signal(number, signal.SIG_IGN)
