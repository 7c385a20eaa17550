"""Simulate leaf components in Amaranth's simulator."""

from collections.abc import Awaitable, Callable

from amaranth.lib import wiring
from amaranth.sim import Simulator, SimulatorContext

__all__ = ["simulate"]

PERIOD = 1e-6


def simulate(
    component: wiring.Component, bench: Callable[[SimulatorContext], Awaitable[None]]
) -> None:
    """Run a bench on a component with a clock, until the bench is done.

    Parameters
    ----------
    component : amaranth.lib.wiring.Component
        The component.
    bench : coroutine function
        Sets inputs, gets outputs, and awaits ``ctx.tick()``; its assertions reach the caller.
    """
    simulator = Simulator(component)
    simulator.add_clock(PERIOD)
    simulator.add_testbench(bench)
    simulator.run()
