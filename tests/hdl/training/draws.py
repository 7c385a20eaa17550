"""The hidden weight that a draw of the reinforcement names, plainly."""

from typing import NamedTuple

from metaplast.hdl.planning.plan import FoldedLayer

from ..placed_layers import row_of

__all__ = ["Place", "place_of"]


class Place(NamedTuple):
    """The place of a hidden weight."""

    bank: int
    row: int
    column: int


def place_of(layer: FoldedLayer, draw: int) -> Place | None:
    """The place that a draw names, by the algorithm's definition; None if it names no weight."""
    config = layer.config
    j = draw % 2**config.neuron_bits
    i = (draw >> config.neuron_bits) % 2**config.input_bits
    if j >= config.neurons or i >= config.inputs:
        return None
    bank, neuron = divmod(j, layer.bank_neurons)
    part, column = divmod(i, layer.plan.update_width)
    return Place(bank, row_of(layer, neuron, part), column)
