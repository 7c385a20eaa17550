"""A small universal trainer for tests of boards; its virtual board is built once for all."""

from metaplast.hdl.planning.plan import LayerPlan
from metaplast.hdl.planning.universal import Capacity, UniversalTrainer

__all__ = ["TRAINER"]

TRAINER = UniversalTrainer(
    Capacity(
        layers=3,
        inputs=64,
        neurons=64,
        classes=10,
        counter_bits=8,
        rows=256,
        columns=128,
        sample_words=64,
        choices=64,
    ),
    LayerPlan(simd=32, update_width=8, input_width=8),
)
"""It takes the network 64–64–32–16–10, with two samples at a time."""
