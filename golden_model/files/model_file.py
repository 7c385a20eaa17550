"""A trained network as a file: everything to predict with it, and to go on training it.

A model file is an ``.npz`` archive without pickles:

===================  ======================================================================
``config``           JSON text: ``format`` (1) and the fields of :class:`NetworkConfig`
``counters_l``       (K, N) int16, ``k`` of layer ``l``
``snapshot_l``       (K, N) uint8 of 0 and 1, ``W``
``classifier_l``     (C, K) uint8 of 0 and 1, ``P``
``reinforcement_l``  (2,) uint64, where the reinforcement stream stands
``thresholds``       float64, as in :class:`Thermometer`
``kept``             int64, as in :class:`Thermometer`
``state``            JSON text: epochs trained, the last one's accuracy, encoder, data set
``history``          JSON text: a list of :class:`EpochRecord`
===================  ======================================================================
"""

import json
import math
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..config import MAX_EPOCHS, NetworkConfig, checked_integer, checked_number
from ..encoding import Thermometer
from ..errors import ConfigurationError, MetaplastError, ModelFileError
from ..network import Network, initial_classifier
from ..random_stream import RandomStream
from ..samples import samples_array
from ..trainer import EpochRecord, Trainer
from .atomic import write_atomically
from .npz import packed_arrays, read_arrays

__all__ = ["FORMAT", "Model", "check_destination"]

FORMAT = 1

# Samples are encoded and predicted so many at a time.
SLICE_ROWS = 4096

LAYER_ARRAY = re.compile(r"(counters|snapshot|classifier|reinforcement)_(0|[1-9]\d*)")

PathLike = str | os.PathLike[str]


