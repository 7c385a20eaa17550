"""Measures of a classifier: the confusion matrix."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["confusion_matrix"]


def confusion_matrix(
    true: NDArray[Any], predicted: NDArray[Any], classes: int
) -> NDArray[np.int64]:
    """Count samples by true class (row) and predicted class (column).

    Parameters
    ----------
    true, predicted : (n,) integers
        Classes, 0 to ``classes`` − 1.
    classes : int
        How many classes there are.

    Returns
    -------
    (classes, classes) int64
    """
    cells = true.astype(np.int64) * classes + predicted
    return np.bincount(cells, minlength=classes * classes).reshape(classes, classes)
