from .cycle_model import CycleModel as CycleModel
from .cycles import (
    CycleEstimate as CycleEstimate,
)
from .cycles import (
    Workload as Workload,
)
from .cycles import (
    estimate_cycles as estimate_cycles,
)
from .fpgas import FPGA as FPGA
from .fpgas import FPGAS as FPGAS
from .fpgas import find_fpga as find_fpga
from .plan import (
    FoldedLayer as FoldedLayer,
)
from .plan import (
    FoldedNetwork as FoldedNetwork,
)
from .plan import (
    LayerPlan as LayerPlan,
)
from .plan import (
    MemoryKind as MemoryKind,
)
from .plan import (
    NetworkPlan as NetworkPlan,
)
from .plan_report import PlanReport as PlanReport
from .plan_report import report_plan as report_plan
from .planner import (
    DoesNotFitError as DoesNotFitError,
)
from .planner import (
    default_plan as default_plan,
)
from .planner import (
    plan_network as plan_network,
)
from .resources import Resources as Resources
from .resources import network_needs as network_needs
from .timing import LayerTiming as LayerTiming
