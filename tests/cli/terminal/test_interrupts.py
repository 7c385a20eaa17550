"""When a request to end counts."""

import signal
from collections.abc import Iterator
from typing import Any

import pytest

from metaplast.cli.terminal import interrupts
from metaplast.cli.terminal.interrupts import (
    ONE_REQUEST_SECONDS,
    SIGNALS,
    heed_interrupts,
    held_interrupts,
    ignore_interrupts,
    requests_to_end,
)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[float]]:
    """What time it is, as the only element."""
    now = [100.0]
    monkeypatch.setattr(interrupts.time, "monotonic", lambda: now[0])
    handlers = [signal.getsignal(number) for number in SIGNALS]
    yield now
    assert [signal.getsignal(number) for number in SIGNALS] == handlers


def interrupts_by(number: int) -> bool:
    """Send a signal; whether it interrupts."""
    try:
        signal.raise_signal(number)
    except KeyboardInterrupt:
        return True
    return False


@pytest.mark.parametrize("number", SIGNALS)
def test_signals_in_quick_succession_are_one_request(clock: list[float], number: int) -> None:
    with requests_to_end():
        assert interrupts_by(number)
        clock[0] += 0.9 * ONE_REQUEST_SECONDS
        assert not interrupts_by(number)
        assert not interrupts_by(signal.SIGINT)
        clock[0] += 0.2 * ONE_REQUEST_SECONDS
        assert interrupts_by(number)
    with requests_to_end():  # another command
        assert interrupts_by(number)


def test_what_is_held_comes_to_its_end(clock: list[float]) -> None:
    counted = []

    def hold() -> None:
        with held_interrupts():
            counted.append(interrupts_by(signal.SIGINT))

    with requests_to_end():
        with pytest.raises(KeyboardInterrupt):
            hold()
        hold()  # still the same request
        assert not interrupts_by(signal.SIGINT)
        clock[0] += 2 * ONE_REQUEST_SECONDS
        assert interrupts_by(signal.SIGINT)
    assert counted == [False, False]


def test_what_was_swallowed_counts_all_the_same(clock: list[float]) -> None:
    with requests_to_end():
        heed_interrupts()
        assert interrupts_by(signal.SIGINT)
        with pytest.raises(KeyboardInterrupt):
            heed_interrupts()
    with requests_to_end():  # another command
        heed_interrupts()


def test_nothing_counts_when_it_is_ignored(clock: list[float]) -> None:
    with requests_to_end():
        handle: Any = signal.getsignal(signal.SIGINT)
        ignore_interrupts()
        handle(signal.SIGINT, None)  # one that had come, and that Python comes to now
        assert not any(map(interrupts_by, SIGNALS))
        with held_interrupts():
            assert not interrupts_by(signal.SIGINT)
        heed_interrupts()
