"""Checks of a model's parts: arrays of the layers, history, image shape, names and labels."""

import math
from collections.abc import Sequence
from dataclasses import fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..config import NetworkConfig
from ..errors import ConfigurationError
from ..network import initial_classifier
from ..trainer import EpochRecord
from .json_text import plain

__all__ = [
    "check_classifier",
    "check_history",
    "check_signs",
    "checked_class_names",
    "checked_feature_names",
    "checked_image_shape",
    "checked_label_values",
    "checked_layers",
]


def checked_layers(
    config: NetworkConfig, name: str, arrays: Sequence[Any], dtype: type[np.generic]
) -> list[NDArray[Any]]:
    """Read-only copies of one array for each layer, checked for shape and range.

    Parameters
    ----------
    config : NetworkConfig
        The network.
    name : str
        ``"counters"``, ``"snapshot"`` or ``"classifier"``.
    arrays : sequence of integer arrays
        One for each layer.
    dtype : NumPy type
        Type of the copies.

    Raises
    ------
    ConfigurationError
        If a layer is missing, or an array has another shape or a value out of range.
    """
    layers = config.layers
    if len(arrays) != len(layers):
        raise ConfigurationError(
            f"there must be {name} for each of the {len(layers)} layers, not {len(arrays)}"
        )
    checked = []
    for layer, values in zip(layers, map(np.asarray, arrays), strict=True):
        shape, low, high = (layer.neurons, layer.inputs), 0, 1
        if name == "classifier":
            shape = (layer.classes, layer.neurons)
        elif name == "counters":
            low, high = layer.lowest, layer.highest
        label = f"{name}_{layer.index}"
        if values.dtype.kind not in "iu":
            raise ConfigurationError(f"{label} must hold integers, not {values.dtype}")
        if values.shape != shape:
            raise ConfigurationError(f"{label} must be of shape {shape}, not {values.shape}")
        if values.min() < low or values.max() > high:
            raise ConfigurationError(
                f"{label} must hold values from {low} to {high}, not {values.min()} to "
                f"{values.max()}"
            )
        copy = np.array(values, dtype=dtype, order="C")
        copy.setflags(write=False)
        checked.append(copy)
    return checked


def check_signs(counters: Sequence[NDArray[Any]], snapshot: Sequence[NDArray[Any]]) -> None:
    """Refuse a snapshot that differs from the counters' signs.

    Between two batches they are equal, since every change of a counter ends with a commit.

    Raises
    ------
    ConfigurationError
        If they differ.
    """
    for index, (k, w) in enumerate(zip(counters, snapshot, strict=True)):
        if (wrong := (k >= 0) != w).any():
            neuron, source = np.argwhere(wrong)[0]
            raise ConfigurationError(
                f"snapshot_{index} is not the sign of counters_{index}, first for neuron "
                f"{neuron}, input {source}"
            )


def check_classifier(config: NetworkConfig, classifiers: Sequence[NDArray[Any]]) -> None:
    """Refuse local classifiers that the network's seed does not give.

    Raises
    ------
    ConfigurationError
        If a classifier differs.
    """
    for layer, classifier in zip(config.layers, classifiers, strict=True):
        if not np.array_equal(classifier, initial_classifier(layer, config.seed)):
            raise ConfigurationError(
                f"classifier_{layer.index} is not the one that seed {config.seed} gives"
            )


def check_history(
    history: Sequence[EpochRecord], *, layers: int, epoch: int, accuracy: float
) -> None:
    """Refuse a history with wrong values, or one that contradicts the model.

    Parameters
    ----------
    history : sequence of EpochRecord
        Records in the order of their epochs.
    layers : int
        Layers of the network.
    epoch : int
        Number of the model's next epoch.
    accuracy : float
        Training accuracy of the epoch before.

    Raises
    ------
    ConfigurationError
        If a value is wrong, epochs do not rise, or the last accuracy differs from the model's.
    """
    for before, record in zip((None, *history), history, strict=False):
        if problem := _record_problem(record, layers):
            raise ConfigurationError(f"history: {problem}")
        if before and record.epoch <= before.epoch:
            raise ConfigurationError(
                f"history: epoch {record.epoch} comes after epoch {before.epoch}"
            )
        if record.epoch == epoch - 1 and record.accuracy != accuracy:
            raise ConfigurationError(
                f"history: epoch {record.epoch} had accuracy {record.accuracy}, and the model "
                f"says {accuracy}"
            )


