"""`metaplast predict`."""

from typing import Annotated

import typer

from .options import ModelArgument

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
            help="Samples: a .npz file with x, or a .csv file, with labels or without.",
        ),
    ],
) -> None:
    """Print the label of each sample of a file, a line each."""
    from ..golden_model.datasets import load_features
    from ..golden_model.model_file import Model

    trained = Model.load(model)
    labels = trained.predict(load_features(file, features=trained.encoder.features))
    typer.echo("\n".join(map(str, labels.tolist())))
