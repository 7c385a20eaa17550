"""Data sets in memory, and the checks of their samples and labels."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..config import MAX_CLASSES
from ..errors import DataError
from ..samples import samples_array
from .labels import Label, checked_label_array, class_indices, distinct_labels
from .run_parameters import RunParameters
from .splits import stratified_split

__all__ = [
    "DataSet",
    "LabelledSamples",
    "checked_classes",
    "checked_features",
    "checked_labels",
    "checked_split",
    "no_split",
]

# Values are checked in slices of this many rows, to limit the memory.
SLICE_ROWS = 4096


@dataclass(frozen=True, eq=False, kw_only=True)
class LabelledSamples:
    """Labelled samples of one split, for an evaluation.

    Parameters
    ----------
    name : str
        Name of the data set.
    split : str
        ``"train"`` or ``"test"``.
    x : (n, features) array
        Samples, in the type of the source.
    y : (n,) int64, bool or text
        Their labels, as in the source; :func:`~.labels.class_indices` gives their classes.
    class_names : tuple of str or None
        Names of the classes, if they have names.
    feature_names : tuple of str or None
        Names of the features, if they have names.
    image_shape : (height, width) or None
        Height and width, if a sample is an image; pixels are row by row.
    """

    name: str
    split: str
    x: NDArray[Any]
    y: NDArray[Any]
    class_names: tuple[str, ...] | None = None
    feature_names: tuple[str, ...] | None = None
    image_shape: tuple[int, int] | None = None


@dataclass(frozen=True, eq=False, kw_only=True)
class DataSet:
    """A data set: samples and labels for training and test.

    :meth:`from_arrays` checks arrays and makes a data set of them.

    Attributes
    ----------
    name : str
        Name of the data set.
    x_train : (n, features) numbers
        Training samples, in the type of the source.
    y_train : (n,) int64
        Their classes, 0 to ``classes − 1``.
    x_test, y_test : arrays or None
        The test split, both or neither.
    classes : int
        ``C``. 2 to 256.
    image_shape : (height, width) or None
        Height and width, if a sample is an image; pixels are row by row.
    labels : tuple of int, str or bool
        Label of each class in the source; by default the classes' numbers.
    class_names : tuple of str or None
        Names of the classes, if they have names, or if their labels are other than their numbers.
    feature_names : tuple of str or None
        Names of the features, if they have names.
    label_name : str or None
        Name of the column that holds the labels, if it has one.
    run : RunParameters or None
        Parameters and results, if the file records a training run.
    """

    name: str
    x_train: NDArray[Any]
    y_train: NDArray[np.int64]
    classes: int
    x_test: NDArray[Any] | None = None
    y_test: NDArray[np.int64] | None = None
    image_shape: tuple[int, int] | None = None
    labels: tuple[Label, ...] = ()
    class_names: tuple[str, ...] | None = None
    feature_names: tuple[str, ...] | None = None
    label_name: str | None = None
    run: RunParameters | None = None

    def __post_init__(self) -> None:
        if not self.labels:
            object.__setattr__(self, "labels", tuple(range(self.classes)))

    @property
    def features(self) -> int:
        """Features of a sample."""
        return self.x_train.shape[1]

    @classmethod
    def from_arrays(
        cls,
        name: str,
        x_train: NDArray[Any],
        y_train: NDArray[Any],
        x_test: NDArray[Any] | None = None,
        y_test: NDArray[Any] | None = None,
        *,
        classes: Any = None,
        class_names: tuple[str, ...] | None = None,
        feature_names: tuple[str, ...] | None = None,
        label_name: str | None = None,
    ) -> "DataSet":
        """Check arrays and make a data set of them.

        Parameters
        ----------
        name : str
            Name of the data set; error messages begin with it.
        x_train, x_test : (n, features) or (n, height, width) numbers
            Finite. Images are flattened, and their shape is kept.
        y_train, y_test : (n,) integers, booleans or text
            Labels. The test split's are among the training split's. Where ``classes`` is given,
            they are integers from 0, below ``classes``.
        classes : int or None
            ``C``; where it is None, the classes are the sorted distinct training labels.
        class_names : tuple of str or None
            Names of the classes, one for each.
        feature_names : tuple of str or None
            Names of the features, one for each.
        label_name : str or None
            Name of the column that holds the labels.

        Raises
        ------
        DataError
            If an argument breaks a rule above, the arrays have different lengths or hold no
            sample, or the training split holds one class only.
        """
        try:
            x_train, y_train, image_shape = checked_split(x_train, y_train, "train")
            labels = distinct_labels(y_train, name="y_train")
            if classes is not None:
                labels = tuple(range(checked_classes(classes)))
            if (x_test is None) != (y_test is None):
                there, lacking = ("y_test", "x_test") if x_test is None else ("x_test", "y_test")
                raise DataError(f"{there} comes without {lacking}; give both or neither")
            if x_test is not None and y_test is not None:
                x_test, y_test, test_shape = checked_split(x_test, y_test, "test")
                _check_alike(x_train, x_test, image_shape, test_shape)
            if classes is not None:
                y_train = _below(y_train, len(labels), "y_train")
                y_test = None if y_test is None else _below(y_test, len(labels), "y_test")
            else:
                y_train = class_indices(y_train, labels, name="y_train")
                if y_test is not None:
                    y_test = class_indices(
                        y_test, labels, name="y_test", where=lambda index: f"y_test[{index}]"
                    )
            if class_names is not None and len(class_names) != len(labels):
                raise DataError(
                    f"class_names must name the {len(labels)} classes, not {tuple(class_names)}"
                )
            if feature_names is not None and len(feature_names) != x_train.shape[1]:
                raise DataError(
                    f"feature_names must name the {x_train.shape[1]} features, not "
                    f"{len(feature_names)}"
                )
        except DataError as error:
            raise DataError(f"{name}: {error}") from None
        if class_names is None:
            class_names = _names_of(labels)
        return cls(
            name=name,
            x_train=x_train,
            y_train=y_train,
            x_test=x_test,
            y_test=y_test,
            classes=len(labels),
            image_shape=image_shape,
            labels=labels,
            class_names=class_names,
            feature_names=feature_names,
            label_name=label_name,
        )

    def with_test(self, samples: LabelledSamples) -> "DataSet":
        """This data set with other samples as its test split, for example of a second file.

        Raises
        ------
        DataError
            If there is a test split, the features differ, or a label is that of no training sample.
        """
        self._check_without_test()
        if samples.x.shape[1] != self.features:
            raise DataError(
                f"{samples.name} has {samples.x.shape[1]} features a sample, and {self.name} "
                f"{self.features}; training and test samples must have the same"
            )
        if None not in (samples.feature_names, self.feature_names) and (
            samples.feature_names != self.feature_names
        ):
            raise DataError(
                f"{samples.name} and {self.name} have other features, or the same in another "
                "order; load the test samples with the feature names of the training samples"
            )
        y = class_indices(samples.y, self.labels, name=samples.name)
        return replace(self, x_test=samples.x, y_test=y)

    def with_test_share(self, share: float, *, seed: int) -> "DataSet":
        """This data set with a share of each class's training samples as the test split.

        Parameters
        ----------
        share : float
            Share of the samples. Above 0, below 1.
        seed : int
            Seed of the choice (:func:`~.splits.stratified_split`).

        Raises
        ------
        DataError
            If there is a test split, or a split would hold no sample.
        ConfigurationError
            If an argument is out of its range.
        """
        self._check_without_test()
        train, test = stratified_split(self.y_train, share, seed=seed)
        return replace(
            self,
            x_train=self.x_train[train],
            y_train=self.y_train[train],
            x_test=self.x_train[test],
            y_test=self.y_train[test],
        )

    def with_labels(self, labels: Sequence[Label]) -> "DataSet":
        """This data set with classes in a model's order, to train the model further.

        Parameters
        ----------
        labels : sequence of int, str or bool
            Label of each class of the model.

        Raises
        ------
        DataError
            If the data have a label that is not among them.
        """

        def classes(y: NDArray[np.int64]) -> NDArray[np.int64]:
            return class_indices(np.array(self.labels)[y], labels, name=self.name)

        return replace(
            self,
            y_train=classes(self.y_train),
            y_test=None if self.y_test is None else classes(self.y_test),
            classes=len(labels),
            labels=tuple(labels),
            class_names=_names_of(tuple(labels)),
        )

    def _check_without_test(self) -> None:
        if self.x_test is not None:
            raise DataError(
                f"{self.name} has a test split already; leave out the other one (command line: "
                "--test, --test-share)"
            )


def _names_of(labels: tuple[Label, ...]) -> tuple[str, ...] | None:
    """The labels as text, if they are other than the classes' numbers."""
    names = tuple(map(str, labels))
    return None if names == tuple(map(str, range(len(labels)))) else names


