"""`metaplast evaluate`: accuracies and confusion matrix of a model."""

from collections.abc import Sequence
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from ..options.options import DataArgument, DataDirOption, JsonOption, LabelOption, ModelArgument
from ..terminal.class_labels import classes_of, own_labels
from ..terminal.output import Reporter, percent, print_json, print_table, printable

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["register"]

# The confusion matrix of more classes does not fit a terminal: list the largest confusions.
PRINTED_CLASSES = 20
LISTED_CONFUSIONS = 10

# Longer class names, in characters of a line, do not fit as headings: labels are.
HEADINGS_WIDTH = 60


class Split(StrEnum):
    """Part of a data set."""

    TEST = "test"
    TRAIN = "train"


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command()(evaluate)


def evaluate(
    model: ModelArgument,
    data: DataArgument,
    split: Annotated[
        Split | None,
        typer.Option(
            help="The samples to use.",
            show_default="test if the data set has one, otherwise train",
        ),
    ] = None,
    label: LabelOption = None,
    data_dir: DataDirOption = None,
    json: JsonOption = False,
) -> None:
    """Measure accuracy, confusion matrix and per-class recall of a model on a data set.

    The balanced accuracy is the mean recall of the classes.
    """
    from ...golden_model import datasets
    from ...golden_model.errors import DataError
    from ...golden_model.files.model_file import Model
    from ...golden_model.metrics import balanced_accuracy, confusion_matrix, layer_accuracy
    from ..training.training_data import table_options

    trained = Model.load(model)
    samples = datasets.load_labelled(
        data,
        split,
        data_dir=data_dir,
        on_note=Reporter(json=json).note,
        **table_options(data, label, trained),
    )
    x = samples.x
    if x.shape[1] != trained.encoder.features:
        raise DataError(
            f"{samples.name} has {x.shape[1]} features per sample, and the model was trained with "
            f"{trained.encoder.features}"
        )
    classes = trained.config.classes
    y = classes_of(trained, samples.y, samples.name)

    predicted = trained.local_predictions(x)
    by_layer = layer_accuracy(y, predicted)
    confusion = confusion_matrix(y, predicted[:, -1], classes)
    balanced = balanced_accuracy(confusion)
    right = int(confusion.trace())
    totals = confusion.sum(axis=1).tolist()
    recall = [
        count / total if total else None
        for count, total in zip(confusion.diagonal().tolist(), totals, strict=True)
    ]
    labels = list(own_labels(trained) or range(classes))
    names = list(samples.class_names or trained.class_names or map(str, labels))
    if len(names) != classes:
        names = list(map(str, labels))
    if json:
        print_json(
            {
                "model": str(model),
                "data": samples.name,
                "split": samples.split,
                "samples": len(y),
                "accuracy": right / len(y),
                "balanced_accuracy": balanced,
                "layer_accuracy": list(by_layer),
                "labels": labels,
                "class_names": names,
                "recall": recall,
                "confusion": confusion.tolist(),
            }
        )
        return

    kind = "" if data.lower().endswith(".csv") else f"{samples.split} "  # a table has no splits
    which = f"{right:,} of {len(y):,} {kind}samples"
    typer.echo(f"accuracy {percent(right / len(y))} ({which})")
    typer.echo(f"balanced accuracy {percent(balanced)}")
    if len(by_layer) > 1:
        typer.echo(f"accuracy of each layer {', '.join(map(percent, by_layer))}")
    typer.echo()
    if classes <= PRINTED_CLASSES:
        _print_confusion(confusion, list(map(str, labels)), names, recall)
        return
    print_table(
        ["class", "samples", "recall"],
        [
            [name, f"{total:,}", percent(share)]
            for name, total, share in zip(names, totals, recall, strict=True)
        ],
    )
    typer.echo()
    _print_largest_confusions(confusion, names)


def _print_confusion(
    confusion: "NDArray[np.int64]",
    labels: Sequence[str],
    names: Sequence[str],
    recall: Sequence[float | None],
) -> None:
    """Print the confusion matrix; its columns have the names of the classes if these are short."""
    titles = [
        printable(name if name == label else f"{label} {name}")
        for label, name in zip(labels, names, strict=True)
    ]
    short = sum(map(len, titles)) <= HEADINGS_WIDTH
    print_table(
        ["true \\ predicted", *(titles if short else map(printable, labels)), "recall"],
        [
            [title, *map(str, counts), percent(share)]
            for title, counts, share in zip(titles, confusion.tolist(), recall, strict=True)
        ],
    )


def _print_largest_confusions(confusion: "NDArray[np.int64]", names: Sequence[str]) -> None:
    """Print the largest entries outside the diagonal of the confusion matrix."""
    classes = len(names)
    off_diagonal = confusion.copy()
    off_diagonal[range(classes), range(classes)] = 0
    largest = off_diagonal.ravel().argsort(kind="stable")[::-1][:LISTED_CONFUSIONS]
    print_table(
        ["true", "predicted", "samples"],
        [
            [names[cell // classes], names[cell % classes], str(off_diagonal.flat[cell])]
            for cell in largest.tolist()
            if off_diagonal.flat[cell]
        ],
        title="The largest confusions (--json prints all):",
        text=2,
    )
