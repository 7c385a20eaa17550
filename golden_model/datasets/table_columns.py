"""Columns of a table: the header, and which columns are features, labels or an index."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ..errors import DataError
from .table_cells import is_number, is_truth
from .table_text import SEPARATORS, Records, split_line

__all__ = [
    "LABEL_NAMES",
    "Columns",
    "Layout",
    "find_columns",
    "find_header",
    "place",
    "reordered",
]

# Names of the label column, any case.
LABEL_NAMES = ("label", "class", "target")

# A first or last column y is the labels too, unless a column x shows that both are coordinates.
LABEL_Y, COORDINATE_X = "y", "x"

# Header of the index column that pandas writes, and of one that it has read and written again.
INDEX_NAME = re.compile(r"|Unnamed: \d+(\.\d+)?")

# A first row 0, 1, 2, … of at least so many columns is a header, as pandas writes it.
NUMBERED = 3


@dataclass(frozen=True)
class Layout:
    """The header of a table, and the number of cells of a row.

    Attributes
    ----------
    header : tuple of str or None
        Name of each column; an index has an empty name.
    columns : int
        Cells of a row.
    header_rows : int
        1 if the first row is the header; 0 if there is none, or if it is a comment.
    trailing : bool
        Whether each row ends with a separator, so that the last cell is empty.
    """

    header: tuple[str, ...] | None
    columns: int
    header_rows: int
    trailing: bool


@dataclass(kw_only=True)
class Columns:
    """Meaning of the columns of a table, by number from 0.

    Attributes
    ----------
    features : tuple of int
        Columns of the features.
    label : int or None
        Column of the labels; left out of the features.
    other_labels : tuple of int
        The label column of a model's training data, beside the label column that is asked for; left
        out.
    index : tuple of int
        Columns without a name that number the samples; left out.
    label_assumed : bool
        Whether the label column is assumed, since there is one column more than the model has
        features.
    trailing : bool
        Whether the last column is empty; left out.
    notes : list of str
        Sentences about columns that are left out or assumed.
    """

    features: tuple[int, ...] = ()
    label: int | None = None
    label_assumed: bool = False
    other_labels: tuple[int, ...] = ()
    index: tuple[int, ...] = ()
    trailing: bool = False
    notes: list[str] = field(default_factory=list)


def place(path: Path, row: int, column: int, header: tuple[str, ...] | None) -> str:
    """Name of a cell in error messages; ``row`` is a line number, ``column`` counts from 0."""
    name = f" ({header[column]})" if header and header[column] else ""
    return f"{path}: row {row}, column {column + 1}{name}"


def find_header(records: Records, label: str | None, feature_names: Sequence[str] | None) -> Layout:
    """Find the header of a table: its first row, or the comment before it.

    Raises
    ------
    DataError
        If the table has no row, or header and first row do not have the same number of cells.
    """
    path, rows = records.path, iter(records)
    _, first = next(rows, (0, []))
    if not first:
        raise DataError(f"{path} holds no samples")
    line, second = next(rows, (0, []))
    if not _is_header(first, label, feature_names):
        _check_no_numbers_in_a_row(path, first, second)
        trailing = len(first) > 1 and not first[-1].strip() and not (second or [""])[-1].strip()
        header = _commented_header(records, len(first), trailing, label, feature_names)
        return Layout(header, len(first), 0, trailing)
    if not second:
        raise DataError(f"{path} holds no samples")
    names = [name.strip() for name in first]
    if len(second) == len(names) + 1:
        if not second[-1].strip():
            names.append("")
        elif records.separator in " \t":
            names.insert(0, "")  # R's write.table gives the row names no name
    if len(second) != len(names):
        raise DataError(
            f"{path}: row {line} has {len(second)} cells, and the header {len(names)} (the "
            f"separator is {records.separator_name})"
        )
    trailing = len(names) > 1 and not names[-1] and not second[-1].strip()
    return Layout(tuple(names), len(names), 1, trailing)


def _check_no_numbers_in_a_row(path: Path, first: list[str], second: list[str]) -> None:
    """Refuse a first row such as 2020, 2021, 2022 above a row of other numbers.

    Raises
    ------
    DataError
        If the row may be a header or a sample.
    """
    cells = [cell.strip() for cell in first]
    if len(cells) < NUMBERED or not all(cell.isascii() and cell.isdigit() for cell in cells):
        return
    begin = int(cells[0])
    consecutive = cells == [str(begin + column) for column in range(len(cells))]
    if consecutive and not all(cell.strip().isdigit() for cell in second):
        raise DataError(
            f"{path}: the first row ({cells[0]}, {cells[1]}, {cells[2]}, …) may be a header or a "
            "sample; give the columns names, or write the sample with decimal points"
        )


def _commented_header(
    records: Records,
    columns: int,
    trailing: bool,
    label: str | None,
    feature_names: Sequence[str] | None,
) -> tuple[str, ...] | None:
    """The header among the comments before the first row, or None.

    It has as many cells as a row. It is the last one with a name of the label column or with the
    model's feature names, or else the last comment.

    Raises
    ------
    DataError
        If a comment seems to be a header with another separator than the rows.
    """

    def cells(comment: str, separator: str) -> tuple[str, ...]:
        names = [name.strip() for name in split_line(comment, separator)]
        return (*names, "") if trailing and len(names) == columns - 1 else tuple(names)

    comments = records.comments[::-1]
    for names in (cells(comment, records.separator) for comment in comments):
        if len(names) == columns and _is_marked(names, label, feature_names):
            return names
    for comment in comments:
        for separator in SEPARATORS:
            names = cells(comment, separator)
            if len(names) == columns and _is_marked(names, label, feature_names):
                raise DataError(
                    f"{records.path}: the comment {comment!r} may be the header, and its separator "
                    f"is not that of the rows ({records.separator_name}); write it with the same, "
                    "or remove it"
                )
    if comments:
        names = cells(comments[0], records.separator)
        if len(names) == columns and _is_header(names, label, feature_names):
            return names
    return None


def _is_marked(
    names: Sequence[str], label: str | None, feature_names: Sequence[str] | None
) -> bool:
    """Whether names are those of a label column or of a model's features."""
    if any(name.casefold() in LABEL_NAMES for name in names):
        return True
    if label in names and not is_number(str(label)):
        return True
    return bool(feature_names) and set(feature_names or ()) <= set(names)


