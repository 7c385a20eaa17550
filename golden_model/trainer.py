"""The training loop: epochs of batches, training accuracy, and a record of each epoch."""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import MISSING, asdict, dataclass, fields
from typing import Any, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .batch_record import Batch, BatchRecord
from .config import MAX_EPOCHS, NetworkConfig, checked_integer, checked_number
from .errors import DataError
from .network_state import NetworkState
from .samples import checked_bits, checked_labels
from .schedule import epoch_order, reinforcement_events

__all__ = [
    "EpochRecord",
    "TrainableNetwork",
    "Trainer",
    "saturated_counters",
]


def saturated_counters(config: NetworkConfig, counters: Sequence[NDArray[Any]]) -> tuple[int, ...]:
    """Number of saturated counters in each layer, from ``k`` of each layer, (K, N)."""
    return tuple(
        int(np.count_nonzero((k == layer.lowest) | (k == layer.highest)))
        for k, layer in zip(counters, config.layers, strict=True)
    )


class TrainableNetwork(NetworkState, Protocol):
    """Interface of a network that :class:`Trainer` trains: golden model or gateware."""

    config: NetworkConfig

    def train_batches(
        self, batches: Iterable[Batch], events: Sequence[int]
    ) -> Iterator[BatchRecord]:
        """Train on batches, each of which ends with a commit.

        A network may take further batches before it yields the record of an earlier one. When the
        iterator ends, all batches are trained and committed.

        Parameters
        ----------
        batches : iterable of ((n, N) uint8, (n,) int64)
            Encoded samples and their labels, in order.
        events : sequence of int
            ``M_l`` of each layer.

        Yields
        ------
        BatchRecord
            One for each batch, in order.
        """

    def predict(self, x: ArrayLike) -> NDArray[np.int64]:
        """Classes of encoded samples, (n, N) of 0 and 1 → (n,), without training.

        They are the predictions of the last layer.
        """

    def local_predictions(self, x: ArrayLike) -> NDArray[np.int64]:
        """Each layer's prediction for encoded samples, (n, N) of 0 and 1 → (n, L)."""


@dataclass(frozen=True, kw_only=True)
class EpochRecord:
    """The record of a training epoch: accuracies, error rates, updates, time.

    Tuples have an entry for each layer.

    Attributes
    ----------
    epoch : int
        From 0.
    samples : int
        Samples trained on.
    accuracy : float
        Training accuracy: share of samples predicted right when they were trained on, 0 to 1.
    layer_accuracy : tuple of float
        Training accuracy of each layer's local prediction.
    error_rate : tuple of float
        Share of samples that raised the layer's error bit.
    updates : tuple of int
        Neurons updated.
    events : tuple of int
        ``M_l``.
    saturated : tuple of int
        Counters at a bound at the end of the epoch.
    seconds : float
        Duration of the epoch.
    cycles : int or None
        Clock cycles of the gateware, from the first word offered to the end of the last commit;
        None where unknown.
    test_accuracy, validation_accuracy : float or None
        Accuracy on samples outside the training set, after the epoch: that of the last layer.
    layer_test_accuracy, layer_validation_accuracy : tuple of float or None
        Accuracy of each layer's local prediction on the same samples; None where unknown, as in
        records of older model files.
    """

    epoch: int
    samples: int
    accuracy: float
    layer_accuracy: tuple[float, ...]
    error_rate: tuple[float, ...]
    updates: tuple[int, ...]
    events: tuple[int, ...]
    saturated: tuple[int, ...]
    seconds: float
    test_accuracy: float | None = None
    validation_accuracy: float | None = None
    cycles: int | None = None
    layer_test_accuracy: tuple[float, ...] | None = None
    layer_validation_accuracy: tuple[float, ...] | None = None

    @property
    def cycles_per_sample(self) -> float | None:
        """Mean clock cycles of a sample; None where unknown."""
        return None if self.cycles is None else self.cycles / self.samples

    def to_dict(self) -> dict[str, Any]:
        """The record as plain values, ready for JSON."""
        return {
            key: list(value) if isinstance(value, tuple) else value
            for key, value in asdict(self).items()
        }

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> "EpochRecord":
        """Make a record from :meth:`to_dict`'s values; unknown keys are ignored.

        Raises
        ------
        DataError
            If a value is missing.
        """
        known = {field.name: field.default for field in fields(cls)}
        missing = [name for name in known if known[name] is MISSING and name not in values]
        if missing:
            raise DataError(f"the record of an epoch lacks {', '.join(missing)}")
        kept: dict[str, Any] = {
            key: tuple(value) if isinstance(value, list) else value
            for key, value in values.items()
            if key in known
        }
        return cls(**kept)


