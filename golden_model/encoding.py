"""Thermometer encoding: from features to bits (docs/algorithm.md, 7)."""

import operator
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .errors import ConfigurationError, DataError
from .samples import samples_array

__all__ = ["TooFewBits", "Thermometer", "fit_most"]

# Samples are looked at a slice at a time, so that no second copy of a data set in float64 is made.
SLICE_VALUES = 1 << 20


class TooFewBits(DataError):
    """A feature with thresholds of its own carries fewer bits than asked for.

    Parameters
    ----------
    feature : int
        Which, from 0.
    carried, wanted : int
        How many bits it carries and should.
    name : str or None
        What to call it; its number where it is None.
    """

    def __init__(self, feature: int, carried: int, wanted: int, name: str | None = None):
        super().__init__(feature, carried, wanted, name)
        self.feature, self.carried, self.wanted, self.name = feature, carried, wanted, name

    def __str__(self) -> str:
        what = f"{self.feature} (counted from 0)" if self.name is None else repr(self.name)
        return (
            f"feature {what}, and so the training data, can carry {_bits(self.carried)} a feature, "
            f"not {self.wanted}: {_exhausted(self.carried)}; {_way_out(self.carried)}"
        )


@dataclass(frozen=True, eq=False)
class Thermometer:
    """Encodes a sample of features as bits, ``T`` bits a feature.

    Bit ``m`` of a feature is ``value > t_m``, compared in float64. The encoded sample is plane by
    plane: bit 0 of every kept feature in order, then bit 1 of every kept feature. Data that are
    bits already pass unchanged. :meth:`fit` finds the thresholds; the constructor takes those of a
    saved model.

    Parameters
    ----------
    features : int
        Features of a sample. At least 1.
    bits_per_feature : int
        ``T``. At least 1; 1 where the data are bits already.
    per_feature : bool
        Whether each feature has thresholds of its own.
    thresholds : float64 array
        ``t_m``: of shape ``(0,)`` where the data are bits already, ``(T,)`` where all features
        share them, ``(T, kept)`` where each has its own. Rising with ``m``.
    kept : int64 array
        Indices of the features that are encoded, rising; all of them unless ``per_feature``.

    Raises
    ------
    ConfigurationError
        If the parts do not fit together.
    """

    features: int
    bits_per_feature: int
    per_feature: bool
    thresholds: NDArray[np.float64]
    kept: NDArray[np.int64]

    def __post_init__(self) -> None:
        put = object.__setattr__
        put(self, "features", _count("features", self.features))
        put(self, "bits_per_feature", _count("bits_per_feature", self.bits_per_feature))
        put(self, "per_feature", _flag("per_feature", self.per_feature))
        put(self, "thresholds", _frozen("thresholds", self.thresholds, np.float64))
        put(self, "kept", _frozen("kept", self.kept, np.int64))

        kept, thresholds = self.kept, self.thresholds
        if kept.ndim != 1 or not kept.size:
            raise ConfigurationError(
                f"kept must be a list of at least one feature, not of shape {kept.shape}"
            )
        if kept[0] < 0 or kept[-1] >= self.features or np.any(np.diff(kept) <= 0):
            raise ConfigurationError(
                f"kept must name features from 0 to {self.features - 1} in rising order"
            )
        if len(kept) < self.features and (self.passes_bits or not self.per_feature):
            raise ConfigurationError(
                f"kept must name all {self.features} features unless each has thresholds of its "
                f"own, not {len(kept)}"
            )
        if self.passes_bits:
            if self.bits_per_feature != 1:
                raise ConfigurationError(
                    f"bits_per_feature must be 1 without thresholds, not {self.bits_per_feature}"
                )
            return
        wanted: tuple[int, ...] = (self.bits_per_feature,)
        if self.per_feature:
            wanted += (len(kept),)
        if thresholds.shape != wanted:
            raise ConfigurationError(
                f"thresholds must be of shape {wanted} or (0,), not {thresholds.shape}"
            )
        rising = thresholds[1:] > thresholds[:-1]
        if not np.all(np.isfinite(thresholds)) or not np.all(rising):
            raise ConfigurationError("thresholds must be finite and rise from bit to bit")

    @property
    def passes_bits(self) -> bool:
        """Whether the data are bits already and pass unchanged."""
        return self.thresholds.shape == (0,)

    @property
    def outputs(self) -> int:
        """Bits of an encoded sample, ``T`` times the kept features."""
        return self.bits_per_feature * len(self.kept)

    @classmethod
    def fit(
        cls, x: ArrayLike, *, bits_per_feature: int = 1, per_feature: bool = False
    ) -> "Thermometer":
        """Find the thresholds of a training split.

        Parameters
        ----------
        x : (n, features) numbers
            The training split: at least one sample of at least one feature, all finite.
        bits_per_feature : int
            ``T``. At least 1.
        per_feature : bool
            Give each feature thresholds of its own and drop features that are constant, instead of
            one set of thresholds for all.

        Raises
        ------
        ConfigurationError
            If ``bits_per_feature`` is not an integer of at least 1, or ``per_feature`` no bool.
        DataError
            If ``x`` is not a table of finite numbers, or carries fewer bits than asked for.
        """
        return _fit(x, _count("bits_per_feature", bits_per_feature), per_feature)[0]

    def encode(self, x: ArrayLike) -> NDArray[np.uint8]:
        """Encode samples.

        Parameters
        ----------
        x : (n, features) numbers
            Finite; 0 or 1 where the training data were bits.

        Returns
        -------
        (n, outputs) uint8
            Bits, 0 or 1, in C order.

        Raises
        ------
        DataError
            If ``x`` is not a table of finite numbers with this many features, or holds other
            values than 0 and 1 where the training data were bits.
        """
        table = _table(x)
        if table.shape[1] != self.features:
            raise DataError(
                f"samples must have {self.features} features, as in training, not {table.shape[1]}"
            )
        encoded = np.empty((len(table), self.outputs), dtype=np.uint8)
        planes = encoded.view(np.bool_).reshape(len(table), self.bits_per_feature, len(self.kept))
        whole = len(self.kept) == self.features
        for rows, values in _slices(table):
            _check_finite(values, rows)
            if self.passes_bits:
                if not _all_bits(values):
                    row, column = np.argwhere((values != 0) & (values != 1))[0]
                    raise DataError(
                        "the training data were bits, so values must be 0 or 1, not "
                        f"{values[row, column]:g} as in row {rows.start + row}, column {column}"
                    )
                encoded[rows] = values
                continue
            real = values.astype(np.float64, copy=False)
            if not whole:
                real = real[:, self.kept]
            for m in range(self.bits_per_feature):
                np.greater(real, self.thresholds[m], out=planes[rows, m])
        return encoded


