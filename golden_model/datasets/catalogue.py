"""Load data sets by the name of a built-in one, or by path; describe and download them."""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import DataError
from . import digits, prototypes
from .csv_file import (
    OnNote,
    ignore_note,
    is_table,
    load_csv,
    load_csv_features,
    load_csv_labelled,
)
from .data_set import DataSet, LabelledSamples, checked_features, no_split
from .idx import load_directory, looks_like_idx, parse_images, read_unpacked
from .npz_file import load_npz, load_npz_features, load_npz_labelled
from .published_idx import IMAGE_SHAPE, PUBLISHED, TEST, TRAIN, fetch_files, find, load_published

__all__ = ["NAMES", "Description", "describe", "fetch", "load", "load_features", "load_labelled"]

NAMES = (digits.NAME, *PUBLISHED, prototypes.NAME)

PathLike = str | os.PathLike[str]


@dataclass(frozen=True)
class Description:
    """Properties of a built-in data set, for ``metaplast data list``.

    Attributes
    ----------
    name, summary, licence : str
        Name for the command line, description, and licence.
    train, test : int
        Samples of each split.
    features, classes : int
        Features of a sample, and ``C``.
    image_shape : (height, width) or None
        Height and width, if a sample is an image.
    available : bool
        Whether it can be loaded now.
    location : str
        Directory of its files, or how to get it.
    """

    name: str
    summary: str
    licence: str
    train: int
    test: int
    features: int
    classes: int
    image_shape: tuple[int, int] | None
    available: bool
    location: str


def describe(data_dir: PathLike | None = None) -> tuple[Description, ...]:
    """The built-in data sets, in the order of :data:`NAMES`."""
    published = []
    for known in PUBLISHED.values():
        found = find(known, _path(data_dir))
        published.append(
            Description(
                name=known.name,
                summary=known.summary,
                licence=known.licence,
                train=TRAIN,
                test=TEST,
                features=IMAGE_SHAPE[0] * IMAGE_SHAPE[1],
                classes=10,
                image_shape=IMAGE_SHAPE,
                available=found is not None,
                location=str(found or f"not here: run `metaplast data fetch {known.name}`"),
            )
        )
    return (
        Description(
            name=digits.NAME,
            summary="handwritten digits, pixels 0 to 16 (UCI optical digits, public test part)",
            licence="CC BY 4.0",
            train=digits.TRAIN,
            test=digits.TEST,
            features=64,
            classes=10,
            image_shape=digits.IMAGE_SHAPE,
            available=True,
            location="embedded",
        ),
        *published,
        Description(
            name=prototypes.NAME,
            summary="random class prototypes with 44 % of the bits flipped",
            licence="none needed",
            train=10_000,
            test=2_000,
            features=1000,
            classes=10,
            image_shape=None,
            available=True,
            location="generated",
        ),
    )


def load(
    name_or_path: PathLike,
    *,
    data_dir: PathLike | None = None,
    label: str | None = None,
    label_name: str | None = None,
    feature_names: Sequence[str] | None = None,
    on_note: OnNote = ignore_note,
) -> DataSet:
    """Load a data set.

    Parameters
    ----------
    name_or_path : str or path
        One of :data:`NAMES`; or a ``.npz`` file (the user's arrays, or a recorded run), a table
        (``.csv``, ``.tsv``, ``.txt``, gzipped or not), or a directory with IDX files in MNIST's
        naming.
    data_dir : path or None
        Directory of a built-in set's files; by default the usual places.
    label : str or None
        Name of a table's label column, or, without a header, its number from 1.
    label_name : str or None
        Name of the label column of a model's training data, which a table may lack.
    feature_names : sequence of str or None
        Names of a model's features, to train it further: a table's columns get their order.
    on_note : function of a sentence
        Called with everything of a table that is left out or assumed.

    Raises
    ------
    DataError
        If there is no such data set, or its files or values break a rule.
    """
    name = _name(name_or_path)
    path = None if name in NAMES else _existing(name)
    if path is not None and path.is_file() and is_table(path):
        return load_csv(
            path,
            label=label,
            label_name=label_name,
            feature_names=feature_names,
            on_note=on_note,
        )
    _only_tables(name, label)
    if name == digits.NAME:
        return digits.digits()
    if name in PUBLISHED:
        return load_published(PUBLISHED[name], _path(data_dir))
    if path is None:
        return prototypes.prototypes()
    if path.is_dir():
        return load_directory(path)
    if path.suffix.lower() == ".npz":
        return load_npz(path)
    if looks_like_idx(path):
        raise DataError(
            f"{path} seems to be one IDX file of a data set; give the directory that holds them"
        )
    raise _unknown_kind(path, "nor a directory with IDX files")


