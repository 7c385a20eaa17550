"""Bench of a design without a clock."""

from metaplast.sim.bench import Bench, bench


@bench
async def sums(bench: Bench) -> None:
    """All sums, each in the cycle of its operands."""
    board = bench.scoreboard("sum")
    for a in range(16):
        for b in range(-8, 8):
            bench.write("a", a)
            bench.write("b", b)
            board.expect(a + b)
            await bench.edge()
            assert bench.read("sum") == a + b
            board.receive(bench.bits("sum"), bench.cycle)
    assert board.cycles == list(range(256))
