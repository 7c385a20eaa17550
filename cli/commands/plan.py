"""`metaplast plan`: fold a network onto an FPGA."""

import json as json_module
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
    number,
    parse_sizes,
    require_at_least,
)
from ..terminal.output import check_file, network_shape, print_json, print_table

if TYPE_CHECKING:
    from ...golden_model import NetworkConfig
    from ...hdl.planning.cycles import Workload
    from ...hdl.planning.fpgas import FPGA
    from ...hdl.planning.plan import FoldedNetwork
    from ...hdl.planning.plan_report import PlanReport
    from ...hdl.planning.resources import Resources

__all__ = ["register"]

WORKLOAD = "Workload"


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
    chosen: Annotated[
        str | None,
        typer.Option(
            metavar="RATE,…",
            help="Mean number of neurons chosen per sample, for each layer or for all.",
            rich_help_panel=WORKLOAD,
            show_default="the rates of a first epoch",
        ),
    ] = None,
    errors: Annotated[
        str | None,
        typer.Option(
            metavar="SHARE,…",
            help="Share of samples that raise the error bit, for each layer or for all.",
            rich_help_panel=WORKLOAD,
            show_default="derived from --chosen",
        ),
    ] = None,
    accuracy: Annotated[
        float,
        typer.Option(
            parser=number,
            metavar="X",
            help="Training accuracy of the previous epoch, which sets the reinforcement; 0 to 1.",
            rich_help_panel=WORKLOAD,
        ),
    ] = 0.0,
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Write plan and report as JSON, to read with --plan.",
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
    config = _network(model, inputs, file, choices)
    overrides = parse_factors(factors, len(config.layers), file)
    require_at_least("--cells", cells, 1)
    if cells is not None and fpga is None:
        raise typer.BadParameter("needs --fpga NAME", param_hint="--cells")
    if out is not None:
        check_file(out, "--out", unlike=[path for path in (file, model) if path is not None])
    from ...hdl.planning.cycles import Workload
    from ...hdl.planning.plan_report import report_plan

    workload = Workload(
        chosen=_numbers(chosen, "--chosen"), errors=_numbers(errors, "--errors"), accuracy=accuracy
    )
    folded, found = _folding(config, file, fpga, cells, overrides, workload)
    _report(report_plan(folded, found, workload), out, json=json)


def _network(
    model: Path | None, inputs: int | None, file: Path | None, choices: Choices
) -> "NetworkConfig":
    """The network of a model, of the options, or of a plan file."""
    if file is not None and model is None and inputs is None and not any(choices.given()):
        return load_network(file)
    return chosen_network(model, inputs, choices)


def _report(report: "PlanReport", out: Path | None, *, json: bool) -> None:
    """Write and print a report."""
    document = report.to_dict()
    if out is not None:
        from ...golden_model.files.atomic import write_atomically

        write_atomically(out, (json_module.dumps(document, indent=2) + "\n").encode())
    if json:
        print_json(document)
        return
    _print(report)
    if out is not None:
        typer.echo(f"wrote {out}")


def _folding(
    config: "NetworkConfig",
    file: Path | None,
    fpga: str | None,
    cells: int | None,
    overrides: list[dict[str, Any]],
    workload: "Workload",
) -> tuple["FoldedNetwork", "FPGA | None"]:
    """Fold the network by a file, for an FPGA, or by the default plan; return also the FPGA."""
    from ...hdl.planning.fpgas import find_fpga
    from ...hdl.planning.plan import FoldedNetwork
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
    return FoldedNetwork(config, plan), found


def _numbers(text: str | None, option: str) -> tuple[float, ...] | None:
    """Parse numbers: ``1.9,0.5`` is ``(1.9, 0.5)``."""
    if text is None:
        return None
    try:
        return tuple(float(part) for part in text.split(","))
    except ValueError:
        raise typer.BadParameter(
            f"must be numbers with commas between them, such as 1.9,0.5, not {text!r}",
            param_hint=option,
        ) from None


def _print(report: "PlanReport") -> None:
    config = report.folded.config
    place = f"on {report.fpga.name}" if report.fpga else "for no FPGA"
    plans = [layer.folded.plan.to_dict() for layer in report.layers]
    print_table(
        ["fold factor", *(f"layer {layer.folded.config.index}" for layer in report.layers)],
        [[factor, *(str(plan[factor]) for plan in plans)] for factor in plans[0]],
        title=(
            f"{network_shape(config)} {place}: {config.counter_bits}-bit counters, "
            f"batch {config.batch}"
        ),
    )
    typer.echo()
    print_table(
        ["cycles per sample", "load", "forward", "update", "events", "scan", "total"],
        [
            [
                f"layer {layer.folded.config.index}",
                *(
                    f"{value:.1f}"
                    for value in (
                        cycles.load,
                        cycles.forward,
                        cycles.update,
                        cycles.events,
                        cycles.scan,
                        cycles.total,
                    )
                ),
            ]
            for layer, cycles in zip(report.layers, report.cycles.layers, strict=True)
        ],
    )
    typer.echo(f"network: {report.cycles.total:.1f} cycles per sample (layers work in parallel)")
    typer.echo()
    print_table(
        ["layer", "memory", "count", "rows", "bits per row", "made of"],
        [
            [
                str(layer.folded.config.index),
                component.name,
                f"{component.memory.count:,}",
                f"{component.memory.depth:,}",
                f"{component.memory.width:,}",
                _made_of(component.need, report.fpga),
            ]
            for layer in report.layers
            for component in layer.components
            if component.memory is not None
        ],
        text=2,
    )
    typer.echo()
    needs = {f"layer {one.folded.config.index}": one.need for one in report.layers}
    needs |= {"core": report.core.need, "total": report.need}
    columns = {"luts": "LUTs (about)", "registers": "registers (about)"}
    if report.fpga is not None:
        from ...hdl.planning.resources import Resources

        needs[report.fpga.name] = Resources.of(report.fpga)
        if report.fpga.lone_registers:
            columns["cells"] = "logic cells (about)"
    columns |= {"block_rams": "block RAMs", "sprams": "SPRAMs"}
    print_table(
        ["needs", *columns.values()],
        [[name, *(f"{getattr(need, one):,}" for one in columns)] for name, need in needs.items()],
    )


def _made_of(need: "Resources", fpga: "FPGA | None") -> str:
    if fpga is None:
        return "-"
    if need.sprams:
        return f"{need.sprams} SPRAM{'s' if need.sprams > 1 else ''}"
    if need.block_rams:
        return f"{need.block_rams} {fpga.block_ram.name}{'s' if need.block_rams > 1 else ''}"
    return "LUTs" if fpga.lut_ram else "registers"
