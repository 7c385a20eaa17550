from .batch_control import BatchControl as BatchControl
from .client import (
    RemoteCore as RemoteCore,
    Transport as Transport,
    TransportError as TransportError,
)
from .export import ExportedCore as ExportedCore, export_verilog as export_verilog
from .layer import LayerEngine as LayerEngine
from .link import HostLink as HostLink, UartTrainer as UartTrainer
from .network import Network as Network
from .planning import (
    FPGA as FPGA,
    FPGAS as FPGAS,
    DoesNotFitError as DoesNotFitError,
    FoldedLayer as FoldedLayer,
    FoldedNetwork as FoldedNetwork,
    LayerPlan as LayerPlan,
    MemoryKind as MemoryKind,
    NetworkPlan as NetworkPlan,
    default_plan as default_plan,
    find_fpga as find_fpga,
    plan_network as plan_network,
    report_plan as report_plan,
)
from .trainer_core import TrainerCore as TrainerCore
