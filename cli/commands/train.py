"""`metaplast train`: train a network."""

from pathlib import Path
from typing import Annotated

import typer

from ..options.options import number, require_at_least, require_share, whole_number
from ..options.training_options import TrainingOptions, takes_training_options

__all__ = ["register"]

BOARD = "Board"


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command()(takes_training_options(train))


def train(
    options: TrainingOptions,
    board: Annotated[
        str | None,
        typer.Option(
            metavar="PORT",
            help="Train on the board at this serial port, or on virtual:BOARD in a simulator.",
            rich_help_panel=BOARD,
            show_default="the golden model trains",
        ),
    ] = None,
    baud: Annotated[
        int | None,
        typer.Option(
            parser=whole_number,
            metavar="N",
            help="Bits per second on the board's serial line.",
            rich_help_panel=BOARD,
            show_default="1,000,000",
        ),
    ] = None,
    plan: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="The plan of the board's gateware, as `metaplast plan` writes it.",
            rich_help_panel=BOARD,
            show_default=False,
        ),
    ] = None,
    faults: Annotated[
        float,
        typer.Option(
            parser=number,
            metavar="SHARE",
            help="Share of bytes that the line of a virtual board corrupts, in both directions.",
            rich_help_panel=BOARD,
        ),
    ] = 0.0,
    check: Annotated[
        bool,
        typer.Option(
            "--check",
            help="Train the golden model in lock step, and compare with it.",
            rich_help_panel=BOARD,
        ),
    ] = False,
) -> None:
    """Train a network and save it.

    DATA may also be a recorded run (a .npz file with x, y, hidden, groups, …):
    it is trained with the recorded options, and the results are compared.

    Ctrl-C saves the last finished epoch (with --validation the best) and ends
    with status 1.
    """
    from ..training.backends import Backend
    from ..training.pipeline import run_training

    for name, given in (
        ("--baud", baud is not None),
        ("--plan", plan is not None),
        ("--faults", faults != 0),
        ("--check", check),
    ):
        if given and board is None:
            raise typer.BadParameter("needs --board PORT", param_hint=name)
    require_share("--faults", faults)
    require_at_least("--baud", baud, 1)

    def backend(model: Path) -> Backend:
        if board is None:
            return Backend()
        from ..training.board import BoardBackend

        return BoardBackend(board, baud=baud, plan=plan, faults=faults, check=check)

    run_training(options, backend)
