"""`metaplast data`: list and download data sets, and import folders of images."""

from pathlib import Path
from typing import Annotated

import typer

from ..options.options import DataDirOption, JsonOption
from ..terminal.output import check_file, print_json, print_table

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Add the commands to the application."""
    group = typer.Typer(help="List, download and import data sets.", no_args_is_help=True)
    group.command(name="list")(list_)
    group.command()(fetch)
    group.command(name="import")(import_)
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


def import_(
    folder: Annotated[
        Path,
        typer.Argument(
            metavar="DIR",
            help="A folder with a sub-folder of images for each class, or with sub-folders train "
            "and test that have them.",
        ),
    ],
    out: Annotated[Path, typer.Option(metavar="FILE.npz", help="Where to save the data set.")],
    json: JsonOption = False,
) -> None:
    """Convert a folder of images to a data set; the names of the sub-folders are the labels."""
    from ...golden_model import datasets

    check_file(out, "--out")
    data = datasets.import_images(folder, out)
    assert data.image_shape is not None
    height, width = data.image_shape
    test = 0 if data.x_test is None else len(data.x_test)
    if json:
        print_json(
            {
                "data": str(folder),
                "file": str(out),
                "train": len(data.x_train),
                "test": test,
                "image_shape": data.image_shape,
                "labels": data.labels,
            }
        )
        return
    labels = ", ".join(map(str, data.labels))
    typer.echo(
        f"wrote {out}: {len(data.x_train):,} training and {test:,} test images of "
        f"{height}×{width} pixels, {data.classes} classes: {labels}"
    )
