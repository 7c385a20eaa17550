"""`metaplast evaluate`: accuracy and confusion matrix of a model."""

from enum import StrEnum
from typing import Annotated

import typer

from ..options.options import DataArgument, DataDirOption, JsonOption, LabelOption, ModelArgument
from ..terminal.class_labels import classes_of, own_labels
from ..terminal.output import Reporter, percent, print_json, print_table

__all__ = ["register"]

# The confusion matrix of more classes does not fit a terminal: list the largest confusions.
PRINTED_CLASSES = 20
LISTED_CONFUSIONS = 10


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
    """Measure accuracy, confusion matrix and per-class recall of a model on a data set."""
    from ...golden_model import datasets
    from ...golden_model.errors import DataError
    from ...golden_model.files.model_file import Model
    from ...golden_model.metrics import confusion_matrix
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

    confusion = confusion_matrix(y, trained.predict(x), classes)
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
    typer.echo()
    if classes <= PRINTED_CLASSES:
        rows = [
            [
                f"{label} {name}" if name != str(label) else name,
                *map(str, confusion[index].tolist()),
                percent(recall[index]),
            ]
            for index, (label, name) in enumerate(zip(labels, names, strict=True))
        ]
        headings = ["true \\ predicted", *map(str, labels), "recall"]
        print_table(headings, rows)
        return
    print_table(
        ["class", "samples", "recall"],
        [
            [name, f"{total:,}", percent(share)]
            for name, total, share in zip(names, totals, recall, strict=True)
        ],
    )
    typer.echo()
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
