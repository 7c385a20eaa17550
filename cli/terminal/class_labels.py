"""Labels of a model's classes, as in the data that it was trained on."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from ...golden_model.datasets import Label
    from ...golden_model.files.model_file import Model

__all__ = ["classes_of", "known_labels", "labels_of", "own_labels"]


def own_labels(model: "Model") -> "tuple[Label, ...] | None":
    """The labels of a model, if they are other than 0 to C - 1; None otherwise."""
    if model.labels is not None:
        return model.labels
    try:  # a model that was trained in Python has its labels as class names
        labels = tuple(map(int, model.class_names or ()))
    except ValueError:
        return None
    return labels if labels and labels != tuple(range(len(labels))) else None


def known_labels(model: "Model", *, text: bool = False) -> "tuple[Label, ...]":
    """The label of each class of a model.

    Parameters
    ----------
    model : Model
        The model.
    text : bool
        Whether the labels of the data are text or booleans, which may be the names of classes.
    """
    names = model.class_names if text else None
    return own_labels(model) or names or tuple(range(model.config.classes))


def labels_of(model: "Model", classes: "NDArray[np.integer]") -> "list[Label]":
    """The labels of predicted classes."""
    labels = known_labels(model)
    return [labels[index] for index in classes.tolist()]


def classes_of(model: "Model", labels: "NDArray[Any]", name: str) -> "NDArray[np.int64]":
    """Convert the labels of a file to classes.

    Parameters
    ----------
    model : Model
        The model.
    labels : (n,) array
        Integers, booleans or text.
    name : str
        The data set, for the message.

    Raises
    ------
    DataError
        If the model does not know a label.
    """
    import numpy as np

    from ...golden_model.errors import DataError

    known = known_labels(model, text=labels.dtype.kind not in "iu")
    numbers = {str(label): index for index, label in enumerate(known)}
    distinct, inverse = np.unique(labels, return_inverse=True)
    unknown = [label for label in distinct.tolist() if str(label) not in numbers]
    if unknown:
        those = "the labels " + ", ".join(map(str, known))
        if known == tuple(range(len(known))):
            those = f"{len(known)} classes"
        raise DataError(f"{name} has label {unknown[-1]}, and the model knows {those}")
    classes = np.array([numbers[str(label)] for label in distinct.tolist()], dtype=np.int64)
    return classes[inverse.reshape(-1)]
