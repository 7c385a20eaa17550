"""`metaplast virtual-board`: run a board's gateware in a simulator."""

import time
from typing import TYPE_CHECKING, Annotated

import typer

from ..options.folding import BoardPlanOption, planned_design
from ..options.network_choice import (
    BoardClassesOption,
    BoardCounterBitsOption,
    BoardGroupsOption,
    BoardHiddenOption,
    BoardInputsOption,
    NetworkArgument,
    board_network,
)
from ..options.options import number, require_share, whole_number
from ..terminal.output import require_simulator

if TYPE_CHECKING:
    from ...hdl.planning.plan import FoldedNetwork
    from ...hdl.planning.universal import UniversalTrainer

__all__ = ["register"]

LOOK_SECONDS = 0.2


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command(name="virtual-board")(virtual_board)


def virtual_board(
    board: Annotated[str, typer.Argument(metavar="BOARD", help="A board's or FPGA's name.")],
    model: NetworkArgument = None,
    inputs: BoardInputsOption = None,
    hidden: BoardHiddenOption = None,
    groups: BoardGroupsOption = None,
    classes: BoardClassesOption = None,
    counter_bits: BoardCounterBitsOption = None,
    plan: BoardPlanOption = None,
    faults: Annotated[
        float,
        typer.Option(parser=number, metavar="SHARE", help="Share of bytes that the line corrupts."),
    ] = 0.0,
    seed: Annotated[
        int,
        typer.Option(parser=whole_number, metavar="N", help="Random seed of the corrupted bytes."),
    ] = 1,
) -> None:
    """Run a board's gateware in a simulator, behind a pseudo-terminal.

    The gateware is the board's universal trainer, or that of --plan. With a MODEL, an
    option of the network or its plan, it is a trainer for that network only. Prints the
    path of the terminal and runs until Ctrl-C. Any program can open the terminal like the serial
    port of the board.
    """
    require_simulator("a virtual board")
    require_share("--faults", faults)
    from ...boards.targets.catalogue import design_for, fold_for, own_network
    from ...sim.virtual_board.noisy_line import NoisyLine
    from ...sim.virtual_board.virtual_board import VirtualBoard, build_board

    config = board_network(
        own_network(board),
        model,
        inputs=inputs,
        hidden=hidden,
        groups=groups,
        classes=classes,
        counter_bits=counter_bits,
    )
    named = (model, inputs, hidden, groups, classes, counter_bits)
    design: FoldedNetwork | UniversalTrainer
    if plan is not None:
        design = planned_design(config, plan)
    elif any(value is not None for value in named):
        design = fold_for(board, config)
    else:
        design = design_for(board, config)
    typer.echo("building the gateware, or finding it in the cache", err=True)
    simulator = build_board(design)
    lines = (NoisyLine(faults, seed=seed), NoisyLine(faults, seed=seed + 1))
    with VirtualBoard(simulator, lines) as running:
        typer.echo(running.port)
        typer.echo("running until Ctrl-C", err=True)
        try:
            while running.running:
                time.sleep(LOOK_SECONDS)
        except KeyboardInterrupt:
            return
    raise typer.Exit(1)
