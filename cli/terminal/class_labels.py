"""Class labels of a model that was trained in Python, where they need not be 0 to C - 1."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from ...golden_model.files.model_file import Model

__all__ = ["classes_of", "labels_of", "own_labels"]


def own_labels(model: "Model") -> tuple[int, ...] | None:
    """The labels of a model, if they are integers other than 0 to C - 1; None otherwise."""
    try:
        labels = tuple(map(int, model.class_names or ()))
    except ValueError:
        return None
    return labels if labels and labels != tuple(range(len(labels))) else None


def labels_of(model: "Model", classes: "NDArray[np.integer]") -> list[int]:
    """The labels of predicted classes."""
    labels = own_labels(model) or range(model.config.classes)
    return [labels[index] for index in classes.tolist()]


def classes_of(model: "Model", labels: "NDArray[np.integer]", name: str) -> "NDArray[np.int64]":
    """Convert the labels of a file to classes.

    Parameters
    ----------
    model : Model
        The model.
    labels : (n,) array
        Integer labels.
    name : str
        The data set, for the message.

    Raises
    ------
    DataError
        If the model does not know a label.
    """
    import numpy as np

    from ...golden_model.errors import DataError

    known = own_labels(model) or range(model.config.classes)
    numbers = {label: index for index, label in enumerate(known)}
    unknown = sorted(set(labels.tolist()) - numbers.keys())
    if unknown:
        known_labels = "the labels " + ", ".join(map(str, known))
        if own_labels(model) is None:
            known_labels = f"{len(known)} classes"
        raise DataError(f"{name} has label {unknown[-1]}, and the model knows {known_labels}")
    return np.array([numbers[label] for label in labels.tolist()], dtype=np.int64)
