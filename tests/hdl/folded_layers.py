"""Small layers with foldings that cover all cases of the gateware."""

from metaplast.golden_model.config import NetworkConfig
from metaplast.hdl.planning.plan import FoldedLayer, LayerPlan, MemoryKind

__all__ = ["FOLDED_LAYERS"]


def _fold(config: NetworkConfig, plan: LayerPlan) -> FoldedLayer:
    return FoldedLayer(config.layers[0], plan)


FOLDED_LAYERS = {
    # All fold factors are 1.
    "smallest": _fold(
        NetworkConfig(inputs=1, hidden=(1,), groups=(1,), classes=2, counter_bits=2),
        LayerPlan(sample_buffers=2),
    ),
    # A single port; rows, words and the register are padded, and the last set lacks neurons.
    "single port": _fold(
        NetworkConfig(inputs=9, hidden=(6,), groups=(3,), classes=3, counter_bits=4),
        LayerPlan(
            pe=4, simd=8, update_width=2, input_width=4, sample_buffers=2, memory=MemoryKind.SPRAM
        ),
    ),
    # Two banks, two draws a cycle, several neurons scored at once, nothing padded.
    "two banks": _fold(
        NetworkConfig(inputs=8, hidden=(12,), groups=(3,), classes=2, counter_bits=3),
        LayerPlan(
            banks=2,
            pe=3,
            simd=4,
            update_width=2,
            input_width=2,
            sample_buffers=3,
            draws_per_cycle=2,
        ),
    ),
    # A neuron is a row, a bank is a group, and a column takes two draws.
    "one row": _fold(
        NetworkConfig(inputs=5, hidden=(8,), groups=(2,), classes=40, counter_bits=2),
        LayerPlan(banks=4, simd=6, update_width=6, input_width=6),
    ),
}
"""Layers by name, since a bench gets the name as a parameter."""
