"""Synthetic data: random class prototypes with flipped bits, the paper's task."""

import numpy as np
from numpy.typing import NDArray

from ..config import MAX_CLASSES, checked_minimum, checked_number
from ..errors import ConfigurationError
from .data_set import DataSet

__all__ = ["NAME", "prototypes"]

NAME = "prototypes"


def prototypes(
    *,
    classes: int = 10,
    bits: int = 1000,
    probability: float = 0.44,
    train: int = 10_000,
    test: int = 2_000,
    seed: int = 1,
) -> DataSet:
    """Generate random class prototypes, and samples with flipped bits of them.

    Sample ``i`` of a split belongs to class ``i mod C``. The same parameters give the same data.

    Parameters
    ----------
    classes : int
        ``C``. 2 to 256.
    bits : int
        Bits of a sample. At least 1.
    probability : float
        Chance that a bit of a sample differs from its prototype's. 0 to 1; 0.5 leaves nothing to
        learn.
    train, test : int
        Samples of each split. At least ``classes`` to train, at least 1 to test.
    seed : int
        Seed of NumPy's generator. At least 0.

    Raises
    ------
    ConfigurationError
        If a parameter is out of its range.
    """
    classes = checked_minimum("classes", classes, 2)
    if classes > MAX_CLASSES:
        raise ConfigurationError(f"classes must be from 2 to {MAX_CLASSES}, not {classes}")
    bits = checked_minimum("bits", bits, 1)
    train = checked_minimum("train", train, classes)
    test = checked_minimum("test", test, 1)
    seed = checked_minimum("seed", seed, 0)
    probability = checked_number("probability", probability, 0.0, 1.0)

    generator = np.random.default_rng(seed)
    originals = generator.integers(0, 2, size=(classes, bits), dtype=np.uint8)

    def split(samples: int) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
        labels = np.arange(samples, dtype=np.int64) % classes
        flips = generator.random((samples, bits)) < probability
        return originals[labels] ^ flips, labels

    (x_train, y_train), (x_test, y_test) = split(train), split(test)
    return DataSet.from_arrays(NAME, x_train, y_train, x_test, y_test, classes=classes)
