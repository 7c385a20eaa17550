"""Encoded data sets as files, for other programs.

The file is an ``.npz`` archive without pickles, which is a data set of bits, too:

===============  ==================================================================
``x_train``      (n, N) uint8 of 0 and 1, encoded training samples
``y_train``      (n,) int64, their classes, 0 to C − 1
``x_test``       encoded test samples, if there is a test split
``y_test``       their classes, if there is a test split
``classes``      int64, ``C``
``labels``       (C,) integers, text or booleans, the label of each class in the data
``class_names``  (C,) text, if the classes have names
``sources``      (N,) int64, the feature of each bit; with image planes, its pixel in a plane
``encoder``      JSON text: the kind and all values of the encoder
===============  ==================================================================
"""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..encoding.encoder import Encoder
from ..errors import DataError
from .atomic import write_atomically
from .destination import PathLike
from .json_text import json_array
from .npz import packed_arrays

if TYPE_CHECKING:
    from ..datasets import DataSet

__all__ = ["encoded_arrays", "save_encoded"]


def encoded_arrays(data: "DataSet", encoder: Encoder) -> dict[str, NDArray[Any]]:
    """The arrays of an encoded data set, by name.

    Parameters
    ----------
    data : DataSet
        The data set.
    encoder : Encoder
        A fitted encoder.

    Raises
    ------
    DataError
        If the samples cannot be encoded.
    """
    arrays: dict[str, NDArray[Any]] = {
        "x_train": encoder.encode(data.x_train),
        "y_train": data.y_train.astype(np.int64),
    }
    if data.x_test is not None and data.y_test is not None:
        arrays["x_test"] = encoder.encode(data.x_test)
        arrays["y_test"] = data.y_test.astype(np.int64)
    arrays["classes"] = np.array(data.classes, dtype=np.int64)
    arrays["labels"] = np.array(data.labels)
    if data.class_names is not None:
        arrays["class_names"] = np.array(data.class_names, dtype=np.str_)
    arrays["sources"] = encoder.sources
    arrays["encoder"] = json_array(encoder.to_dict())
    return arrays


def save_encoded(path: PathLike, data: "DataSet", encoder: Encoder) -> dict[str, NDArray[Any]]:
    """Encode a data set, write it to an ``.npz`` file, and return its arrays.

    Parameters
    ----------
    path : path
        The file; an existing file is replaced completely or stays unchanged.
    data, encoder
        As in :func:`encoded_arrays`.

    Raises
    ------
    DataError
        If the name does not end with .npz, the samples cannot be encoded, or the file cannot be
        written.
    """
    path = Path(path)
    if path.suffix.lower() != ".npz":
        raise DataError(f"{path} must end with .npz, as the file of a data set does")
    arrays = encoded_arrays(data, encoder)
    try:
        write_atomically(path, packed_arrays(arrays))
    except OSError as error:
        raise DataError(f"cannot write {path}: {error.strerror or error}") from None
    return arrays
