"""`metaplast data list` and `metaplast data fetch`: list and download data sets."""

from typing import Annotated

import typer

from ..options.options import DataDirOption, JsonOption
from ..terminal.output import print_json, print_table

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Add the commands to the application."""
    group = typer.Typer(help="List and download data sets.", no_args_is_help=True)
    group.command(name="list")(list_)
    group.command()(fetch)
    app.add_typer(group, name="data")


def list_(data_dir: DataDirOption = None, json: JsonOption = False) -> None:
    """List the built-in data sets and their locations."""
    from dataclasses import asdict

    from ...golden_model.datasets import describe

    descriptions = describe(data_dir)
    if json:
        print_json([asdict(description) for description in descriptions])
        return
    print_table(
        ["name", "description", "where", "train", "test", "features", "classes"],
        [
            [
                description.name,
                description.summary,
                description.location,
                f"{description.train:,}",
                f"{description.test:,}",
                str(description.features),
                str(description.classes),
            ]
            for description in descriptions
        ],
        text=3,
    )


def fetch(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The data set's name.")],
    data_dir: DataDirOption = None,
) -> None:
    """Download a data set, check it, and print its directory."""
    import sys

    from ...golden_model import datasets

    if not sys.stderr.isatty():
        typer.echo(datasets.fetch(name, data_dir))
        return

    from rich.console import Console

    console = Console(stderr=True, markup=False, highlight=False)
    with console.status(f"fetching {name}") as status:

        def on_progress(file: str, size: int) -> None:
            status.update(f"{file}: {size / 1e6:.1f} MB")

        folder = datasets.fetch(name, data_dir, on_progress=on_progress)
    typer.echo(folder)
