"""The manual of an exported core in Markdown: ports, samples, registers, timing."""

from collections.abc import Iterator
from pathlib import Path

from ...golden_model.schedule import reinforcement_events
from ...tools.templates import render_template
from ..planning.cycles import estimate_cycles
from ..planning.plan import FoldedNetwork
from ..registers.document import REGISTER_COLUMNS, markdown_table, register_row, status_table
from .description import describe_timing, registers_of
from .files import exported_files
from .verilog import Layout

__all__ = ["page"]

TEMPLATES = Path(__file__).with_name("templates")


def page(
    folded: FoldedNetwork,
    module: str,
    ports: dict[str, Layout],
    inputs: tuple[str, ...],
) -> str:
    """The manual of a core; parameters are those of :func:`.description.describe_core`."""
    config = folded.config
    port_rows = [("`clk`", "input", "1", ""), ("`rst`", "input", "1", "")]
    for name, layout in ports.items():
        parts = [
            f"`{part}` [{low + width - 1}:{low}]" if width > 1 else f"`{part}` [{low}]"
            for part, low, width in _fields(layout)
            if part
        ]
        direction = "input" if name in inputs else "output"
        port_rows.append((f"`{name}`", direction, str(layout["width"]), ", ".join(parts)))
    register_rows = [
        register_row(f"`{address:#08x}`", f"`{name}`", declaration, layer)
        for name, address, declaration, layer in registers_of(config)
    ]
    timing_rows = [
        (
            str(layer.config.index),
            ", ".join(f"{factor} {value}" for factor, value in layer.plan.to_dict().items()),
            *map(str, describe_timing(layer).values()),
        )
        for layer in folded.layers
    ]
    return render_template(
        TEMPLATES,
        "page.md",
        module=module,
        shape="–".join(map(str, (config.inputs, *config.hidden, config.classes))),
        counter_bits=config.counter_bits,
        files=markdown_table(
            ("file", "use"),
            [(f"`{name}`", use) for name, use in exported_files(folded, module).items()],
        ),
        groups=", ".join(map(str, config.groups)),
        ports=markdown_table(("port", "direction", "bits", "parts of the payload"), port_rows),
        words=folded.first.sample_words,
        input_width=folded.first.plan.input_width,
        inputs=config.inputs,
        status=status_table(),
        registers=markdown_table(REGISTER_COLUMNS, register_rows),
        robustness=f"{config.robustness:g}",
        reinforcement=f"{config.reinforcement:g}",
        events=", ".join(
            str(reinforcement_events(layer, config.reinforcement, 0.0)) for layer in config.layers
        ),
        margins=", ".join(str(layer.margin) for layer in config.layers),
        batch=config.batch,
        cycles=f"{estimate_cycles(folded).total:.0f}",
        timing=markdown_table(
            ("layer", "fold factors", *describe_timing(folded.first)), timing_rows
        ),
    )


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
