from .core_process import CoreProcess as CoreProcess
from .simulated_core import SimulatedCore as SimulatedCore, build_core as build_core
from .simulated_transport import SimulatedTransport as SimulatedTransport
from .universal_simulator import simulated_trainer as simulated_trainer
