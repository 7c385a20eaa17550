"""Bench of the marks: set, cleared and looked at, all in one cycle."""

from metaplast.sim.bench import Bench, bench

from ...folded_layers import FOLDED_LAYERS

CYCLES = 1000


@bench
async def marks(bench: Bench) -> None:
    """A look finds the marks of the cycles before, of any bank, and stays until the next look."""
    folded = FOLDED_LAYERS[bench.parameters["layer"]]
    banks, neurons = folded.plan.banks, folded.bank_neurons
    random = bench.random
    marked: list[set[int]] = [set() for _ in range(banks)]
    board = bench.scoreboard("marked")
    seen: bool | None = None
    for _ in range(CYCLES):
        clear, look = random.random() < 0.3, random.random() < 0.7
        cleared, looked = random.randrange(neurons), random.randrange(neurons)
        positions = [random.randrange(neurons) for _ in range(banks)]
        mark = 0 if clear else random.getrandbits(banks) & random.getrandbits(banks)
        # What is written in this cycle is not to be looked at.
        written = {j for bank, j in enumerate(positions) if mark >> bank & 1}
        look &= looked not in (written | {cleared} if clear else written)
        for name, value in {
            "mark": mark,
            "neurons": positions,
            "look": look,
            "looked": looked,
            "clear": clear,
            "cleared": cleared,
        }.items():
            bench.write(name, value)
        await bench.edge()

        if seen is not None:
            board.expect(seen)
            board.receive(bench.bits("marked"), bench.cycle)
        if look:
            seen = any(looked in positions for positions in marked)
        for bank, position in enumerate(positions):
            if clear:
                marked[bank].discard(cleared)
            elif mark >> bank & 1:
                marked[bank].add(position)
    assert len(set(board.received)) == 2
