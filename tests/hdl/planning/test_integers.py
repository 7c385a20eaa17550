"""Integer arithmetic for single integers and arrays."""

import numpy as np
from hypothesis import given, strategies as st

from metaplast.golden_model.config import ceil_log2
from metaplast.hdl.planning.integers import bit_length, ceil_divide, divisors, number_bits

sizes = st.integers(1, 1 << 50)


@given(st.lists(sizes, min_size=1), sizes)
def test_arrays_give_what_integers_give(values: list[int], divisor: int) -> None:
    array = np.array(values)
    assert bit_length(array).tolist() == [value.bit_length() for value in values]
    assert [bit_length(value) for value in values] == [value.bit_length() for value in values]
    assert number_bits(array).tolist() == [ceil_log2(value) for value in values]
    assert [number_bits(value) for value in values] == [ceil_log2(value) for value in values]
    quotients = [(value + divisor - 1) // divisor for value in values]
    assert ceil_divide(array, divisor).tolist() == quotients
    assert [ceil_divide(value, divisor) for value in values] == quotients


def test_zero_has_no_bits() -> None:
    assert bit_length(0) == bit_length(np.array([0]))[0] == 0


@given(st.integers(1, 5000))
def test_divisors(value: int) -> None:
    assert divisors(value) == tuple(size for size in range(1, value + 1) if value % size == 0)