def _check_alike(
    x_train: NDArray[Any],
    x_test: NDArray[Any],
    train_shape: tuple[int, int] | None,
    test_shape: tuple[int, int] | None,
) -> None:
    """Check that training and test samples have the same features."""
    if x_test.shape[1] != x_train.shape[1]:
        raise DataError(
            f"x_test has {x_test.shape[1]} features a sample and x_train "
            f"{x_train.shape[1]}; they must have the same"
        )
    if None not in (train_shape, test_shape) and train_shape != test_shape:
        raise DataError(
            f"x_test has images of shape {test_shape} and x_train of {train_shape}; "
            "they must have the same"
        )


def _below(y: NDArray[Any], classes: int, name: str) -> NDArray[np.int64]:
    """Labels that are class indices below a stated number of classes."""
    checked = checked_labels(y, name=name)
    if checked.max() >= classes:
        index = int(np.argmax(checked >= classes))
        raise DataError(
            f"{name}[{index}] is {checked[index]}, and classes is {classes}; labels must be below"
        )
    return checked


def checked_split(
    x: Any, y: Any, split: str
) -> tuple[NDArray[Any], NDArray[Any], tuple[int, int] | None]:
    """Samples as a table, their labels, and the images' shape where they are images.

    Parameters
    ----------
    x, y : arrays
        Samples and labels.
    split : str
        Errors call them ``x_`` and ``y_`` and this.

    Raises
    ------
    DataError
        As :func:`checked_features` and :func:`.labels.checked_label_array`, or if they are not as
        many.
    """
    x, image_shape = checked_features(x, name=f"x_{split}")
    y = checked_label_array(y, name=f"y_{split}")
    if len(x) != len(y):
        raise DataError(
            f"x_{split} holds {len(x)} samples and y_{split} {len(y)} labels; each sample needs one"
        )
    return x, y, image_shape


