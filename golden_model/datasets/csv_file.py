"""CSV files: one sample a row; the label is in a column named label, class or target, or the last.

Rows and columns are counted from 1, as editors do; the header, if there is one, is row 1.
"""

import csv
from array import array
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..errors import DataError
from .data_set import DataSet, checked_features, checked_labels

__all__ = ["LABEL_NAMES", "load_csv", "load_csv_features", "load_csv_labelled"]

# Names of the label column, any case.
LABEL_NAMES = ("label", "class", "target")

# Header of the index column that pandas writes, and of one that it has read and written again.
INDEX_NAMES = ("", "Unnamed: 0")

# A first row 0, 1, 2, … of at least so many columns is a header, as pandas writes it.
NUMBERED = 3


@dataclass(frozen=True, eq=False)
class _Table:
    """The numbers of a file, and the row of each sample."""

    path: Path
    header: tuple[str, ...] | None
    values: NDArray[np.float64]
    rows: array

    def where(self, row: int, column: int) -> str:
        return _place(self.path, self.rows[row], column, self.header)

    @property
    def label_column(self) -> int | None:
        """The column whose name is that of a label, or None."""
        found = _named_labels(self.header)
        if len(found) > 1:
            assert self.header is not None
            one, other = (self.header[column].casefold() for column in found[:2])
            both = f"columns named {one} and {other}"
            if one == other:
                both = f"two columns named {one}"
            raise DataError(f"{self.path} has {both}, and either may be the labels; rename one")
        return found[0] if found else None


def load_csv(path: Path) -> DataSet:
    """Load a data set, without a test split, from a CSV file.

    A header is optional: a first row without numbers, or with a label column's name, or of the
    numbers 0, 1, 2, … from left to right.

    Raises
    ------
    DataError
        As :func:`load_csv_labelled`, or if all samples are of one class.
    """
    return DataSet.from_arrays(str(path), *load_csv_labelled(path))


def load_csv_labelled(path: Path) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Load samples and labels of any classes from a CSV file.

    Raises
    ------
    DataError
        If the file cannot be read, rows differ in length, a cell is no finite number, a label is
        no integer from 0, or the first column numbers the rows and has no name.
    """
    table = _read(path)
    columns = table.values.shape[1]
    if columns < 2:
        raise DataError(
            f"{path} has one column; a sample is a row of features and a label with commas between"
        )
    label = table.label_column
    return _split(table, columns - 1 if label is None else label)


def load_csv_features(path: Path, features: int | None = None) -> NDArray[np.float64]:
    """Load samples for prediction from a CSV file with or without labels.

    Parameters
    ----------
    path : Path
        The file.
    features : int or None
        Number of features of a sample, if known. A column with the name of a label is left out;
        if there is none and the file has one column more, the last column is left out.

    Raises
    ------
    DataError
        As :func:`load_csv_labelled`, or if the number of columns does not fit.
    """
    table = _read(path)
    columns = table.values.shape[1]
    label = table.label_column
    dropped = label
    if features is not None and columns - (label is not None) != features:
        if label is not None:
            raise DataError(
                f"{path} has {columns - 1} columns beside the labels in column {label + 1}; there "
                f"should be {features} (if that column is a feature, rename it)"
            )
        if columns != features + 1:
            raise DataError(
                f"{path} has {columns} columns; there should be {features}, or {features + 1} with "
                "labels"
            )
        dropped = columns - 1
    if dropped is None:
        checked_features(table.values, name=str(path), where=table.where)
        return table.values
    if columns == 1:
        raise DataError(f"{path} has one column, and it holds labels; there is nothing to predict")
    return _without(table, dropped)


def _split(table: _Table, label: int) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    y = checked_labels(
        table.values[:, label], name=str(table.path), where=lambda row: table.where(row, label)
    )
    return _without(table, label), y


def _without(table: _Table, dropped: int) -> NDArray[np.float64]:
    """The features: all columns but one."""
    kept = np.delete(np.arange(table.values.shape[1]), dropped)
    x, _ = checked_features(
        table.values[:, kept],
        name=str(table.path),
        where=lambda row, column: table.where(row, int(kept[column])),
    )
    return x


def _read(path: Path) -> _Table:
    header: tuple[str, ...] | None = None
    values, rows = array("d"), array("q")
    columns = 0
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.reader(file, skipinitialspace=True)
            for cells in reader:
                if not cells or (len(cells) == 1 and not cells[0].strip()):
                    continue
                if not columns:
                    columns = len(cells)
                    if _is_header(cells):
                        header = tuple(cell.strip() for cell in cells)
                        continue
                if len(cells) != columns:
                    raise DataError(
                        f"{path}: row {reader.line_num} has {len(cells)} cells, not {columns} "
                        "as the rows before"
                    )
                try:
                    if "_" in "".join(cells):  # Python accepts 1_000, tables do not
                        raise ValueError
                    values.extend(map(float, cells))
                except ValueError:
                    raise DataError(_not_a_number(path, reader.line_num, cells, header)) from None
                rows.append(reader.line_num)
    except OSError as error:
        raise DataError(f"cannot read {path}: {error.strerror or error}") from None
    except UnicodeDecodeError as error:
        raise DataError(
            f"{path} is not a text file in UTF-8: byte {error.object[error.start]:#04x} at "
            f"{error.start}; save it as UTF-8"
        ) from None
    except csv.Error as error:
        raise DataError(f"{path}: row {reader.line_num} is not comma-separated: {error}") from None
    if not rows:
        raise DataError(f"{path} holds no samples")
    table = _Table(path, header, np.frombuffer(values).reshape(-1, columns), rows)
    if header and header[0] in INDEX_NAMES and _counts_rows(table.values[:, 0]):
        raise DataError(
            f"{path}: column 1 has no name and numbers the rows, which is no feature; leave it out "
            "(pandas: to_csv(…, index=False)), or name it"
        )
    return table


def _counts_rows(column: NDArray[np.float64]) -> bool:
    return bool((column == np.arange(len(column))).all())


def _is_header(cells: list[str]) -> bool:
    """Whether a first row is a header and not a sample."""
    names = [cell.strip() for cell in cells]
    return (
        any(name.casefold() in LABEL_NAMES for name in names)
        or not any(map(_is_number, names))
        or (len(names) >= NUMBERED and names == list(map(str, range(len(names)))))
    )


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return "_" not in cell


def _place(path: Path, row: int, column: int, header: tuple[str, ...] | None) -> str:
    name = f" ({header[column]})" if header and header[column] else ""
    return f"{path}: row {row}, column {column + 1}{name}"


def _not_a_number(path: Path, row: int, cells: list[str], header: tuple[str, ...] | None) -> str:
    column = next(index for index, cell in enumerate(cells) if not _is_number(cell))
    place = _place(path, row, column, header)
    for separator, name in ((";", "semicolons"), ("\t", "tabs")):
        if len(cells) <= 2 and separator in cells[column]:
            return f"{place} holds {name}; put commas between the cells, and points in the numbers"
    if not cells[column].strip():
        return f"{place} is empty; fill in what is missing or leave the row out"
    hint = ""
    if row == 1 and not header:
        hint = " (a header has no numbers, or names a column label, class or target)"
    elif column == (_named_labels(header) or [len(cells) - 1])[0]:
        hint = "; if it is a label, number the classes from 0 (pandas: factorize)"
    return f"{place} is {cells[column].strip()!r}, not a number{hint}"


def _named_labels(header: tuple[str, ...] | None) -> list[int]:
    """The columns whose name is that of a label."""
    return [column for column, name in enumerate(header or ()) if name.casefold() in LABEL_NAMES]
