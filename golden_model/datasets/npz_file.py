"""`.npz` files: a user's data sets, samples for prediction, and recorded runs."""

import re
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..config import MAX_EPOCHS
from ..errors import ConfigurationError, DataError
from ..files.npz import read_arrays
from .data_set import (
    DataSet,
    LabelledSamples,
    checked_classes,
    checked_features,
    checked_labels,
    checked_split,
    no_split,
)
from .run_parameters import RunParameters

__all__ = ["load_npz", "load_npz_features", "load_npz_labelled"]

# Arrays that a data set may have, and that a recorded run must have.
ARRAYS = ("x_train", "y_train", "x_test", "y_test", "classes")
INTEGERS = ("classes", "counter_bits", "batch", "epochs", "seed")
REALS = ("robustness", "reinforcement")
RUN = ("x", "y", "hidden", "groups", *INTEGERS, *REALS)

# A recorded run may also have this; its value is 1 otherwise.
SHUFFLE_BLOCK = "shuffle_block"

# A run's recorded results.
RESULT = re.compile(r"(initial_counters|classifier|counters|snapshot)_(\d+)|accuracies|predictions")


def load_npz(path: Path) -> DataSet:
    """Load a data set or a recorded run (:class:`RunParameters`) from an ``.npz`` file.

    A data set has ``x_train`` and ``y_train``, and optionally ``x_test``, ``y_test`` and
    ``classes``.

    Raises
    ------
    DataError
        If the file is damaged, lacks an array, or an array breaks a rule.
    """
    arrays = _read(path)
    if _records_run(arrays):
        return _load_run(path, arrays)
    if lacking := [name for name in ARRAYS[:2] if name not in arrays]:
        if "counters_0" in arrays:
            raise DataError(
                f"{path} is a model, and no data set; to go on training it, name the data, and "
                "give the model beside (command line: --continue) or read it with Model.load"
            )
        raise DataError(
            f"{path} lacks {' and '.join(lacking)}; a data set's .npz file holds x_train and "
            "y_train, and x_test and y_test if there is a test split"
        )
    return DataSet.from_arrays(
        str(path),
        arrays["x_train"],
        arrays["y_train"],
        arrays.get("x_test"),
        arrays.get("y_test"),
        classes=arrays.get("classes"),
    )


def load_npz_labelled(path: Path, split: str | None = None) -> LabelledSamples:
    """Load samples and labels of one split, of any classes; the other split may be missing.

    Parameters
    ----------
    path : Path
        The file.
    split : str or None
        ``"train"`` or ``"test"``; where it is None, test if there is one.

    Raises
    ------
    DataError
        If the file is damaged, lacks an array, or an array breaks a rule.
    """
    arrays = _read(path)
    if _records_run(arrays):
        run = _load_run(path, arrays)
        arrays = {"x_train": run.x_train, "y_train": run.y_train}
    there = [name for name in ("test", "train") if f"x_{name}" in arrays or f"y_{name}" in arrays]
    chosen = split or (there[0] if there else "test")
    if chosen not in there and there:
        raise no_split(str(path), chosen, there[0])
    if lacking := [name for name in (f"x_{chosen}", f"y_{chosen}") if name not in arrays]:
        raise DataError(f"{path} lacks {' and '.join(lacking)}, so there is nothing to measure on")
    try:
        x, y, shape = checked_split(arrays[f"x_{chosen}"], arrays[f"y_{chosen}"], chosen)
    except DataError as error:
        raise DataError(f"{path}: {error}") from None
    return LabelledSamples(name=str(path), split=chosen, x=x, y=y, image_shape=shape)


def load_npz_features(path: Path) -> NDArray[Any]:
    """Load samples for prediction: ``x`` of a file, or ``x_test`` if there is no ``x``.

    Raises
    ------
    DataError
        If the file is damaged or holds neither, or its values are not finite numbers.
    """
    arrays = read_arrays(path, DataError, lambda name: name in ("x", "x_test"))
    for name, values in sorted(arrays.items()):
        try:
            return checked_features(values, name=name)[0]
        except DataError as error:
            raise DataError(f"{path}: {error}") from None
    raise DataError(
        f"{path} holds neither x nor x_test, so there is nothing to predict; name the samples x"
    )


