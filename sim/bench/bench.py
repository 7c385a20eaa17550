"""Bench: the environment of a design, its drivers, monitors and scoreboards, and the checks."""

import functools
import json
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from typing import Any

import cocotb

from ..verilator.layout import Layout
from ..verilator.settings import Settings
from .environment import PATIENCE, BenchEnvironment, Flow
from .scoreboard import Scoreboard
from .streams import StreamDriver, StreamMonitor

__all__ = ["Bench", "bench", "stream_bench"]

FINAL_CYCLES = 50
"""Cycles at the end of a bench in which unexpected items are noticed."""


class Bench(BenchEnvironment):
    """One case of a bench, from reset to the final checks.

    Parameters
    ----------
    dut : cocotb.handle.HierarchyObject
        The design.
    flow : Flow
        Flow of its streams.

    Attributes
    ----------
    parameters : dict
        The parameters of :meth:`metaplast.sim.verilator.simulator.Simulator.run`.
    """

    def __init__(self, dut: Any, flow: Flow = Flow.STEADY):
        settings = Settings.read()
        super().__init__(dut, settings, flow)
        self.parameters = settings.parameters
        self._reports = settings.reports
        self._flip = settings.flip
        self._scoreboards: list[Scoreboard] = []

    # Parts

    def driver(self, name: str) -> StreamDriver:
        """Make a driver of a stream of the design."""
        return StreamDriver(self, name)

    def monitor(self, name: str, *, may_change: bool = False) -> StreamMonitor:
        """Make a monitor of a stream of the design, which the bench checks at its end."""
        monitor = StreamMonitor(self, name, may_change=may_change)
        self._scoreboards.append(monitor)
        return monitor

    def scoreboard(self, name: str, layout: Layout | None = None) -> Scoreboard:
        """Make a scoreboard for values other than streams; by default with the port's layout."""
        scoreboard = Scoreboard(name, layout or self.ports[name])
        self._scoreboards.append(scoreboard)
        return scoreboard

    # Checks

    def check_latency(self, sent: Sequence[int], received: Sequence[int], latency: int) -> None:
        """Check that each item came a certain number of cycles after it was sent.

        Parameters
        ----------
        sent, received : sequence of int
            The cycles of the transfers, from drivers and monitors.
        latency : int
            The expected difference.

        Raises
        ------
        AssertionError
            If a latency differs; the message names the item.
        """
        assert len(sent) == len(received), f"{len(sent)} items were sent, {len(received)} came"
        for number, (begin, end) in enumerate(zip(sent, received, strict=True)):
            assert end - begin == latency, f"item {number} took {end - begin} cycles, not {latency}"

    async def drain(self, patience: int = PATIENCE) -> None:
        """Wait until all expected items have come, or none has come for ``patience`` cycles."""
        missing = self._missing()
        waited = 0
        while missing > 0 and waited < patience:
            await self.edge()
            waited += 1
            if (now := self._missing()) < missing:
                missing, waited = now, 0

    def _missing(self) -> int:
        return sum(max(0, scoreboard.missing) for scoreboard in self._scoreboards)

    async def finish(self) -> None:
        """Wait for expected and for unexpected items, and check all scoreboards."""
        await self.drain()
        await self.edges(FINAL_CYCLES)
        expecting = [scoreboard for scoreboard in self._scoreboards if scoreboard.expects]
        assert expecting, "the bench expected nothing"
        if self._flip:
            self.random.choice(expecting).flip(self.random)
        for scoreboard in self._scoreboards:
            scoreboard.check()

    def report(self, value: Any) -> None:
        """Send a value, through JSON, to the process that runs the simulator."""
        with self._reports.open("a") as file:
            file.write(json.dumps(value) + "\n")


MAX_CYCLES = 2_000_000
"""Cycles after which a case that is not done has failed."""

Case = Callable[[Bench], Awaitable[None]]


def _run(function: Case) -> Callable[..., Coroutine[Any, Any, None]]:
    @functools.wraps(function)
    async def case(dut: Any, flow: Flow = Flow.STEADY) -> None:
        bench = Bench(dut, flow)
        await bench.reset()
        bench.start(bench.watch_limit(MAX_CYCLES))
        await function(bench)
        await bench.finish()

    del case.__wrapped__  # cocotb would take the parameters from it
    return case


def bench(function: Case) -> Any:
    """Make a cocotb test from a function of a bench: reset before it, checks after it."""
    return cocotb.test()(_run(function))


def stream_bench(function: Case) -> Any:
    """Make a cocotb test as :func:`bench` does, with a case for each :class:`.Flow`."""
    return cocotb.test()(cocotb.parametrize(flow=list(Flow))(_run(function)))
