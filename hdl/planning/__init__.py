"""Folding a network onto an FPGA: FPGAs, fold factors, cycles, resources, and the planner.

The gateware needs :mod:`.plan` alone, so a name is imported when it is first asked for.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .cycle_model import CycleModel
    from .cycles import CycleEstimate, Workload, estimate_cycles
    from .fpgas import FPGA, FPGAS, find_fpga
    from .plan import FoldedLayer, FoldedNetwork, LayerPlan, MemoryKind, NetworkPlan
    from .plan_report import PlanReport, report_plan
    from .planner import DoesNotFitError, default_plan, plan_network
    from .resources import Resources, network_needs
    from .timing import LayerTiming

__all__ = [
    "FPGAS",
    "CycleEstimate",
    "CycleModel",
    "FPGA",
    "DoesNotFitError",
    "FoldedLayer",
    "FoldedNetwork",
    "LayerPlan",
    "LayerTiming",
    "MemoryKind",
    "NetworkPlan",
    "PlanReport",
    "Resources",
    "Workload",
    "default_plan",
    "estimate_cycles",
    "find_fpga",
    "network_needs",
    "plan_network",
    "report_plan",
]

_MODULES = {
    "cycle_model": ("CycleModel",),
    "cycles": ("CycleEstimate", "Workload", "estimate_cycles"),
    "fpgas": ("FPGAS", "FPGA", "find_fpga"),
    "plan": ("FoldedLayer", "FoldedNetwork", "LayerPlan", "MemoryKind", "NetworkPlan"),
    "plan_report": ("PlanReport", "report_plan"),
    "planner": ("DoesNotFitError", "default_plan", "plan_network"),
    "resources": ("Resources", "network_needs"),
    "timing": ("LayerTiming",),
}


def __getattr__(name: str) -> Any:
    for module, names in _MODULES.items():
        if name in names:
            return getattr(importlib.import_module(f".{module}", __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
