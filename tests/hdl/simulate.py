"""Simulate leaf components in Amaranth's simulator."""

from collections.abc import Awaitable, Callable, Iterable
from typing import Any, TypeAlias

from amaranth.hdl import ClockDomain, Elaboratable, Module
from amaranth.sim import Simulator, SimulatorContext

__all__ = ["MAX_CYCLES", "Process", "simulate"]

MAX_CYCLES = 100_000
"""Cycles after which a bench that is not done has failed."""

PERIOD = 1e-6

Process: TypeAlias = Callable[[SimulatorContext], Awaitable[Any]]
"""A coroutine function that sets inputs, gets outputs, and awaits ``ctx.tick()``."""


def simulate(
    component: Elaboratable,
    bench: Process,
    *,
    beside: Iterable[Process] = (),
    limit: int = MAX_CYCLES,
    waits_for: str = "the end of the bench",
) -> None:
    """Run a bench on a component with a clock, until the bench is done.

    In each cycle the bench sets inputs, gets outputs, and then awaits ``ctx.tick()``.

    Parameters
    ----------
    component : amaranth.hdl.Elaboratable
        The component. One without registers has cycles, too.
    bench : coroutine function
        The bench; its assertions reach the caller.
    beside : iterable of coroutine functions
        Processes around the component, which run before the bench in every cycle, in this order, so
        that the bench gets outputs when their inputs are set. They read outputs with
        ``ctx.tick().sample(…)``, and end with the bench.
    limit : int
        Cycles within which the bench must be done.
    waits_for : str
        The event that the bench waits for, named in the error.

    Raises
    ------
    TimeoutError
        If the bench is not done within the limit.
    """

    async def watch(ctx: SimulatorContext) -> None:
        await ctx.delay(limit * PERIOD)
        raise TimeoutError(f"{waits_for}: not within {limit:,} cycles")

    design = Module()
    design.domains.sync = ClockDomain()
    design.submodules.component = component
    simulator = Simulator(design)
    simulator.add_clock(PERIOD)
    for process in (watch, *beside):
        simulator.add_testbench(process, background=True)
    simulator.add_testbench(bench)
    simulator.run()
