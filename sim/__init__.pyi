from .core import SimulatedCore as SimulatedCore, build_core as build_core
from .cosimulation import (
    CoreTraining as CoreTraining,
    DifferenceError as DifferenceError,
    LockstepNetwork as LockstepNetwork,
    MismatchError as MismatchError,
)
from .verilator import Design as Design, SimulationError as SimulationError, build as build
from .virtual_board import (
    NoisyLine as NoisyLine,
    VirtualBoard as VirtualBoard,
    build_board as build_board,
)