def load_labelled(
    name_or_path: PathLike,
    split: str | None = None,
    *,
    data_dir: PathLike | None = None,
    label: str | None = None,
    label_name: str | None = None,
    feature_names: Sequence[str] | None = None,
    on_note: OnNote = ignore_note,
) -> LabelledSamples:
    """Load labelled samples for an evaluation.

    Unlike a training set, they may be of one class, and one split is enough.

    Parameters
    ----------
    name_or_path : str or path
        As :func:`load` takes it. The samples of a table are a training split.
    split : str or None
        ``"train"`` or ``"test"``; where it is None, test if there is one.
    data_dir, label, label_name, feature_names, on_note
        As in :func:`load`.

    Raises
    ------
    DataError
        If there is no such data set or split, or its files or values break a rule.
    """
    name = _name(name_or_path)
    if split not in (None, "train", "test"):
        raise DataError(f"split must be 'train', 'test' or None, not {split!r}")
    path = None if name in NAMES else _existing(name)
    if path is not None and path.is_file():
        if is_table(path):
            if split == "test":
                raise no_split(name, "test", "train")
            return load_csv_labelled(
                path,
                label=label,
                label_name=label_name,
                feature_names=feature_names,
                on_note=on_note,
            )
        _only_tables(name, label)
        if path.suffix.lower() == ".npz":
            return load_npz_labelled(path, split)
    data = load(name, data_dir=data_dir, label=label)
    if data.x_test is None or data.y_test is None or split == "train":
        if split == "test":
            raise no_split(name, "test", "train")
        x, y, split = data.x_train, data.y_train, "train"
    else:
        x, y, split = data.x_test, data.y_test, "test"
    return LabelledSamples(
        name=name,
        split=split,
        x=x,
        y=np.array(data.labels)[y],
        class_names=data.class_names,
        image_shape=data.image_shape,
    )


def load_features(
    name_or_path: PathLike,
    *,
    features: int | None = None,
    data_dir: PathLike | None = None,
    label: str | None = None,
    label_name: str | None = None,
    feature_names: Sequence[str] | None = None,
    on_note: OnNote = ignore_note,
) -> NDArray[Any]:
    """Load samples for prediction, with or without labels.

    Parameters
    ----------
    name_or_path : str or path
        A ``.npz`` file with ``x`` (or else ``x_test``), a table with or without a label column, an
        IDX file of images; or a data set that :func:`load` takes, of which the test split is used.
    features : int or None
        Number of features that a sample must have, if known.
    data_dir, label, label_name, feature_names, on_note
        As in :func:`load`.

    Returns
    -------
    (n, features) array

    Raises
    ------
    DataError
        If there is no such file, or its values break a rule.
    """
    name = _name(name_or_path)
    path = None if name in NAMES else _existing(name)
    x: NDArray[Any]
    if path is not None and path.is_file() and is_table(path):
        return load_csv_features(
            path,
            features,
            feature_names=feature_names,
            label=label,
            label_name=label_name,
            on_note=on_note,
        )
    _only_tables(name, label)
    if path is None or path.is_dir():
        data = load(name, data_dir=data_dir)
        if data.x_test is None:
            raise DataError(f"{name} has no test split to predict")
        x = data.x_test
    elif path.suffix.lower() == ".npz":
        x = load_npz_features(path)
    elif looks_like_idx(path):
        x, _ = checked_features(parse_images(read_unpacked(path), path), name=name)
    else:
        raise _unknown_kind(path, "nor an IDX file of images")
    if features is not None and x.shape[1] != features:
        raise DataError(f"{name} has {x.shape[1]} features a sample; there should be {features}")
    return x


def _only_tables(name: str, label: str | None) -> None:
    if label is not None:
        raise DataError(
            f"{name} is no table, so it has no column {label!r}; leave the name of the label "
            "column out (command line: --label)"
        )


def _unknown_kind(path: Path, nor: str) -> DataError:
    return DataError(
        f"{path} is neither an .npz file nor a table (.csv, .tsv, .txt, gzipped or not), {nor}; "
        "rename or convert it"
    )


def fetch(
    name: str,
    data_dir: PathLike | None = None,
    *,
    on_progress: Callable[[str, int], None] | None = None,
) -> Path:
    """Download a built-in data set, unless it is present, and check it.

    Parameters
    ----------
    name : str
        One of :data:`NAMES`.
    data_dir : path or None
        Directory to store it in; by default ``$METAPLAST_DATA`` or the user's cache.
    on_progress : function of a file's name and the bytes it has so far, or None
        Called during a download.

    Returns
    -------
    Path
        The directory of its files.

    Raises
    ------
    DataError
        If there is no such data set, it needs no download, or the download fails.
    """
    if name in PUBLISHED:
        return fetch_files(PUBLISHED[name], _path(data_dir), on_progress)
    if name in NAMES:
        raise DataError(f"{name} comes with Metaplast; there is nothing to fetch")
    raise DataError(f"there is no data set {name!r} to fetch; there are {', '.join(NAMES)}")


def _name(name_or_path: PathLike) -> str:
    if isinstance(name_or_path, str | os.PathLike):
        name = os.fspath(name_or_path)
        if isinstance(name, str):
            return name
    raise DataError(f"data must be given by name or path, not {name_or_path!r}")


def _path(directory: PathLike | None) -> Path | None:
    return None if directory is None else Path(directory)


def _existing(name: str) -> Path:
    path = Path(name)
    try:
        there = bool(name) and path.exists()
    except (OSError, ValueError):  # a name too long, or with a null character
        there = False
    if not there:
        raise DataError(
            f"there is no file {name!r}, nor a data set of this name; the built-in ones are "
            f"{', '.join(NAMES)}"
        )
    return path
