"""What was expected against what came."""

from collections.abc import Iterable
from random import Random
from typing import Any

from ..verilator.layout import Layout, pack, unpack

__all__ = ["Scoreboard"]


class Scoreboard:
    """Compare what comes with what is expected, item by item, to the last bit.

    Parameters
    ----------
    name : str
        What the items are, for messages.
    layout : Layout
        Their layout.

    Attributes
    ----------
    received : list
        All items so far.
    cycles : list of int
        The cycle in which each came.
    """

    def __init__(self, name: str, layout: Layout):
        self.name = name
        self.layout = layout
        self.received: list[Any] = []
        self.cycles: list[int] = []
        self._expected: list[int] = []

    def expect(self, *values: Any) -> None:
        """Expect values after those expected already."""
        self._expected += [pack(self.layout, value) for value in values]

    def receive(self, bits: int, cycle: int) -> None:
        """Take note of an item."""
        self.received.append(unpack(self.layout, bits))
        self.cycles.append(cycle)

    @property
    def missing(self) -> int:
        """How many items are still to come."""
        return len(self._expected) - len(self.received)

    @property
    def expects(self) -> int:
        """How many items are expected in all."""
        return len(self._expected)

    def flip(self, random: Random) -> None:
        """Flip one bit of what is expected, to see that it is noticed."""
        self._expected[random.randrange(len(self._expected))] ^= 1 << random.randrange(
            self.layout["width"]
        )

    def check(self) -> None:
        """Find that everything expected came, and nothing else.

        Raises
        ------
        AssertionError
            If not; the message names the first difference.
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