def fit_most(
    x: ArrayLike, *, most: int, per_feature: bool = False
) -> tuple[Thermometer, list[int]]:
    """Fit a thermometer of as many bits a feature as the training split carries.

    Equals :meth:`Thermometer.fit` with the largest ``bits_per_feature`` that it does not refuse.

    Parameters
    ----------
    x, per_feature
        As :meth:`Thermometer.fit` takes them.
    most : int
        More bits than so many are not wanted. At least 1.

    Returns
    -------
    Thermometer, list of int
        The encoder, and how many bits each kept feature would carry, at most ``most``.

    Raises
    ------
    ConfigurationError, DataError
        As :meth:`Thermometer.fit`.
    """
    return _fit(x, 1, per_feature, most=_count("most", most))


def _fit(
    x: ArrayLike, least: int, per_feature: bool, most: int | None = None
) -> tuple[Thermometer, list[int]]:
    """A thermometer of ``least`` to ``most`` bits, and the bits that each kept feature carries."""
    most = least if most is None else most
    per_feature = _flag("per_feature", per_feature)
    table = _table(x)
    samples, features = table.shape
    if not samples or not features:
        raise DataError(
            "the training split must have at least one sample of at least one feature, "
            f"not {samples} of {features}"
        )
    bits = True
    for rows, values in _slices(table):
        _check_finite(values, rows)
        bits = bits and _all_bits(values)

    kept = np.arange(features, dtype=np.int64)
    if bits:
        if least > 1:
            raise DataError(
                f"the training data are bits already and carry 1 bit a feature, not {least}; "
                "ask for 1"
            )
        count, carried, thresholds = 1, [1] * features, np.empty(0)
    elif per_feature:
        kept, found = _thresholds_of_each(table, most)
        carried = [len(each) for each in found]
        count = min(carried)
        if count < least:
            raise TooFewBits(int(kept[carried.index(count)]), count, least)
        thresholds = np.array([each[:count] for each in found]).T
    else:
        ordered = _sorted(table)
        if ordered[0] == ordered[-1]:
            raise DataError(
                f"the training data can carry no bits: every value is {ordered[0]}; give "
                "samples that differ"
            )
        shared = _thresholds(ordered, most)
        count = len(shared)
        if count < least:
            way_out = _way_out(count, two_values=len(np.unique(ordered)) == 2)
            raise DataError(
                f"the training data can carry {_bits(count)} a feature, not {least}: "
                f"{_exhausted(count)}; {way_out}"
            )
        carried, thresholds = [count] * features, np.array(shared)
    encoder = Thermometer(
        features=features,
        bits_per_feature=count,
        per_feature=per_feature,
        thresholds=thresholds,
        kept=kept,
    )
    return encoder, carried


def _count(name: str, value: Any) -> int:
    """A parameter that must be an integer of at least 1."""
    try:
        number = operator.index(value)
    except TypeError:
        number = 0
    if isinstance(value, bool) or number < 1:
        raise ConfigurationError(f"{name} must be an integer of at least 1, not {value!r}")
    return number


