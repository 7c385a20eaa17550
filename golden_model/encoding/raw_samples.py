"""Checks of raw samples: shape, type, finite values, and slices of rows."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import DataError
from ..samples import samples_array

__all__ = ["all_bits", "finite_values", "row_slices", "sample_array", "sample_table"]

# Values that are converted and encoded at once; more would need much memory.
SLICE_VALUES = 1 << 20


def sample_array(x: ArrayLike) -> NDArray[Any]:
    """Raw samples as an array of numbers, (n, features) or (n, height, width), without a copy.

    Raises
    ------
    DataError
        If the values are not real numbers, or the array has another number of dimensions.
    """
    samples = samples_array(x)
    if samples.dtype.kind not in "biuf":
        raise DataError(f"features must be real numbers, not of type {samples.dtype}")
    if samples.ndim not in (2, 3):
        raise DataError(
            "samples must form a table of shape (samples, features), or images of shape "
            f"(samples, height, width), not {samples.shape}"
        )
    return samples.view(np.uint8) if samples.dtype == np.bool_ else samples


def sample_table(x: ArrayLike) -> NDArray[Any]:
    """Raw samples as a table, (n, features); images become rows of pixels.

    Raises
    ------
    DataError
        As :func:`sample_array`.
    """
    samples = sample_array(x)
    if samples.ndim == 2:
        return samples
    return samples.reshape(len(samples), samples.shape[1] * samples.shape[2])


def row_slices(table: NDArray[Any]) -> Iterator[tuple[int, NDArray[Any]]]:
    """Cut a table into slices of about ``SLICE_VALUES`` values, each with its first row."""
    step = max(1, SLICE_VALUES // max(1, table.shape[1]))
    for start in range(0, len(table), step):
        yield start, table[start : start + step]


def finite_values(values: NDArray[Any], first_row: int) -> NDArray[np.float64]:
    """Rows of a table as float64.

    Parameters
    ----------
    values : (n, features) numbers
        The rows.
    first_row : int
        Number of the first row, for the error message.

    Raises
    ------
    DataError
        If a value is not finite.
    """
    with np.errstate(over="ignore"):  # long doubles
        real = values.astype(np.float64, copy=False)
    if values.dtype.kind == "f" and not np.all(finite := np.isfinite(real)):
        row, column = np.argwhere(~finite)[0]
        raise DataError(
            f"features must be finite numbers, not {values[row, column]} as in "
            f"row {first_row + row}, column {column}"
        )
    return real


def all_bits(values: NDArray[Any]) -> bool:
    """Whether all values are 0 or 1."""
    if values.dtype.kind == "u":
        return not values.size or bool(values.max() <= 1)
    return bool(np.all((values == 0) | (values == 1)))
