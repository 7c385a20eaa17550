"""Integer arithmetic for single integers and for arrays.

The result for a single integer is a Python integer, for widths in gateware and for JSON.
"""

import math
from functools import cache
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "IntegerArray",
    "Integers",
    "IntegersT",
    "bit_length",
    "ceil_divide",
    "choose",
    "divisors",
    "gcd",
    "maximum",
    "minimum",
    "number_bits",
    "round_up",
]

IntegerArray = NDArray[np.int64]

Integers = Any
"""An integer, or an array of integers."""

IntegersT = TypeVar("IntegersT", int, IntegerArray)
"""An integer or an array, if the result has the same type."""


def ceil_divide(dividend: Integers, divisor: IntegersT) -> IntegersT:
    """The quotient, rounded up."""
    quotient: IntegersT = -(-dividend // divisor)
    return quotient


def gcd(value: IntegersT, other: int) -> IntegersT:
    """The greatest common divisor."""
    return math.gcd(value, other) if isinstance(value, int) else np.gcd(value, other)


def maximum(value: Integers, other: Integers) -> Integers:
    """The larger of two values."""
    if _one(value) and _one(other):
        return max(value, other)
    return np.maximum(value, other)


def minimum(value: Integers, other: Integers) -> Integers:
    """The smaller of two values."""
    if _one(value) and _one(other):
        return min(value, other)
    return np.minimum(value, other)


def choose(condition: Any, value: Integers, other: Integers) -> Integers:
    """``value`` where a condition is true, ``other`` elsewhere."""
    if isinstance(condition, int):
        return value if condition else other
    return np.where(condition, value, other)


def round_up(value: Any) -> Integers:
    """Round up to an integer."""
    return math.ceil(value) if _one(value) else np.ceil(value).astype(np.int64)


def bit_length(value: Integers) -> Integers:
    """Bits of a number, without leading zeros; the number is from 0 to 2^50."""
    return value.bit_length() if isinstance(value, int) else np.frexp(value)[1].astype(np.int64)


def number_bits(count: Integers) -> Integers:
    """Bits of an index below ``count``: ``ceil(log2(count))``, but at least 1."""
    return maximum(bit_length(count - 1), 1)


@cache
def divisors(value: int) -> tuple[int, ...]:
    """All divisors, in ascending order."""
    small = [size for size in range(1, math.isqrt(value) + 1) if value % size == 0]
    return tuple(sorted({*small, *(value // size for size in small)}))


def _one(value: Any) -> bool:
    return isinstance(value, (int, float))