def checked_image_shape(shape: Sequence[Any], pixels: int) -> tuple[int, int]:
    """Check height and width of an image against its number of pixels.

    Raises
    ------
    ConfigurationError
        If they are not two whole numbers with this product.
    """
    sides = tuple(map(plain, shape))
    if (
        len(sides) != 2
        or not all(_is_integer(side) and side > 0 for side in sides)
        or sides[0] * sides[1] != pixels
    ):
        raise ConfigurationError(
            f"image_shape must be a height and a width of {pixels} pixels in all, not {sides}"
        )
    height, width = sides
    return height, width


def checked_class_names(names: Sequence[Any], classes: int) -> tuple[str, ...]:
    """A name for each class.

    Raises
    ------
    ConfigurationError
        If there are more or fewer names than classes, or a name is no text.
    """
    checked = tuple(names)
    if len(checked) != classes or not all(isinstance(name, str) for name in checked):
        raise ConfigurationError(f"class_names must name the {classes} classes, not {checked}")
    return checked


def checked_label_values(labels: Sequence[Any], classes: int) -> tuple[int | str | bool, ...]:
    """A label for each class.

    Raises
    ------
    ConfigurationError
        If there are more or fewer labels than classes, a label is no integer, text or bool, or two
        labels have the same text.
    """
    checked = tuple(map(plain, labels))
    if (
        len(checked) != classes
        or not all(isinstance(label, int | str) for label in checked)
        or len(set(map(str, checked))) < classes
    ):
        raise ConfigurationError(
            f"labels must be a different integer, text or bool for each of the {classes} classes, "
            f"not {checked}"
        )
    return checked


def checked_feature_names(names: Sequence[Any], features: int) -> tuple[str, ...]:
    """A name for each feature.

    Raises
    ------
    ConfigurationError
        If there are more or fewer names than features, a name is no text, or is there twice.
    """
    checked = tuple(names)
    if len(checked) != features:
        raise ConfigurationError(
            f"feature_names must name the {features} features, not {len(checked)}"
        )
    seen: set[str] = set()
    for name in checked:
        if not isinstance(name, str):
            raise ConfigurationError(f"feature_names must be text, not {name!r}")
        if name in seen:
            raise ConfigurationError(f"feature_names has {name!r} twice")
        seen.add(name)
    return checked


# Fields of EpochRecord with an entry for each layer; True where entries are integers.
PER_LAYER = {
    "layer_accuracy": False,
    "error_rate": False,
    "updates": True,
    "events": True,
    "saturated": True,
    "layer_test_accuracy": False,
    "layer_validation_accuracy": False,
}


def _record_problem(record: EpochRecord, layers: int) -> str | None:
    """What is wrong with an epoch's record, or None."""
    for field in fields(record):
        value = getattr(record, field.name)
        if value is None and field.default is None:
            continue
        if field.name in PER_LAYER:
            fits = _is_integer if PER_LAYER[field.name] else _is_number
            if not isinstance(value, tuple) or len(value) != layers or not all(map(fits, value)):
                return f"{field.name} must be a number for each of {layers} layers, not {value!r}"
        elif field.name in ("epoch", "samples"):
            if not _is_integer(value) or value < 0:
                return f"{field.name} must be an integer of at least 0, not {value!r}"
        elif not _is_number(value):
            return f"{field.name} must be a number, not {value!r}"
    return None


def _is_integer(value: Any) -> bool:
    return isinstance(value, int | np.integer) and not isinstance(value, bool)


def _is_number(value: Any) -> bool:
    return _is_integer(value) or (isinstance(value, float | np.floating) and math.isfinite(value))
