"""`metaplast report`: show resources and speed of a build."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..options.options import JsonOption
from ..terminal.output import check_file, network_shape, print_json, print_table, require

if TYPE_CHECKING:
    from ...boards.bitstream.description import Build

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command()(report)


def report(
    build: Annotated[Path, typer.Argument(metavar="BUILD", help="A build directory.")],
    html: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Write an HTML page with plots, as one file.", show_default=False
        ),
    ] = None,
    model: Annotated[
        Path | None,
        typer.Option(
            metavar="MODEL", help="Show this model's learning curve as well.", show_default=False
        ),
    ] = None,
    json: JsonOption = False,
) -> None:
    """Report the resources, speed and critical path of a build."""
    require("amaranth", extra="boards", purpose="reporting a build")
    from ...boards.bitstream.description import Build

    if model is not None and html is None:
        raise typer.BadParameter("needs --html FILE", param_hint="--model")
    loaded = Build.load(build)
    if html is not None:
        check_file(html, "--html", unlike=[*loaded.files, *([] if model is None else [model])])
        from ...boards.bitstream.html_report import render_page
        from ...golden_model.files.atomic import write_atomically
        from ...golden_model.files.model_file import Model

        trained = None
        if model is not None:
            require("matplotlib", extra="plot", purpose="the learning curve")
            trained = Model.load(model)
        write_atomically(html, render_page(loaded, trained).encode())
    if json:
        print_json(loaded.description)
        return
    _print(loaded)
    if html is not None:
        typer.echo(f"wrote {html}")


def _print(build: "Build") -> None:
    from ...boards.driver.capacity import capacity_text
    from ...golden_model import NetworkConfig

    known = build.description
    print_table(
        ["resource", "used", "of"],
        [
            [name, f"{amount['used']:,}", f"{amount['available']:,}"]
            for name, amount in known["utilisation"].items()
            if amount["used"]
        ],
        title=f"{build.board.title}, {known['fpga']}: seed {known['seed']}",
    )
    typer.echo()
    print_table(
        ["component", "LUTs", "registers", "block RAMs", "SPRAMs", "DSPs"],
        [
            [name, *(f"{amount:,}" for amount in needs.values())]
            for name, needs in (*known["components"].items(), ("total", known["needs"]))
        ],
    )
    typer.echo()
    path = known["critical_path"]
    typer.echo(
        f"clock           {known['clock_mhz']:g} MHz requested, {known['reached_mhz']:.2f} achieved"
    )
    if path:
        typer.echo(f"critical path   {sum(step['ns'] for step in path):.2f} ns, from")
        typer.echo(f"                {path[0]['from']} to")
        typer.echo(f"                {path[-1]['to']}")
    if build.trainer is not None:
        typer.echo(f"capacity        {capacity_text(build.trainer)}")
    for epoch in known["cycles_per_sample"] or ():
        typer.echo(
            f"{epoch.replace('_', ' '):<15} {known['cycles_per_sample'][epoch]:.1f} cycles per "
            f"sample, {known['core_samples_per_second'][epoch]:,.0f} samples/s in the core"
        )
    example = ""
    if build.trainer is not None:
        example = f" with {network_shape(NetworkConfig.from_dict(known['rates_of']))}"
    typer.echo(f"link            {known['link_samples_per_second']:,.0f} samples/s{example}")
    typer.echo(f"built in        {known['seconds']:.0f} s")
