"""Parts of cocotb benches: drivers, monitors, scoreboards, and the matrix of stream flows.

Only for imports inside the simulator.
"""

from .bench import Bench, bench, stream_bench
from .environment import Flow
from .scoreboard import Scoreboard
from .streams import StreamDriver, StreamMonitor

__all__ = [
    "Bench",
    "Flow",
    "Scoreboard",
    "StreamDriver",
    "StreamMonitor",
    "bench",
    "stream_bench",
]
