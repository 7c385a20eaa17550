"""The machine-readable description of an exported core: ports, registers, network and plan."""

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from ..planning.cycles import estimate_cycles
from ..planning.plan import FoldedLayer, FoldedNetwork
from ..planning.timing import LayerTiming
from ..planning.universal import UniversalTrainer
from ..registers.register_declaration import Register
from ..registers.register_map import (
    GlobalRegister,
    LayerRegister,
    Status,
    UniversalLayerRegister,
    UniversalRegister,
    layer_address,
)
from .files import exported_files
from .verilog import Layout

__all__ = ["describe_core", "describe_timing", "registers_of"]

FORMAT = 1


def describe_core(
    design: FoldedNetwork | UniversalTrainer,
    module: str,
    ports: dict[str, Layout],
    inputs: tuple[str, ...],
) -> dict[str, Any]:
    """Describe a core by values that JSON can store.

    Parameters
    ----------
    design : FoldedNetwork or UniversalTrainer
        The network and how it is folded, or the universal trainer.
    module : str
        Name of the module in Verilog.
    ports, inputs
        Its ports (:func:`.verilog.describe_ports`).
    """
    return {
        "format": FORMAT,
        "module": module,
        "files": [
            {"name": name, "use": use} for name, use in exported_files(design, module).items()
        ],
        "clock": {"port": "clk", "edge": "rising"},
        "reset": {"port": "rst", "active": "high", "synchronous": True},
        **_describe_design(design),
        "ports": {
            name: {"direction": "input" if name in inputs else "output", **layout}
            for name, layout in ports.items()
        },
        "status": {status.name: status.value for status in Status},
        "registers": [
            {"name": name, "address": address, **describe_register(declaration, layer)}
            for name, address, declaration, layer in registers_of(design)
        ],
    }


def _describe_design(design: FoldedNetwork | UniversalTrainer) -> dict[str, Any]:
    """Network, plan and timing; of a universal trainer, capacity and fold factors."""
    if isinstance(design, UniversalTrainer):
        return {"trainer": design.to_dict()}
    return {
        "network": design.config.to_dict(),
        "plan": design.plan.to_dict(),
        "sample_words": design.first.sample_words,
        "timing": [describe_timing(layer) for layer in design.layers],
        "cycles_per_sample": round(estimate_cycles(design).total, 1),
    }


def describe_timing(folded: FoldedLayer) -> dict[str, int]:
    """Cycles of the operations of a layer, which the exported page explains."""
    timing = LayerTiming.of(folded)
    return {
        "load": folded.sample_words,
        "forward": int(timing.interval),
        "result": int(timing.result),
        "update": int(timing.round),
        "scan": folded.bank_rows,
    }


def describe_register(declaration: Register, layer: Any) -> dict[str, Any]:
    """Describe a register of the core or of a layer, by values that JSON can store."""
    lowest, highest = declaration.bounds(layer)
    description: dict[str, Any] = {"access": declaration.access, "meaning": declaration.meaning}
    if declaration.writable:
        description["on_write"] = declaration.on_write.value
        description["minimum"], description["maximum"] = lowest, highest
    if declaration.readable:
        description["on_read"] = declaration.on_read.value
        description["read_needs_idle"] = declaration.read_needs_idle
    if declaration.reset is not None:
        description["reset"] = declaration.reset
    if declaration.fields:
        description["fields"] = [asdict(field) for field in declaration.fields]
    return description


def registers_of(
    design: FoldedNetwork | UniversalTrainer,
) -> Iterator[tuple[str, int, Register, Any]]:
    """The registers of a core: name, address, declaration, and what its bounds depend on."""
    if isinstance(design, UniversalTrainer):
        engine = design.engine
        for common in UniversalRegister:
            yield common.name, int(common), common.declaration, engine
        for index in range(design.capacity.layers):
            for one in UniversalLayerRegister:
                name, address = f"LAYER_{index}_{one.name}", layer_address(index, one)
                yield name, address, one.declaration, engine
        return
    for register in GlobalRegister:
        yield register.name, int(register), register.declaration, None
    for layer in design.config.layers:
        for local in LayerRegister:
            name, address = f"LAYER_{layer.index}_{local.name}", layer_address(layer.index, local)
            yield name, address, local.declaration, layer
