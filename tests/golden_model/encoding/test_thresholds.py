"""Thresholds: repeated medians, exact for every type of number."""

import warnings

import numpy as np
import pytest
from hypothesis import given, strategies as st

from metaplast.golden_model.encoding.raw_samples import SLICE_VALUES
from metaplast.golden_model.encoding.reference import thresholds
from metaplast.golden_model.encoding.thresholds import (
    column_thresholds,
    count_values,
    counted_thresholds,
    table_thresholds,
)

TYPES = ("u1", "i1", "u2", "i2", "i4", "u8", "i8", "f2", "f4", "f8")


def of(*values, most=9, dtype=np.float64):
    return table_thresholds(np.array([values], dtype=dtype), most)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ((5,), []),
        ((5, 5, 5), []),
        ((0, 7), [3.5]),
        ((0, 0, 7), [0]),
        ((0, 7, 7), [0]),  # no value is greater than the median
        ((1, 3, 7, 7, 7, 7), [3]),
        ((1, 2, 3), [2]),
        ((1, 2, 3, 4), [2.5, 3.5]),
        ((0, 10, 20, 30, 40, 50, 60, 70), [35, 55, 65]),
    ],
)
def test_by_hand(values, expected):
    assert of(*values) == expected
    for most in range(1, 4):
        assert of(*values, most=most) == expected[:most]


@given(st.lists(st.integers(0, 9), min_size=1, max_size=30))
def test_every_type_of_number_gives_the_same(values):
    expected = thresholds(values)
    for dtype in TYPES:
        assert of(*values, most=64, dtype=dtype) == expected
        column = np.array(values, dtype=dtype)[:, np.newaxis]
        assert column_thresholds(column, 64) == [expected]
    counts = count_values([np.array(values)], 9)
    assert counts.tolist() == [values.count(i) for i in range(10)]
    assert counted_thresholds(counts, 64) == expected


@given(st.lists(st.integers(-128, 127), min_size=1, max_size=30))
def test_negative_numbers_are_counted_too(values):
    for dtype in ("i1", "i2"):
        assert of(*values, most=64, dtype=dtype) == thresholds(values)


@pytest.mark.parametrize("steps", [0, 1])
def test_the_mean_of_the_middle_two_is_taken_in_float64(steps):
    # In float32 the mean of neighbours would be one of them: the even one, lower or upper.
    low = np.float32(1 + steps * 2.0**-23)
    high = np.nextafter(low, np.float32(2))
    assert low.dtype == high.dtype == np.float32
    assert of(low, high, dtype=np.float32) == [(float(low) + float(high)) / 2]


def test_the_mean_of_neighbours_may_be_the_upper_one():
    # Its even mantissa attracts the mean; no value is greater, so the lower one is the threshold.
    low = np.nextafter(1.0, 2)
    high = np.nextafter(low, 2)
    assert (low + high) / 2 == high
    assert of(low, high) == [low]


def test_integers_are_rounded_to_float64():
    big = 1 << 53
    assert of(big, big + 4, dtype=np.int64) == [big + 2.0]
    assert of(big, big + 1, dtype=np.int64) == []
    assert of(big, big + 1, big + 2, dtype=np.int64) == [big]


def test_the_mean_does_not_overflow():
    top = np.finfo(np.float64).max
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert of(top / 2, top) == [top * 0.75]
        assert of(-top, -top, -top, top / 2, top) == [-top, top / 2 + top / 4]


@pytest.mark.parametrize("dtype", ["u1", "f4"])
def test_tables_of_many_slices(dtype):
    x = np.random.default_rng(5).integers(0, 256, size=(2 * (SLICE_VALUES // 300) + 7, 300))
    first = np.median(x)
    second = np.median(x[x > first])
    assert table_thresholds(x.astype(dtype), 2) == [first, second]


def test_more_columns_than_fit_a_slice():
    x = np.random.default_rng(6).normal(size=(40, SLICE_VALUES // 40 + 3))
    assert np.array_equal(np.squeeze(column_thresholds(x, 1)), np.median(x, axis=0))


@pytest.mark.parametrize("dtype", ["u1", "f8"])
def test_a_table_stays_as_it_is(dtype):
    x = np.random.default_rng(7).integers(0, 256, size=(40, 3)).astype(dtype)
    expected = column_thresholds(x, 2)
    by_column = np.asfortranarray(x)
    assert column_thresholds(by_column, 2) == expected
    assert table_thresholds(by_column, 2) == table_thresholds(x, 2)
    assert np.array_equal(by_column, x)
    by_column.setflags(write=False)
    assert column_thresholds(by_column, 2) == expected