def _is_header(
    cells: Sequence[str], label: str | None, feature_names: Sequence[str] | None
) -> bool:
    """Whether a row is a header and not a sample."""
    names = [cell.strip() for cell in cells]
    if _is_marked(names, label, feature_names):
        return True
    named = names[1:] if len(names) > 1 and INDEX_NAME.fullmatch(names[0]) else names
    if any(named) and not any(is_number(name) or is_truth(name) for name in named):
        return True
    return len(names) >= NUMBERED and named == list(map(str, range(len(named))))


def find_columns(
    path: Path,
    layout: Layout,
    *,
    labelled: bool,
    label: str | None,
    label_name: str | None,
    feature_names: Sequence[str] | None,
    features: int | None,
) -> Columns:
    """Find the meaning of the columns of a table.

    Parameters
    ----------
    path : Path
        The file.
    layout : Layout
        Header and number of columns.
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

    Raises
    ------
    DataError
        If a name is there twice or missing, or the number of columns does not fit.
    """
    columns = Columns(trailing=layout.trailing)
    given = list(range(layout.columns - layout.trailing))
    if feature_names is not None:
        features = len(feature_names)
    if layout.header is None:
        _by_position(path, columns, given, labelled=labelled, label=label, features=features)
    else:
        _by_name(
            path,
            layout.header,
            columns,
            given,
            labelled=labelled,
            label=label,
            label_name=label_name,
            feature_names=feature_names,
            features=features,
        )
    left_out = {columns.label, *columns.other_labels, *columns.index}
    columns.features = tuple(column for column in given if column not in left_out)
    if not columns.features:
        if len(given) == 1 and labelled:
            raise DataError(
                f"{path} has one column; a sample is a row of features and a label, with a "
                "separator (comma, semicolon, tab or white space) between"
            )
        raise DataError(f"{path} has no column of features, only labels or an index")
    return columns


