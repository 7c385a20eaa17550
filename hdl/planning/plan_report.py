"""Report on a plan: cycles, memories and logic."""

from dataclasses import asdict, dataclass
from typing import Any

from .cycles import CycleEstimate, Workload, estimate_cycles
from .fpgas import FPGA
from .plan import FoldedLayer, FoldedNetwork
from .resources import ComponentNeed, Resources, core_needs, layer_needs, total_need

__all__ = ["LayerReport", "PlanReport", "component_dict", "report_plan"]


@dataclass(frozen=True)
class LayerReport:
    """Report on the plan of a layer.

    Attributes
    ----------
    folded : FoldedLayer
        The layer and its fold factors.
    components : tuple of ComponentNeed
        Resources of its components.
    """

    folded: FoldedLayer
    components: tuple[ComponentNeed, ...]

    @property
    def need(self) -> Resources:
        """Resources of the layer."""
        return total_need(self.components)


@dataclass(frozen=True)
class PlanReport:
    """Report on the plan of a network.

    Attributes
    ----------
    folded : FoldedNetwork
        The network and how it is folded.
    fpga : FPGA or None
        The target FPGA.
    workload : Workload
        Average rates of errors and updates for the cycles.
    layers : tuple of LayerReport
        The layers.
    core : ComponentNeed
        Resources of the core without the layers.
    cycles : CycleEstimate
        Mean cycles per sample.
    """

    folded: FoldedNetwork
    fpga: FPGA | None
    workload: Workload
    layers: tuple[LayerReport, ...]
    core: ComponentNeed
    cycles: CycleEstimate

    @property
    def need(self) -> Resources:
        """Resources of the core with all layers."""
        return sum((layer.need for layer in self.layers), self.core.need)

    def to_dict(self) -> dict[str, Any]:
        """The report as values that JSON can store."""
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
                    "components": [component_dict(component) for component in layer.components],
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


def component_dict(component: ComponentNeed) -> dict[str, Any]:
    """A component of a report, as values that JSON can store."""
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
    """Estimate cycles and resources of a plan.

    Parameters
    ----------
    folded : FoldedNetwork
        The network and how it is folded. It is not checked whether it fits the FPGA.
    fpga : FPGA, optional
        Decides shapes of memories and costs of logic.
    workload : Workload, optional
        Average rates of errors and updates; those of a first epoch by default.

    Raises
    ------
    ConfigurationError
        If the workload is not valid for the network.
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
