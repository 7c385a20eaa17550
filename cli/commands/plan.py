"""`metaplast plan`: fold a network onto an FPGA."""

import json as json_module
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..options.folding import (
    CellsOption,
    FactorsOption,
    folded_by,
    load_network,
    parse_factors,
)
from ..options.network_choice import (
    InputsOption,
    NetworkArgument,
    NetworkClassesOption,
    chosen_network,
)
from ..options.options import (
    BatchOption,
    Choices,
    CounterBitsOption,
    GroupsOption,
    HiddenOption,
    JsonOption,
    ReinforcementOption,
    parse_sizes,
    require_at_least,
)
from ..options.workload import AccuracyOption, ChosenOption, ErrorsOption, parse_workload
from ..terminal.output import check_file, print_json
from ..terminal.plan_tables import print_plan, print_universal

if TYPE_CHECKING:
    from ...golden_model import NetworkConfig
    from ...hdl.planning.cycles import Workload
    from ...hdl.planning.plan_report import PlanReport
    from ...hdl.planning.universal_report import UniversalReport

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command()(plan)


def plan(
    model: NetworkArgument = None,
    inputs: InputsOption = None,
    hidden: HiddenOption = None,
    groups: GroupsOption = None,
    classes: NetworkClassesOption = None,
    counter_bits: CounterBitsOption = None,
    reinforcement: ReinforcementOption = None,
    batch: BatchOption = None,
    fpga: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="The FPGA, or a board that carries it.",
            show_default="none, with a plan of moderate size",
        ),
    ] = None,
    cells: CellsOption = None,
    file: Annotated[
        Path | None,
        typer.Option(
            "--plan",
            metavar="FILE",
            help="Report on this plan instead of choosing one.",
            show_default=False,
        ),
    ] = None,
    factors: FactorsOption = None,
    chosen: ChosenOption = None,
    errors: ErrorsOption = None,
    accuracy: AccuracyOption = 0.0,
    universal: Annotated[
        bool,
        typer.Option(
            "--universal",
            help="Plan a universal trainer, whose network is set at run time, for the FPGA; for "
            "the largest networks, or for a given network.",
        ),
    ] = False,
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Write the report as JSON, from which --plan and other commands read the plan.",
            show_default=False,
        ),
    ] = None,
    json: JsonOption = False,
) -> None:
    """Fold a network onto an FPGA, and report cycles and resources.

    Chooses the fold factors that fit the FPGA and take the fewest cycles per sample,
    and prints cycles, memories and an estimate of the logic.
    """
    choices = Choices(
        hidden=parse_sizes(hidden, "--hidden"),
        groups=parse_sizes(groups, "--groups"),
        classes=classes,
        counter_bits=counter_bits,
        reinforcement=reinforcement,
        batch=batch,
    )
    require_at_least("--cells", cells, 1)
    if cells is not None and fpga is None:
        raise typer.BadParameter("needs --fpga NAME", param_hint="--cells")
    if out is not None:
        check_file(out, "--out", unlike=[path for path in (file, model) if path is not None])
    if universal:
        _check_universal(fpga, file, factors)
        network = _universal_network(model, inputs, choices)
        workload = parse_workload(chosen, errors, accuracy)
        universal_report = _universal_report(str(fpga), cells, network, counter_bits, workload)
        _report(universal_report.to_dict(), partial(print_universal, universal_report), out, json)
        return

    config = _network(model, inputs, file, choices)
    overrides = parse_factors(factors, len(config.layers), file)
    workload = parse_workload(chosen, errors, accuracy)
    report = _plan_report(config, file, fpga, cells, overrides, workload)
    _report(report.to_dict(), partial(print_plan, report), out, json)


def _network(
    model: Path | None, inputs: int | None, file: Path | None, choices: Choices
) -> "NetworkConfig":
    """The network of a model, of the options, or of a plan file."""
    if file is not None and model is None and inputs is None and not any(choices.given()):
        return load_network(file)
    return chosen_network(model, inputs, choices)


def _check_universal(fpga: str | None, file: Path | None, factors: list[str] | None) -> None:
    """Refuse options that a universal trainer does not have, and a missing FPGA."""
    if fpga is None:
        raise typer.BadParameter("needs --fpga NAME", param_hint="--universal")
    for option, value in (("--plan", file), ("--set", factors)):
        if value:
            raise typer.BadParameter(
                f"chooses all fold factors; leave out {option}", param_hint="--universal"
            )


def _universal_network(
    model: Path | None, inputs: int | None, choices: Choices
) -> "NetworkConfig | None":
    """The network for a universal trainer, if one is given."""
    rest = replace(choices, counter_bits=None)
    if model is None and inputs is None and not any(rest.given()):
        choices.check()
        return None
    return chosen_network(model, inputs, choices)


def _universal_report(
    fpga: str,
    cells: int | None,
    network: "NetworkConfig | None",
    counter_bits: int | None,
    workload: "Workload",
) -> "UniversalReport":
    """Plan a universal trainer for an FPGA, and report on it."""
    from ...hdl.planning.fpgas import find_fpga
    from ...hdl.planning.universal_planner import plan_universal
    from ...hdl.planning.universal_report import report_universal

    found = find_fpga(fpga)
    room = found if cells is None else found.with_cells(cells)
    trainer = plan_universal(
        room,
        counter_bits=8 if counter_bits is None else counter_bits,
        network=network,
        workload=workload,
    )
    return report_universal(trainer, found, network, workload)


def _report(
    document: dict[str, Any], print_text: Callable[[], None], out: Path | None, json: bool
) -> None:
    """Write and print a report."""
    if out is not None:
        from ...golden_model.files.atomic import write_atomically

        write_atomically(out, (json_module.dumps(document, indent=2) + "\n").encode())
    if json:
        print_json(document)
        return
    print_text()
    if out is not None:
        typer.echo(f"wrote {out}")


def _plan_report(
    config: "NetworkConfig",
    file: Path | None,
    fpga: str | None,
    cells: int | None,
    overrides: list[dict[str, Any]],
    workload: "Workload",
) -> "PlanReport":
    """Fold the network by a file, for an FPGA, or by the default plan, and report on the plan."""
    from ...hdl.planning.fpgas import find_fpga
    from ...hdl.planning.plan import FoldedNetwork
    from ...hdl.planning.plan_report import report_plan
    from ...hdl.planning.planner import default_plan, plan_network

    found = None if fpga is None else find_fpga(fpga)
    if found is None or file is not None:
        plan = default_plan(config, overrides) if file is None else folded_by(config, file).plan
        overrides = [layer.to_dict() for layer in plan.layers]
        if found is None and plan.fpga:
            found = find_fpga(plan.fpga)
    if found is not None:
        room = found if cells is None else found.with_cells(cells)
        plan = plan_network(config, room, overrides=overrides, workload=workload)
    return report_plan(FoldedNetwork(config, plan), found, workload)
