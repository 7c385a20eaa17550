"""Bench of the divider: every dividend, its quotient and remainder so many enabled cycles later."""

from collections.abc import Iterator
from itertools import repeat

from metaplast.sim.bench import Bench, bench


async def divide(bench: Bench, enables: Iterator[bool]) -> None:
    """Divide every number there is, in the cycles that are enabled; in the others, time stands."""
    latency, divisor = bench.parameters["latency"], bench.parameters["divisor"]
    dividends = list(range(1 << bench.parameters["width"]))
    bench.random.shuffle(dividends)

    quotients, remainders = bench.scoreboard("quotient"), bench.scoreboard("remainder")
    entered = 0
    while entered < len(dividends) + latency:
        enable = next(enables)
        shown = entered < len(dividends)
        bench.write("i", dividends[entered] if shown and enable else bench.noise("i"))
        bench.write("enable", enable)
        await bench.edge()
        # Without registers the quotient is that of the dividend that is there.
        if entered >= latency and (enable or latency):
            dividend = dividends[entered - latency]
            quotients.expect(dividend // divisor)
            quotients.receive(bench.bits("quotient"), bench.cycle)
            remainders.expect(dividend % divisor)
            remainders.receive(bench.bits("remainder"), bench.cycle)
        entered += enable


@bench
async def every_cycle(bench: Bench) -> None:
    """A division a cycle."""
    await divide(bench, repeat(True))
    latency, count = bench.parameters["latency"], 1 << bench.parameters["width"]
    assert bench.cycle == latency + count - 1


@bench
async def with_pauses(bench: Bench) -> None:
    """Results come with the enabled cycles, and stand in the others."""
    await divide(bench, (bench.random.random() < 0.6 for _ in repeat(None)))