def _by_name(
    path: Path,
    header: tuple[str, ...],
    columns: Columns,
    given: list[int],
    *,
    labelled: bool,
    label: str | None,
    label_name: str | None,
    feature_names: Sequence[str] | None,
    features: int | None,
) -> None:
    for column in given:
        if not INDEX_NAME.fullmatch(header[column]):
            break
        columns.index += (column,)
    named = given[len(columns.index) :]
    for column in columns.index:
        columns.notes.append(
            f"column {column + 1} has no name and holds a different whole number in each row, as "
            "an index does; it is left out"
        )
    for column in named:
        if not header[column]:
            raise DataError(
                f"{path}: column {column + 1} has no name; name it, or leave the column out"
            )
    twice = [name for name, count in Counter(header[i] for i in named).items() if count > 1]
    if twice:
        raise DataError(f"{path} has two columns named {twice[0]}; rename or leave out one")

    columns.label = _label_by_name(path, header, named, label, label_name, feature_names or ())
    if columns.label is not None and label_name in header and label_name != header[columns.label]:
        columns.other_labels = (header.index(str(label_name)),)
    left_out = {columns.label, *columns.other_labels}
    others = [column for column in named if column not in left_out]
    if columns.label is None and labelled:
        unknown = [column for column in named if header[column] not in (feature_names or ())]
        if not unknown or (feature_names is not None and len(unknown) > 1):
            what = "several others" if unknown else "features of the model" if named else "an index"
            raise DataError(
                f"{path} has no column of labels: its columns are {what}; name the column of the "
                "labels label, class or target (command line: --label)"
            )
        columns.label = unknown[-1]
        others.remove(columns.label)
        columns.notes.append(
            "no column is named label, class or target; the labels are in the "
            f"{'last column' if feature_names is None else 'column'} {header[columns.label]}"
        )
    if feature_names is not None:
        reordered(feature_names, [header[column] for column in others], path)
    elif features is not None and len(others) != features:
        names = ", ".join(header[column] for column in others[:8])
        more = ", …" if len(others) > 8 else ""
        beside = "" if columns.label is None else f" beside the labels ({header[columns.label]})"
        raise DataError(
            f"{path} has {len(others)} columns{beside}: {names}{more}; there should be {features}; "
            "leave the others out, or, if one holds the labels, name it (command line: --label)"
        )


def _label_by_name(
    path: Path,
    header: tuple[str, ...],
    named: list[int],
    label: str | None,
    label_name: str | None,
    feature_names: Sequence[str],
) -> int | None:
    """The column of the labels by the user's choice, the model's name or convention, or None."""
    if label is not None and label in feature_names:
        raise DataError(
            f"{path}: column {label} is a feature of the model and cannot be the labels; name "
            "another column (command line: --label)"
        )
    for column in named:
        if header[column] == label:
            return column
    if label is not None:
        known = ", ".join(header[column] for column in named)
        raise DataError(f"{path} has no column named {label!r} for the labels; there are {known}")
    for column in named:
        if header[column] == label_name:
            return column
    folded = {
        column: header[column].casefold() for column in named if header[column] not in feature_names
    }
    found = [column for column, name in folded.items() if name in LABEL_NAMES]
    if len(found) > 1:
        one, other = (header[column] for column in found[:2])
        raise DataError(
            f"{path} has columns named {one} and {other}, and either may be the labels; rename "
            "one, or choose one (command line: --label)"
        )
    if not found and COORDINATE_X not in folded.values():
        ends = named[:1] + named[-1:]
        found = [column for column, name in folded.items() if name == LABEL_Y and column in ends]
    return found[0] if found else None


def _by_position(
    path: Path,
    columns: Columns,
    given: list[int],
    *,
    labelled: bool,
    label: str | None,
    features: int | None,
) -> None:
    count = len(given)
    chosen = None
    if label is not None:
        if not (label.isascii() and label.isdigit() and 1 <= int(label) <= count):
            raise DataError(
                f"{path} has no header, so the label column has a number from 1 to {count}, and "
                f"none is {label!r}"
            )
        chosen = int(label) - 1
    if features is None or count == features + 1:
        if labelled or features is not None or chosen is not None:
            columns.label = count - 1 if chosen is None else chosen
        columns.label_assumed = features is not None and not labelled and chosen is None
        if columns.label_assumed:
            columns.notes.append(
                f"there is no header, and one column more than the model has features; the last, "
                f"column {count}, is left out as the labels"
            )
        return
    if count != features or labelled:
        either = f"{features + 1}" if labelled else f"{features}, or {features + 1} with labels"
        raise DataError(f"{path} has {count} columns and no header; there should be {either}")


def reordered(names: Sequence[str], there: Sequence[str], path: Path) -> list[int]:
    """The position in ``there`` of each of the model's feature names.

    Raises
    ------
    DataError
        If a name is missing in ``there`` or unknown to the model; the message names it.
    """
    missing = [name for name in names if name not in set(there)]
    unknown = [name for name in there if name not in set(names)]
    problems = []
    if missing:
        problems.append(f"lacks {_listed(missing)}, which the model was trained with")
    if unknown:
        problems.append(f"has {_listed(unknown)}, which the model does not know")
    if problems:
        way_out = "give the columns the names that the model knows"
        if unknown and not missing:
            them = "them out, or, if one" if len(unknown) > 1 else "it out, or, if it"
            way_out = f"leave {them} holds the labels, name it (command line: --label)"
        raise DataError(f"{path} {' and '.join(problems)}; {way_out}")
    position = {name: column for column, name in enumerate(there)}
    return [position[name] for name in names]


def _listed(names: Sequence[str], most: int = 8) -> str:
    listed = ", ".join(names[:most]) + (f" and {len(names) - most} more" if names[most:] else "")
    return f"column{'s' if len(names) > 1 else ''} {listed}"
