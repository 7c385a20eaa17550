"""What cocotb benches are made of: drivers, monitors, scoreboards, and the matrix of flows.

Imported inside the simulator only.
"""

from .bench import Bench, bench, stream_bench
from .scoreboard import Scoreboard
from .streams import StreamDriver, StreamMonitor
from .surroundings import Flow

__all__ = [
    "Bench",
    "Flow",
    "Scoreboard",
    "StreamDriver",
    "StreamMonitor",
    "bench",
    "stream_bench",
]
