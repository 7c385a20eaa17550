"""The HTML report of a build: a single file without external resources."""

from pathlib import Path
from typing import Any

from ...golden_model.files.model_file import Model
from ...tools.templates import render_template
from ..driver.capacity import capacity_sizes, capacity_weights
from .component_tree import component_rows
from .description import Build
from .report_pictures import draw_learning_curve, draw_placement
from .tool_reports import RESOURCES
from .toolchain import find_flow

__all__ = ["render_page"]

TEMPLATES = Path(__file__).with_name("templates")

RESOURCE_TITLES = {
    "luts": "LUTs",
    "registers": "registers",
    "block_rams": "block RAMs",
    "sprams": "SPRAMs",
    "dsps": "DSPs",
}
CELL_TITLES = {
    "ICESTORM_LC": "logic cells",
    "TRELLIS_COMB": "LUTs",
    "LUT4": "LUTs",
    "TRELLIS_FF": "registers",
    "DFF": "registers",
    "ALU": "carry cells",
    "ICESTORM_RAM": "block RAMs",
    "DP16KD": "block RAMs",
    "BSRAM": "block RAMs",
    "ICESTORM_SPRAM": "SPRAMs",
    "TRELLIS_RAMW": "LUT RAM ports",
    "RAM16SDP4": "LUT RAMs",
    "ICESTORM_DSP": "DSPs",
    "MULT18X18D": "DSPs",
    "ICESTORM_PLL": "PLLs",
    "EHXPLLL": "PLLs",
    "rPLL": "PLLs",
    "SB_GB": "global buffers",
    "DCCA": "global buffers",
    "BUFG": "global buffers",
    "SB_IO": "pins",
    "TRELLIS_IO": "pins",
    "IOB": "pins",
}
"""Titles of nextpnr's cell types, in the order of the page; other types follow."""


def render_page(build: Build, model: Model | None = None) -> str:
    """Render the HTML report.

    Parameters
    ----------
    build : Build
        The build.
    model : Model, optional
        A trained network; its accuracy and learning curve are shown too.
    """
    known = build.description
    return render_template(
        TEMPLATES,
        "report.html",
        board=build.board.title,
        fpga=known["fpga"],
        shape=_title(build),
        figures=_headline_figures(build, model),
        utilisation=_utilisation(known["utilisation"]),
        resources=[RESOURCE_TITLES[resource] for resource in _resources(known)],
        components=_components(known),
        placement=_placement(known),
        training=_training(model) if model and model.history else None,
        timing=_timing(known),
        path=_critical_path(known["critical_path"]),
        seeds=[
            {"seed": seed, "mhz": f"{reached:.2f}", "chosen": seed == str(known["seed"])}
            for seed, reached in known["seeds"].items()
        ],
        tools=known["tools"],
        options=_options(build),
        plan=_plan(build),
    )


def _title(build: Build) -> str:
    """The network of a build, or that it has a universal trainer."""
    return "Universal trainer" if build.trainer else _shape(build.description["config"])


def _plan(build: Build) -> list[dict[str, Any]]:
    """Fold factors of each layer, or of all layers of a universal trainer."""
    if build.trainer is not None:
        return [{"layer": "all", "factors": build.trainer.plan.to_dict()}]
    layers = build.description["plan"]["layers"]
    return [{"layer": index, "factors": layer} for index, layer in enumerate(layers)]


def _shape(config: dict[str, Any]) -> str:
    return "–".join(map(str, (config["inputs"], *config["hidden"], config["classes"])))


def _list(values: list[int]) -> str:
    return ", ".join(map(str, values))


def _percent(share: float, digits: int = 0) -> str:
    return f"{100 * share:.{digits}f} %"


def _headline_figures(build: Build, model: Model | None) -> list[dict[str, str]]:
    """Title, value and note of each headline figure."""
    known, fpga = build.description, build.board.fpga
    cells = known["utilisation"][find_flow(fpga.family).logic_cell]
    rows = [
        _network_figure(build),
        ("Board", build.board.title, known["fpga"]),
        (
            "Clock",
            f"{known['clock_mhz']:g} MHz",
            f"requested; {known['reached_mhz']:.2f} MHz reached",
        ),
        (
            "Logic cells",
            f"{cells['used']:,}",
            f"of {cells['available']:,}, {_percent(cells['used'] / cells['available'])}",
        ),
        ("Block RAMs", f"{known['needs']['block_rams']:,}", f"of {fpga.block_ram.count:,}"),
        *_speed_figures(build),
    ]
    if model and model.history:
        rows.append(_accuracy(model))
    return [{"title": title, "value": value, "note": note} for title, value, note in rows]


def _network_figure(build: Build) -> tuple[str, str, str]:
    """Title, value and note of the network, or of the capacity of a universal trainer."""
    if build.trainer is not None:
        capacity = build.trainer.capacity
        return (
            "Hidden weights",
            f"{capacity_weights(build.trainer):,}",
            f"with padding, of {capacity.counter_bits} bits; {capacity_sizes(build.trainer)}",
        )
    config = build.description["config"]
    return (
        "Network",
        _shape(config),
        f"{config['counter_bits']}-bit hidden weights, groups of {_list(config['groups'])}",
    )


