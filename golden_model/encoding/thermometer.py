"""Thermometer encoders: bits that compare a feature with thresholds, shared or per feature."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..config import checked_minimum
from ..errors import ConfigurationError, DataError
from .choice import EncodingChoice
from .encoder import Encoder, frozen_thresholds
from .raw_samples import finite_values
from .thresholds import column_thresholds, table_thresholds

__all__ = [
    "FeatureThermometerEncoder",
    "ThermometerEncoder",
    "fit_feature_thermometer",
    "fit_thermometer",
]

# Each threshold has at most half of the values above the threshold before, so an array has fewer.
MAX_THRESHOLDS = 64


@dataclass(frozen=True, eq=False, kw_only=True)
class ThermometerEncoder(Encoder):
    """Thermometer with shared thresholds: bit ``m`` of a feature is ``value > t_m``.

    The encoded sample has bit 0 of every feature in order, then bit 1 of every feature, and so on.

    Parameters
    ----------
    features : int
        Features of a sample. At least 1.
    thresholds : (T,) float64
        ``t_m``, finite and rising. At least one.

    Raises
    ------
    ConfigurationError
        If a value breaks a rule above.
    """

    features: int
    thresholds: NDArray[np.float64]

    kind = "thermometer"

    def __post_init__(self) -> None:
        put = object.__setattr__
        put(self, "features", checked_minimum("features", self.features, 1))
        put(self, "thresholds", frozen_thresholds(self.thresholds, 1))
        if not self.thresholds.size:
            raise ConfigurationError("thresholds must have at least one value, not none")
        if not np.all(np.isfinite(self.thresholds)) or np.any(np.diff(self.thresholds) <= 0):
            raise ConfigurationError("thresholds must be finite and rise from bit to bit")

    @property
    def outputs(self) -> int:
        return self.features * len(self.thresholds)

    @property
    def choice(self) -> EncodingChoice:
        return EncodingChoice(bits_per_feature=len(self.thresholds))

    @property
    def sources(self) -> NDArray[np.int64]:
        return np.tile(np.arange(self.features, dtype=np.int64), len(self.thresholds))

    @property
    def summary(self) -> str:
        thresholds = ", ".join(f"{threshold:g}" for threshold in self.thresholds)
        return f"{self.features} features, {_bits(len(self.thresholds))} each: above {thresholds}"

    def settings(self) -> dict[str, Any]:
        return {"bits_per_feature": len(self.thresholds)}

    def _encode(self, values: NDArray[Any], first_row: int, out: NDArray[np.bool_]) -> None:
        real = finite_values(values, first_row)
        planes = out.reshape(len(values), len(self.thresholds), self.features)
        for m, threshold in enumerate(self.thresholds):
            np.greater(real, threshold, out=planes[:, m])


@dataclass(frozen=True, eq=False, kw_only=True)
class FeatureThermometerEncoder(Encoder):
    """Thermometer with thresholds per feature: a feature has one bit for each of its thresholds.

    The encoded sample has bit 0 of every feature that has a threshold ``t_0``, in order, then bit 1
    of every feature that has ``t_1``, and so on.

    Parameters
    ----------
    thresholds : (T, features) float64
        ``t_m`` of each feature, finite and rising; NaN where a feature has no further threshold.
        At least one feature has one.

    Raises
    ------
    ConfigurationError
        If a value breaks a rule above.
    """

    thresholds: NDArray[np.float64]

    kind = "thermometer-per-feature"

    def __post_init__(self) -> None:
        object.__setattr__(self, "thresholds", frozen_thresholds(self.thresholds, 2))
        missing = np.isnan(self.thresholds)
        if np.all(missing):
            raise ConfigurationError("thresholds must have at least one value, not none")
        with np.errstate(invalid="ignore"):
            rising = np.diff(self.thresholds, axis=0) > 0
        if np.any(np.isinf(self.thresholds)) or not np.all(rising | missing[1:]):
            raise ConfigurationError(
                "thresholds of a feature must be finite and rise from bit to bit, followed by NaN"
            )

    @property
    def features(self) -> int:
        return self.thresholds.shape[1]

    @cached_property
    def columns(self) -> tuple[NDArray[np.int64], ...]:
        """For each ``m``, the features that have a threshold ``t_m``."""
        return tuple(np.flatnonzero(~np.isnan(row)) for row in self.thresholds)

    @property
    def outputs(self) -> int:
        return sum(map(len, self.columns))

    @property
    def choice(self) -> EncodingChoice:
        return EncodingChoice(bits_per_feature=len(self.thresholds), per_feature=True)

    @property
    def sources(self) -> NDArray[np.int64]:
        return np.concatenate(self.columns)

    @property
    def summary(self) -> str:
        counts = np.count_nonzero(~np.isnan(self.thresholds), axis=0)
        kept = counts[counts > 0]
        low, high = int(kept.min()), int(kept.max())
        bits = _bits(high) if low == high else f"{low} to {_bits(high)}"
        return f"{self.features} features, {len(kept)} of them kept, {bits} each"

    def settings(self) -> dict[str, Any]:
        return {"bits_per_feature": len(self.thresholds)}

    def _encode(self, values: NDArray[Any], first_row: int, out: NDArray[np.bool_]) -> None:
        real = finite_values(values, first_row)
        start = 0
        for thresholds, columns in zip(self.thresholds, self.columns, strict=True):
            stop = start + len(columns)
            compared = real if len(columns) == self.features else real[:, columns]
            np.greater(compared, thresholds[columns], out=out[:, start:stop])
            start = stop


def fit_thermometer(
    table: NDArray[Any], *, bits_per_feature: int, fewer_bits: bool
) -> ThermometerEncoder:
    """Fit a thermometer with shared thresholds to a table of training samples.

    Raises
    ------
    DataError
        If the table carries no bit, or fewer than asked for and ``fewer_bits`` is False.
    """
    thresholds = table_thresholds(table, bits_per_feature)
    if not thresholds:
        raise DataError(
            f"the training data can carry no bits: every value is {table.flat[0]}; give samples "
            "that differ"
        )
    if len(thresholds) < bits_per_feature and not fewer_bits:
        raise DataError(
            f"the training data can carry {_bits(len(thresholds))} a feature, not "
            f"{bits_per_feature}; ask for {len(thresholds)} at most"
        )
    return ThermometerEncoder(features=table.shape[1], thresholds=np.array(thresholds))


def fit_feature_thermometer(
    table: NDArray[Any], *, bits_per_feature: int
) -> FeatureThermometerEncoder:
    """Fit a thermometer with thresholds per feature to a table of training samples.

    Raises
    ------
    DataError
        If every feature is constant.
    """
    rows = min(bits_per_feature, MAX_THRESHOLDS)
    thresholds = np.full((rows, table.shape[1]), np.nan)
    for column, found in enumerate(column_thresholds(table, rows)):
        thresholds[: len(found), column] = found
    if np.all(np.isnan(thresholds)):
        raise DataError(
            "the training data can carry no bits: every feature is constant; give samples that "
            "differ"
        )
    return FeatureThermometerEncoder(thresholds=thresholds)


def _bits(count: int) -> str:
    return f"{count} bit" if count == 1 else f"{count} bits"
