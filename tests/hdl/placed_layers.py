"""Small universal engines, and layers that are set on them at run time."""

from dataclasses import replace
from random import Random
from typing import Any

from metaplast.golden_model.config import LayerConfig
from metaplast.hdl.planning.plan import FoldedLayer, LayerPlan, MemoryKind
from metaplast.hdl.planning.universal import Capacity, PlacedLayer, UniversalEngine

__all__ = [
    "ENGINES",
    "engine_of",
    "first_row",
    "place_layer",
    "random_layers",
    "random_network",
    "row_of",
    "shape_of",
    "snapshot_row_of",
]


def engine_of(
    *,
    classes: int = 5,
    counter_bits: int = 4,
    rows: int = 60,
    shared_memories: bool = False,
    **plan: Any,
) -> UniversalEngine:
    """An engine of 3 layers of 24 inputs and 12 neurons at most; ``plan`` are its fold factors."""
    capacity = Capacity(
        layers=3,
        inputs=24,
        neurons=12,
        classes=classes,
        counter_bits=counter_bits,
        rows=rows,
        columns=36,
        sample_words=64,
        choices=0 if shared_memories else 40,
    )
    return UniversalEngine.of(capacity, LayerPlan(**plan), shared_memories=shared_memories)


ENGINES = {
    # A neuron is a set, and a word of the sample serves two rows.
    "one": engine_of(pe=1, simd=8, update_width=2, input_width=4),
    # Neurons of a set leave one by one or together; a word of the sample is a word of the array.
    "pairs": engine_of(counter_bits=3, pe=2, simd=8, update_width=4, input_width=8),
    "single-port pairs": engine_of(
        counter_bits=2, pe=2, simd=8, update_width=4, input_width=4, memory=MemoryKind.SPRAM
    ),
    # A neuron's row of the local classifier has its dirty bit.
    "shared memories": engine_of(
        pe=1, simd=8, update_width=2, input_width=8, memory=MemoryKind.SPRAM, shared_memories=True
    ),
    # A word has three rows.
    "three chunks": engine_of(counter_bits=5, pe=4, simd=12, update_width=4, input_width=4),
}
"""Engines by name, since a bench gets the name as a parameter."""


def place_layer(
    engine: UniversalEngine,
    *,
    inputs: int,
    neurons: int,
    group: int,
    base: int = 0,
    column: int = 0,
    **more: int,
) -> PlacedLayer:
    """A layer whose snapshot begins in row ``base``, and its local classifier in row ``column``.

    ``more`` are fields of its configuration.
    """
    fields = {
        "index": 0,
        "inputs": inputs,
        "neurons": neurons,
        "group": group,
        "classes": engine.config.classes,
        "counter_bits": engine.config.counter_bits,
        "margin": 0,
        **more,
    }
    config = LayerConfig(**fields)
    return PlacedLayer(config, engine.plan, base=base, column=column, engine=engine)


def random_layers(engine: UniversalEngine, random: Random, count: int) -> list[PlacedLayer]:
    """The largest layer, the smallest layer, and random ones."""
    largest = engine.config
    sizes = [(largest.inputs, largest.neurons, largest.neurons), (1, 1, 1)]
    while len(sizes) < count:
        neurons = random.randint(2, largest.neurons)
        divisors = [group for group in range(1, neurons + 1) if neurons % group == 0]
        sizes.append((random.randint(1, largest.inputs), neurons, random.choice(divisors)))
    layers = []
    for inputs, neurons, group in sizes:
        classes = random.randint(2, largest.classes)
        layer = place_layer(engine, inputs=inputs, neurons=neurons, group=group, classes=classes)
        base = random.randint(0, engine.capacity.rows - layer.snapshot_rows)
        column = random.randint(0, engine.classifier_rows - layer.sets)
        layers.append(replace(layer, base=base, column=column))
    return layers


def random_network(engine: UniversalEngine, random: Random) -> list[PlacedLayer]:
    """Layers of a network of three layers, one behind the other in the memories."""
    classes = random.randint(2, engine.config.classes)
    placed: list[PlacedLayer] = []
    base, column, inputs = 0, 0, random.randint(1, engine.config.inputs)
    for index in range(3):
        neurons = random.randint(1, engine.config.neurons)
        group = random.choice([size for size in range(1, neurons + 1) if neurons % size == 0])
        sizes = {"inputs": inputs, "neurons": neurons, "group": group}
        place = {"base": base, "column": column}
        placed.append(place_layer(engine, **sizes, **place, classes=classes, index=index))
        base, inputs = base + placed[-1].snapshot_rows, neurons
        column += placed[-1].sets
    # A network that does not fit is drawn again.
    return placed if base <= engine.capacity.rows else random_network(engine, random)


def _ceil(numerator: int, denominator: int) -> int:
    return -(-numerator // denominator)


def shape_of(layer: FoldedLayer) -> dict[str, int]:
    """The numbers of a fixed layer, or of a layer on an engine, plainly."""
    config, plan = layer.config, layer.plan
    inputs, group = config.inputs, config.group
    neurons = config.neurons // plan.banks
    together = max(n for n in range(1, plan.pe + 1) if plan.pe % n == 0 and group % n == 0)
    if isinstance(layer, PlacedLayer) and together < plan.pe:
        together = 1
    sets = _ceil(neurons, plan.pe)
    shape = {
        "inputs": inputs,
        "last_input": inputs - 1,
        "neurons": config.neurons,
        "bank_neurons": neurons,
        "last_neuron": neurons - 1,
        "group": group,
        "group_steps": group // together,
        "last_pass_step": neurons // together - 1,
        "steps": plan.pe // together,
        "set_cycles": plan.pe // together,
        "sets": sets,
        "last_set": sets - 1,
        "sample_words": _ceil(inputs, plan.input_width),
        "rows": _ceil(inputs, plan.update_width),
        "last_row": _ceil(inputs, plan.update_width) - 1,
        "last_column": (inputs - 1) % plan.update_width,
        "row_base": row_of(layer, 0, 0),
        "snapshot_base": 0,
        "snapshot_word_stride": 1,
        "classifier_base": 0,
    }
    if isinstance(layer, PlacedLayer):
        shape |= {
            "snapshot_base": layer.base,
            "snapshot_word_stride": sets,
            "classifier_base": layer.column,
        }
        if layer.engine.shared_memories and group == 1:
            shape["set_cycles"] = 2
    return shape


def first_row(layer: FoldedLayer) -> int:
    """The first row of a layer's snapshot."""
    return layer.base if isinstance(layer, PlacedLayer) else 0


def snapshot_row_of(layer: FoldedLayer, neuron: int, word: int) -> int:
    """Row of the snapshot that holds a word of a neuron of a bank.

    On an engine, the sets of the first word come first, then those of the second word.
    """
    number = neuron // layer.plan.pe
    if isinstance(layer, PlacedLayer):
        return layer.base + word * _ceil(layer.config.neurons, layer.plan.pe) + number
    return number * _ceil(layer.config.inputs, layer.plan.simd) + word


def row_of(layer: FoldedLayer, neuron: int, part: int) -> int:
    """Address of a row of a neuron of a bank.

    On an engine, as many rows lie before those of the layer as the snapshot rows before it hold.
    """
    plan = layer.plan
    first = first_row(layer) * plan.pe * plan.simd // plan.update_width
    return first + neuron * _ceil(layer.config.inputs, plan.update_width) + part
