from .core import SimulatedCore as SimulatedCore
from .core import build_core as build_core
from .cosimulation import (
    CoreTraining as CoreTraining,
)
from .cosimulation import (
    DifferenceError as DifferenceError,
)
from .cosimulation import (
    LockstepNetwork as LockstepNetwork,
)
from .cosimulation import (
    MismatchError as MismatchError,
)
from .verilator import Design as Design
from .verilator import SimulationError as SimulationError
from .verilator import build as build
from .virtual_board import (
    NoisyLine as NoisyLine,
)
from .virtual_board import (
    VirtualBoard as VirtualBoard,
)
from .virtual_board import (
    build_board as build_board,
)
