"""A clock for tests of time limits: no test waits, and every limit is reached at the same point."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from metaplast.boards.driver import frame_port, requests

__all__ = ["Clock", "injected_clock"]


class Clock:
    """Replace the module ``time`` of the driver.

    Parameters
    ----------
    tick : float
        Seconds that pass whenever the driver reads the clock.

    Attributes
    ----------
    now : float
        Seconds that have passed.
    """

    def __init__(self, tick: float = 0.0):
        self.now = 0.0
        self._tick = tick

    def monotonic(self) -> float:
        """Read the clock."""
        self.now += self._tick
        return self.now

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        self.now += seconds


@contextmanager
def injected_clock(tick: float = 0.0) -> Iterator[Clock]:
    """Let the driver use a new clock."""
    clock = Clock(tick)
    with pytest.MonkeyPatch.context() as patch:
        for module in (frame_port, requests):
            patch.setattr(module, "time", clock)
        yield clock
