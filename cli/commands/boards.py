"""`metaplast boards`: list the supported boards, or compare builds."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..options.options import JsonOption
from ..terminal.output import network_shape, print_json, print_table, require

if TYPE_CHECKING:
    from ...boards.bitstream.description import Build
    from ...boards.targets.board_target import BoardTarget

__all__ = ["register"]

SIZES = ("layers", "inputs", "neurons", "classes")
"""Capacities in the table."""


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command()(boards)


def boards(
    builds: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="BUILD",
            help="Build directories to compare instead.",
            show_default=False,
        ),
    ] = None,
    json: JsonOption = False,
) -> None:
    """List the supported boards, or compare builds."""
    if builds:
        require("amaranth", extra="boards", purpose="comparing builds")
        from ...boards.bitstream.description import Build

        loaded = [Build.load(directory) for directory in builds]
        if json:
            print_json([_build_dict(build) for build in loaded])
        else:
            _print_builds(loaded)
        return
    from ...boards.driver.capacity import capacity_weights
    from ...boards.targets.catalogue import BOARDS

    if json:
        print_json([_board_dict(board) for board in BOARDS])
        return
    print_table(
        [
            *("board", "FPGA", "link", "layers", "inputs", "neurons", "classes", "weights"),
            *("LUTs", "block RAMs", "SPRAMs", "baud", "clock"),
        ],
        [
            [
                board.name,
                board.fpga.name,
                board.link,
                *(f"{getattr(board.trainer.capacity, name):,}" for name in SIZES),
                f"{capacity_weights(board.trainer):,}",
                f"{board.fpga.luts:,}",
                f"{board.fpga.block_ram.count}",
                f"{board.fpga.sprams}",
                f"{board.baud:,}",
                f"{board.clock_hertz / 1e6:g} MHz",
            ]
            for board in BOARDS
        ],
        text=3,
    )
    typer.echo(
        "layers, inputs, neurons per layer, classes, weights with padding: the largest network of "
        "the universal trainer"
    )


def _board_dict(board: "BoardTarget") -> dict[str, Any]:
    clock, pll = board.clock()
    return {
        "name": board.name,
        "title": board.title,
        "fpga": board.fpga.name,
        "luts": board.fpga.luts,
        "registers": board.fpga.registers,
        "block_rams": board.fpga.block_ram.count,
        "sprams": board.fpga.sprams,
        "trainer": board.trainer.to_dict(),
        "network": board.network.to_dict(),
        "link": board.link,
        "usb": [f"{vendor:04x}:{product:04x}" for vendor, product in board.usb],
        "baud": board.baud,
        "crystal_mhz": board.crystal_hertz / 1e6,
        "clock_mhz": float(clock / 1_000_000),
        "pll": pll is not None,
        "data_flash": {
            "chip": board.data_flash.chip,
            "bytes": board.data_flash.size,
            "offset": board.data_flash.offset,
        },
    }


def _build_dict(build: "Build") -> dict[str, Any]:
    return {name: value for name, value in build.description.items() if name != "placement"}


def _print_builds(builds: "list[Build]") -> None:
    from ...golden_model.config import NetworkConfig

    rows = []
    for build in builds:
        known = build.description
        rows.append(
            [
                known["board"],
                "universal"
                if build.trainer
                else network_shape(NetworkConfig.from_dict(known["config"])),
                *(f"{known['needs'][resource]:,}" for resource in ("luts", "registers")),
                *(str(known["needs"][resource]) for resource in ("block_rams", "sprams")),
                f"{known['clock_mhz']:g} of {known['reached_mhz']:.1f} MHz",
                _first_and_later(known["cycles_per_sample"]),
                _first_and_later(known["core_samples_per_second"]),
                f"{known['link_samples_per_second']:,.0f}",
                f"{known['seconds']:.0f} s",
            ]
        )
    print_table(
        [
            *("board", "network", "LUTs", "registers", "block RAMs", "SPRAMs", "clock"),
            *("cycles", "core samples/s", "link samples/s", "built in"),
        ],
        rows,
        text=2,
    )
    typer.echo("cycles and core samples/s: in the first epoch / in later epochs")


def _first_and_later(epochs: dict[str, float] | None) -> str:
    if epochs is None:
        return "-"
    return f"{epochs['first_epoch']:,.0f} / {epochs['later_epochs']:,.0f}"
