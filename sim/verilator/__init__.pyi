from .bench_run import BenchFailure as BenchFailure
from .design import Design as Design
from .settings import Settings as Settings
from .simulator import SimulationError as SimulationError, Simulator as Simulator, build as build