@dataclass(frozen=True, eq=False, kw_only=True)
class Model:
    """A network between two epochs, its encoder and its history.

    Parameters
    ----------
    config : NetworkConfig
        The network.
    encoder : Thermometer
        Makes its inputs of a sample.
    counters : sequence of (K, N) integers
        ``k`` of each layer; copied, as all arrays are, to int16.
    snapshot : sequence of (K, N) of 0 and 1
        ``W``, the counters' signs.
    classifier : sequence of (C, K) of 0 and 1
        ``P``, as the seed gives it.
    streams : sequence of RandomStream
        Where the reinforcement streams stand; copied.
    epoch : int
        Number of the next epoch, 0 to 32768.
    accuracy : float
        Training accuracy of the epoch before, 0 to 1; 0 if there was none.
    history : sequence of EpochRecord
        What was recorded of the training, epochs rising.
    data_name : str
        The data set's name.
    image_shape : (height, width) or None
        Set where a sample is an image.
    class_names : sequence of str or None
        Set where the classes have names.

    Raises
    ------
    ConfigurationError
        If the parts do not fit together.
    """

    config: NetworkConfig
    encoder: Thermometer
    counters: Sequence[NDArray[np.int16]]
    snapshot: Sequence[NDArray[np.uint8]]
    classifier: Sequence[NDArray[np.uint8]]
    streams: Sequence[RandomStream]
    epoch: int = 0
    accuracy: float = 0.0
    history: tuple[EpochRecord, ...] = ()
    data_name: str = ""
    image_shape: tuple[int, int] | None = None
    class_names: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        put = object.__setattr__
        if self.encoder.outputs != self.config.inputs:
            raise ConfigurationError(
                f"the encoder gives {self.encoder.outputs} bits and the network takes "
                f"{self.config.inputs}"
            )
        put(self, "counters", self._layers("counters", np.int16))
        put(self, "snapshot", self._layers("snapshot", np.uint8))
        put(self, "classifier", self._layers("classifier", np.uint8))
        if len(self.streams) != len(self.config.layers):
            raise ConfigurationError(
                f"there must be a reinforcement stream for each of the {len(self.config.layers)} "
                f"layers, not {len(self.streams)}"
            )
        put(
            self, "streams", [RandomStream.from_history(*stream.history) for stream in self.streams]
        )
        self._check_signs()
        self._check_classifier()
        put(self, "epoch", checked_integer("epoch", self.epoch, 0, MAX_EPOCHS))
        put(self, "accuracy", checked_number("accuracy", self.accuracy, 0.0, 1.0))
        put(self, "history", tuple(self.history))
        self._check_history()
        self._check_data_facts()

    def _layers(self, name: str, dtype: type[np.generic]) -> list[NDArray[Any]]:
        """Read-only copies of one array a layer, checked for shape and range."""
        layers, arrays = self.config.layers, getattr(self, name)
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

    def _check_signs(self) -> None:
        """Between batches ``W`` is the counters' signs: whatever moves a counter, commits."""
        for index, (k, w) in enumerate(zip(self.counters, self.snapshot, strict=True)):
            if (wrong := (k >= 0) != w).any():
                neuron, source = np.argwhere(wrong)[0]
                raise ConfigurationError(
                    f"snapshot_{index} is not the sign of counters_{index}, first for neuron "
                    f"{neuron}, input {source}"
                )

    def _check_classifier(self) -> None:
        for layer, classifier in zip(self.config.layers, self.classifier, strict=True):
            if not np.array_equal(classifier, initial_classifier(layer, self.config.seed)):
                raise ConfigurationError(
                    f"classifier_{layer.index} is not the one that seed {self.config.seed} gives"
                )

    def _check_history(self) -> None:
        layers = len(self.config.layers)
        for before, record in zip((None, *self.history), self.history, strict=False):
            if problem := _record_problem(record, layers):
                raise ConfigurationError(f"history: {problem}")
            if before and record.epoch <= before.epoch:
                raise ConfigurationError(
                    f"history: epoch {record.epoch} comes after epoch {before.epoch}"
                )
            if record.epoch == self.epoch - 1 and record.accuracy != self.accuracy:
                raise ConfigurationError(
                    f"history: epoch {record.epoch} had accuracy {record.accuracy}, and the model "
                    f"says {self.accuracy}"
                )

    def _check_data_facts(self) -> None:
        put = object.__setattr__
        if not isinstance(self.data_name, str):
            raise ConfigurationError(f"data_name must be text, not {self.data_name!r}")
        if self.image_shape is not None:
            put(self, "image_shape", tuple(map(_plain, self.image_shape)))
            if (
                len(self.image_shape) != 2
                or not all(_is_integer(side) and side > 0 for side in self.image_shape)
                or self.image_shape[0] * self.image_shape[1] != self.encoder.features
            ):
                raise ConfigurationError(
                    f"image_shape must be a height and a width of {self.encoder.features} pixels "
                    f"in all, not {self.image_shape}"
                )
        if self.class_names is not None:
            put(self, "class_names", tuple(self.class_names))
            if len(self.class_names) != self.config.classes or not all(
                isinstance(name, str) for name in self.class_names
            ):
                raise ConfigurationError(
                    f"class_names must name the {self.config.classes} classes, not "
                    f"{self.class_names}"
                )

    @classmethod
    def from_trainer(
        cls,
        trainer: Trainer,
        encoder: Thermometer,
        history: Sequence[EpochRecord] = (),
        *,
        data_name: str = "",
        image_shape: tuple[int, int] | None = None,
        class_names: Sequence[str] | None = None,
    ) -> "Model":
        """A copy of where a trainer stands; training on does not change it.

        Parameters
        ----------
        trainer : Trainer
            Between two epochs.
        encoder : Thermometer
            What encoded its samples.
        history : sequence of EpochRecord
            What was recorded.
        data_name, image_shape, class_names
            The data set's facts, as :class:`Model` takes them.

        Raises
        ------
        ConfigurationError
            If the parts do not fit together.
        """
        network = trainer.network
        config = network.config
        return cls(
            config=config,
            encoder=encoder,
            counters=network.counters,
            snapshot=network.snapshot,
            classifier=[initial_classifier(layer, config.seed) for layer in config.layers],
            streams=network.streams,
            epoch=trainer.epoch,
            accuracy=trainer.accuracy,
            history=tuple(history),
            data_name=data_name,
            image_shape=image_shape,
            class_names=None if class_names is None else tuple(class_names),
        )

    def trainer(self) -> Trainer:
        """A trainer that goes on as if training had never stopped."""
        network = Network.from_state(self.config, self.counters, self.snapshot, self.streams)
        return Trainer(network, epoch=self.epoch, accuracy=self.accuracy)

    def predict(self, x: ArrayLike) -> NDArray[np.int64]:
        """Classes of samples as they come, (n, features) → (n,).

        Raises
        ------
        DataError
            If the samples cannot be encoded.
        """
        table = samples_array(x)
        if table.ndim != 2 or not len(table):
            return self.predict_bits(self.encoder.encode(table))
        return np.concatenate(
            [
                self.predict_bits(self.encoder.encode(table[start : start + SLICE_ROWS]))
                for start in range(0, len(table), SLICE_ROWS)
            ]
        )

    def predict_bits(self, x: ArrayLike) -> NDArray[np.int64]:
        """Classes of encoded samples, (n, N) of 0 and 1 → (n,).

        Raises
        ------
        DataError
            If the samples are no bits, or not as many as the network takes.
        """
        return self._network.predict(x)

    @cached_property
    def _network(self) -> Network:
        return Network.from_state(self.config, self.counters, self.snapshot, self.streams)

    def save(self, path: PathLike) -> None:
        """Write a model file; a file that stood there is replaced whole or not at all.

        Raises
        ------
        ModelFileError
            If it cannot be written.
        """
        path = Path(path)
        check_destination(path)
        arrays: dict[str, NDArray[Any]] = {
            "config": _json_array({"format": FORMAT, **self.config.to_dict()}),
            "state": _json_array(
                {
                    "epoch": self.epoch,
                    "accuracy": self.accuracy,
                    "encoder": {
                        "features": self.encoder.features,
                        "bits_per_feature": self.encoder.bits_per_feature,
                        "per_feature": self.encoder.per_feature,
                    },
                    "data": {
                        "name": self.data_name,
                        "image_shape": self.image_shape,
                        "class_names": self.class_names,
                    },
                }
            ),
            "history": _json_array([record.to_dict() for record in self.history]),
            "thresholds": self.encoder.thresholds,
            "kept": self.encoder.kept,
        }
        for index, stream in enumerate(self.streams):
            arrays[f"counters_{index}"] = self.counters[index]
            arrays[f"snapshot_{index}"] = self.snapshot[index]
            arrays[f"classifier_{index}"] = self.classifier[index]
            arrays[f"reinforcement_{index}"] = np.array(stream.history, dtype=np.uint64)
        try:
            write_atomically(path, packed_arrays(arrays))
        except OSError as error:
            raise ModelFileError(f"cannot write {path}: {error.strerror or error}") from None

    @classmethod
    def load(cls, path: PathLike) -> "Model":
        """Read a model file.

        Raises
        ------
        ModelFileError
            If it cannot be read, is damaged, of a newer format, or inconsistent.
        """
        path = Path(path)
        arrays = read_arrays(path, ModelFileError)
        if "config" not in arrays:
            raise ModelFileError(f"{path} is not a model file: it lacks config")
        try:
            return cls._from_arrays(arrays)
        except MetaplastError as error:
            raise ModelFileError(f"{path}: {error}") from None

    @classmethod
    def _from_arrays(cls, arrays: dict[str, NDArray[Any]]) -> "Model":
        config = _config(arrays)
        layers = range(len(config.layers))
        for name in arrays:
            found = LAYER_ARRAY.fullmatch(name)
            if found and int(found[2]) not in layers:
                raise ModelFileError(f"{name} is there, but the network has {len(layers)} layers")

        state = _Json("state", _json_value(arrays, "state"))
        encoder, data = state.part("encoder"), state.part("data")
        streams = []
        for index in layers:
            name = f"reinforcement_{index}"
            words = _array(arrays, name, np.uint64)
            if words.shape != (2,):
                raise ModelFileError(f"{name} must be of shape (2,), not {words.shape}")
            try:
                streams.append(RandomStream.from_history(*map(int, words)))
            except ConfigurationError as error:
                raise ModelFileError(f"{name}: {error}") from None
        return cls(
            config=config,
            encoder=Thermometer(
                features=encoder.get("features", int),
                bits_per_feature=encoder.get("bits_per_feature", int),
                per_feature=encoder.get("per_feature", bool),
                thresholds=_array(arrays, "thresholds", np.float64),
                kept=_array(arrays, "kept", np.int64),
            ),
            counters=[_array(arrays, f"counters_{index}", np.int16) for index in layers],
            snapshot=[_array(arrays, f"snapshot_{index}", np.uint8) for index in layers],
            classifier=[_array(arrays, f"classifier_{index}", np.uint8) for index in layers],
            streams=streams,
            epoch=state.get("epoch", int),
            accuracy=state.get("accuracy", int, float),
            history=_history(arrays),
            data_name=data.get("name", str),
            image_shape=data.get("image_shape", list, type(None)),
            class_names=data.get("class_names", list, type(None)),
        )


