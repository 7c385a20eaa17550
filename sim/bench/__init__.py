"""What cocotb benches are made of: drivers, monitors, scoreboards, and the matrix of flows.

Imported inside the simulator only.
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
