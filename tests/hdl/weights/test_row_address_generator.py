"""The walk over a layer's hidden weights."""

from random import Random

import pytest
from amaranth.sim import SimulatorContext

from metaplast.hdl.planning.plan import FoldedLayer
from metaplast.hdl.weights.row_address_generator import RowAddressGenerator

from ..folded_layers import FOLDED_LAYERS
from ..simulate import simulate

CYCLES = 200


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


def check_walk(layer: str, *, flip: str = "") -> None:
    """Walk round by rows, round by neurons, and then to and fro.

    The output named ``flip`` is expected wrongly.
    """
    folded, random = FOLDED_LAYERS[layer], Random(1)
    generator = RowAddressGenerator(folded)
    walk = places(folded)
    place = 0

    async def bench(ctx: SimulatorContext) -> None:
        async def cycle(rewind: bool = False, row: bool = False, neuron: bool = False) -> None:
            nonlocal place
            ctx.set(generator.rewind, rewind)
            ctx.set(generator.next_row, row)
            ctx.set(generator.next_neuron, neuron)
            for name, expected in walk[place].items():
                got = ctx.get(getattr(generator, name))
                assert got == expected ^ (name == flip), f"{name} at place {place}"
            place = 0 if rewind else (place + row + neuron * folded.rows) % len(walk)
            await ctx.tick()

        for _ in range(2 * len(walk) + 1):
            await cycle(row=True)
        await cycle(rewind=True)
        for _ in range(2 * folded.config.neurons + 1):
            await cycle(neuron=True)
        for _ in range(CYCLES):
            row = random.random() < 0.7
            neuron = not row and bool(walk[place]["first_row"]) and random.random() < 0.5
            await cycle(random.random() < 0.02, row, neuron)
        await cycle()

    simulate(generator, bench)


@pytest.mark.parametrize("layer", FOLDED_LAYERS)
def test_places_come_in_order_and_at_once(layer: str) -> None:
    check_walk(layer)


@pytest.mark.parametrize("output", places(FOLDED_LAYERS["two banks"])[0])
def test_the_check_notices_a_flipped_bit(output: str) -> None:
    with pytest.raises(AssertionError, match=f"{output} at place 0"):
        check_walk("two banks", flip=output)
