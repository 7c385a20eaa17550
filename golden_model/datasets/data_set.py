"""Data sets in memory, and the checks of their samples and labels."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..config import MAX_CLASSES, NetworkConfig
from ..errors import DataError
from ..samples import samples_array

__all__ = [
    "DataSet",
    "LabelledSamples",
    "RunParameters",
    "checked_classes",
    "checked_features",
    "checked_labels",
    "checked_split",
    "no_split",
]

# Values are checked in slices of this many rows, to limit the memory.
SLICE_ROWS = 4096


@dataclass(frozen=True, eq=False, kw_only=True)
class RunParameters:
    """Parameters and results of a recorded training run.

    Attributes
    ----------
    hidden, groups : tuple of int
        ``K_l`` and ``γ_l``.
    classes, counter_bits : int
        ``C`` and ``B``.
    robustness, reinforcement : float
        ``r`` and ``p_r``.
    batch, epochs, seed : int
        Samples between two commits, epochs trained, and the seed.
    shuffle_block : int
        ``S``.
    expected : dict of str to array
        The recorded results in the file, by name: ``initial_counters_l``,
        ``classifier_l``, ``counters_l``, ``snapshot_l``, ``accuracies``, ``predictions``.
    """

    hidden: tuple[int, ...]
    groups: tuple[int, ...]
    classes: int
    counter_bits: int
    robustness: float
    reinforcement: float
    batch: int
    epochs: int
    seed: int
    expected: dict[str, NDArray[Any]]
    shuffle_block: int = 1

    def config(self, inputs: int) -> NetworkConfig:
        """The run's network for samples of ``inputs`` bits.

        Raises
        ------
        ConfigurationError
            If the recorded values do not describe a network.
        """
        return NetworkConfig(
            inputs=inputs,
            hidden=self.hidden,
            groups=self.groups,
            classes=self.classes,
            counter_bits=self.counter_bits,
            robustness=self.robustness,
            reinforcement=self.reinforcement,
            batch=self.batch,
            seed=self.seed,
            shuffle_block=self.shuffle_block,
        )


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
    y : (n,) int64
        Their labels, 0 to 255.
    class_names : tuple of str or None
        Names of the classes, if they have names.
    """

    name: str
    split: str
    x: NDArray[Any]
    y: NDArray[np.int64]
    class_names: tuple[str, ...] | None = None


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
        Their labels, 0 to ``classes − 1``.
    x_test, y_test : arrays or None
        The test split, both or neither.
    classes : int
        ``C``. 2 to 256.
    image_shape : (height, width) or None
        Height and width, if a sample is an image; pixels are row by row.
    class_names : tuple of str or None
        Names of the classes, if they have names.
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
    class_names: tuple[str, ...] | None = None
    run: RunParameters | None = None

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
    ) -> "DataSet":
        """Check arrays and make a data set of them.

        Parameters
        ----------
        name : str
            Name of the data set; error messages begin with it.
        x_train, x_test : (n, features) or (n, height, width) numbers
            Finite. Images are flattened, and their shape is kept.
        y_train, y_test : (n,) integers
            From 0. The test split's are among the training split's, or below ``classes`` where
            that is given.
        classes : int or None
            ``C``; the highest training label plus one, but at least 2, where it is None.
        class_names : tuple of str or None
            Names of the classes, one for each.

        Raises
        ------
        DataError
            If an argument breaks a rule above, the arrays have different lengths or hold no
            sample, or the training split holds one class only.
        """
        try:
            x_train, y_train, image_shape = checked_split(x_train, y_train, "train")
            present = np.unique(y_train)
            if len(present) == 1:
                raise DataError(
                    f"y_train holds one class only, {present[0]}; learning needs two or more"
                )
            declared = classes is not None
            highest = int(present[-1])
            count = checked_classes(classes) if declared else max(2, highest + 1)
            if highest >= count:
                raise DataError(
                    f"y_train holds label {highest}, and classes is {count}; labels must be below"
                )
            if (x_test is None) != (y_test is None):
                there, lacking = ("y_test", "x_test") if x_test is None else ("x_test", "y_test")
                raise DataError(f"{there} comes without {lacking}; give both or neither")
            if x_test is not None and y_test is not None:
                x_test, y_test, test_shape = checked_split(x_test, y_test, "test")
                if x_test.shape[1] != x_train.shape[1]:
                    raise DataError(
                        f"x_test has {x_test.shape[1]} features a sample and x_train "
                        f"{x_train.shape[1]}; they must have the same"
                    )
                if None not in (image_shape, test_shape) and image_shape != test_shape:
                    raise DataError(
                        f"x_test has images of shape {test_shape} and x_train of {image_shape}; "
                        "they must have the same"
                    )
                known = np.arange(count) if declared else present
                unknown = ~np.isin(y_test, known)
                if unknown.any():
                    index = int(np.argmax(unknown))
                    why = (
                        f"classes is {count}; labels must be below"
                        if declared
                        else "no training sample has this label; leave such samples out, or add "
                        "the number of classes to the file as `classes`"
                    )
                    raise DataError(f"y_test[{index}] is {y_test[index]}, and {why}")
            if class_names is not None and len(class_names) != count:
                raise DataError(
                    f"class_names must name the {count} classes, not {tuple(class_names)}"
                )
        except DataError as error:
            raise DataError(f"{name}: {error}") from None
        return cls(
            name=name,
            x_train=x_train,
            y_train=y_train,
            x_test=x_test,
            y_test=y_test,
            classes=count,
            image_shape=image_shape,
            class_names=class_names,
        )


def checked_split(
    x: Any, y: Any, split: str
) -> tuple[NDArray[Any], NDArray[np.int64], tuple[int, int] | None]:
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
        As :func:`checked_features` and :func:`checked_labels`, or if they are not as many.
    """
    x, image_shape = checked_features(x, name=f"x_{split}")
    y = checked_labels(y, name=f"y_{split}")
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
