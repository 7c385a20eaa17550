"""Bench of the adder of vectors: the vectors that the test gives, with their sums."""

from metaplast.sim.bench import Bench, bench


@bench
async def sums(bench: Bench) -> None:
    """The sums come in the cycle of the vectors or, if there is a register, in the next one."""
    board = bench.scoreboard("o")
    registered = bench.parameters["registered"]
    waiting = None
    for vectors in bench.parameters["vectors"]:
        bench.write("a", vectors["a"])
        bench.write("b", vectors["b"])
        await bench.edge()
        expected = waiting if registered else vectors["sums"]
        waiting = vectors["sums"]
        if expected is not None:
            board.expect(expected)
            board.receive(bench.bits("o"), bench.cycle)
