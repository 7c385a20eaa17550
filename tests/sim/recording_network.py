"""RecordingNetwork: a golden model that stores the records of its batches."""

from collections.abc import Sequence

from numpy.typing import ArrayLike

from metaplast.golden_model import BatchRecord, Network

__all__ = ["RecordingNetwork"]


class RecordingNetwork(Network):
    """A golden model that stores the records of its batches."""

    records: list[BatchRecord]

    def train_batch(self, x: ArrayLike, y: ArrayLike, events: Sequence[int]) -> BatchRecord:
        record = super().train_batch(x, y, events)
        self.records.append(record)
        return record
