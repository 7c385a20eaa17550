from .batch_control import BatchControl as BatchControl
from .client import (
    RemoteCore as RemoteCore,
)
from .client import (
    Transport as Transport,
)
from .client import (
    TransportError as TransportError,
)
from .export import ExportedCore as ExportedCore
from .export import export_verilog as export_verilog
from .layer import LayerEngine as LayerEngine
from .link import HostLink as HostLink
from .link import UartTrainer as UartTrainer
from .network import Network as Network
from .planning import (
    FPGA as FPGA,
)
from .planning import (
    FPGAS as FPGAS,
)
from .planning import (
    DoesNotFitError as DoesNotFitError,
)
from .planning import (
    FoldedLayer as FoldedLayer,
)
from .planning import (
    FoldedNetwork as FoldedNetwork,
)
from .planning import (
    LayerPlan as LayerPlan,
)
from .planning import (
    MemoryKind as MemoryKind,
)
from .planning import (
    NetworkPlan as NetworkPlan,
)
from .planning import (
    default_plan as default_plan,
)
from .planning import (
    find_fpga as find_fpga,
)
from .planning import (
    plan_network as plan_network,
)
from .planning import (
    report_plan as report_plan,
)
from .reset_sequence import ResetSequence as ResetSequence
from .trainer_core import TrainerCore as TrainerCore