def check_destination(path: PathLike) -> None:
    """Refuse a path that no model can be saved to, before training for it.

    Raises
    ------
    ModelFileError
        If it is a directory, or its directory is missing or not to be written to.
    """
    path = Path(path)
    try:
        there = path.exists()
    except OSError as error:
        raise ModelFileError(f"cannot write {path}: {error.strerror or error}") from None
    if path.is_dir():
        raise ModelFileError(
            f"cannot write {path}: it is a directory; name a file, such as {path / 'model.npz'}"
        )
    if there and not path.is_file():
        return  # a device or a pipe, written to as it is
    if there and not os.access(path, os.W_OK):
        raise ModelFileError(f"cannot write {path}: it is read-only; name another file")
    parent = Path(os.path.realpath(path)).parent
    if not parent.is_dir():
        raise ModelFileError(f"cannot write {path}: there is no directory {parent}; make it first")
    if not os.access(parent, os.W_OK | os.X_OK):
        raise ModelFileError(f"cannot write {path}: {parent} may not be written to")


class _Json:
    """A JSON object whose values are taken with their types checked."""

    def __init__(self, name: str, value: Any):
        if not isinstance(value, Mapping):
            raise ModelFileError(f"{name} must be a JSON object, not {_shown(value)}")
        self.name = name
        self.value = value

    def get(self, key: str, *types: type) -> Any:
        if key not in self.value:
            raise ModelFileError(f"{self.name} lacks {key}")
        value = self.value[key]
        if not isinstance(value, types) or (isinstance(value, bool) and bool not in types):
            raise ModelFileError(f"{self.name}: {key} cannot be {_shown(value)}")
        return value

    def part(self, key: str) -> "_Json":
        return _Json(f"{self.name}: {key}", self.get(key, dict))


