"""The walk over a layer's hidden weights."""

from collections.abc import Sequence
from random import Random

import pytest
from amaranth.sim import SimulatorContext

from metaplast.hdl.planning.plan import FoldedLayer
from metaplast.hdl.weights.row_address_generator import RowAddressGenerator

from ..folded_layers import FOLDED_LAYERS
from ..placed_layers import ENGINES, random_layers, row_of, shape_of, snapshot_row_of
from ..simulate import simulate

CYCLES = 200


def places(layer: FoldedLayer, *, padding: bool = False) -> list[dict[str, int]]:
    """All rows of a layer, in the order of their neurons, and what the walker says of each.

    The address of a row of padding does not matter.
    """
    plan = layer.plan
    found = []
    for j in range(layer.config.neurons):
        bank, neuron = divmod(j, layer.bank_neurons)
        parts = layer.words * layer.chunks if padding else layer.rows
        for part in range(parts):
            word, chunk = divmod(part, layer.chunks)
            last = part == parts - 1
            place = {
                "bank": bank,
                "row": row_of(layer, neuron, part),
                "neuron": neuron,
                "snapshot_row": snapshot_row_of(layer, neuron, word),
                "snapshot_pe": neuron % plan.pe,
                "snapshot_chunk": chunk,
                "first_row": part == 0,
                "last_row": last,
                "last_weights": part == layer.rows - 1,
                "no_weights": part >= layer.rows,
                "last_neuron": neuron == layer.bank_neurons - 1,
                "last_of_bank": last and neuron == layer.bank_neurons - 1,
            }
            if part >= layer.rows:
                del place["row"]
            found.append(place)
    return found


def check_walk(
    folded: FoldedLayer, layers: Sequence[FoldedLayer] = (), *, padding: bool, flip: str = ""
) -> None:
    """Walk round by rows, round by neurons, and then to and fro; one layer after another.

    Without ``layers``, the shape is not set. The output named ``flip`` is expected wrongly.
    """
    random = Random(1)
    generator = RowAddressGenerator(folded)

    async def bench(ctx: SimulatorContext) -> None:
        place = 0
        walk: list[dict[str, int]] = []
        rows = 0  # of a neuron

        async def cycle(rewind: bool = False, row: bool = False, neuron: bool = False) -> None:
            nonlocal place
            ctx.set(generator.rewind, rewind)
            ctx.set(generator.next_row, row)
            ctx.set(generator.next_neuron, neuron)
            for name, expected in walk[place].items():
                got = ctx.get(getattr(generator, name))
                assert got == expected ^ (name == flip), f"{name} at place {place}"
            place = 0 if rewind else (place + row + neuron * rows) % len(walk)
            await ctx.tick()

        ctx.set(generator.padding, padding)
        for layer in layers or [folded]:
            if layers:
                ctx.set(generator.shape, shape_of(layer))
                ctx.set(generator.rewind, 1)
                await ctx.tick()
            walk, place = places(layer, padding=padding), 0
            rows = len(walk) // layer.config.neurons
            for _ in range(len(walk) * (1 if layers else 2) + 1):
                await cycle(row=True)
            await cycle(rewind=True)
            for _ in range(layer.config.neurons * (1 if layers else 2) + 1):
                await cycle(neuron=True)
            for _ in range(CYCLES):
                row = random.random() < 0.7
                neuron = not row and bool(walk[place]["first_row"]) and random.random() < 0.5
                await cycle(random.random() < 0.02, row, neuron)
            await cycle()

    simulate(generator, bench)


@pytest.mark.parametrize("padding", [False, True])
@pytest.mark.parametrize("layer", FOLDED_LAYERS)
def test_places_come_in_order_and_at_once(layer: str, padding: bool) -> None:
    check_walk(FOLDED_LAYERS[layer], padding=padding)


@pytest.mark.parametrize("padding", [False, True])
@pytest.mark.parametrize("name", ENGINES)
def test_layers_are_set_at_run_time(name: str, padding: bool) -> None:
    engine = ENGINES[name]
    check_walk(engine, random_layers(engine, Random(2), 8), padding=padding)


@pytest.mark.parametrize("output", places(FOLDED_LAYERS["two banks"])[0])
def test_the_check_notices_a_flipped_bit(output: str) -> None:
    with pytest.raises(AssertionError, match=f"{output} at place 0"):
        check_walk(FOLDED_LAYERS["two banks"], padding=False, flip=output)
