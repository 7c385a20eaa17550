"""Tables in text files (.csv, .tsv, .txt, .dat, .data, gzipped or not) as data sets."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..errors import DataError
from .data_set import DataSet, LabelledSamples
from .table import match_features, read_table

__all__ = [
    "OnNote",
    "ignore_note",
    "is_table",
    "load_csv",
    "load_csv_features",
    "load_csv_labelled",
]

SUFFIXES = (".csv", ".tsv", ".txt", ".dat", ".data")

OnNote = Callable[[str], None]


def ignore_note(note: str) -> None:
    """Do nothing with a note."""


def is_table(path: Path) -> bool:
    """Whether a file's name is that of a table."""
    return path.name.casefold().removesuffix(".gz").endswith(SUFFIXES)


def load_csv(
    path: Path,
    *,
    label: str | None = None,
    label_name: str | None = None,
    feature_names: Sequence[str] | None = None,
    on_note: OnNote = ignore_note,
) -> DataSet:
    """Load a data set, without a test split, from a table.

    Parameters
    ----------
    path : Path
        The file.
    label : str or None
        Name of the label column, or, in a table without a header, its number from 1. By default
        the column named label, class or target, otherwise the last.
    label_name : str or None
        Name of the label column of a model's training data. It is found by this name in a table
        with a header, and may be missing.
    feature_names : sequence of str or None
        Names of the features in the order that a model has learnt, to train it further.
    on_note : function of a sentence
        Called with everything that is left out or assumed.

    Raises
    ------
    DataError
        As :func:`.table.read_table`, or if all samples have one label, or more than 256.
    """
    table = read_table(
        path,
        labelled=True,
        label=label,
        label_name=label_name,
        feature_names=feature_names,
        on_note=on_note,
    )
    labels = table.labels
    assert labels is not None
    if table.names is None and label is None and (labels == labels[0]).all():
        raise DataError(
            f"{path} has no header, so the last column holds the labels, and all are {labels[0]}; "
            "learning needs two classes or more (command line: --label 1 if the labels are in the "
            "first column)"
        )
    x = table.x if feature_names is None else match_features(feature_names, table)
    names = table.names if feature_names is None else tuple(feature_names)
    return DataSet.from_arrays(
        str(path), x, labels, feature_names=names, label_name=table.label_name
    )


def load_csv_labelled(
    path: Path,
    *,
    label: str | None = None,
    label_name: str | None = None,
    feature_names: Sequence[str] | None = None,
    features: int | None = None,
    on_note: OnNote = ignore_note,
) -> LabelledSamples:
    """Load samples and labels of any classes from a table, as a training split.

    Parameters
    ----------
    path, label, label_name, on_note
        As in :func:`load_csv`.
    feature_names : sequence of str or None
        Names of a model's features; the samples have their order.
    features : int or None
        Number of features that a sample must have, if known.

    Raises
    ------
    DataError
        As :func:`.table.read_table`.
    """
    table = read_table(
        path,
        labelled=True,
        label=label,
        label_name=label_name,
        feature_names=feature_names,
        features=features,
        on_note=on_note,
    )
    assert table.labels is not None
    x = table.x if feature_names is None else match_features(feature_names, table)
    return LabelledSamples(
        name=str(path),
        split="train",
        x=x,
        y=table.labels,
        feature_names=table.names if feature_names is None else tuple(feature_names),
    )


def load_csv_features(
    path: Path,
    features: int | None = None,
    *,
    feature_names: Sequence[str] | None = None,
    label: str | None = None,
    label_name: str | None = None,
    on_note: OnNote = ignore_note,
) -> NDArray[np.float64]:
    """Load samples for prediction from a table with or without labels.

    Parameters
    ----------
    path : Path
        The file.
    features : int or None
        Number of features of a sample, if known. Without a header, one column more is left out as
        the labels; with a header, a column is left out only by its name.
    feature_names, label, label_name, on_note
        As in :func:`load_csv_labelled`.

    Raises
    ------
    DataError
        As :func:`.table.read_table`.
    """
    table = read_table(
        path,
        labelled=False,
        label=label,
        label_name=label_name,
        feature_names=feature_names,
        features=features,
        on_note=on_note,
    )
    return table.x if feature_names is None else match_features(feature_names, table)
