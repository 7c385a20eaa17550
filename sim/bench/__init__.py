"""Parts of cocotb benches: drivers, monitors, scoreboards, and the matrix of stream flows.

Benches run inside the simulator only. Benches in Amaranth's simulator have :class:`Flow` and
:class:`Scoreboard` in common with them.
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
