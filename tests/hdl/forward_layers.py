"""Small folded layers, for components of the forward pass."""

from metaplast.golden_model.config import NetworkConfig
from metaplast.hdl.planning.plan import FoldedLayer, LayerPlan

from .folded_layers import FOLDED_LAYERS

__all__ = ["FORWARD_LAYERS"]


FORWARD_LAYERS = {
    **FOLDED_LAYERS,
    # A set's neurons leave one by one for longer than its words take; the last set has one
    # neuron only, and the next pass begins before the outputs that belong to no neuron have left.
    "one by one": FoldedLayer(
        NetworkConfig(inputs=20, hidden=(13,), groups=(1,), classes=2).layers[0],
        LayerPlan(pe=12, simd=4, update_width=2, input_width=2),
    ),
}
"""Layers by name, since a bench gets the name as a parameter."""