def _read(path: Path) -> dict[str, NDArray[Any]]:
    return read_arrays(
        path,
        DataError,
        lambda name: name in (*ARRAYS, *RUN, SHUFFLE_BLOCK) or bool(RESULT.fullmatch(name)),
    )


def _records_run(arrays: dict[str, NDArray[Any]]) -> bool:
    return "x_train" not in arrays and "x" in arrays and "hidden" in arrays


def _load_run(path: Path, arrays: dict[str, NDArray[Any]]) -> DataSet:
    try:
        return _run(str(path), arrays)
    except (ConfigurationError, DataError) as error:
        raise DataError(f"{path}: {error}") from None


def _run(name: str, arrays: dict[str, NDArray[Any]]) -> DataSet:
    if lacking := [key for key in RUN if key not in arrays]:
        raise DataError(f"a recorded run also holds {' and '.join(lacking)}, missing here")
    x, _ = checked_features(arrays["x"], name="x")
    y = checked_labels(arrays["y"], name="y")
    if len(x) != len(y):
        raise DataError(f"x holds {len(x)} samples and y {len(y)} labels; each sample needs one")
    if not np.all((x == 0) | (x == 1)):
        raise DataError("x of a recorded run must hold encoded samples, bits 0 and 1")
    run = RunParameters(
        hidden=_integers("hidden", arrays["hidden"]),
        groups=_integers("groups", arrays["groups"]),
        classes=checked_classes(arrays["classes"]),
        counter_bits=_integer("counter_bits", arrays["counter_bits"]),
        robustness=_real("robustness", arrays["robustness"]),
        reinforcement=_real("reinforcement", arrays["reinforcement"]),
        batch=_integer("batch", arrays["batch"]),
        epochs=_integer("epochs", arrays["epochs"]),
        seed=_integer("seed", arrays["seed"]),
        shuffle_block=_integer(SHUFFLE_BLOCK, arrays.get(SHUFFLE_BLOCK, np.array(1))),
        expected={key: values for key, values in arrays.items() if RESULT.fullmatch(key)},
    )
    if not 1 <= run.epochs <= MAX_EPOCHS:
        raise DataError(f"epochs must be from 1 to {MAX_EPOCHS}, not {run.epochs}")
    if y.max() >= run.classes:
        index = int(np.argmax(y >= run.classes))
        raise DataError(
            f"y[{index}] is {y[index]}, and classes is {run.classes}; labels must be below"
        )
    _check_results(run, x)
    return DataSet(
        name=name, x_train=x.astype(np.uint8, copy=False), y_train=y, classes=run.classes, run=run
    )


def _check_results(run: RunParameters, x: NDArray[Any]) -> None:
    """Check the shapes of recorded results against the run's parameters."""
    shapes: dict[str, tuple[int, ...]] = {"accuracies": (run.epochs,), "predictions": (len(x),)}
    for layer in run.config(x.shape[1]).layers:
        weights = (layer.neurons, layer.inputs)
        for kind in ("initial_counters", "counters", "snapshot"):
            shapes[f"{kind}_{layer.index}"] = weights
        shapes[f"classifier_{layer.index}"] = (layer.classes, layer.neurons)
    for name, values in run.expected.items():
        if name not in shapes:
            raise DataError(f"{name} is recorded for a layer that the run does not have")
        if values.shape != shapes[name]:
            raise DataError(
                f"{name} must be of shape {shapes[name]} for this run, not {values.shape}"
            )
        if values.dtype.kind not in "biuf":
            raise DataError(f"{name} must hold numbers, not values of type {values.dtype}")


def _integer(name: str, value: NDArray[Any]) -> int:
    if value.ndim or value.dtype.kind not in "iu":
        raise DataError(f"{name} must be one integer, not {value.tolist()!r}")
    return int(value)


def _integers(name: str, values: NDArray[Any]) -> tuple[int, ...]:
    if values.ndim != 1 or values.dtype.kind not in "iu":
        raise DataError(f"{name} must be a list of integers, not {values.tolist()!r}")
    return tuple(values.tolist())


def _real(name: str, value: NDArray[Any]) -> float:
    if value.ndim or value.dtype.kind not in "iuf":
        raise DataError(f"{name} must be one number, not {value.tolist()!r}")
    return float(value)
