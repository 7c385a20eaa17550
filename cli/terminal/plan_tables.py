"""Tables of a plan and of a universal trainer: fold factors, cycles, memories, resources."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

import typer

from .output import network_shape, print_table

if TYPE_CHECKING:
    from ...hdl.planning.fpgas import FPGA
    from ...hdl.planning.plan_report import PlanReport
    from ...hdl.planning.resources import ComponentNeed, Resources
    from ...hdl.planning.universal_report import UniversalReport

__all__ = ["print_plan", "print_universal"]


def print_plan(report: "PlanReport") -> None:
    """Print the report on a plan."""
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
    parts = ("load", "forward", "update", "events", "scan", "total")
    print_table(
        ["cycles per sample", *parts],
        [
            [
                f"layer {layer.folded.config.index}",
                *(f"{getattr(cycles, part):.1f}" for part in parts),
            ]
            for layer, cycles in zip(report.layers, report.cycles.layers, strict=True)
        ],
    )
    typer.echo(f"network: {report.cycles.total:.1f} cycles per sample (layers work in parallel)")
    typer.echo()
    print_table(
        ["layer", *MEMORY_COLUMNS],
        [
            [str(layer.folded.config.index), *row]
            for layer in report.layers
            for row in _memory_rows(layer.components, report.fpga)
        ],
        text=2,
    )
    typer.echo()
    needs = {f"layer {one.folded.config.index}": one.need for one in report.layers}
    _print_needs({**needs, "core": report.core.need, "total": report.need}, report.fpga)


def print_universal(report: "UniversalReport") -> None:
    """Print the report on a universal trainer."""
    trainer, placed = report.trainer, report.placed
    capacity = trainer.capacity
    print_table(
        ["capacity", "at most"],
        [
            ["layers", f"{capacity.layers:,}"],
            ["inputs of a layer", f"{capacity.inputs:,}"],
            ["neurons of a layer", f"{capacity.neurons:,}"],
            ["neurons in all", f"{capacity.columns:,}"],
            ["classes", f"{capacity.classes:,}"],
            ["hidden weights, with padding", f"{report.weights:,}"],
            [f"rows of {report.weights // capacity.rows:,} weights", f"{capacity.rows:,}"],
        ],
        title=f"universal trainer on {report.fpga.name}: {capacity.counter_bits}-bit counters",
    )
    typer.echo()
    print_table(
        ["fold factor", "all layers"],
        [[factor, str(value)] for factor, value in trainer.plan.to_dict().items()],
    )
    typer.echo()
    print_table(MEMORY_COLUMNS, _memory_rows(report.components, report.fpga))
    typer.echo()
    _print_needs({"total": report.need}, report.fpga)
    typer.echo()
    samples = placed.sample_buffers
    typer.echo(
        f"{network_shape(placed.config)}: {report.cycles:.1f} cycles per sample, "
        f"{samples} sample{'' if samples == 1 else 's'} in the trainer, "
        f"{report.rows:,} of {capacity.rows:,} rows"
    )


MEMORY_COLUMNS = ("memory", "count", "rows", "bits per row", "made of")


def _memory_rows(components: Iterable["ComponentNeed"], fpga: "FPGA | None") -> list[list[str]]:
    return [
        [
            component.name,
            f"{component.memory.count:,}",
            f"{component.memory.depth:,}",
            f"{component.memory.width:,}",
            _made_of(component.need, fpga),
        ]
        for component in components
        if component.memory is not None
    ]


def _made_of(need: "Resources", fpga: "FPGA | None") -> str:
    if fpga is None:
        return "-"
    if need.sprams:
        return f"{need.sprams} SPRAM{'s' if need.sprams > 1 else ''}"
    if need.block_rams:
        return f"{need.block_rams} {fpga.block_ram.name}{'s' if need.block_rams > 1 else ''}"
    return "LUTs" if fpga.lut_ram else "registers"


def _print_needs(needs: Mapping[str, "Resources"], fpga: "FPGA | None") -> None:
    columns = {"luts": "LUTs (about)", "registers": "registers (about)"}
    if fpga is not None:
        from ...hdl.planning.resources import Resources

        needs = {**needs, fpga.name: Resources.of(fpga)}
        if fpga.lone_registers:
            columns["cells"] = "logic cells (about)"
    columns |= {"block_rams": "block RAMs", "sprams": "SPRAMs"}
    print_table(
        ["needs", *columns.values()],
        [[name, *(f"{getattr(need, one):,}" for one in columns)] for name, need in needs.items()],
    )
