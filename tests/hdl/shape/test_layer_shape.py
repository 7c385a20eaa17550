"""The numbers of a layer as signals."""

from random import Random

import pytest
from amaranth.sim import SimulatorContext

from metaplast.hdl.planning.universal import PlacedLayer
from metaplast.hdl.shape.layer_shape import ShapeDecoder, fixed_shape, layer_shape_layout

from ..folded_layers import FOLDED_LAYERS
from ..placed_layers import ENGINES, engine_of, place_layer, random_layers, row_of, shape_of
from ..simulate import simulate

ALL_ENGINES = {
    **ENGINES,
    # No number is shifted.
    "all factors are 1": engine_of(rows=300, pe=1, simd=1, update_width=1, input_width=1),
}


def all_layers(name: str) -> list[PlacedLayer]:
    """Layers of all groups and of all inputs, at random places."""
    engine, random = ALL_ENGINES[name], Random(1)
    layers = random_layers(engine, random, 60)
    for inputs in range(1, engine.config.inputs + 1):
        layers.append(place_layer(engine, inputs=inputs, neurons=5, group=5, base=inputs, column=7))
    for neurons in range(1, engine.config.neurons + 1):
        for group in (group for group in range(1, neurons + 1) if neurons % group == 0):
            layers.append(place_layer(engine, inputs=9, neurons=neurons, group=group, base=3))
    return layers


def check_shapes(name: str, *, flip: str = "") -> None:
    """Every number of every layer; the number ``flip`` is expected wrongly."""
    decoder = ShapeDecoder(ALL_ENGINES[name])

    async def bench(ctx: SimulatorContext) -> None:
        for layer in all_layers(name):
            config = layer.config
            sizes = {"inputs": config.inputs, "neurons": config.neurons, "group": config.group}
            ctx.set(decoder.i, {**sizes, "base": layer.base, "column": layer.column})
            await ctx.tick()
            for number, expected in shape_of(layer).items():
                got = ctx.get(decoder.o[number])
                assert got == expected ^ (number == flip), f"{number} of {config}"

    simulate(decoder, bench)


@pytest.mark.parametrize("name", ALL_ENGINES)
def test_numbers_are_decoded_from_sizes(name: str) -> None:
    check_shapes(name)


@pytest.mark.parametrize("number", [name for name, _ in layer_shape_layout(ENGINES["one"])])
def test_the_check_notices_a_wrong_number(number: str) -> None:
    with pytest.raises(AssertionError, match=f"^{number} of"):
        check_shapes("one", flip=number)


@pytest.mark.parametrize("layer", FOLDED_LAYERS)
def test_a_fixed_layer_has_its_own_shape(layer: str) -> None:
    assert fixed_shape(FOLDED_LAYERS[layer]) == shape_of(FOLDED_LAYERS[layer])


@pytest.mark.parametrize("name", ALL_ENGINES)
def test_rows_of_a_layer_are_those_of_its_snapshot(name: str) -> None:
    engine = ALL_ENGINES[name]
    per_row = engine.plan.pe * engine.plan.simd // engine.plan.update_width
    for layer in all_layers(name):
        rows = {
            row_of(layer, neuron, part)
            for neuron in range(layer.config.neurons)
            for part in range(layer.rows)
        }
        assert len(rows) == layer.config.neurons * layer.rows
        assert min(rows) == layer.base * per_row
        assert max(rows) < (layer.base + layer.snapshot_rows) * per_row
        assert max(rows) < engine.weight_rows
