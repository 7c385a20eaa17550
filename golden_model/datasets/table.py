"""Tables in text files: header, index, label column, features as numbers.

Rows are counted by lines and columns from 1, as editors do. A header decides the meaning of every
column; without a header, the position does.
"""

import re
from array import array
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import islice
from operator import itemgetter
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import DataError
from .data_set import checked_features
from .labels import parse_labels
from .table_cells import CellReader, DecimalComma, is_number
from .table_columns import Columns, Layout, find_columns, find_header, place, reordered
from .table_text import Records, open_records

__all__ = ["Table", "match_features", "read_table"]

# Fewer samples may have different whole numbers in a feature by chance.
MIN_INDEX_ROWS = 3

WHOLE = re.compile(r"[+-]?\d+([.,]0*)?", re.ASCII)


@dataclass(frozen=True, eq=False, kw_only=True)
class Table:
    """Samples of a table, with the names of their features.

    Attributes
    ----------
    path : Path
        The file.
    x : (n, features) float64
        Finite numbers.
    names : tuple of str or None
        Name of each feature; None if the table has no header.
    labels : (n,) int64 or text, or None
        Labels as in the file; None if the table has no label column.
    label_name : str or None
        Name of the label column, if it has one.
    rows : (n,) int64
        Line number of each sample.
    """

    path: Path
    x: NDArray[np.float64]
    names: tuple[str, ...] | None
    labels: NDArray[Any] | None
    label_name: str | None
    rows: NDArray[np.int64]


def match_features(names: Sequence[str], table: Table) -> NDArray[np.float64]:
    """The samples of a table, with features in the order of a model's feature names.

    Parameters
    ----------
    names : sequence of str
        The model's feature names.
    table : Table
        Samples. A table without a header is matched by position.

    Returns
    -------
    (n, len(names)) float64

    Raises
    ------
    DataError
        If a feature is missing in the table, or the model does not know one; the message names
        them.
    """
    if table.names is None:
        if table.x.shape[1] != len(names):
            raise DataError(
                f"{table.path} has {table.x.shape[1]} feature columns and no header; the model has "
                f"{len(names)} features"
            )
        return table.x
    return table.x[:, reordered(names, table.names, table.path)]


def read_table(
    path: Path,
    *,
    labelled: bool,
    label: str | None = None,
    label_name: str | None = None,
    feature_names: Sequence[str] | None = None,
    features: int | None = None,
    on_note: Callable[[str], None] = lambda note: None,
) -> Table:
    """Read a table.

    Parameters
    ----------
    path : Path
        The file, gzipped or not.
    labelled : bool
        Whether samples must have labels.
    label : str or None
        Name of the label column, or, in a table without a header, its number from 1.
    label_name : str or None
        Name of the label column of a model's training data, which may be missing.
    feature_names : sequence of str or None
        Names of the features that a sample must have, if known.
    features : int or None
        Number of features that a sample must have, if known.
    on_note : function of a sentence
        Called with everything that is left out or assumed.

    Raises
    ------
    DataError
        If the table cannot be read; the message names row, column, value and the way out.
    """
    records = open_records(path, on_note)
    layout = find_header(records, label or label_name, feature_names)
    header = layout.header
    roles = find_columns(
        path,
        layout,
        labelled=labelled,
        label=label,
        label_name=label_name,
        feature_names=feature_names,
        features=features,
    )
    try:
        content = _content(records, layout, roles, comma=False)
    except DecimalComma:
        content = _content(records, layout, roles, comma=True)
    rows = content.rows
    if not rows:
        raise DataError(f"{path} holds no samples")
    x, _ = checked_features(
        np.frombuffer(content.values).reshape(len(rows), -1),
        name=str(path),
        where=lambda row, column: place(path, rows[row], roles.features[column], header),
    )
    _check_index(path, roles, content)
    if header is None:
        _check_numbered(path, roles, x, on_note)
    labels = None
    if labelled:
        assert roles.label is not None
        column = roles.label
        if header is None:
            _check_first_label(path, column, content)
        labels = parse_labels(
            content.labels, where=lambda row: place(path, rows[row], column, header)
        )
    for note in roles.notes:
        on_note(f"{path}: {note}")
    return Table(
        path=path,
        x=x,
        names=None if header is None else tuple(header[column] for column in roles.features),
        labels=labels,
        label_name=None if header is None or roles.label is None else header[roles.label],
        rows=np.array(rows, dtype=np.int64),
    )


