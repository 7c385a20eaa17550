"""`metaplast build`: build a board's bitstream."""

from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..options.folding import BoardPlanOption, CellsOption, folded_by
from ..options.network_choice import (
    BoardClassesOption,
    BoardCounterBitsOption,
    BoardGroupsOption,
    BoardHiddenOption,
    BoardInputsOption,
    NetworkArgument,
    board_network,
    require_fixed,
)
from ..options.options import JsonOption, QuietOption, require_at_least, whole_number
from ..options.trainer_choice import chosen_trainer
from ..terminal.output import Reporter, check_folder, print_json, require

if TYPE_CHECKING:
    from ...boards.bitstream.description import Build
    from ...boards.targets.board_target import BoardTarget
    from ...golden_model import NetworkConfig
    from ...hdl.planning.plan import FoldedNetwork
    from ...hdl.planning.universal import UniversalTrainer

__all__ = ["register"]

FURTHER = 4
"""Further placements if the first one misses timing."""


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command()(build)


def build(
    board: Annotated[
        str, typer.Argument(metavar="BOARD", help="A board's name (see `metaplast boards`).")
    ],
    model: NetworkArgument = None,
    fixed: Annotated[
        bool,
        typer.Option(
            "--fixed",
            help="Build for a single network, of MODEL or of the options, instead of the universal "
            "trainer.",
        ),
    ] = False,
    inputs: BoardInputsOption = None,
    hidden: BoardHiddenOption = None,
    groups: BoardGroupsOption = None,
    classes: BoardClassesOption = None,
    counter_bits: BoardCounterBitsOption = None,
    plan: BoardPlanOption = None,
    cells: CellsOption = None,
    clock: Annotated[
        str | None,
        typer.Option(metavar="MHZ", help="The trainer's clock.", show_default="the board's"),
    ] = None,
    baud: Annotated[
        int | None,
        typer.Option(
            parser=whole_number,
            metavar="N",
            help="Bits per second on the link; pass the same to train and devices.",
            show_default="the board's",
        ),
    ] = None,
    seeds: Annotated[
        int | None,
        typer.Option(
            parser=whole_number,
            metavar="N",
            help="Placements to run in parallel; the fastest is kept.",
            show_default=f"1, and up to {FURTHER} more until timing is met",
        ),
    ] = None,
    native: Annotated[
        bool, typer.Option("--native", help="Use installed tools instead of YoWASP's.")
    ] = False,
    out: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Output directory.", show_default="build/BOARD"),
    ] = None,
    quiet: QuietOption = False,
    json: JsonOption = False,
) -> None:
    """Build a board's bitstream: its universal trainer, or --fixed for one network.

    The universal trainer takes any network up to its capacity, set up by the host.
    A build fails if the design misses timing or does not fit. An unchanged build
    comes from the cache.
    """
    require("amaranth", extra="boards", purpose="building a bitstream")
    require("amaranth_boards", extra="boards", purpose="building a bitstream")
    require_fixed(
        fixed,
        {
            "MODEL": model,
            "--inputs": inputs,
            "--hidden": hidden,
            "--groups": groups,
            "--classes": classes,
            "--counter-bits": counter_bits,
            "--cells": cells,
        },
    )
    require_at_least("--seeds", seeds, 1)
    require_at_least("--baud", baud, 1)
    require_at_least("--cells", cells, 1)
    if cells is not None and plan is not None:
        raise typer.BadParameter("already sets the size; leave out --cells", param_hint="--plan")
    from ...boards.bitstream.build import build_bitstream
    from ...boards.targets.catalogue import find_board

    found = find_board(board)
    out = out or Path("build") / found.name
    check_folder(out, "--out")
    design: NetworkConfig | FoldedNetwork | UniversalTrainer
    if fixed:
        config = board_network(
            found.network,
            model,
            inputs=inputs,
            hidden=hidden,
            groups=groups,
            classes=classes,
            counter_bits=counter_bits,
        )
        design = _folded(found, config, plan, cells)
    else:
        design = found.trainer if plan is None else _planned(found, plan)
    with Reporter(json=json, quiet=quiet) as reporter:
        result = build_bitstream(
            found if baud is None else replace(found, baud=baud),
            design,
            out=out,
            clock=_hertz(clock),
            seeds=range(1, (seeds or 1) + 1),
            further=range(2, 2 + FURTHER) if seeds is None else (),
            native=native,
            progress=reporter.line,
        )
        if json:
            print_json({**result.description, "placement": None, "directory": str(out)})
        reporter.result(_summary(result))


def _folded(
    board: "BoardTarget", config: "NetworkConfig", plan: Path | None, cells: int | None
) -> "NetworkConfig | FoldedNetwork":
    """A network folded by a plan, or into a number of cells; by the build, without either."""
    if plan is not None:
        return folded_by(config, plan)
    return config if cells is None else board.fold(config, cells=cells)


def _planned(board: "BoardTarget", plan: Path) -> "UniversalTrainer":
    """The universal trainer of a plan file, which must be for the board's FPGA or for none."""
    trainer = chosen_trainer(None, None, plan, None, None)
    if trainer.fpga not in ("", board.fpga.name):
        raise typer.BadParameter(
            f"{plan} is a plan for the {trainer.fpga}, and the {board.title} has an "
            f"{board.fpga.name}: plan with --fpga {board.name}",
            param_hint="--plan",
        )
    return trainer


def _summary(build: "Build") -> str:
    """A build in one line: file, clock, size, and speed or capacity."""
    from ...boards.driver.capacity import capacity_text

    known = build.description
    if build.trainer is not None:
        last = f"universal trainer for {capacity_text(build.trainer)}"
    else:
        last = (
            f"about {known['core_samples_per_second']['first_epoch']:,.0f} samples/s in the core "
            f"and {known['link_samples_per_second']:,.0f} on the link"
        )
    return (
        f"{build.bitstream}: {known['clock_mhz']:g} MHz requested, "
        f"{known['reached_mhz']:.2f} MHz achieved; {known['needs']['luts']:,} LUTs; {last}"
    )


def _hertz(clock: str | None) -> Fraction | None:
    """Parse a frequency in MHz, such as ``37.5``, exactly."""
    if clock is None:
        return None
    try:
        hertz = Fraction(clock) * 1_000_000
    except (ValueError, ZeroDivisionError):
        hertz = Fraction(0)
    if hertz <= 0:
        raise typer.BadParameter(
            f"must be a frequency in MHz, such as 37.5, not {clock!r}", param_hint="--clock"
        )
    return hertz