def checked_features(
    x: Any, *, name: str, where: Callable[[int, int], str] | None = None
) -> tuple[NDArray[Any], tuple[int, int] | None]:
    """Samples as a table of finite numbers, and the images' shape where they are images.

    Parameters
    ----------
    x : (n, features) or (n, height, width) array
        Samples.
    name : str
        Name in error messages.
    where : function of row and column, or None
        What errors call a value; ``name[row, column]`` where it is None.

    Raises
    ------
    DataError
        If there is no sample or no feature, samples differ in shape, or a value is not a finite
        real number.
    """
    x = samples_array(x, f"samples of {name}")
    if x.dtype.kind not in "biuf":
        raise DataError(f"{name} must hold real numbers, not values of type {x.dtype}")
    if x.ndim not in (2, 3):
        raise DataError(
            f"{name} must be of shape (samples, features) or (samples, height, width), "
            f"not {x.shape}"
        )
    if not len(x):
        raise DataError(f"{name} holds no samples")
    image_shape = (int(x.shape[1]), int(x.shape[2])) if x.ndim == 3 else None
    if not x.size:
        raise DataError(f"{name} holds samples without features, of shape {x.shape}")
    table = np.ascontiguousarray(x.reshape(len(x), -1))
    if table.dtype.kind == "b":
        table = table.view(np.uint8)
    if table.dtype.kind == "f":
        for start in range(0, len(table), SLICE_ROWS):
            wrong = ~np.isfinite(table[start : start + SLICE_ROWS])
            if wrong.any():
                row, column = (int(index) for index in np.argwhere(wrong)[0])
                row += start
                at = where(row, column) if where else f"{name}[{row}, {column}]"
                raise DataError(
                    f"{at} is {table[row, column]}; features must be finite numbers, so fill in "
                    "or leave out what is missing"
                )
    return table, image_shape


def checked_labels(
    y: Any, *, name: str, where: Callable[[int], str] | None = None
) -> NDArray[np.int64]:
    """Check labels and convert them to int64 from 0 to 255, shape ``(n,)``.

    Parameters
    ----------
    y : (n,) array
        Labels; whole numbers of a floating-point type are fine.
    name : str
        Name in error messages.
    where : function of the row, or None
        Gives the name of a label in error messages; by default ``name[row]``.

    Raises
    ------
    DataError
        If a label is negative, fractional, not a number, or too high.
    """
    try:
        y = np.asarray(y)
    except ValueError:
        raise DataError(f"{name} must hold a label a sample, and is ragged") from None
    if y.dtype.kind not in "biuf":
        raise DataError(f"{name} must hold integers, not values of type {y.dtype}")
    if y.ndim != 1:
        raise DataError(f"{name} must hold a label a sample, shape (samples,), not {y.shape}")
    with np.errstate(invalid="ignore"):
        rules = (
            (y != np.floor(y) if y.dtype.kind == "f" else np.zeros(len(y), bool), "whole numbers"),
            (y < 0, "0 or more"),
            (y >= MAX_CLASSES, f"at most {MAX_CLASSES - 1}"),
        )
    for wrong, rule in rules:
        if wrong.any():
            index = int(np.argmax(wrong))
            at = where(index) if where else f"{name}[{index}]"
            raise DataError(f"{at} is {y[index]}; labels must be {rule}")
    return y.astype(np.int64)


def checked_classes(classes: Any) -> int:
    """Check a number of classes read from a file, 2 to 256.

    Raises
    ------
    DataError
        If it is not one.
    """
    try:
        value = np.asarray(classes)
    except ValueError:
        raise DataError(f"classes must be an integer, not {classes!r}") from None
    if value.ndim or value.dtype.kind not in "iuf" or value != np.floor(value):
        raise DataError(f"classes must be an integer, not {value.tolist()!r}")
    if not 2 <= value <= MAX_CLASSES:
        raise DataError(f"classes must be from 2 to {MAX_CLASSES}, not {value}")
    return int(value)


def no_split(name: str, asked: str, there: str) -> DataError:
    """The error for a data set without the requested split but with the other one."""
    return DataError(
        f"{name} has no {asked} split; ask for its {there} split (command line: --split {there})"
    )
