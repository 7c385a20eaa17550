"""A batch of samples, and its training record: predictions, error bits, updates."""

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

__all__ = ["Batch", "BatchRecord"]

Batch: TypeAlias = tuple[NDArray[np.uint8], NDArray[np.int64]]
"""The samples of a batch in order: bits (n, N) of 0 and 1, and labels (n,)."""


@dataclass(frozen=True, eq=False)
class BatchRecord:
    """Training record of a batch of ``n`` samples: predictions, error bits, updates.

    Attributes
    ----------
    predictions : (n, L) int64
        The prediction of each layer; the last column is the network's.
    errors : (n, L) bool
        The error bits.
    chosen : list of (n, groups) int32
        Per layer, the neuron chosen in each group, or −1 for none. Empty if the network does not
        report it (gateware does not).
    events : list of int
        Per layer, the draws of the commit from the reinforcement stream.
    """

    predictions: NDArray[np.int64]
    errors: NDArray[np.bool_]
    chosen: list[NDArray[np.int32]]
    events: list[int]

    @property
    def error_counts(self) -> list[int]:
        """Per layer, the number of error bits raised."""
        counts: list[int] = self.errors.sum(axis=0).tolist()
        return counts

    @property
    def updates(self) -> list[int]:
        """Per layer, the number of neurons updated."""
        return [int(np.count_nonzero(chosen >= 0)) for chosen in self.chosen]
