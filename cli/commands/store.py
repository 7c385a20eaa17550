"""`metaplast store`: write a data set as an image for the flash of a board."""

from pathlib import Path
from typing import Annotated

import typer

from ..options.options import DATA, whole_number
from ..options.training_options import TrainingOptions, takes_training_options

__all__ = ["register"]

BOARD = "Board"

WITHOUT = (
    *("hidden", "groups", "counter_bits", "robustness", "reinforcement", "batch", "epochs"),
    *("keep", "continue_", "model", "plot", "quiet"),
)
"""Options of a training that do not change the samples."""


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command()(takes_training_options(store, without=WITHOUT))


def store(
    options: TrainingOptions,
    out: Annotated[
        Path, typer.Option(metavar="FILE", help="Where to write the image.", show_default=False)
    ],
    split: Annotated[
        str,
        typer.Option(
            metavar="train|all",
            help="The samples to store: training samples only, or held-out and test samples, too.",
            rich_help_panel=DATA,
        ),
    ] = "all",
    board: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="The board for whose flash the image is (see `metaplast boards`).",
            rich_help_panel=BOARD,
            show_default=False,
        ),
    ] = None,
    flash_size: Annotated[
        int | None,
        typer.Option(
            parser=whole_number,
            metavar="MIB",
            help="Size of the board's flash in MiB, if it is not the usual one.",
            rich_help_panel=BOARD,
            show_default="as most boards of this name have",
        ),
    ] = None,
    cable: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="The JTAG cable, for a board that needs one (see `openFPGALoader --list-cables`).",
            rich_help_panel=BOARD,
            show_default=False,
        ),
    ] = None,
    write: Annotated[
        bool,
        typer.Option(
            "--write",
            help="Write the image to the board's flash with openFPGALoader, too.",
            rich_help_panel=BOARD,
        ),
    ] = False,
) -> None:
    """Encode a data set, and write it as an image for a board's flash.

    The encoder is fitted to the training samples, as `metaplast train` does with
    the same options. With --board the image must fit the board's flash, and the
    command that writes it there is printed.
    """
    from ..training.stored_image import chosen_flash, run_store

    target = chosen_flash(board, flash_size=flash_size, cable=cable, write=write)
    run_store(options, out=out, split=split, target=target, write=write)
