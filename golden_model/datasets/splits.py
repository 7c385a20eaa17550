"""Splits of samples: a stratified test split, and a random validation split, both by seed.

Samples are drawn by streams of their own of :class:`~.random_stream.RandomStream`, so the split of
a seed is the same on every machine and with every version of NumPy. The sample with the smallest
draw comes first; of equal draws, the first sample.
"""

import math

import numpy as np
from numpy.typing import NDArray

from ..config import MAX_LAYERS, MAX_SEED, checked_integer, checked_number
from ..errors import ConfigurationError, DataError
from ..random_stream import RandomStream, reinforcement_id

__all__ = ["random_split", "stratified_split"]

# Stream numbers that neither a layer nor an epoch has.
TEST_ID, VALIDATION_ID = 0x7FFE, 0x7FFF
assert reinforcement_id(MAX_LAYERS - 1) < TEST_ID


def stratified_split(
    y: NDArray[np.int64], share: float, *, seed: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Split samples at random, with each class in proportion.

    ``share · n`` samples, rounded, go to the second part; of a class with ``n_c`` samples,
    ``share · n_c`` rounded down or up. The classes with the largest fractions are rounded up; of
    equal fractions, the first classes.

    Parameters
    ----------
    y : (n,) int64
        Class of each sample, from 0.
    share : float
        Share of the second part. Above 0, below 1.
    seed : int
        48 bits, unsigned.

    Returns
    -------
    two arrays of int64
        Indices of the first and the second part, both rising.

    Raises
    ------
    ConfigurationError
        If ``share`` or ``seed`` is out of its range.
    DataError
        If a part would hold no sample.
    """
    share = checked_number("share", share, 0.0, 1.0)
    if share in (0.0, 1.0):
        raise ConfigurationError(f"share must be above 0 and below 1, not {share:g}")
    order = _order(len(y), seed, TEST_ID)
    counts = np.bincount(y)
    exact = counts * share
    taken = np.floor(exact).astype(np.int64)
    more = math.floor(len(y) * share + 0.5) - int(taken.sum())
    largest = np.argsort(taken - exact, kind="stable")
    stays = (taken < exact) & (taken < counts - 1)  # each class stays in the first part
    largest = largest[stays[largest]]
    taken[largest[: max(more, 0)]] += 1
    second = np.zeros(len(y), dtype=bool)
    for c, count in enumerate(taken.tolist()):
        second[order[y[order] == c][:count]] = True
    return _parts(second, f"a share of {share:g}")


def random_split(
    samples: int, count: int, *, seed: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Hold out samples at random.

    Parameters
    ----------
    samples : int
        Number of samples.
    count : int
        Samples to hold out. 1 to ``samples − 1``.
    seed : int
        48 bits, unsigned.

    Returns
    -------
    two arrays of int64
        Indices of the samples that stay and of those held out, both rising.

    Raises
    ------
    ConfigurationError
        If ``count`` or ``seed`` is out of its range.
    """
    count = checked_integer("count of held-out samples", count, 1, samples - 1)
    held_out = np.zeros(samples, dtype=bool)
    held_out[_order(samples, seed, VALIDATION_ID)[:count]] = True
    return _parts(held_out, f"{count} samples")


def _order(samples: int, seed: int, stream_id: int) -> NDArray[np.int64]:
    """A permutation of the samples."""
    seed = checked_integer("seed", seed, 0, MAX_SEED)
    return np.argsort(RandomStream(seed, stream_id).draws(samples), kind="stable")


def _parts(second: NDArray[np.bool_], asked: str) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    if second.all() or not second.any():
        raise DataError(
            f"{asked} of {len(second)} samples leaves one part of the split without a sample; "
            "choose another share, or use more samples"
        )
    return np.flatnonzero(~second), np.flatnonzero(second)
