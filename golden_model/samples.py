"""Checks of a network's inputs: encoded samples, labels, reinforcement events."""

import operator
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .errors import ConfigurationError, DataError

__all__ = ["checked_bits", "checked_events", "checked_labels", "samples_array"]


def samples_array(x: Any, name: str = "samples") -> NDArray[Any]:
    """Samples as an array of any shape and type, without a copy where possible.

    Parameters
    ----------
    x : array or nested sequences
        Samples.
    name : str
        Name of the samples in error messages.

    Raises
    ------
    DataError
        If rows have different lengths.
    """
    try:
        return np.asarray(x)
    except ValueError:
        raise DataError(f"{name} must all have the same number of features") from None


def checked_bits(x: ArrayLike, inputs: int) -> NDArray[np.uint8]:
    """Check encoded samples and convert them to (n, inputs) uint8, without a copy where possible.

    Parameters
    ----------
    x : (n, inputs) of 0 and 1
        Encoded samples, of any number type or bool.
    inputs : int
        ``N_0`` of the network.

    Raises
    ------
    DataError
        If the shape differs, or a value is neither 0 nor 1.
    """
    bits = samples_array(x)
    if bits.ndim != 2 or bits.shape[1] != inputs:
        raise DataError(f"x must be of shape (n, {inputs}), not {bits.shape}")
    if bits.dtype == np.bool_:
        return bits.view(np.uint8)
    if bits.dtype.kind not in "iuf":
        raise DataError(f"x must be of 0 and 1, not of type {bits.dtype}")
    if bits.dtype == np.uint8:
        if bits.size and bits.max() > 1:
            raise _neither(bits[bits > 1])
        return bits
    if len(others := bits[(bits != 0) & (bits != 1)]):
        raise _neither(others)
    return bits.astype(np.uint8)


def _neither(others: NDArray[np.number]) -> DataError:
    return DataError(f"x must be of 0 and 1, not {others[0].item()!r}; encode the samples first")


def checked_labels(y: ArrayLike, samples: int, classes: int) -> NDArray[np.int64]:
    """Check labels and convert them to (samples,) int64.

    Parameters
    ----------
    y : (samples,) int
        Labels, 0 to classes − 1.
    samples : int
        Number of labels that there must be.
    classes : int
        ``C`` of the network.

    Raises
    ------
    DataError
        If the shape differs, or a label is not an integer from 0 to classes − 1.
    """
    try:
        labels = np.asarray(y)
    except ValueError:
        raise DataError(f"y must be of shape {(samples,)}, not ragged") from None
    if labels.shape != (samples,):
        raise DataError(f"y must be of shape {(samples,)}, not {labels.shape}")
    if not samples:
        return np.empty(0, dtype=np.int64)
    if labels.dtype.kind not in "iu":
        raise DataError(f"labels must be integers, not of type {labels.dtype}")
    if not 0 <= labels.min() <= labels.max() < classes:
        raise DataError(
            f"labels must be from 0 to {classes - 1}, not {labels.min()} to {labels.max()}"
        )
    return labels.astype(np.int64, copy=False)


def checked_events(events: Sequence[int], layers: int) -> list[int]:
    """Check the reinforcement events ``M_l`` and convert them to Python integers.

    Parameters
    ----------
    events : sequence of int
        A count for each layer, at least 0.
    layers : int
        Layers of the network.

    Raises
    ------
    ConfigurationError
        If the number of counts differs, or a count is negative or not an integer.
    """
    counts: list[int] = []
    given: Any = events
    try:
        for count in given:
            if isinstance(count, bool):
                raise TypeError
            counts.append(operator.index(count))
    except TypeError:
        counts.clear()
    if len(counts) != layers or min(counts) < 0:
        each = "the layer" if layers == 1 else f"each of the {layers} layers"
        raise ConfigurationError(
            f"events must name a count, an integer of at least 0, for {each}, not {events!r}"
        )
    return counts