@dataclass(frozen=True, eq=False)
class _Content:
    """The rows of a table: numbers of the features, line numbers, text of labels and indices."""

    values: array
    rows: array
    labels: list[str]
    index: dict[int, list[str]]


def _content(records: Records, layout: Layout, roles: Columns, *, comma: bool) -> _Content:
    path, header = records.path, layout.header
    content = _Content(array("d"), array("q"), [], {column: [] for column in roles.index})
    reader = CellReader(
        comma=comma,
        where=lambda row, column: place(path, row, column, header),
        hint=lambda: _text_hint(not content.rows, header),
    )
    pick = itemgetter(*roles.features)
    single = len(roles.features) == 1
    empty: tuple[int, list[str]] | None = None
    for line, cells in islice(records, layout.header_rows, None):
        if len(cells) != layout.columns:
            raise DataError(
                f"{path}: row {line} has {len(cells)} cells, not {layout.columns} as the rows "
                f"before (the separator is {records.separator_name})"
            )
        if not any(map(str.strip, cells)):
            empty = empty or (line, cells)
            continue
        if empty:  # an empty row is left out at the end only
            reader.numbers(empty[0], roles.features, [empty[1][i] for i in roles.features])
        picked = pick(cells)
        content.values.extend(reader.numbers(line, roles.features, (picked,) if single else picked))
        content.rows.append(line)
        if roles.label is not None:
            content.labels.append(cells[roles.label])
        for column in roles.index:
            content.index[column].append(cells[column].strip())
        if roles.trailing and cells[-1].strip():
            raise DataError(
                f"{place(path, line, layout.columns - 1, None)} is {cells[-1].strip()!r}, and the "
                "rows before end with an empty cell; fill those in, or leave the column out"
            )
    reader.finish()
    return content


def _check_index(path: Path, roles: Columns, content: _Content) -> None:
    """Check that the columns without a name number the samples."""
    for column, cells in content.index.items():
        if len(set(cells)) == len(cells) and all(map(WHOLE.fullmatch, cells)):
            continue
        raise DataError(
            f"{path}: column {column + 1} has no name and is no index, which holds a different "
            "whole number in each row; name the column, or leave it out (pandas: to_csv(…, "
            "index=False))"
        )


def _check_numbered(
    path: Path, roles: Columns, x: NDArray[np.float64], on_note: Callable[[str], None]
) -> None:
    """Check that the first column of a table without a header is no index."""
    first = x[:, 0]
    if len(x) < MIN_INDEX_ROWS or roles.features[0] != 0:
        return
    if roles.label_assumed and len(np.unique(first)) == len(x) and not (first % 1).any():
        raise DataError(
            f"{path} has no header, and one column more than the model has features; the first may "
            "be an index, since it holds a different whole number in each row, and the last may be "
            "the labels: add a header, leave the column out, or give the number of the label "
            "column (command line: --label)"
        )
    if np.array_equal(first - first[0], np.arange(len(x))):
        on_note(
            f"{path}: column 1 numbers the rows; there is no header, so it is a feature; if it is "
            "an index, leave it out"
        )


def _check_first_label(path: Path, column: int, content: _Content) -> None:
    """Check that the first row of a table without a header is not its header."""
    first, *others = map(str.strip, content.labels)
    counts = Counter(others)
    if is_number(first) or first in counts or not others:
        return
    if all(map(is_number, counts)) or min(counts.values()) > 1:
        raise DataError(
            f"{place(path, content.rows[0], column, None)} is {first!r}, a label of no other row; "
            "if the row is a header, name the column of the labels label, class or target (command "
            "line: --label); if it is a sample, put a header above it"
        )


def _text_hint(first: bool, header: tuple[str, ...] | None) -> str:
    if first and header is None:
        return " (a header has no numbers, or names a column label, class or target)"
    return (
        "; encode text as numbers first (pandas: get_dummies), or leave the column out; if it "
        "holds the labels, name it (command line: --label)"
    )
