"""Encoders in model files: as JSON values and an array of thresholds."""

import hashlib
import json
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..encoding.bits import BitEncoder
from ..encoding.encoder import Encoder
from ..encoding.image_planes import ImagePlaneEncoder
from ..encoding.thermometer import FeatureThermometerEncoder, ThermometerEncoder
from ..errors import ModelFileError
from .json_text import JsonObject, plain, shown

__all__ = ["encoder_digest", "encoder_values", "read_encoder", "read_format_1_encoder"]

# A file of format 1 names the features that it encodes; a damaged one must not take all memory.
MAX_FORMAT_1_FEATURES = 1 << 24

QUIET_NAN = 0x7FF8_0000_0000_0000
"""The NaN of digests."""


def encoder_values(encoder: Encoder) -> dict[str, Any]:
    """The values of an encoder, ready for JSON; its thresholds are an array of the file."""
    return {"kind": encoder.kind, "features": encoder.features, **encoder.settings()}


def encoder_digest(encoder: Encoder) -> bytes:
    """SHA-256 of an encoder's values and thresholds; equal encoders have equal digests.

    The hashed bytes are the JSON text of :func:`encoder_values`, with sorted keys, without white
    space, in ASCII; then the thresholds as little-endian doubles, row by row. Zero is positive, and
    NaN has the bytes ``00 00 00 00 00 00 f8 7f`` (docs/image.md).

    Returns
    -------
    bytes
        32 bytes.
    """
    values = encoder_values(encoder)
    text = json.dumps(values, sort_keys=True, separators=(",", ":"), allow_nan=False, default=plain)
    thresholds = encoder.thresholds.astype("<f8") + 0.0  # -0.0 + 0.0 is 0.0
    words = thresholds.view("<u8")
    words[np.isnan(thresholds)] = QUIET_NAN
    return hashlib.sha256(text.encode("ascii") + words.tobytes()).digest()


def read_encoder(values: JsonObject, thresholds: NDArray[np.float64]) -> Encoder:
    """Make an encoder from the values and thresholds of a model file.

    Raises
    ------
    ModelFileError
        If a value is missing, of a wrong type, or contradicts another one.
    ConfigurationError
        If a value is out of range.
    """
    kind = values.get("kind", str)
    encoder: Encoder
    if kind == BitEncoder.kind:
        _check_shape(thresholds, (0,))
        encoder = BitEncoder(features=values.get("features", int))
    elif kind == ThermometerEncoder.kind:
        encoder = ThermometerEncoder(features=values.get("features", int), thresholds=thresholds)
    elif kind == FeatureThermometerEncoder.kind:
        encoder = FeatureThermometerEncoder(thresholds=thresholds)
    elif kind == ImagePlaneEncoder.kind:
        encoder = ImagePlaneEncoder(
            height=values.get("height", int),
            width=values.get("width", int),
            planes=tuple(values.get("planes", list)),
            pool=values.get("pool", bool),
            difference=values.get("difference", int),
            thresholds=thresholds,
        )
    else:
        raise ModelFileError(
            f"{values.name}: there is no kind of encoder {shown(kind)}; a newer Metaplast may "
            "have written the file"
        )
    for key, value in encoder_values(encoder).items():
        if values.get(key, type(value)) != value:
            raise ModelFileError(
                f"{values.name}: {key} must be {shown(value)}, not {shown(values.value[key])}"
            )
    return encoder


def read_format_1_encoder(
    values: JsonObject, thresholds: NDArray[np.float64], kept: NDArray[np.int64]
) -> Encoder:
    """Make an encoder from the values of a model file of format 1.

    Parameters
    ----------
    values : JsonObject
        ``features``, ``bits_per_feature`` and ``per_feature``.
    thresholds : float64 array
        Of shape ``(0,)`` for bits, ``(T,)`` if shared, ``(T, kept)`` per feature.
    kept : int64 array
        The features that are encoded, in rising order.

    Raises
    ------
    ModelFileError
        If a value is missing, of a wrong type, or contradicts another one.
    ConfigurationError
        If a value is out of range.
    """
    features = values.get("features", int)
    bits = values.get("bits_per_feature", int)
    per_feature = values.get("per_feature", bool)
    if features > MAX_FORMAT_1_FEATURES:
        raise ModelFileError(f"features must be at most {MAX_FORMAT_1_FEATURES}, not {features}")
    if kept.ndim != 1 or not kept.size:
        raise ModelFileError(
            f"kept must be a list of at least one feature, not of shape {kept.shape}"
        )
    if kept[0] < 0 or kept[-1] >= features or np.any(kept[1:] <= kept[:-1]):
        raise ModelFileError(f"kept must name features from 0 to {features - 1} in rising order")
    passes_bits = thresholds.shape == (0,)
    if len(kept) < features and (passes_bits or not per_feature):
        raise ModelFileError(
            f"kept must name all {features} features unless thresholds are per feature, not "
            f"{len(kept)}"
        )
    if passes_bits:
        if bits != 1:
            raise ModelFileError(f"bits_per_feature must be 1 without thresholds, not {bits}")
        return BitEncoder(features=features)
    _check_shape(thresholds, (bits, len(kept)) if per_feature else (bits,))
    if not np.all(np.isfinite(thresholds)):
        raise ModelFileError("thresholds must be finite and rise from bit to bit")
    if not per_feature:
        return ThermometerEncoder(features=features, thresholds=thresholds)
    spread = np.full((bits, features), np.nan)
    spread[:, kept] = thresholds
    return FeatureThermometerEncoder(thresholds=spread)


def _check_shape(thresholds: NDArray[np.float64], shape: tuple[int, ...]) -> None:
    if thresholds.shape != shape:
        raise ModelFileError(f"thresholds must be of shape {shape}, not {thresholds.shape}")