def _flag(name: str, value: Any) -> bool:
    """A parameter that must be a bool."""
    if not isinstance(value, bool | np.bool_):
        raise ConfigurationError(f"{name} must be True or False, not {value!r}")
    return bool(value)


def _frozen(name: str, values: Any, dtype: type[np.generic]) -> NDArray[Any]:
    """A copy that nobody changes, of exactly this type."""
    array = np.array(values)
    if array.dtype != dtype:
        raise ConfigurationError(
            f"{name} must be of type {np.dtype(dtype).name}, not {array.dtype}"
        )
    array.setflags(write=False)
    return array


def _table(x: ArrayLike) -> NDArray[Any]:
    """Samples as an array of numbers with two axes."""
    table = samples_array(x)
    if table.dtype.kind not in "biuf":
        raise DataError(f"features must be real numbers, not of type {table.dtype}")
    if table.ndim != 2:
        raise DataError(
            f"samples must form a table of shape (samples, features), not {table.shape}"
        )
    return table


def _slices(table: NDArray[Any]) -> Iterator[tuple[slice, NDArray[Any]]]:
    """Runs of rows, about ``SLICE_VALUES`` values each."""
    step = max(1, SLICE_VALUES // max(1, table.shape[1]))
    for start in range(0, len(table), step):
        rows = slice(start, min(start + step, len(table)))
        yield rows, table[rows]


def _check_finite(values: NDArray[Any], rows: slice) -> None:
    if values.dtype.kind == "f" and not np.all(np.isfinite(values)):
        row, column = np.argwhere(~np.isfinite(values))[0]
        raise DataError(
            f"features must be finite numbers, not {values[row, column]} as in "
            f"row {rows.start + row}, column {column}"
        )


def _all_bits(values: NDArray[Any]) -> bool:
    """Whether all values are 0 or 1."""
    if values.dtype.kind == "b":
        return True
    if values.dtype.kind == "u":
        return not values.size or bool(values.max() <= 1)
    return bool(np.all((values == 0) | (values == 1)))


def _sorted(values: NDArray[Any], axis: int | None = None) -> NDArray[Any]:
    """A sorted copy, in the values' own type (rounding to float64 keeps the order)."""
    # NumPy's stable sort of narrow integers is a radix sort, several times faster.
    narrow = values.dtype.kind in "biu" and values.dtype.itemsize <= 2
    return np.sort(values, axis=axis, kind="stable" if narrow else None)


def _thresholds(ordered: NDArray[Any], wanted: int) -> list[float]:
    """``t_0, t_1, …`` of sorted values: ``wanted`` of them, or as many as the values carry.

    ``t_0`` is the median of all values, ``t_{m+1}`` that of the values greater than ``t_m``. A
    threshold that no value is greater than carries no bit and ends the list.
    """
    found: list[float] = []
    first = 0  # of the values greater than the last threshold
    while len(found) < wanted:
        threshold = _median(ordered, first)
        first = bisect_right(ordered, threshold, lo=first, key=float)
        if first == len(ordered):
            break
        found.append(threshold)
    return found


def _median(ordered: NDArray[Any], first: int) -> float:
    """The median of the sorted values from ``first`` on, in float64."""
    middle = (first + len(ordered)) // 2
    upper = float(ordered[middle])
    if (len(ordered) - first) % 2:
        return upper
    lower = float(ordered[middle - 1])
    total = lower + upper
    # Halves are exact but near zero, sums but near the largest number: each where it is.
    return total / 2 if np.isfinite(total) else lower / 2 + upper / 2


def _thresholds_of_each(
    table: NDArray[Any], wanted: int
) -> tuple[NDArray[np.int64], list[list[float]]]:
    """The features that are not constant, and of each as many thresholds as it carries."""
    samples, features = table.shape
    kept: list[int] = []
    thresholds: list[list[float]] = []
    step = max(1, SLICE_VALUES // samples)
    for start in range(0, features, step):
        columns = _sorted(np.ascontiguousarray(table[:, start : start + step].T), axis=1)
        for index, ordered in enumerate(columns, start):
            if ordered[0] != ordered[-1]:
                kept.append(index)
                thresholds.append(_thresholds(ordered, wanted))
    if not kept:
        raise DataError(
            "the training data can carry no bits: every feature is constant; give samples that "
            "differ"
        )
    return np.array(kept, dtype=np.int64), thresholds


def _bits(count: int) -> str:
    return f"{count} bit" if count == 1 else f"{count} bits"


def _exhausted(carried: int) -> str:
    return f"no training value is greater than threshold t_{carried}"


def _way_out(carried: int, two_values: bool = False) -> str:
    if carried:
        return f"ask for {carried} at most"
    if two_values:
        return "there are two values only: write them as 0 and 1, which are bits already"
    return "over half of the values are the highest one, so negate them"
