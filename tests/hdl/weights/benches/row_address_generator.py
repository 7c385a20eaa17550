"""Bench of the walk over hidden weights: every place that it points at, in order."""

from metaplast.hdl.planning.plan import FoldedLayer
from metaplast.sim.bench import Bench, bench

from ...folded_layers import FOLDED_LAYERS

CYCLES = 1000


def places(folded: FoldedLayer) -> list[dict[str, int]]:
    """All rows of a layer, in the order of their neurons, and what the walker says of each."""
    plan = folded.plan
    found = []
    for j in range(folded.config.neurons):
        bank, neuron = divmod(j, folded.bank_neurons)
        for part in range(folded.rows):
            word, chunk = divmod(part, plan.simd // plan.update_width)
            last = part == folded.rows - 1
            found.append(
                {
                    "bank": bank,
                    "row": neuron * folded.rows + part,
                    "neuron": neuron,
                    "snapshot_row": neuron // plan.pe * folded.words + word,
                    "snapshot_pe": neuron % plan.pe,
                    "snapshot_chunk": chunk,
                    "first_row": part == 0,
                    "last_row": last,
                    "last_neuron": neuron == folded.bank_neurons - 1,
                    "last_of_bank": last and neuron == folded.bank_neurons - 1,
                }
            )
    return found


@bench
async def walk(bench: Bench) -> None:
    """Round and round, then to and fro."""
    folded = FOLDED_LAYERS[bench.parameters["layer"]]
    walk = places(folded)
    boards = {name: bench.scoreboard(name) for name in walk[0]}
    place = 0

    async def cycle(rewind: bool = False, row: bool = False, neuron: bool = False) -> None:
        nonlocal place
        bench.write("rewind", rewind)
        bench.write("next_row", row)
        bench.write("next_neuron", neuron)
        await bench.edge()
        for name, board in boards.items():
            board.expect(walk[place][name])
            board.receive(bench.bits(name), bench.cycle)
        if rewind:
            place = 0
        else:
            place = (place + row + neuron * folded.rows) % len(walk)

    for _ in range(2 * len(walk) + 1):
        await cycle(row=True)
    await cycle(rewind=True)
    for _ in range(2 * folded.config.neurons + 1):
        await cycle(neuron=True)
    for _ in range(CYCLES):
        row = bench.random.random() < 0.7
        neuron = not row and bool(walk[place]["first_row"]) and bench.random.random() < 0.5
        await cycle(bench.random.random() < 0.01, row, neuron)
    await cycle()
