"""Report on a universal trainer: capacities, memories, logic, and a network's cycles on it."""

from dataclasses import asdict, dataclass
from typing import Any

from ...golden_model.config import NetworkConfig
from .cycles import Workload, mean_cycles
from .fpgas import FPGA
from .plan_report import component_dict
from .resources import ComponentNeed, Resources, total_need
from .universal import PlacedNetwork, UniversalTrainer
from .universal_planner import reference_network
from .universal_resources import universal_needs

__all__ = ["UniversalReport", "report_universal"]


@dataclass(frozen=True)
class UniversalReport:
    """Report on a universal trainer.

    Attributes
    ----------
    trainer : UniversalTrainer
        Its capacities and fold factors.
    fpga : FPGA
        The target FPGA.
    components : tuple of ComponentNeed
        Resources of its components.
    placed : PlacedNetwork
        A network on it: a given one, or the largest reference network.
    workload : Workload
        Average rates of errors and updates for the cycles.
    cycles : float
        Mean cycles per sample of the network.
    """

    trainer: UniversalTrainer
    fpga: FPGA
    components: tuple[ComponentNeed, ...]
    placed: PlacedNetwork
    workload: Workload
    cycles: float

    @property
    def need(self) -> Resources:
        """Resources of the trainer."""
        return total_need(self.components)

    @property
    def weights(self) -> int:
        """Hidden weights that it has room for, with padding."""
        plan = self.trainer.plan
        return self.trainer.capacity.rows * plan.pe * plan.simd

    @property
    def rows(self) -> int:
        """Rows of the snapshot that the network takes."""
        return sum(layer.snapshot_rows for layer in self.placed.layers)

    def to_dict(self) -> dict[str, Any]:
        """The report as values that JSON can store; the trainer reads itself from them."""
        return {
            **self.trainer.to_dict(),
            "weights": self.weights,
            "network": {
                "config": self.placed.config.to_dict(),
                "accuracy": self.workload.accuracy,
                "cycles_per_sample": self.cycles,
                "sample_buffers": self.placed.sample_buffers,
                "rows": self.rows,
            },
            "components": [component_dict(component) for component in self.components],
            "need": asdict(self.need),
            "supply": asdict(Resources.of(self.fpga)),
        }


def report_universal(
    trainer: UniversalTrainer,
    fpga: FPGA,
    network: NetworkConfig | None = None,
    workload: Workload | None = None,
) -> UniversalReport:
    """Estimate the resources of a universal trainer, and the cycles of a network on it.

    Parameters
    ----------
    trainer : UniversalTrainer
        Its capacities and fold factors. It is not checked whether it fits the FPGA.
    fpga : FPGA
        Decides shapes of memories and costs of logic.
    network : NetworkConfig, optional
        The network; by default the largest reference network (:func:`.reference_network`).
    workload : Workload, optional
        Average rates of errors and updates; those of a first epoch by default.

    Raises
    ------
    ConfigurationError
        If the network is beyond the capacities, or the workload is not valid for it.
    """
    placed = trainer.place(network or reference_network(trainer))
    workload = workload or Workload()
    return UniversalReport(
        trainer=trainer,
        fpga=fpga,
        components=universal_needs(trainer, fpga),
        placed=placed,
        workload=workload,
        cycles=mean_cycles(placed, workload),
    )
