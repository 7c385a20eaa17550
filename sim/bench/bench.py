"""A bench: a design's surroundings, what drives and watches it, and the verdict."""

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

LINGER = 50
"""Cycles in which something unexpected may come at the end."""


class Bench(BenchEnvironment):
    """One case of a bench, from reset to its verdict.

    Parameters
    ----------
    dut : cocotb.handle.HierarchyObject
        The design.
    flow : Flow
        How its streams flow.

    Attributes
    ----------
    parameters : dict
        What :meth:`metaplast.sim.verilator.simulator.Simulator.run` was given.
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
        """A driver of one of the design's streams."""
        return StreamDriver(self, name)

    def monitor(self, name: str, *, may_change: bool = False) -> StreamMonitor:
        """A monitor of one of the design's streams, whose verdict the bench awaits."""
        monitor = StreamMonitor(self, name, may_change=may_change)
        self._scoreboards.append(monitor)
        return monitor

    def scoreboard(self, name: str, layout: Layout | None = None) -> Scoreboard:
        """A scoreboard for what is no stream; its layout is that of the port of its name."""
        scoreboard = Scoreboard(name, layout or self.ports[name])
        self._scoreboards.append(scoreboard)
        return scoreboard

    # Verdict

    def check_latency(self, sent: Sequence[int], received: Sequence[int], latency: int) -> None:
        """Find that each item came a certain number of cycles after it was sent.

        Parameters
        ----------
        sent, received : sequence of int
            The cycles of its transfers, as drivers and monitors note them.
        latency : int
            The difference that is right.

        Raises
        ------
        AssertionError
            If one differs; the message names it.
        """
        assert len(sent) == len(received), f"{len(sent)} items were sent, {len(received)} came"
        for number, (begin, end) in enumerate(zip(sent, received, strict=True)):
            assert end - begin == latency, f"item {number} took {end - begin} cycles, not {latency}"

    async def drain(self, patience: int = PATIENCE) -> None:
        """Wait until everything expected has come, or nothing comes any more."""
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
        """Wait for what is expected, and a little for what is not, and check all scoreboards."""
        await self.drain()
        await self.edges(LINGER)
        expecting = [scoreboard for scoreboard in self._scoreboards if scoreboard.expects]
        assert expecting, "the bench expected nothing"
        if self._flip:
            self.random.choice(expecting).flip(self.random)
        for scoreboard in self._scoreboards:
            scoreboard.check()

    def report(self, value: Any) -> None:
        """Tell the process that runs the simulator something, which goes through JSON."""
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

    del case.__wrapped__  # cocotb would take the parameters from there
    return case


def bench(function: Case) -> Any:
    """Make a cocotb test of a function that takes a bench: reset before it, verdict after it."""
    return cocotb.test()(_run(function))


def stream_bench(function: Case) -> Any:
    """Likewise, in each way that streams may flow."""
    return cocotb.test()(cocotb.parametrize(flow=list(Flow))(_run(function)))
