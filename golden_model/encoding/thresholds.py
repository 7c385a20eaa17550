"""Thresholds of a set of values: repeated medians, exact (docs/algorithm.md, 7)."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from .raw_samples import SLICE_VALUES, row_slices

__all__ = ["column_thresholds", "count_values", "counted_thresholds", "table_thresholds"]


class OrderedValues(Protocol):
    """A set of values in rising order, as IEEE doubles; equal values count separately."""

    def __len__(self) -> int:
        """Number of values."""

    def value(self, rank: int) -> float:
        """The value of a rank, from 0."""

    def below(self, value: float) -> int:
        """Number of values smaller than this one."""

    def up_to(self, value: float) -> int:
        """Number of values smaller than or equal to this one."""


class SortedValues:
    """The values of a sorted array, of any type of number (rounding to float64 keeps the order)."""

    def __init__(self, ordered: NDArray[Any]):
        self.ordered = ordered

    def __len__(self) -> int:
        return len(self.ordered)

    def value(self, rank: int) -> float:
        return float(self.ordered[rank])

    def below(self, value: float) -> int:
        return bisect_left(self.ordered, value, key=float)

    def up_to(self, value: float) -> int:
        return bisect_right(self.ordered, value, key=float)


class CountedValues:
    """Whole numbers, as the number of times that each occurs.

    Parameters
    ----------
    counts : (n,) int64
        ``counts[i]`` values are ``lowest + i``.
    lowest : int
        The smallest number that is counted.
    """

    def __init__(self, counts: NDArray[np.int64], lowest: int = 0):
        present = np.flatnonzero(counts)
        self.numbers = present + lowest
        self.totals = np.cumsum(counts[present])

    def __len__(self) -> int:
        return int(self.totals[-1])

    def value(self, rank: int) -> float:
        return float(self.numbers[np.searchsorted(self.totals, rank, side="right")])

    def below(self, value: float) -> int:
        return self._total(int(np.searchsorted(self.numbers, value, side="left")))

    def up_to(self, value: float) -> int:
        return self._total(int(np.searchsorted(self.numbers, value, side="right")))

    def _total(self, numbers: int) -> int:
        return int(self.totals[numbers - 1]) if numbers else 0


def table_thresholds(table: NDArray[Any], most: int) -> list[float]:
    """Thresholds of all values of a table together, at most ``most``.

    Parameters
    ----------
    table : (n, features) numbers
        At least one value, all finite.
    most : int
        At least 1.
    """
    if _is_narrow(table):
        limits = np.iinfo(table.dtype)
        lowest = int(limits.min)
        slices = (values.astype(np.int32) - lowest for _, values in row_slices(table))
        return _thresholds(CountedValues(count_values(slices, limits.max - lowest), lowest), most)
    return _thresholds(SortedValues(np.sort(table, axis=None)), most)


def count_values(slices: Iterable[NDArray[Any]], highest: int) -> NDArray[np.int64]:
    """Count how often each whole number from 0 to ``highest`` occurs in arrays."""
    counts = np.zeros(highest + 1, dtype=np.int64)
    for values in slices:
        counts += np.bincount(values.reshape(-1), minlength=highest + 1)
    return counts


def counted_thresholds(counts: NDArray[np.int64], most: int) -> list[float]:
    """Thresholds of whole numbers, of which ``counts[i]`` are ``i``, at most ``most``."""
    return _thresholds(CountedValues(counts), most)


def column_thresholds(table: NDArray[Any], most: int) -> list[list[float]]:
    """Thresholds of each column of a table, at most ``most`` of each.

    Parameters
    ----------
    table : (n, features) numbers
        At least one row, all values finite.
    most : int
        At least 1.
    """
    found: list[list[float]] = []
    step = max(1, SLICE_VALUES // len(table))
    for start in range(0, table.shape[1], step):
        columns = np.array(table[:, start : start + step].T, order="C")  # a copy, sorted in place
        # NumPy's stable sort of narrow integers is a radix sort, several times faster.
        columns.sort(axis=1, kind="stable" if _is_narrow(table) else None)
        found.extend(_thresholds(SortedValues(ordered), most) for ordered in columns)
    return found


def _is_narrow(table: NDArray[Any]) -> bool:
    return table.dtype.kind in "iu" and table.dtype.itemsize <= 2


def _thresholds(values: OrderedValues, most: int) -> list[float]:
    found: list[float] = []
    first = 0  # rank of the first value greater than the last threshold
    while len(found) < most:
        threshold = _median(values, first)
        above = values.up_to(threshold)
        if above == len(values):  # no value is greater
            below = values.below(threshold)
            if found or not below:
                break
            threshold, above = values.value(below - 1), below
        found.append(threshold)
        first = above
    return found


def _median(values: OrderedValues, first: int) -> float:
    """The median of the values of rank ``first`` and above."""
    middle = (first + len(values)) // 2
    upper = values.value(middle)
    if (len(values) - first) % 2:
        return upper
    lower = values.value(middle - 1)
    total = lower + upper
    # The sum of two large numbers overflows, halves of tiny ones are not exact.
    return total / 2 if np.isfinite(total) else lower / 2 + upper / 2
