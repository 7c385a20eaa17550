"""`metaplast flash`: load a bitstream into a board."""

import shlex
from pathlib import Path
from typing import Annotated

import typer

from ..terminal.output import require

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command()(flash)


def flash(
    build: Annotated[Path, typer.Argument(metavar="BUILD", help="A build directory.")],
    ram: Annotated[
        bool,
        typer.Option("--ram", help="Load into SRAM only, if the board can: lost at power-off."),
    ] = False,
) -> None:
    """Flash a bitstream with openFPGALoader.

    Prints the command to run if openFPGALoader is not installed.
    """
    require("amaranth", extra="boards", purpose="flashing a board")
    from ...boards.bitstream.description import Build
    from ...boards.bitstream.loader import LOADER, flash as flash_board, loader_command

    loaded = Build.load(build)
    command = loader_command(loaded, ram=ram)
    if flash_board(loaded, ram=ram):
        typer.echo(f"flashed {loaded.bitstream} into {loaded.board.title}")
        return
    typer.echo(f"Note: {LOADER} is not installed; install it and run:", err=True)
    typer.echo(shlex.join(command))
