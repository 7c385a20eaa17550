"""`metaplast export verilog`: write the trainer core as Verilog."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..options.folding import (
    PLAN_HELP,
    FactorsOption,
    check_plan_or_fpga,
    chosen_folding,
    parse_factors,
)
from ..options.network_choice import (
    InputsOption,
    NetworkArgument,
    NetworkClassesOption,
    chosen_network,
)
from ..options.options import (
    Choices,
    CounterBitsOption,
    GroupsOption,
    HiddenOption,
    JsonOption,
    RobustnessOption,
    parse_sizes,
)
from ..options.trainer_choice import chosen_trainer
from ..terminal.output import print_json, require

if TYPE_CHECKING:
    from ...hdl.planning.plan import FoldedNetwork
    from ...hdl.planning.universal import UniversalTrainer

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Add the command group to the application."""
    export = typer.Typer(help="Export the trainer core for other tools.", no_args_is_help=True)
    export.command("verilog")(verilog)
    app.add_typer(export, name="export")


def verilog(
    out: Annotated[Path, typer.Option(metavar="DIR", help="Output directory.")],
    model: NetworkArgument = None,
    inputs: InputsOption = None,
    hidden: HiddenOption = None,
    groups: GroupsOption = None,
    classes: NetworkClassesOption = None,
    counter_bits: CounterBitsOption = None,
    robustness: RobustnessOption = None,
    plan: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help=PLAN_HELP,
            show_default=False,
        ),
    ] = None,
    fpga: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="Plan for this FPGA (see `metaplast plan`).",
            show_default="a plan of moderate size for no FPGA",
        ),
    ] = None,
    factors: FactorsOption = None,
    universal: Annotated[
        bool,
        typer.Option(
            "--universal", help="Export a universal trainer: its network is set at run time."
        ),
    ] = False,
    capacity: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=N",
            help="With --universal: largest layers, inputs, neurons or classes. Repeatable.",
            show_default="4 layers, 784 inputs, 64 neurons, 10 classes",
        ),
    ] = None,
    name: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="Name of the module and the files; names of submodules begin with it.",
            show_default="metaplast_trainer_core",
        ),
    ] = None,
    json: JsonOption = False,
) -> None:
    """Write the trainer core as one Verilog file, with its documentation.

    With --universal, it is a core whose network is set by registers, within capacities.
    The core comes with a JSON file and a page that describe its ports, registers and
    timing, and with a list of Verilator's warnings that are harmless. If it has SPRAM
    cells of an iCE40UP5K, it also comes with their simulation model.
    """
    choices = Choices(
        hidden=parse_sizes(hidden, "--hidden"),
        groups=parse_sizes(groups, "--groups"),
        classes=classes,
        counter_bits=counter_bits,
        robustness=robustness,
    )
    check_plan_or_fpga(plan, fpga)
    require("amaranth", extra="rtl", purpose="the export")
    from ...hdl.export.core_export import MODULE, export_verilog

    design: FoldedNetwork | UniversalTrainer
    if universal:
        for option, value in (("MODEL", model), ("--inputs", inputs), ("--hidden", hidden)):
            if value is not None:
                raise typer.BadParameter(
                    "a universal trainer has no network; give its limits with --capacity",
                    param_hint=option,
                )
        design = chosen_trainer(capacity, factors, plan, fpga, counter_bits)
    else:
        if capacity:
            raise typer.BadParameter("needs --universal", param_hint="--capacity")
        config = chosen_network(model, inputs, choices)
        overrides = parse_factors(factors, len(config.layers), plan)
        design = chosen_folding(config, plan, fpga, overrides)
    files = export_verilog(design, out, name=MODULE if name is None else name).files
    if json:
        print_json({"files": [str(path) for path in files]})
        return
    for path in files:
        typer.echo(f"wrote {path}")
