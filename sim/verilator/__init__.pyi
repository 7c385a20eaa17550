from .bench_run import BenchFailure as BenchFailure
from .design import Design as Design
from .settings import Settings as Settings
from .simulator import SimulationError as SimulationError
from .simulator import Simulator as Simulator
from .simulator import build as build
