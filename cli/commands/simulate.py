"""`metaplast simulate`: train in simulated gateware."""

from pathlib import Path
from typing import Annotated

import typer

from ..options.folding import PLAN_HELP, check_plan_or_fpga, simulated_design
from ..options.options import require_at_least, whole_number
from ..options.training_options import TrainingOptions, takes_training_options
from ..terminal.output import check_file, read_from, require_simulator

__all__ = ["register"]

GATEWARE = "Gateware"
CHECKING = "Checking"


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command()(takes_training_options(simulate))


def simulate(
    options: TrainingOptions,
    fixed: Annotated[
        bool,
        typer.Option(
            "--fixed",
            help="Simulate a core that is built for this network, as --fpga does.",
            rich_help_panel=GATEWARE,
        ),
    ] = False,
    plan: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help=PLAN_HELP,
            rich_help_panel=GATEWARE,
            show_default=False,
        ),
    ] = None,
    fpga: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="Plan for this FPGA (see `metaplast plan`). Implies --fixed.",
            rich_help_panel=GATEWARE,
            show_default="none",
        ),
    ] = None,
    check: Annotated[
        str,
        typer.Option(
            metavar="epoch|batch",
            help="When to compare counters, snapshots and random streams with the golden model; "
            "predictions, error bits and counts are always compared.",
            rich_help_panel=CHECKING,
        ),
    ] = "epoch",
    waves: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Record a batch as a waveform (VCD); on a mismatch, the batch with the first one.",
            rich_help_panel=CHECKING,
            show_default="on a mismatch only, the model's name with .vcd",
        ),
    ] = None,
    waves_batch: Annotated[
        int,
        typer.Option(
            parser=whole_number,
            metavar="N",
            help="The batch of the first epoch to record for --waves.",
            rich_help_panel=CHECKING,
        ),
    ] = 1,
) -> None:
    """Train a network in simulated gateware, and compare it with the golden model.

    The gateware is a universal trainer: one simulator takes every network with the
    same --counter-bits, so a second network needs no build. It takes 4,096 inputs,
    1,024 neurons in each of four layers, 64 classes, and a million hidden weights;
    a larger network gets a core of its own size, as with --fixed, which is built
    with Verilator once for each design. The golden model trains on the same
    samples. A difference ends the training with status 1, and the first batch that
    differs is recorded as a waveform.

    DATA may also be a recorded run, as for `metaplast train`. Ctrl-C saves the
    last finished epoch (with --validation the best) and ends with status 1.
    """
    from ..training.backends import Backend
    from ..training.pipeline import run_training

    require_at_least("--waves-batch", waves_batch, 1)
    if check not in ("epoch", "batch"):
        raise typer.BadParameter(f"must be epoch or batch, not {check!r}", param_hint="--check")
    check_plan_or_fpga(plan, fpga)
    if waves_batch > 1 and waves is None:
        raise typer.BadParameter("needs --waves FILE", param_hint="--waves-batch")
    require_simulator("the simulation")
    if waves is not None:
        _check_waves(waves, options, plan)

    def backend(model: Path) -> Backend:
        from ..training.simulation import SimulationBackend

        return SimulationBackend(
            lambda config: simulated_design(config, plan, fpga),
            chosen=fixed or plan is not None or fpga is not None,
            check=check,
            waves=waves or _default_waves(model),
            waves_batch=None if waves is None else waves_batch - 1,
        )

    run_training(options, backend, suffix="simulated")


def _check_waves(waves: Path, options: TrainingOptions, plan: Path | None) -> None:
    """Check that the waveform can be written, and overwrites no other file of the command."""
    inputs = [path for path in (options.continue_, plan) if path is not None]
    data = read_from(options.data, options.data_dir)
    data += [] if options.test is None else read_from(options.test, None)
    check_file(waves, "--waves", unlike=[*data, *inputs])
    if options.model is not None and waves.absolute() == options.model.absolute():
        raise typer.BadParameter(
            f"must be a file other than --model {options.model}", param_hint="--waves"
        )


def _default_waves(model: Path) -> Path:
    waves = model.with_suffix(".vcd")
    return waves if waves != model else model.with_suffix(".waves.vcd")
