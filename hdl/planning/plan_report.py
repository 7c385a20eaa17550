"""What a plan takes: its cycles, its memories, its logic."""

from dataclasses import asdict, dataclass
from typing import Any

from .cycles import CycleEstimate, Workload, estimate_cycles
from .fpgas import FPGA
from .plan import FoldedLayer, FoldedNetwork
from .resources import ComponentNeed, Resources, core_needs, layer_needs, total_need

__all__ = ["LayerReport", "PlanReport", "report_plan"]


@dataclass(frozen=True)
class LayerReport:
    """What is known of a layer's plan.

    Attributes
    ----------
    folded : FoldedLayer
        The layer and its fold factors.
    components : tuple of ComponentNeed
        What its parts need.
    """

    folded: FoldedLayer
    components: tuple[ComponentNeed, ...]

    @property
    def need(self) -> Resources:
        """All of it."""
        return total_need(self.components)


@dataclass(frozen=True)
class PlanReport:
    """What is known of a network's plan.

    Attributes
    ----------
    folded : FoldedNetwork
        The network and how it is folded.
    fpga : FPGA or None
        What it was planned for.
    workload : Workload
        What the cycles were estimated for.
    layers : tuple of LayerReport
        The layers.
    core : ComponentNeed
        What the core needs beside them.
    cycles : CycleEstimate
        Mean cycles for each sample.
    """

    folded: FoldedNetwork
    fpga: FPGA | None
    workload: Workload
    layers: tuple[LayerReport, ...]
    core: ComponentNeed
    cycles: CycleEstimate

    @property
    def need(self) -> Resources:
        """All it needs."""
        return sum((layer.need for layer in self.layers), self.core.need)

    def to_dict(self) -> dict[str, Any]:
        """Plain values, ready for JSON."""
        layers = []
        for layer, cycles in zip(self.layers, self.cycles.layers, strict=True):
            errors, found = self.workload.of(layer.folded.config, len(self.layers))
            layers.append(
                {
                    "inputs": layer.folded.config.inputs,
                    "neurons": layer.folded.config.neurons,
                    "group": layer.folded.config.group,
                    "plan": layer.folded.plan.to_dict(),
                    "errors": errors,
                    "chosen": errors * found * layer.folded.config.group_count,
                    "cycles": asdict(cycles),
                    "need": asdict(layer.need),
                    "components": [_component_dict(component) for component in layer.components],
                }
            )
        supply = None if self.fpga is None else asdict(Resources.of(self.fpga))
        return {
            "config": self.folded.config.to_dict(),
            "fpga": self.fpga.name if self.fpga else None,
            "plan": self.folded.plan.to_dict(),
            "accuracy": self.workload.accuracy,
            "cycles_per_sample": self.cycles.total,
            "layers": layers,
            "core": asdict(self.core.need),
            "need": asdict(self.need),
            "supply": supply,
        }


def _component_dict(component: ComponentNeed) -> dict[str, Any]:
    result: dict[str, Any] = {"name": component.name, **asdict(component.need)}
    if component.memory is not None:
        memory = component.memory
        result["memory"] = {
            "count": memory.count,
            "depth": memory.depth,
            "width": memory.width,
            "kind": memory.kind.value,
        }
    return result


def report_plan(
    folded: FoldedNetwork,
    fpga: FPGA | None = None,
    workload: Workload | None = None,
) -> PlanReport:
    """Say what a plan takes.

    Parameters
    ----------
    folded : FoldedNetwork
        The network and how it is folded. Whether that fits the FPGA is not looked at.
    fpga : FPGA, optional
        Decides shapes of memories and costs of logic.
    workload : Workload, optional
        Decides the cycles; a first epoch by default.

    Raises
    ------
    ConfigurationError
        If the workload does not suit the network.
    """
    return PlanReport(
        folded=folded,
        fpga=fpga,
        workload=workload or Workload(),
        layers=tuple(
            LayerReport(layer, layer_needs(layer, fpga, next_input_width))
            for layer, next_input_width in zip(folded.layers, folded.next_input_widths, strict=True)
        ),
        core=core_needs(fpga),
        cycles=estimate_cycles(folded, workload),
    )
