"""What a network trains on and predicts from: encoded samples, labels and events, checked."""

import operator
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .errors import ConfigurationError, DataError

__all__ = ["checked_bits", "checked_events", "checked_labels", "samples_array"]


def samples_array(x: Any, name: str = "samples") -> NDArray[Any]:
    """Samples as an array of whatever shape and type; not copied if they are one already.

    Parameters
    ----------
    x : array or nested sequences
        Samples.
    name : str
        What errors call them.

    Raises
    ------
    DataError
        If they are ragged.
    """
    try:
        return np.asarray(x)
    except ValueError:
        raise DataError(f"{name} must all have the same number of features") from None


def checked_bits(x: ArrayLike, inputs: int) -> NDArray[np.uint8]:
    """Encoded samples as (n, inputs) uint8; not copied if they are that already.

    Parameters
    ----------
    x : (n, inputs) of 0 and 1
        Encoded samples, of any type of number or bool.
    inputs : int
        ``N_0``, the network's.

    Raises
    ------
    DataError
        If the shape is another, or a value is neither 0 nor 1.
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
    """Labels as (samples,) int64.

    Parameters
    ----------
    y : (samples,) int
        Labels, 0 to classes − 1.
    samples : int
        How many there must be.
    classes : int
        ``C``, the network's.

    Raises
    ------
    DataError
        If the shape is another, a label is no integer, or it names no class.
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
    """``M_l`` of each layer, as Python's integers.

    Parameters
    ----------
    events : sequence of int
        A count for each layer, at least 0.
    layers : int
        How many there must be.

    Raises
    ------
    ConfigurationError
        If there are more or fewer, or one is no integer or negative.
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
