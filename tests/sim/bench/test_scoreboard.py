"""Scoreboards.

The scoreboard is loaded by its path, as the package it lies in is for the inside of a simulator.
"""

from random import Random

import pytest

from metaplast.sim.bench.scoreboard import Scoreboard

LAYOUT = {"width": 4, "signed": True}


def board(expected: list[int], received: list[int]) -> Scoreboard:
    result = Scoreboard("o", LAYOUT)
    result.expect(*expected)
    for number, value in enumerate(received):
        result.receive(value & 15, 10 + number)
    return result


def test_everything_that_is_expected_and_nothing_else_passes() -> None:
    result = board([1, -8, 7], [1, -8, 7])
    result.check()
    assert result.received == [1, -8, 7]
    assert result.cycles == [10, 11, 12]
    assert (result.expects, result.missing) == (3, 0)


@pytest.mark.parametrize(
    ("expected", "received", "message"),
    [
        ([1, 2], [1, 3], "o: item 1, in cycle 11: expected 2, got 3"),
        ([1, 2, 3], [1], "o: 2 of 3 expected items never came"),
        ([1], [1, -4], "o: after the 1 expected items came -4, in cycle 11"),
        ([], [5], "o: after the 0 expected items came 5, in cycle 10"),
    ],
)
def test_the_first_difference_is_named(
    expected: list[int], received: list[int], message: str
) -> None:
    with pytest.raises(AssertionError, match=message):
        board(expected, received).check()


def test_any_flipped_bit_is_found() -> None:
    for seed in range(50):
        result = board([1, -8, 7], [1, -8, 7])
        result.flip(Random(seed))
        with pytest.raises(AssertionError, match="expected"):
            result.check()
