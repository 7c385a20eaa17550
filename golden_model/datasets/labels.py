"""Labels of any kind (integers, text, booleans), and the class index of each.

Class ``c`` is the ``c``-th of the sorted distinct labels of the training samples: numbers in their
natural order, text in the order of its characters, False before True.
"""

import math
import re
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from ..config import MAX_CLASSES
from ..errors import DataError

__all__ = [
    "Label",
    "checked_label_array",
    "class_indices",
    "distinct_labels",
    "is_missing_label",
    "parse_labels",
]

Label: TypeAlias = int | str | bool

# Ways to write that a label is missing, any case. A class may well be called "none".
MISSING = frozenset({"", "na", "n/a", "#n/a", "#na", "<na>", "nan", "-nan", "nat", "null", "?"})

# A whole number, as tools write labels: 3, -1, 3.0, 3,0, 3.000e+00; no leading zeros, as in 007.
WHOLE = re.compile(r"[+-]?(0|[1-9]\d*)([.,]0*)?([eE][+-]?\d+)?", re.ASCII)
FRACTION = re.compile(r"[+-]?(\d+[.,]\d*|[.,]\d+|\d+(?=[eE]))([eE][+-]?\d+)?", re.ASCII)
MAX_LABEL = (1 << 53) - 1  # larger integers are not exact as floating-point numbers

SHOWN_LABELS = 10


def is_missing_label(cell: str) -> bool:
    """Whether a label in a text file stands for a missing value."""
    return cell.strip().casefold() in MISSING


def parse_labels(cells: Sequence[str], *, where: Callable[[int], str]) -> NDArray[Any]:
    """Labels from the text of a file: int64 if all are whole numbers, else text, shape ``(n,)``.

    Parameters
    ----------
    cells : sequence of str
        The text of each label.
    where : function of the index
        Gives the name of a label in error messages.

    Raises
    ------
    DataError
        If a label is missing, all are numbers but one is a fraction, or a number is too large.
    """
    cells = [cell.strip() for cell in cells]
    for index, cell in enumerate(cells):
        if cell.casefold() in MISSING:
            what = f"is {cell!r}, a missing label" if cell else "is empty: the label is missing"
            raise DataError(
                f"{where(index)} {what}; fill it in or leave the row out, or, if it is a class, "
                "give the class a name"
            )
    distinct = dict.fromkeys(cells)
    values = {cell: _whole(cell) for cell in distinct}
    if None not in values.values():
        for cell, value in values.items():
            if abs(value or 0) > MAX_LABEL:
                raise DataError(
                    f"{where(cells.index(cell))} is {cell}; labels that are numbers must be from "
                    f"-{MAX_LABEL} to {MAX_LABEL}"
                )
        return np.array([values[cell] for cell in cells], dtype=np.int64)
    if all(values[cell] is not None or FRACTION.fullmatch(cell) for cell in distinct):
        cell = next(cell for cell in distinct if values[cell] is None)
        raise DataError(_fraction(where(cells.index(cell)), cell))
    return np.array(cells, dtype=np.str_)


