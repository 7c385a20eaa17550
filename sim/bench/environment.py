"""The environment of a bench: clock, reset, ports, random numbers, and flow of streams."""

import enum
from collections.abc import Callable, Coroutine
from random import Random
from typing import Any

import cocotb
import cocotb.simtime
from cocotb.clock import Clock
from cocotb.triggers import RisingEdge, Timer

from ..verilator.layout import pack, unpack
from ..verilator.settings import Settings

__all__ = ["PATIENCE", "Flow", "BenchEnvironment"]

PERIOD = 10
"""Simulator steps in a cycle."""

PATIENCE = 20_000
"""Cycles within which an event must happen that a bench waits for."""

# Probability and maximum length of the pauses of drivers and monitors.
PAUSE_PROBABILITY = 0.4
MAX_PAUSE = 5


class Flow(enum.Enum):
    """Flow of streams: with or without gaps at the source, and back-pressure at the sink."""

    STEADY = "steady"
    IDLE = "idle"
    BACK_PRESSURE = "back-pressure"
    IDLE_AND_BACK_PRESSURE = "idle and back-pressure"

    @property
    def idle(self) -> bool:
        """Whether drivers pause between items."""
        return self in (Flow.IDLE, Flow.IDLE_AND_BACK_PRESSURE)

    @property
    def back_pressure(self) -> bool:
        """Whether monitors are sometimes not ready."""
        return self in (Flow.BACK_PRESSURE, Flow.IDLE_AND_BACK_PRESSURE)


class BenchEnvironment:
    """A design in the simulator: its clock, its ports, and the random numbers of a case.

    Parameters
    ----------
    dut : cocotb.handle.HierarchyObject
        The design.
    settings : Settings
        Settings from the process that runs the simulator.
    flow : Flow
        Flow of the design's streams.

    Attributes
    ----------
    ports : dict of str to Layout
        Layouts of the design's ports.
    random : random.Random
        Random numbers of this case.
    """

    def __init__(self, dut: Any, settings: Settings, flow: Flow = Flow.STEADY):
        self.dut = dut
        self.flow = flow
        self.ports = settings.ports
        self.random = Random(cocotb.RANDOM_SEED)
        self._inputs = settings.inputs
        self._clock = self.handle("clk")
        self._edge = Timer(PERIOD, "step") if self._clock is None else RisingEdge(self._clock)
        self._start = 0
        self._pending: list[str] = []  # the events that are waited for

    # Time

    async def reset(self) -> None:
        """Start the clock and reset the design, with all inputs 0; the next cycle is number 0."""
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
        """Wait for the end of the cycle.

        Values read then belong to this cycle, values written to the next. A design without a clock
        has cycles, too, in which its signals settle.
        """
        await self._edge

    async def edges(self, count: int) -> None:
        """Wait for the end of some cycles."""
        for _ in range(count):
            await self._edge

    async def wait_for(
        self, event: str, condition: Callable[[], Any], *, limit: int = PATIENCE
    ) -> None:
        """Wait for the end of a cycle at which a condition holds; it may be the present one.

        Parameters
        ----------
        event : str
            The event that is waited for, such as ``"o: item 3"``.
        condition : function
            Whether it has happened.
        limit : int
            Cycles within which it must happen.

        Raises
        ------
        TimeoutError
            If it has not; the message names the event.
        """
        self._pending.append(event)
        for _ in range(limit):
            if condition():
                self._pending.remove(event)
                return
            await self._edge
        raise TimeoutError(f"{event}: not within {limit:,} cycles")

    async def watch_limit(self, limit: int) -> None:
        """Run beside a case, and end it after some cycles.

        Raises
        ------
        TimeoutError
            After them; the message names all events that are waited for.
        """
        await Timer(limit * PERIOD, "step")
        events = ", ".join(self._pending) or "no event"
        raise TimeoutError(f"not done within {limit:,} cycles; waits for: {events}")

    def _steps(self) -> int:
        return int(cocotb.simtime.get_sim_time("step"))

    @property
    def cycle(self) -> int:
        """Number of the cycle that has just ended."""
        return (self._steps() - self._start) // PERIOD - 1

    # Ports

    def handle(self, name: str) -> Any:
        """The port of a name; None if it does not exist, since it is constant or has no bits."""
        return getattr(self.dut, name, None)

    def write(self, name: str, value: Any) -> None:
        """Write a value to an input, by its layout."""
        handle = self.handle(name)
        bits = pack(self.ports[name], value)
        if handle is not None:
            handle.value = bits

    def read(self, name: str) -> Any:
        """The value of a port, by its layout."""
        return unpack(self.ports[name], self.bits(name))

    def bits(self, name: str) -> int:
        """The bits of a port."""
        handle = self.handle(name)
        return 0 if handle is None else int(handle.value)

    def noise(self, name: str) -> Any:
        """A random value for a port, by its layout."""
        layout = self.ports[name]
        return unpack(layout, self.random.getrandbits(layout["width"]))

    def start(self, coroutine: Coroutine[Any, Any, Any]) -> Any:
        """Run a coroutine in parallel; its exceptions fail the case."""
        return cocotb.start_soon(coroutine)

    def pause(self, may_pause: bool) -> int:
        """Draw a number of cycles to pause; 0 if the flow has no pauses."""
        if not may_pause or self.random.random() >= PAUSE_PROBABILITY:
            return 0
        return self.random.randint(1, MAX_PAUSE)