def _speed_figures(build: Build) -> list[tuple[str, str, str]]:
    """Title, value and note of the samples per second in the core, if known, and on the link."""
    known, figures = build.description, []
    speed = known["core_samples_per_second"]
    if speed is not None:
        figures.append(
            (
                "Samples/s in the core",
                f"{speed['first_epoch']:,.0f}",
                f"in the first epoch; {speed['later_epochs']:,.0f} in later ones",
            )
        )
    example = f" with {_shape(known['rates_of'])}" if build.trainer else ""
    link = f"{known['link_samples_per_second']:,.0f}"
    return [*figures, ("Samples/s on the link", link, f"at {known['baud']:,} baud{example}")]


def _accuracy(model: Model) -> tuple[str, str, str]:
    """Title, value and note of a model's accuracy: the test accuracy if there is one."""
    last = model.history[-1]
    note = f"{model.data_name or 'data without a name'}, epoch {last.epoch + 1}"
    if last.test_accuracy is not None:
        return "Test accuracy", _percent(last.test_accuracy, 2), note
    return "Training accuracy", _percent(last.accuracy, 2), note


def _training(model: Model) -> dict[str, Any]:
    return {
        "data": model.data_name,
        "shape": _shape(model.config.to_dict()),
        "epochs": model.epoch,
        "curve": draw_learning_curve(model.history),
    }


def _utilisation(utilisation: dict[str, dict[str, int]]) -> list[dict[str, Any]]:
    """Used cells by type, those with a title first."""
    order = [name for name in CELL_TITLES if name in utilisation]
    order += [name for name in utilisation if name not in CELL_TITLES]
    rows = []
    for name in order:
        used, available = utilisation[name]["used"], utilisation[name]["available"]
        if used:
            share = used / available if available else None
            rows.append(
                {
                    "title": CELL_TITLES.get(name, ""),
                    "name": name,
                    "used": f"{used:,}",
                    "available": f"{available:,}",
                    "percent": "" if share is None else _percent(share),
                    "bar": 0 if share is None else round(100 * share, 1),
                }
            )
    return rows


def _resources(known: dict[str, Any]) -> list[str]:
    """The resources that the design uses; LUTs and registers always."""
    return [name for name in RESOURCES if known["needs"][name] or name in ("luts", "registers")]


def _components(known: dict[str, Any]) -> list[dict[str, Any]]:
    luts = max(known["needs"]["luts"], 1)
    return [
        {
            "name": row.name,
            "depth": row.depth,
            "own": row.own,
            "amounts": [f"{row.needs[resource]:,}" for resource in _resources(known)],
            "bar": round(100 * row.needs["luts"] / luts, 1),
        }
        for row in component_rows(known["components"])
    ]


def _placement(known: dict[str, Any]) -> dict[str, Any]:
    drawn = draw_placement(known["placement"])
    return {
        "columns": drawn.columns,
        "rows": drawn.rows,
        "width": drawn.width,
        "height": drawn.height,
        "parts": [
            {"name": part.name, "cells": f"{part.cells:,}", "outline": part.outline}
            for part in drawn.parts
        ],
    }


def _timing(known: dict[str, Any]) -> dict[str, Any]:
    cycles, speed = known["cycles_per_sample"], known["core_samples_per_second"]
    return {
        "requested": f"{known['clock_mhz']:g}",
        "reached": f"{known['reached_mhz']:.2f}",
        "epochs": [
            {
                "name": name.replace("_", " "),
                "cycles": f"{cycles[name]:.1f}",
                "speed": f"{speed[name]:,.0f}",
            }
            for name in (cycles or ())
        ],
        "link": f"{known['link_samples_per_second']:,.0f}",
    }


def _critical_path(steps: list[dict[str, Any]]) -> dict[str, Any] | None:
    """The critical path: delay of logic and routing, ends, steps; None if it is not known."""
    if not steps:
        return None
    rows, arrival = [], 0.0
    for step in steps:
        arrival += step["ns"]
        rows.append(
            {
                "kind": step["kind"],
                "length": round(step["ns"], 3),
                "ns": f"{step['ns']:.2f}",
                "arrival": f"{arrival:.2f}",
                "to": step["to"],
            }
        )
    routing = sum(step["ns"] for step in steps if step["kind"] == "routing")
    return {
        "ns": f"{arrival:.2f}",
        "routing": f"{routing:.2f}",
        "logic": f"{arrival - routing:.2f}",
        "from": steps[0]["from"],
        "to": steps[-1]["to"],
        "steps": rows,
    }


def _design_options(build: Build) -> dict[str, str]:
    """Options of the network, or the capacities of a universal trainer."""
    if build.trainer is not None:
        capacity = build.trainer.capacity.to_dict()
        return {f"most {name.replace('_', ' ')}": f"{size:,}" for name, size in capacity.items()}
    config = build.description["config"]
    return {
        "counter bits": str(config["counter_bits"]),
        "groups": _list(config["groups"]),
        "robustness": f"{config['robustness']:g}",
        "reinforcement": f"{config['reinforcement']:g}",
        "batch": str(config["batch"]),
        "seed": str(config["seed"]),
    }


def _options(build: Build) -> dict[str, str]:
    """Options of the build, and its identity."""
    known = build.description
    return {
        **_design_options(build),
        "link": f"{known['baud']:,} baud",
        "built in": f"{known['seconds']:.0f} s",
        "bitstream": known["bitstream"],
        "SHA-256 of the bitstream": known["bitstream_sha256"],
        "identity": known["identity"],
    }
