"""The UCI optical digits, embedded (licence: digits.md beside this file)."""

import gzip
from importlib import resources

import numpy as np

from .data_set import DataSet

__all__ = ["IMAGE_SHAPE", "NAME", "TEST", "TRAIN", "digits"]

NAME = "digits"
TRAIN, TEST = 1437, 360
IMAGE_SHAPE = (8, 8)


def digits() -> DataSet:
    """The 1797 images of the public test part; the first 1437 train, the other 360 test.

    Pixels are from 0 to 16.
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
