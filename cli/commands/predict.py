"""`metaplast predict`: label the samples of a file."""

from typing import Annotated

import typer

from ..options.options import JsonOption, LabelOption, ModelArgument
from ..terminal.class_labels import labels_of
from ..terminal.output import Reporter, print_json

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command()(predict)


def predict(
    model: ModelArgument,
    file: Annotated[
        str,
        typer.Argument(
            metavar="FILE",
            help="Samples: a .npz file with x, or a table (.csv, .tsv, .txt) with or without "
            "labels.",
        ),
    ],
    label: LabelOption = None,
    json: JsonOption = False,
) -> None:
    """Print the label of each sample of a file, one per line.

    The columns of a table with a header are matched by name.
    """
    from ...golden_model.datasets import load_features
    from ...golden_model.files.model_file import Model
    from ..training.training_data import table_options

    trained = Model.load(model)
    reporter = Reporter(json=json)
    x = load_features(
        file,
        features=trained.encoder.features,
        on_note=reporter.note,
        **table_options(file, label, trained),
    )
    labels = labels_of(trained, trained.predict(x))
    if json:
        print_json({"labels": labels})
        return
    typer.echo("\n".join(map(str, labels)))
