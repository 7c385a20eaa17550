"""Arithmetic of sizes, for one integer and for arrays of them alike."""

from typing import Any

import numpy as np

__all__ = ["bit_length", "ceil_divide", "number_bits"]

Integers = Any
"""An integer, or an array of integers."""


def ceil_divide(dividend: Integers, divisor: Integers) -> Integers:
    """The quotient, rounded up."""
    return -(-dividend // divisor)


def bit_length(value: Integers) -> Integers:
    """Bits of a number from 0, without leading zeros; at most 2^50."""
    if isinstance(value, int):
        return value.bit_length()
    return np.frexp(value)[1].astype(np.int64)


def number_bits(count: Integers) -> Integers:
    """Bits that number so many things, ``ceil(log2(count))``, but at least 1."""
    return np.maximum(bit_length(count - 1), 1)
