"""A bench's surroundings: clock, reset, ports, random numbers, parameters."""

import functools
import json
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from random import Random
from typing import Any

import cocotb
import cocotb.simtime
from cocotb.clock import Clock
from cocotb.triggers import RisingEdge, Timer

from ..layout import Layout, pack, unpack
from ..settings import Settings
from .scoreboard import Scoreboard
from .streams import LONGEST_PAUSE, PATIENCE, PAUSE_PROBABILITY, Flow, StreamDriver, StreamMonitor

__all__ = ["Bench", "bench", "stream_bench"]

PERIOD = 10
"""Simulator steps in a cycle."""

LINGER = 50
"""Cycles in which something unexpected may come at the end."""


class Bench:
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
        What :meth:`metaplast.sim.verilator.Simulator.run` was given.
    ports : dict of str to Layout
        What the design's ports hold.
    random : random.Random
        Random numbers of this case.
    """

    def __init__(self, dut: Any, flow: Flow = Flow.STEADY):
        settings = Settings.read()
        self.dut = dut
        self.flow = flow
        self.parameters = settings.parameters
        self.ports = settings.ports
        self.random = Random(cocotb.RANDOM_SEED)
        self._inputs = settings.inputs
        self._reports = settings.reports
        self._flip = settings.flip
        self._scoreboards: list[Scoreboard] = []
        self._clock = self.handle("clk")
        self._edge = Timer(PERIOD, "step") if self._clock is None else RisingEdge(self._clock)
        self._start = 0

    # Time

    async def reset(self) -> None:
        """Start the clock, and reset the design, all inputs 0; the next cycle is number 0."""
        for name in self._inputs:
            self.write(name, 0)
        reset = self.handle("rst")
        if self._clock is not None:
            Clock(self._clock, PERIOD, "step", impl="gpi").start(start_high=False)
        if reset is not None:
            reset.value = 1
            await self.edge()
            reset.value = 0
        self._start = self._steps()

    async def edge(self) -> None:
        """Wait for the end of the cycle: what is read now is its, what is written the next one's.

        A design without a clock has cycles, too: time for it to settle.
        """
        await self._edge

    async def edges(self, count: int) -> None:
        """Wait for the end of some cycles."""
        for _ in range(count):
            await self._edge

    def _steps(self) -> int:
        return int(cocotb.simtime.get_sim_time("step"))

    @property
    def cycle(self) -> int:
        """Number of the cycle that has just ended."""
        return (self._steps() - self._start) // PERIOD - 1

    # Ports

    def handle(self, name: str) -> Any:
        """The port of a name; None if there is none, for it may be constant, or of no width."""
        return getattr(self.dut, name, None)

    def write(self, name: str, value: Any) -> None:
        """Give an input a value, as its layout has it."""
        handle = self.handle(name)
        bits = pack(self.ports[name], value)
        if handle is not None:
            handle.value = bits

    def read(self, name: str) -> Any:
        """The value of a port, as its layout has it."""
        return unpack(self.ports[name], self.bits(name))

    def bits(self, name: str) -> int:
        """The bits of a port."""
        handle = self.handle(name)
        return 0 if handle is None else int(handle.value)

    def noise(self, name: str) -> Any:
        """A random value for a port, as its layout has it."""
        layout = self.ports[name]
        return unpack(layout, self.random.getrandbits(layout["width"]))

    # Parts

    def start(self, coroutine: Coroutine[Any, Any, Any]) -> Any:
        """Run something beside; what it raises fails the case."""
        return cocotb.start_soon(coroutine)

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

    def pause(self, may_pause: bool) -> int:
        """How many cycles to pause, if pausing is in the flow."""
        if not may_pause or self.random.random() >= PAUSE_PROBABILITY:
            return 0
        return self.random.randint(1, LONGEST_PAUSE)

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


Case = Callable[[Bench], Awaitable[None]]


def _run(function: Case) -> Callable[..., Coroutine[Any, Any, None]]:
    @functools.wraps(function)
    async def case(dut: Any, flow: Flow = Flow.STEADY) -> None:
        bench = Bench(dut, flow)
        await bench.reset()
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