class Trainer:
    """The training loop: trains a network epoch by epoch.

    Parameters
    ----------
    network : TrainableNetwork
        Trained in place.
    epoch : int
        Number of the next epoch, 0 to 32768; above 0 to continue a saved training.
    accuracy : float
        Training accuracy of the previous epoch, 0 to 1; 0 if there was none.

    Raises
    ------
    ConfigurationError
        If the epoch or the accuracy is not a number, or out of range.
    """

    def __init__(self, network: TrainableNetwork, *, epoch: int = 0, accuracy: float = 0.0):
        self.network = network
        self.epoch = checked_integer("epoch", epoch, 0, MAX_EPOCHS)
        self.accuracy = checked_number("accuracy", accuracy, 0.0, 1.0)

    def events(self) -> list[int]:
        """Reinforcement events ``M_l`` of every layer in the next epoch."""
        config = self.network.config
        return [
            reinforcement_events(layer, config.reinforcement, self.accuracy)
            for layer in config.layers
        ]

    def train_epoch(
        self,
        x: ArrayLike,
        y: ArrayLike,
        on_batch: Callable[[int, BatchRecord], None] | None = None,
    ) -> EpochRecord:
        """Train for one epoch, on every sample once.

        Parameters
        ----------
        x : (n, N) of 0 and 1
            Encoded samples, in the order of the training split.
        y : (n,) int
            Labels, 0 to C − 1.
        on_batch : callable, optional
            Called after each batch with the samples trained so far and the batch's record.

        Raises
        ------
        DataError
            If there is no sample, or samples and labels do not fit each other or the network.
            The network is unchanged then.
        ConfigurationError
            If the epoch number is above 32767, or the reinforcement takes too many events.
        """
        started = time.perf_counter()
        config = self.network.config
        bits = checked_bits(x, config.inputs)
        labels = checked_labels(y, len(bits), config.classes)
        if len(bits) == 0:
            raise DataError("there are no samples to train on")
        events = self.events()
        order = epoch_order(config, self.epoch, len(bits))
        right = np.zeros(len(config.layers), dtype=np.int64)
        errors = np.zeros(len(config.layers), dtype=np.int64)
        updates = np.zeros(len(config.layers), dtype=np.int64)
        done = 0
        batches = [
            order[start : start + config.batch] for start in range(0, len(bits), config.batch)
        ]
        records = self.network.train_batches(
            ((bits[batch], labels[batch]) for batch in batches), events
        )
        for batch, record in zip(batches, records, strict=True):
            right += (record.predictions == labels[batch, np.newaxis]).sum(axis=0)
            errors += record.errors.sum(axis=0)
            updates += record.updates
            done += len(batch)
            if on_batch is not None:
                on_batch(done, record)

        result = EpochRecord(
            epoch=self.epoch,
            samples=len(bits),
            accuracy=int(right[-1]) / len(bits),
            layer_accuracy=tuple((right / len(bits)).tolist()),
            error_rate=tuple((errors / len(bits)).tolist()),
            updates=tuple(updates.tolist()),
            events=tuple(events),
            saturated=saturated_counters(config, self.network.counters),
            seconds=time.perf_counter() - started,
        )
        self.epoch += 1
        self.accuracy = result.accuracy
        return result
