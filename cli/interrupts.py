"""Ctrl-C, and other requests to end: when they count, and when they have to wait."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

__all__ = ["heed_interrupts", "held_interrupts", "ignore_interrupts", "requests_to_end"]

# Windows has no SIGHUP.
NAMES = ("SIGINT", "SIGTERM", "SIGHUP")
SIGNALS = [getattr(signal, name) for name in NAMES if hasattr(signal, name)]


# Those that came while a command ran, and that it may not have noticed.
_came: list[int] = []


def _interrupt(number: int, frame: FrameType | None) -> None:
    _came.append(number)
    raise KeyboardInterrupt


def _in_main_thread() -> bool:
    """Whether signals can be handled here."""
    return threading.current_thread() is threading.main_thread()


@contextmanager
def requests_to_end() -> Iterator[None]:
    """While a command runs, a request to end, or a closed terminal, ends it as Ctrl-C does."""
    before: dict[int, Any] = {}
    _came.clear()
    if _in_main_thread():
        handlers = {number: signal.getsignal(number) for number in SIGNALS}
        # One that is None was not set from Python, and cannot be set again from there.
        before = {number: handler for number, handler in handlers.items() if handler is not None}
        for number, handler in before.items():
            if handler in (signal.SIG_DFL, signal.default_int_handler):
                signal.signal(number, _interrupt)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def held_interrupts() -> Iterator[None]:
    """Let what is inside come to its end; an interruption counts after that."""
    if not _in_main_thread():
        yield
        return
    asked: list[int] = []

    def note(number: int, frame: FrameType | None) -> None:
        asked.append(number)

    before = {
        number: signal.signal(number, note)
        for number in SIGNALS
        if signal.getsignal(number) in (_interrupt, signal.default_int_handler)
    }
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    if asked:
        raise KeyboardInterrupt


def heed_interrupts() -> None:
    """Be interrupted by what came before and was swallowed, as by an object's finaliser.

    Raises
    ------
    KeyboardInterrupt
        If something was.
    """
    if _came:
        raise KeyboardInterrupt


def ignore_interrupts() -> None:
    """Interruptions no longer count, until the command's end."""
    if _in_main_thread():
        for number in SIGNALS:
            signal.signal(number, signal.SIG_IGN)
