"""Samples and labels of an estimator: arrays, images, pandas and polars tables."""

import numbers
from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .errors import DataError

__all__ = ["image_shape_of", "numeric_table", "plain_labels", "sorted_labels"]


def image_shape_of(X: Any) -> tuple[int, int] | None:
    """Height and width of the images in an array of three dimensions; None for other samples."""
    shape: tuple[Any, ...] = getattr(X, "shape", ())
    return (int(shape[1]), int(shape[2])) if len(shape) == 3 else None


def numeric_table(X: Any) -> Any:
    """Samples for scikit-learn: images as rows of pixels, other samples unchanged.

    Raises
    ------
    DataError
        If a column of a pandas or polars table has a value that is no number, or two columns have
        one name.
    """
    seen = set()
    for name, column in table_columns(X):
        if name in seen:
            raise DataError(f"two columns are named {name!r}; rename or leave out one")
        seen.add(name)
        if getattr(column.dtype, "kind", "O") in "biuf":
            continue
        for value in column:
            if value is not None and not isinstance(value, numbers.Number | np.bool_):
                raise DataError(
                    f"column {name!r} has the value {value!r}, which is no number; leave the "
                    "column out, or encode it as numbers, such as with OneHotEncoder in a pipeline"
                )
    shape = image_shape_of(X)
    return X if shape is None else np.asarray(X).reshape(len(X), shape[0] * shape[1])


def table_columns(X: Any) -> Iterable[tuple[Any, Any]]:
    """Names and columns of a pandas or polars table; none for other samples."""
    if hasattr(X, "iter_columns"):
        return ((column.name, column) for column in X.iter_columns())
    if hasattr(X, "columns") and hasattr(X, "items"):
        return X.items()
    return ()


def plain_labels(y: Any) -> Any:
    """Labels for scikit-learn: NumPy's types instead of pandas' nullable ones, others unchanged.

    scikit-learn would make floats of nullable integers and booleans.
    """
    plain = getattr(getattr(y, "dtype", None), "numpy_dtype", None)
    return y if plain is None or y.isna().any() else y.to_numpy(dtype=plain)


def sorted_labels(labels: ArrayLike) -> NDArray[Any]:
    """The distinct labels, sorted.

    Raises
    ------
    DataError
        If two labels cannot be compared.
    """
    try:
        return np.unique(labels)
    except TypeError:
        first, *others = np.asarray(labels, dtype=object).ravel().tolist()
        other = next((label for label in others if type(label) is not type(first)), first)
        raise DataError(
            f"labels must be of one type that sorts, not {first!r} and {other!r}; write all as "
            "text or all as numbers, and fill in or leave out what is missing"
        ) from None
