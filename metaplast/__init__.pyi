from .boards import (
    BoardTarget as BoardTarget,
    BoardTrainer as BoardTrainer,
    build_bitstream as build_bitstream,
    find_board as find_board,
)
from .golden_model import (
    BMLPClassifier as BMLPClassifier,
    EpochRecord as EpochRecord,
    MetaplastError as MetaplastError,
    Model as Model,
    Network as Network,
    NetworkConfig as NetworkConfig,
    Trainer as Trainer,
    datasets as datasets,
)
from .hdl import (
    FoldedNetwork as FoldedNetwork,
    LayerPlan as LayerPlan,
    NetworkPlan as NetworkPlan,
    TrainerCore as TrainerCore,
    export_verilog as export_verilog,
    find_fpga as find_fpga,
    plan_network as plan_network,
)
from .sim import (
    CoreTraining as CoreTraining,
    LockstepNetwork as LockstepNetwork,
    SimulatedCore as SimulatedCore,
    VirtualBoard as VirtualBoard,
)
