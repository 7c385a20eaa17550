"""What happened in a batch: the record that both readings give and the gateware is held to."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["BatchRecord"]


@dataclass(frozen=True, eq=False)
class BatchRecord:
    """What a batch of ``n`` samples did, layer by layer.

    Attributes
    ----------
    predictions : (n, L) int64
        Each layer's own prediction; the last column is the network's.
    errors : (n, L) bool
        The error bits.
    chosen : list of (n, groups) int32
        Per layer, the neuron chosen in each group, or −1 where there is none.
    events : list of int
        Per layer, the draws its commit took from the reinforcement stream.
    """

    predictions: NDArray[np.int64]
    errors: NDArray[np.bool_]
    chosen: list[NDArray[np.int32]]
    events: list[int]

    @property
    def updates(self) -> list[int]:
        """Per layer, the neurons updated."""
        return [int(np.count_nonzero(chosen >= 0)) for chosen in self.chosen]
