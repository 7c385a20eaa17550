"""Labels of a model's classes, which in Python may be other integers than 0 to C - 1."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from ...golden_model.files.model_file import Model

__all__ = ["classes_of", "labels_of", "own_labels"]


def own_labels(model: "Model") -> tuple[int, ...] | None:
    """A model's labels if they are integers, and others than the classes' numbers from 0."""
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
    """The classes that a file's labels mean.

    Parameters
    ----------
    model : Model
        Knows the classes.
    labels : (n,) array
        Integers, text or booleans; text and booleans are names of the classes.
    name : str
        Where they are from, for the message.

    Raises
    ------
    DataError
        If there is a label that the model does not know.
    """
    import numpy as np

    from ...golden_model.datasets import class_indices
    from ...golden_model.errors import DataError

    if labels.dtype.kind not in "iu" and model.class_names:
        return class_indices(labels, model.class_names, name=name)
    known = own_labels(model) or range(model.config.classes)
    numbers = {label: index for index, label in enumerate(known)}
    unknown = sorted(set(labels.tolist()) - numbers.keys())
    if unknown:
        what = "the labels " + ", ".join(map(str, known))
        if own_labels(model) is None:
            what = f"{len(known)} classes"
        raise DataError(f"{name} has label {unknown[-1]}, and the model knows {what}")
    return np.array([numbers[label] for label in labels.tolist()], dtype=np.int64)
