"""Ctrl-C, SIGTERM and SIGHUP: raise them as KeyboardInterrupt, delay them, or ignore them."""

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
"""Signals within this time count as one request, for example while Ctrl-C is held down."""


@dataclass
class _Requests:
    """The signals that arrived while a command ran, and the way to handle the next one."""

    came: bool = False
    """Whether a signal arrived, even if the KeyboardInterrupt was lost."""
    raised: float = -ONE_REQUEST_SECONDS
    """Time of the last KeyboardInterrupt, by :func:`time.monotonic`."""
    held: bool = False
    ignored: bool = False

    def interrupt(self) -> None:
        self.raised = time.monotonic()
        raise KeyboardInterrupt

    def handle(self, number: int, frame: FrameType | None) -> None:
        """Handle a signal."""
        if self.ignored:
            return
        self.came = True
        if not self.held and time.monotonic() - self.raised >= ONE_REQUEST_SECONDS:
            self.interrupt()


_requests = _Requests()
_ends_with_the_command = False


def _in_main_thread() -> bool:
    """Whether this is the main thread, the only one that handles signals."""
    return threading.current_thread() is threading.main_thread()


def end_with_the_command() -> None:
    """Ignore signals that arrive after the command, because the process ends with it."""
    global _ends_with_the_command
    _ends_with_the_command = True


@contextmanager
def requests_to_end() -> Iterator[None]:
    """Let SIGTERM and SIGHUP interrupt a command as Ctrl-C does, while it runs."""
    global _requests
    requests = _requests = _Requests()
    before: dict[int, Any] = {}
    if _in_main_thread():
        handlers = {number: signal.getsignal(number) for number in SIGNALS}
        # A handler that is None was not set from Python, and Python cannot set it again.
        before = {number: handler for number, handler in handlers.items() if handler is not None}
        for number, handler in before.items():
            if handler in (signal.SIG_DFL, signal.default_int_handler):
                signal.signal(number, requests.handle)
    try:
        yield
    finally:
        requests.ignored = True  # before the handlers are restored, which takes time
        for number, handler in before.items():
            signal.signal(number, signal.SIG_IGN if _ends_with_the_command else handler)


@contextmanager
def held_interrupts() -> Iterator[None]:
    """Delay signals until the end of the block, and raise KeyboardInterrupt there."""
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
    """Raise KeyboardInterrupt again if an earlier one was lost, for example in a finaliser.

    Raises
    ------
    KeyboardInterrupt
        If a signal arrived since the command began.
    """
    if _requests.came:
        _requests.interrupt()


def ignore_interrupts() -> None:
    """Ignore signals until the end of the command."""
    _requests.ignored = True
    if _in_main_thread():
        for number in SIGNALS:
            signal.signal(number, signal.SIG_IGN)
