"""Reports of a trainer core on its training: batch records and counts."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...golden_model.batch_record import BatchRecord
from .transport import BatchCounts, TransportError

__all__ = ["CoreBatch", "CoreCounts", "LostBatchesError"]


class LostBatchesError(TransportError):
    """A core ended fewer batches than it was sent.

    Attributes
    ----------
    sent, ended : int
        Numbers of batches that were sent, and that ended.
    """

    def __init__(self, message: str, sent: int, ended: int):
        super().__init__(message)
        self.sent = sent
        self.ended = ended


@dataclass(frozen=True)
class CoreCounts:
    """Counts of the training in a core.

    Attributes
    ----------
    samples, refused : int
        Samples trained on, and refused.
    errors, updates, right, saturated : tuple of int
        Per layer: error bits raised, neurons updated, right predictions, counters at a bound.
    """

    samples: int
    refused: int
    errors: tuple[int, ...]
    updates: tuple[int, ...]
    right: tuple[int, ...]
    saturated: tuple[int, ...] = ()


@dataclass(frozen=True, eq=False, kw_only=True)
class CoreBatch(BatchRecord):
    """The record of a batch from a core: numbers of errors and updates, without the neurons.

    Attributes
    ----------
    counts : BatchCounts
        Error bits raised and neurons updated in the batch, as the core counted them.
    refused : (n,) bool
        Whether the core refused the sample.
    """

    counts: BatchCounts
    refused: NDArray[np.bool_]

    @property
    def error_counts(self) -> list[int]:
        return list(self.counts.errors)

    @property
    def updates(self) -> list[int]:
        return list(self.counts.updates)
