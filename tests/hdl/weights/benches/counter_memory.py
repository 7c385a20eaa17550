"""Bench of the memory of hidden weights: the cycles that the test gives, with the rows expected."""

from metaplast.sim.bench import Bench, bench


@bench
async def rows(bench: Bench) -> None:
    """Each row is there in the cycle after the one that names it."""
    board = bench.scoreboard("read_data")
    expected = None
    for cycle in [*bench.parameters["cycles"], None]:
        for name, value in (cycle or {}).items():
            if name != "expected":
                bench.write(name, value)
        await bench.edge()
        if expected is not None:
            board.expect(expected)
            board.receive(bench.bits("read_data"), bench.cycle)
        expected = cycle and cycle["expected"]