def checked_label_array(y: Any, *, name: str) -> NDArray[Any]:
    """Check an array of labels: int64, bool or text, shape ``(n,)``.

    Parameters
    ----------
    y : (n,) array
        Integers, whole numbers of a floating-point type, booleans, or text.
    name : str
        Name in error messages.

    Raises
    ------
    DataError
        If a label is missing, a fraction, too large, or of another type.
    """
    try:
        y = np.asarray(y)
    except ValueError:
        raise DataError(f"{name} must hold a label a sample, and is ragged") from None
    if y.ndim != 1:
        raise DataError(f"{name} must hold a label a sample, shape (samples,), not {y.shape}")
    if y.dtype.kind == "S":
        try:
            y = np.char.decode(y, "utf-8")
        except UnicodeDecodeError:
            raise DataError(f"{name} holds bytes that are not UTF-8; save it as text") from None
    if y.dtype.kind not in "biufU":
        raise DataError(
            f"{name} must hold integers, booleans or text, not values of type {y.dtype}"
        )
    if y.dtype.kind == "U":
        stripped = np.char.strip(y)
        for label in np.unique(stripped).tolist():
            if is_missing_label(label):
                index = int(np.argmax(stripped == label))
                raise DataError(
                    f"{name}[{index}] is {label!r}, a missing label; fill it in or leave the "
                    "sample out"
                )
        return stripped
    if y.dtype.kind == "b" or not len(y):
        return y.astype(bool if y.dtype.kind == "b" else np.int64)
    if y.dtype.kind == "f":
        wrong = ~np.isfinite(y)
        if wrong.any():
            index = int(np.argmax(wrong))
            raise DataError(
                f"{name}[{index}] is {y[index]}, a missing label; fill it in or leave the sample "
                "out"
            )
        wrong = y != np.floor(y)
        if wrong.any():
            index = int(np.argmax(wrong))
            raise DataError(_fraction(f"{name}[{index}]", str(y[index])))
    for extreme in (y.min(), y.max()):
        if abs(int(extreme)) > MAX_LABEL:
            raise DataError(
                f"{name} holds {extreme}; labels that are numbers must be from -{MAX_LABEL} to "
                f"{MAX_LABEL}"
            )
    return y.astype(np.int64)


def distinct_labels(y: NDArray[Any], *, name: str) -> tuple[Label, ...]:
    """The sorted distinct labels of training samples, one for each class.

    Parameters
    ----------
    y : (n,) array
        As :func:`checked_label_array` and :func:`parse_labels` return it.
    name : str
        Name in error messages.

    Raises
    ------
    DataError
        If there is one label only, or more than 256.
    """
    labels = tuple(np.unique(y).tolist())
    if len(labels) == 1:
        raise DataError(f"{name} holds one class only, {labels[0]}; learning needs two or more")
    if len(labels) > MAX_CLASSES:
        shown = ", ".join(map(str, labels[:3]))
        raise DataError(
            f"{name} holds {len(labels)} different labels ({shown}, …), and a network has at most "
            f"{MAX_CLASSES} classes; if these are not the labels, name their column (command "
            "line: --label)"
        )
    return labels


def class_indices(
    y: NDArray[Any],
    labels: Sequence[Label],
    *,
    name: str,
    where: Callable[[int], str] | None = None,
) -> NDArray[np.int64]:
    """The class index of each label, shape ``(n,)``; labels are equal if their text is.

    Parameters
    ----------
    y : (n,) array
        Labels.
    labels : sequence of int, str or bool
        The label of each class.
    name : str
        Name of the samples in error messages.
    where : function of the index, or None
        Gives the name of a label in error messages.

    Raises
    ------
    DataError
        If a label is not among ``labels``; the message names it.
    """
    numbers = {str(label): index for index, label in enumerate(labels)}
    distinct, inverse = np.unique(y, return_inverse=True)
    classes = [numbers.get(str(label)) for label in distinct.tolist()]
    if None in classes:
        label = distinct.tolist()[classes.index(None)]
        index = int(np.argmax(inverse == classes.index(None)))
        known = ", ".join(map(str, labels[:SHOWN_LABELS]))
        if len(labels) > SHOWN_LABELS:
            known += f", … ({len(labels)} in all)"
        at = f"{where(index)} is {label!r}" if where else f"{name} has the label {label!r}"
        raise DataError(
            f"{at}, which no training sample has; the classes are {known}; leave such samples "
            "out, or train with samples of this class"
        )
    return np.array(classes, dtype=np.int64)[inverse.reshape(-1)]


def _whole(cell: str) -> int | None:
    """The whole number that a cell holds, or None."""
    if not WHOLE.fullmatch(cell):
        return None
    if cell.lstrip("+-").isdigit():
        return int(cell)
    value = float(cell.replace(",", "."))
    return int(value) if math.isfinite(value) and value == math.floor(value) else None


def _fraction(at: str, value: str) -> str:
    return (
        f"{at} is {value}; labels are integers, text or booleans, and fractions are not classes: "
        "name the column of the labels (command line: --label), or sort the values into classes "
        "first (pandas: cut)"
    )
