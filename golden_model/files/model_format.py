"""The format of model files: arrays made of a model, and read from an untrusted file.

A model file is an ``.npz`` archive without pickles:

===================  ======================================================================
``config``           JSON text: ``format`` (2) and the fields of :class:`NetworkConfig`
``counters_l``       (K, N) int16, ``k`` of layer ``l``
``snapshot_l``       (K, N) uint8 of 0 and 1, ``W``
``classifier_l``     (C, K) uint8 of 0 and 1, ``P``
``reinforcement_l``  (2,) uint64, history of the reinforcement stream
``thresholds``       float64, thresholds of the encoder; the shape depends on its kind
``state``            JSON text: epochs trained, last training accuracy, encoder, data set
``history``          JSON text: a list of :class:`EpochRecord`
===================  ======================================================================

A file of format 1 has no ``shuffle_block`` in ``config``, which is 1 then, and no labels and no
names of columns in ``state``. Its encoder is bits or a thermometer, with the same number of bits
for each feature in ``kept`` (int64).
"""

import re
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..config import NetworkConfig
from ..encoding.encoder import Encoder
from ..errors import ConfigurationError, MetaplastError, ModelFileError
from ..random_stream import RandomStream
from ..trainer import EpochRecord
from .encoder_format import encoder_values, read_encoder, read_format_1_encoder
from .json_text import JsonObject, json_array, json_value, shown

if TYPE_CHECKING:
    from .model_file import Model

__all__ = ["FORMAT", "model_arrays", "model_parts"]

FORMAT = 2

LAYER_ARRAY = re.compile(r"(counters|snapshot|classifier|reinforcement)_(0|[1-9]\d*)")


def model_arrays(model: "Model") -> dict[str, NDArray[Any]]:
    """The arrays of a model file, by name."""
    arrays: dict[str, NDArray[Any]] = {
        "config": json_array({"format": FORMAT, **model.config.to_dict()}),
        "state": json_array(
            {
                "epoch": model.epoch,
                "accuracy": model.accuracy,
                "encoder": encoder_values(model.encoder),
                "data": {
                    "name": model.data_name,
                    "image_shape": model.image_shape,
                    "class_names": model.class_names,
                    "labels": model.labels,
                    "feature_names": model.feature_names,
                    "label_name": model.label_name,
                },
            }
        ),
        "history": json_array([record.to_dict() for record in model.history]),
        "thresholds": model.encoder.thresholds,
    }
    for index, stream in enumerate(model.streams):
        arrays[f"counters_{index}"] = model.counters[index]
        arrays[f"snapshot_{index}"] = model.snapshot[index]
        arrays[f"classifier_{index}"] = model.classifier[index]
        arrays[f"reinforcement_{index}"] = np.array(stream.history, dtype=np.uint64)
    return arrays


def model_parts(arrays: dict[str, NDArray[Any]]) -> dict[str, Any]:
    """The constructor arguments of a :class:`.Model`, read from the arrays of its file.

    Raises
    ------
    MetaplastError
        If an array is missing or malformed, or the file has a newer format.
    """
    version, config = _config(arrays)
    layers = range(len(config.layers))
    for name in arrays:
        found = LAYER_ARRAY.fullmatch(name)
        if found and int(found[2]) not in layers:
            raise ModelFileError(f"the file has {name}, but the network has {len(layers)} layers")

    state = JsonObject("state", json_value(arrays, "state"))
    data = state.part("data")
    return {
        "config": config,
        "encoder": _encoder(arrays, version, state.part("encoder")),
        "counters": [_array(arrays, f"counters_{index}", np.int16) for index in layers],
        "snapshot": [_array(arrays, f"snapshot_{index}", np.uint8) for index in layers],
        "classifier": [_array(arrays, f"classifier_{index}", np.uint8) for index in layers],
        "streams": [_stream(arrays, f"reinforcement_{index}") for index in layers],
        "epoch": state.get("epoch", int),
        "accuracy": state.get("accuracy", int, float),
        "history": _history(arrays),
        "data_name": data.get("name", str),
        "image_shape": data.get("image_shape", list, type(None)),
        "class_names": data.get("class_names", list, type(None)),
        **(_names(data) if version > 1 else {}),
    }


def _names(data: JsonObject) -> dict[str, Any]:
    """The labels of the classes and the names of the columns, which a file of format 1 lacks."""
    return {
        "labels": data.get("labels", list, type(None)),
        "feature_names": data.get("feature_names", list, type(None)),
        "label_name": data.get("label_name", str, type(None)),
    }


def _encoder(arrays: dict[str, NDArray[Any]], version: int, values: JsonObject) -> Encoder:
    thresholds = _array(arrays, "thresholds", np.float64)
    if version == 1:
        return read_format_1_encoder(values, thresholds, _array(arrays, "kept", np.int64))
    return read_encoder(values, thresholds)


def _stream(arrays: dict[str, NDArray[Any]], name: str) -> RandomStream:
    words = _array(arrays, name, np.uint64)
    if words.shape != (2,):
        raise ModelFileError(f"{name} must be of shape (2,), not {words.shape}")
    try:
        return RandomStream.from_history(*map(int, words))
    except ConfigurationError as error:
        raise ModelFileError(f"{name}: {error}") from None


def _config(arrays: dict[str, NDArray[Any]]) -> tuple[int, NetworkConfig]:
    """The version of the format, and the network."""
    config = JsonObject("config", json_value(arrays, "config"))
    version = config.get("format", int)
    if version > FORMAT:
        raise ModelFileError(
            f"the file is of format {version}, and this Metaplast reads formats up to {FORMAT}; "
            "install a newer one"
        )
    if version < 1:
        raise ModelFileError(f"config: format must be at least 1, not {version}")
    try:
        values = {key: value for key, value in config.value.items() if key != "format"}
        if version == 1 and "shuffle_block" in values:
            raise ModelFileError("config: a file of format 1 has no shuffle_block")
        if version > 1 and "shuffle_block" not in values:
            raise ModelFileError("config lacks shuffle_block")
        return version, NetworkConfig.from_dict(values)
    except ConfigurationError as error:
        raise ModelFileError(f"config: {error}") from None


def _history(arrays: dict[str, NDArray[Any]]) -> tuple[EpochRecord, ...]:
    entries = json_value(arrays, "history")
    if not isinstance(entries, list):
        raise ModelFileError(f"history must be a JSON list, not {shown(entries)}")
    try:
        return tuple(
            EpochRecord.from_dict(dict(JsonObject("history", entry).value)) for entry in entries
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
