"""`metaplast export`."""

from pathlib import Path
from typing import Annotated

import typer

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
from ..terminal.output import print_json, require

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
            help="The fold factors, as `metaplast plan` writes them.",
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
    json: JsonOption = False,
) -> None:
    """Write the trainer core as one Verilog file, with its documentation.

    The core comes with a JSON file and a page that describe its ports, registers and
    timing, and with a list of Verilator's warnings that are harmless.
    """
    choices = Choices(
        hidden=parse_sizes(hidden, "--hidden"),
        groups=parse_sizes(groups, "--groups"),
        classes=classes,
        counter_bits=counter_bits,
        robustness=robustness,
    )
    if plan is not None and fpga is not None:
        raise typer.BadParameter("has a plan already; leave out --fpga", param_hint="--plan")
    config = chosen_network(model, inputs, choices)
    require("amaranth", extra="rtl", purpose="the export")

    from ...hdl.export.core_export import export_verilog
    from ..options.folding import chosen_folding

    files = export_verilog(chosen_folding(config, plan, fpga), out)
    paths = [files.verilog, files.description, files.manual, files.waivers]
    if json:
        print_json({"files": [str(path) for path in paths]})
        return
    for path in paths:
        typer.echo(f"wrote {path}")
