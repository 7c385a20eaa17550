"""Metrics of a classifier: the confusion matrix."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["confusion_matrix"]


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
