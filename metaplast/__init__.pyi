from .boards import (
    BoardTarget as BoardTarget,
)
from .boards import (
    BoardTrainer as BoardTrainer,
)
from .boards import (
    build_bitstream as build_bitstream,
)
from .boards import (
    find_board as find_board,
)
from .golden_model import (
    BMLPClassifier as BMLPClassifier,
)
from .golden_model import (
    EpochRecord as EpochRecord,
)
from .golden_model import (
    MetaplastError as MetaplastError,
)
from .golden_model import (
    Model as Model,
)
from .golden_model import (
    Network as Network,
)
from .golden_model import (
    NetworkConfig as NetworkConfig,
)
from .golden_model import (
    Trainer as Trainer,
)
from .golden_model import (
    datasets as datasets,
)
from .hdl import (
    FoldedNetwork as FoldedNetwork,
)
from .hdl import (
    LayerPlan as LayerPlan,
)
from .hdl import (
    NetworkPlan as NetworkPlan,
)
from .hdl import (
    TrainerCore as TrainerCore,
)
from .hdl import (
    export_verilog as export_verilog,
)
from .hdl import (
    find_fpga as find_fpga,
)
from .hdl import (
    plan_network as plan_network,
)
from .sim import (
    CoreTraining as CoreTraining,
)
from .sim import (
    LockstepNetwork as LockstepNetwork,
)
from .sim import (
    SimulatedCore as SimulatedCore,
)
from .sim import (
    VirtualBoard as VirtualBoard,
)