def _json_array(value: Any) -> NDArray[Any]:
    return np.array(json.dumps(value, allow_nan=False, default=_plain))


def _plain(value: Any) -> Any:
    """A number of NumPy's as Python's; anything else as it is."""
    return value.item() if isinstance(value, np.generic) else value


def _json_value(arrays: dict[str, NDArray[Any]], name: str) -> Any:
    if name not in arrays:
        raise ModelFileError(f"{name} is missing")
    text = arrays[name]
    if text.dtype.kind != "U" or text.ndim:
        raise ModelFileError(f"{name} must be JSON text, not {text.dtype} of shape {text.shape}")

    def refuse(constant: str) -> Any:
        raise ValueError(f"{constant} is no JSON")

    try:
        return json.loads(str(text), parse_constant=refuse)
    except (ValueError, RecursionError) as error:
        raise ModelFileError(f"{name} is not valid JSON: {error}") from None


def _config(arrays: dict[str, NDArray[Any]]) -> NetworkConfig:
    config = _Json("config", _json_value(arrays, "config"))
    version = config.get("format", int)
    if version > FORMAT:
        raise ModelFileError(
            f"the file is of format {version}, and this Metaplast reads formats up to {FORMAT}; "
            "install a newer one"
        )
    if version < 1:
        raise ModelFileError(f"config: format must be at least 1, not {version}")
    try:
        return NetworkConfig.from_dict(
            {key: value for key, value in config.value.items() if key != "format"}
        )
    except ConfigurationError as error:
        raise ModelFileError(f"config: {error}") from None


def _history(arrays: dict[str, NDArray[Any]]) -> tuple[EpochRecord, ...]:
    entries = _json_value(arrays, "history")
    if not isinstance(entries, list):
        raise ModelFileError(f"history must be a JSON list, not {_shown(entries)}")
    try:
        return tuple(
            EpochRecord.from_dict(dict(_Json("history", entry).value)) for entry in entries
        )
    except MetaplastError as error:
        raise ModelFileError(f"history: {error}") from None


def _array(arrays: dict[str, NDArray[Any]], name: str, dtype: type[np.generic]) -> NDArray[Any]:
    if name not in arrays:
        raise ModelFileError(f"{name} is missing")
    if arrays[name].dtype != dtype:
        raise ModelFileError(
            f"{name} must be of type {np.dtype(dtype).name}, not {arrays[name].dtype}"
        )
    return arrays[name]


# Fields of an EpochRecord that have an entry for each layer, and whether it is an integer.
PER_LAYER = {
    "layer_accuracy": False,
    "error_rate": False,
    "updates": True,
    "events": True,
    "saturated": True,
}


def _record_problem(record: EpochRecord, layers: int) -> str | None:
    """What is wrong with an epoch's record, or None."""
    for field in fields(record):
        value = getattr(record, field.name)
        if field.name in PER_LAYER:
            fits = _is_integer if PER_LAYER[field.name] else _is_number
            if not isinstance(value, tuple) or len(value) != layers or not all(map(fits, value)):
                return f"{field.name} must be a number for each of {layers} layers, not {value!r}"
        elif field.name in ("epoch", "samples"):
            if not _is_integer(value) or value < 0:
                return f"{field.name} must be an integer of at least 0, not {value!r}"
        elif not _is_number(value) and not (value is None and field.default is None):
            return f"{field.name} must be a number, not {value!r}"
    return None


def _is_integer(value: Any) -> bool:
    return isinstance(value, int | np.integer) and not isinstance(value, bool)


def _is_number(value: Any) -> bool:
    return _is_integer(value) or (isinstance(value, float | np.floating) and math.isfinite(value))


def _shown(value: Any) -> str:
    text = json.dumps(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
