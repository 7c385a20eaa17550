"""Bench of the sequence number: both laps, so that every number comes, and a little more."""

from metaplast.hdl.link.protocol import LAP, next_number
from metaplast.sim.bench import Bench, bench

PAUSES = 100
"""Cycles at the beginning and at the end in which a step may be left out."""


@bench
async def numbers(bench: Bench) -> None:
    """0 to 65535, then 32768 and on; it stands without a step, and a reset brings it back to 0."""
    board = bench.scoreboard("number")
    number, last = 0, 2 * LAP + PAUSES
    for cycle in range(last + PAUSES):
        reset = cycle == last
        step = PAUSES < cycle <= 2 * LAP or bench.random.random() < 0.7
        bench.write("step", step)
        bench.handle("rst").value = reset
        await bench.edge()
        board.expect(number)
        board.receive(bench.bits("number"), bench.cycle)
        if step:
            number = next_number(number)
        if reset:
            assert LAP < number < LAP + PAUSES
            number = 0
