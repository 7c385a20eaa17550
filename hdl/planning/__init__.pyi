from .cycle_model import CycleModel as CycleModel
from .cycles import (
    CycleEstimate as CycleEstimate,
    Workload as Workload,
    estimate_cycles as estimate_cycles,
)
from .fpgas import FPGA as FPGA, FPGAS as FPGAS, find_fpga as find_fpga
from .plan import (
    FoldedLayer as FoldedLayer,
    FoldedNetwork as FoldedNetwork,
    LayerPlan as LayerPlan,
    MemoryKind as MemoryKind,
    NetworkPlan as NetworkPlan,
)
from .plan_report import PlanReport as PlanReport, report_plan as report_plan
from .planner import (
    DoesNotFitError as DoesNotFitError,
    default_plan as default_plan,
    plan_network as plan_network,
)
from .resources import Resources as Resources, network_needs as network_needs
from .timing import LayerTiming as LayerTiming
from .universal import Capacity as Capacity, UniversalTrainer as UniversalTrainer
from .universal_planner import (
    plan_universal as plan_universal,
    reference_network as reference_network,
)
