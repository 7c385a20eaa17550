from .core_process import CoreProcess as CoreProcess
from .simulated_core import SimulatedCore as SimulatedCore
from .simulated_core import build_core as build_core
from .simulated_transport import SimulatedTransport as SimulatedTransport
