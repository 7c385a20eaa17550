"""Metrics of a classifier: confusion matrix, balanced accuracy, accuracy of each layer."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .errors import DataError

__all__ = ["balanced_accuracy", "confusion_matrix", "layer_accuracy"]


def confusion_matrix(
    true: NDArray[Any], predicted: NDArray[Any], classes: int
) -> NDArray[np.int64]:
    """Confusion matrix: samples by true class (row) and predicted class (column).

    Parameters
    ----------
    true, predicted : (n,) integers
        Classes, 0 to ``classes`` − 1.
    classes : int
        Number of classes.

    Returns
    -------
    (classes, classes) int64
    """
    cells = true.astype(np.int64) * classes + predicted
    return np.bincount(cells, minlength=classes * classes).reshape(classes, classes)


def balanced_accuracy(confusion: NDArray[np.int64]) -> float:
    """Balanced accuracy: the mean recall of the classes that have samples, 0 to 1.

    Unlike the accuracy, it does not grow with the share of a frequent class that is always
    predicted.

    Parameters
    ----------
    confusion : (classes, classes) int64
        Samples by true class (row) and predicted class (column); at least one sample.

    Raises
    ------
    DataError
        If there is no sample.
    """
    totals = confusion.sum(axis=1)
    there = totals > 0
    if not there.any():
        raise DataError("balanced accuracy needs at least one sample, and there is none")
    return float(np.mean(confusion.diagonal()[there] / totals[there]))


def layer_accuracy(true: NDArray[Any], predicted: NDArray[Any]) -> tuple[float, ...]:
    """Accuracy of each layer's local prediction, 0 to 1; the network's is the last one.

    Parameters
    ----------
    true : (n,) integers
        Classes; at least one sample.
    predicted : (n, L) integers
        Classes that each layer predicts.

    Raises
    ------
    DataError
        If there is no sample.
    """
    if not len(true):
        raise DataError("accuracy needs at least one sample, and there is none")
    right = np.count_nonzero(predicted == true[:, np.newaxis], axis=0)
    return tuple((right / len(true)).tolist())
