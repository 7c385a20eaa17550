"""The universal trainer of `metaplast simulate`: one simulator for each width of hidden weights."""

from ...hdl.planning.plan import LayerPlan
from ...hdl.planning.universal import Capacity, UniversalTrainer

__all__ = ["simulated_trainer"]

FOLDING = LayerPlan(pe=4, simd=128, update_width=32, input_width=32)


def simulated_trainer(counter_bits: int) -> UniversalTrainer:
    """A universal trainer for simulation, which is built once.

    It takes 4,096 inputs, 1,024 neurons in each of four layers, 64 classes, and about a million
    hidden weights, counted in rows of 4 neurons and 128 inputs: 784–1024–10 fits. Deeper memories
    would make the build longer, not the simulation.

    Parameters
    ----------
    counter_bits : int
        Bits ``B`` of a hidden weight. 2 to 16.
    """
    capacity = Capacity(
        layers=4,
        inputs=4096,
        neurons=1024,
        classes=64,
        counter_bits=counter_bits,
        rows=2048,
        columns=2048,
        sample_words=1024,
        choices=4096,
    )
    return UniversalTrainer(capacity, FOLDING)
