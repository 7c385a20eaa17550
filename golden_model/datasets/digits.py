"""The UCI optical digits, embedded in the package (licence: digits.md in this folder)."""

import gzip
from importlib import resources

import numpy as np

from .data_set import DataSet

__all__ = ["IMAGE_SHAPE", "NAME", "TEST", "TRAIN", "digits"]

NAME = "digits"
TRAIN, TEST = 1437, 360
IMAGE_SHAPE = (8, 8)


def digits() -> DataSet:
    """Load the digits: 1797 images of 8×8 pixels from 0 to 16.

    They are the public test part; the first 1437 are for training, the other 360 for test.
    """
    packed = resources.files(__package__).joinpath("digits.csv.gz").read_bytes()
    rows = gzip.decompress(packed).decode("ascii").splitlines()
    table = np.array([row.split(",") for row in rows]).astype(np.uint8)
    x, y = table[:, :-1].reshape(-1, *IMAGE_SHAPE), table[:, -1]
    return DataSet.from_arrays(
        NAME,
        x[:TRAIN],
        y[:TRAIN],
        x[TRAIN:],
        y[TRAIN:],
        classes=10,
        class_names=tuple("0123456789"),
    )
