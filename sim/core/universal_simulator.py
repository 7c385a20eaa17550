"""The universal trainer of `metaplast simulate`: one simulator for each width of hidden weights."""

from ...hdl.planning.plan import LayerPlan
from ...hdl.planning.universal import Capacity, UniversalTrainer

__all__ = ["simulated_trainer"]

FOLDING = LayerPlan(pe=4, simd=128, update_width=32, input_width=32)


def simulated_trainer(counter_bits: int) -> UniversalTrainer:
    """A universal trainer for simulation, which is built once.

    It takes 4,096 inputs, 2,048 neurons in each of eight layers, 64 classes, and about two
    million hidden weights: 3136–2048–512–10 fits. The depth of its memories does not change the
    speed of the simulation.

    Parameters
    ----------
    counter_bits : int
        Bits ``B`` of a hidden weight. 2 to 16.
    """
    return UniversalTrainer(
        Capacity(
            layers=8,
            inputs=4096,
            neurons=2048,
            classes=64,
            counter_bits=counter_bits,
            rows=4096,
            columns=8192,
            sample_words=2048,
            choices=16384,
        ),
        FOLDING,
    )
