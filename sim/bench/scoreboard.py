"""Scoreboard: compare received items with expected items."""

from collections.abc import Iterable
from random import Random
from typing import Any

from ..verilator.layout import Layout, pack, unpack

__all__ = ["Scoreboard"]


class Scoreboard:
    """Compare received with expected items, in order and bit by bit.

    Parameters
    ----------
    name : str
        Name of the items, for messages.
    layout : Layout
        Layout of an item.

    Attributes
    ----------
    received : list
        All received items.
    cycles : list of int
        The cycle in which each was received.
    """

    def __init__(self, name: str, layout: Layout):
        self.name = name
        self.layout = layout
        self.received: list[Any] = []
        self.cycles: list[int] = []
        self._expected: list[int] = []

    def expect(self, *values: Any) -> None:
        """Append values to the expected items."""
        self._expected += [pack(self.layout, value) for value in values]

    def receive(self, bits: int, cycle: int) -> None:
        """Record a received item."""
        self.received.append(unpack(self.layout, bits))
        self.cycles.append(cycle)

    @property
    def missing(self) -> int:
        """Number of expected items that have not come; negative if too many came."""
        return len(self._expected) - len(self.received)

    @property
    def expects(self) -> int:
        """Number of expected items."""
        return len(self._expected)

    def flip(self, random: Random) -> None:
        """Flip one bit of an expected item, so that the check must fail."""
        self._expected[random.randrange(len(self._expected))] ^= 1 << random.randrange(
            self.layout["width"]
        )

    def check(self) -> None:
        """Check that all expected items came, and no others.

        Raises
        ------
        AssertionError
            If there is a difference; the message names the first.
        """
        expected: Iterable[Any] = (unpack(self.layout, bits) for bits in self._expected)
        for number, (wanted, got) in enumerate(zip(expected, self.received, strict=False)):
            assert got == wanted, (
                f"{self.name}: item {number}, in cycle {self.cycles[number]}: "
                f"expected {wanted!r}, got {got!r}"
            )
        assert self.missing <= 0, (
            f"{self.name}: {self.missing} of {self.expects} expected items never came"
        )
        assert self.missing >= 0, (
            f"{self.name}: after the {self.expects} expected items came "
            f"{self.received[self.expects]!r}, in cycle {self.cycles[self.expects]}"
        )
