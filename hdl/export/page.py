"""The manual of an exported core in Markdown: ports, samples, registers, timing."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ...golden_model.schedule import reinforcement_events
from ...tools.templates import render_template
from ..planning.cycles import estimate_cycles
from ..planning.plan import FoldedNetwork
from ..planning.universal import UniversalTrainer
from ..registers.document import REGISTER_COLUMNS, markdown_table, register_row, status_table
from .description import describe_timing, registers_of
from .files import exported_files
from .verilog import Layout

__all__ = ["page"]

TEMPLATES = Path(__file__).with_name("templates")


def page(
    design: FoldedNetwork | UniversalTrainer,
    module: str,
    ports: dict[str, Layout],
    inputs: tuple[str, ...],
) -> str:
    """The manual of a core; parameters are those of :func:`.description.describe_core`."""
    first = design.first
    if isinstance(design, UniversalTrainer):
        values = {"universal": True, **_trainer_values(design)}
    else:
        values = {"universal": False, **_network_values(design)}
    return render_template(
        TEMPLATES,
        "page.md",
        module=module,
        files=markdown_table(
            ("file", "use"),
            [(f"`{name}`", use) for name, use in exported_files(design, module).items()],
        ),
        ports=_port_table(ports, inputs),
        counter_bits=first.config.counter_bits,
        input_width=first.plan.input_width,
        status=status_table(),
        registers=markdown_table(
            REGISTER_COLUMNS,
            [
                register_row(f"`{address:#08x}`", f"`{name}`", declaration, layer)
                for name, address, declaration, layer in registers_of(design)
            ],
        ),
        **values,
    )


def _port_table(ports: dict[str, Layout], inputs: tuple[str, ...]) -> str:
    rows = [("`clk`", "input", "1", ""), ("`rst`", "input", "1", "")]
    for name, layout in ports.items():
        parts = [
            f"`{part}` [{low + width - 1}:{low}]" if width > 1 else f"`{part}` [{low}]"
            for part, low, width in _fields(layout)
            if part
        ]
        direction = "input" if name in inputs else "output"
        rows.append((f"`{name}`", direction, str(layout["width"]), ", ".join(parts)))
    return markdown_table(("port", "direction", "bits", "parts of the payload"), rows)


def _network_values(folded: FoldedNetwork) -> dict[str, Any]:
    """Values of the page for a network."""
    config = folded.config
    timing_rows = [
        (
            str(layer.config.index),
            ", ".join(f"{factor} {value}" for factor, value in layer.plan.to_dict().items()),
            *map(str, describe_timing(layer).values()),
        )
        for layer in folded.layers
    ]
    return {
        "shape": "–".join(map(str, (config.inputs, *config.hidden, config.classes))),
        "groups": ", ".join(map(str, config.groups)),
        "words": folded.first.sample_words,
        "inputs": config.inputs,
        "robustness": f"{config.robustness:g}",
        "reinforcement": f"{config.reinforcement:g}",
        "events": ", ".join(
            str(reinforcement_events(layer, config.reinforcement, 0.0)) for layer in config.layers
        ),
        "margins": ", ".join(str(layer.margin) for layer in config.layers),
        "batch": config.batch,
        "cycles": f"{estimate_cycles(folded).total:.0f}",
        "timing": markdown_table(
            ("layer", "fold factors", *describe_timing(folded.first)), timing_rows
        ),
    }


def _trainer_values(trainer: UniversalTrainer) -> dict[str, Any]:
    """Values of the page for a universal trainer."""
    return {
        "capacity": trainer.capacity,
        "pe": trainer.plan.pe,
        "simd": trainer.plan.simd,
        "max_group": trainer.engine.max_group,
        "factors": ", ".join(
            f"{factor} {value}" for factor, value in trainer.plan.to_dict().items()
        ),
    }


def _fields(layout: Layout, offset: int = 0, name: str = "") -> Iterator[tuple[str, int, int]]:
    """The parts of a payload: name, lowest bit, width."""
    if "fields" in layout:
        for field, part in layout["fields"].items():
            full = f"{name}.{field}" if name else field
            yield from _fields(part["layout"], offset + part["offset"], full)
    elif "element" in layout:
        width = layout["element"]["width"]
        for index in range(layout["length"]):
            yield from _fields(layout["element"], offset + index * width, f"{name}[{index}]")
    else:
        yield name, offset, layout["width"]
