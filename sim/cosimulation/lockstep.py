"""Lock-step training: two networks train on the same batches, and are compared during training.

Usually the reference is the golden model, and the other network is a simulated core, a virtual
board or a real board. Any two :class:`~metaplast.golden_model.trainer.TrainableNetwork` are
possible.
"""

import enum
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from itertools import tee

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ...golden_model.batch_record import Batch, BatchRecord
from ...golden_model.config import NetworkConfig
from ...golden_model.network_state import StoredState
from ...golden_model.random_stream import RandomStream
from ...golden_model.schedule import epoch_order
from ...golden_model.trainer import TrainableNetwork, saturated_counters
from ...hdl.client.core_records import CoreCounts, LostBatchesError
from ...hdl.client.remote_core import RemoteCore
from .comparison import Difference, compare_batches, compare_counts, compare_states

__all__ = ["Check", "DifferenceError", "LockstepNetwork", "placed"]


class Check(enum.Enum):
    """When counts, counters, snapshots and streams are compared; predictions always are."""

    EPOCH = "epoch"
    """At the end of every epoch; batches follow each other without a pause."""

    BATCH = "batch"
    """At the end of every batch; a core is idle between two batches."""


class DifferenceError(Exception):
    """Two networks differ.

    Attributes
    ----------
    difference : Difference
        The first difference. Its batch, if it has one, is the batch in which it was found; its
        sample is an index in that batch.
    before : StoredState or None
        The state before that batch, if it was compared.
    """

    def __init__(self, difference: Difference, before: StoredState | None):
        super().__init__(str(difference))
        self.difference = difference
        self.before = before


def placed(
    difference: Difference, config: NetworkConfig, *, epoch: int, samples: int
) -> Difference:
    """A difference with its epoch, and the index of its sample in the training split.

    Parameters
    ----------
    difference : Difference
        The difference of a :class:`DifferenceError`.
    config : NetworkConfig
        The network.
    epoch : int
        The epoch in which it was found.
    samples : int
        Training samples of the epoch.
    """
    if difference.sample is not None:
        assert difference.batch is not None
        order = epoch_order(config, epoch, samples)
        sample = int(order[difference.batch * config.batch + difference.sample])
        difference = difference.at(sample=sample)
    return difference.at(epoch=epoch)


class LockstepNetwork:
    """Two networks that train in lock step, as one :class:`.TrainableNetwork`.

    Every prediction, error bit and count of every batch is compared, and the states as often as
    ``check`` says. The state is that of the reference.

    Parameters
    ----------
    reference : TrainableNetwork
        The reference.
    network : TrainableNetwork
        The network to compare with it, in the same state.
    check : Check
        When states are compared.

    Raises
    ------
    DifferenceError
        In training, if the networks differ.
    """

    def __init__(
        self,
        reference: TrainableNetwork,
        network: TrainableNetwork,
        *,
        check: Check = Check.EPOCH,
    ):
        self.reference = reference
        self.network = network
        self.check = check
        self.config: NetworkConfig = reference.config

    @property
    def counters(self) -> Sequence[NDArray[np.integer]]:
        """Per layer, ``k``."""
        return self.reference.counters

    @property
    def snapshot(self) -> Sequence[NDArray[np.uint8]]:
        """Per layer, ``W``."""
        return self.reference.snapshot

    @property
    def streams(self) -> Sequence[RandomStream]:
        """Per layer, the reinforcement stream."""
        return self.reference.streams

    def train_batches(
        self, batches: Iterable[Batch], events: Sequence[int]
    ) -> Iterator[BatchRecord]:
        """Train both networks on batches; gives the records of ``network``.

        Raises
        ------
        DifferenceError
            If the networks differ.
        """
        if self.check is Check.EPOCH:
            yield from self._train(batches, events, first=0, before=None)
            return
        for number, batch in enumerate(batches):
            before = StoredState.copy_of(self.reference)
            yield from self._train([batch], events, first=number, before=before)

    def _train(
        self,
        batches: Iterable[Batch],
        events: Sequence[int],
        *,
        first: int,
        before: StoredState | None,
    ) -> Iterator[BatchRecord]:
        """Train on batches numbered from ``first``, and compare the states at the end."""
        layers = len(self.config.layers)
        samples, number = 0, first
        errors, updates, right = (np.zeros(layers, dtype=np.int64) for _ in range(3))
        ours, theirs = tee(batches)
        references = self.reference.train_batches(ours, events)
        expected_records: deque[BatchRecord] = deque()

        def trained() -> Iterator[Batch]:
            """Batches on which the reference has trained; it trains while a core does."""
            for x, y in theirs:
                record = next(references)
                expected_records.append(record)
                right[:] += np.sum(record.predictions == np.asarray(y)[:, np.newaxis], axis=0)
                yield x, y

        try:
            for number, got in enumerate(
                self.network.train_batches(trained(), events), start=first
            ):
                expected = expected_records.popleft()
                samples += len(expected.predictions)
                errors += expected.error_counts
                updates += expected.updates
                if difference := compare_batches(expected, got):
                    raise DifferenceError(difference.at(batch=number), before)
                yield got
        except LostBatchesError as error:
            lost = Difference(
                what="number of batches through", expected=error.sent, got=error.ended
            )
            raise DifferenceError(lost, before) from None
        assert not expected_records, "a network gave no record of a batch that it was given"
        assert next(references, None) is None, "the reference trained on more batches"
        batch = number if self.check is Check.BATCH else None
        if isinstance(self.network, RemoteCore):
            counts = CoreCounts(
                samples=samples,
                refused=0,
                errors=tuple(errors.tolist()),
                updates=tuple(updates.tolist()),
                right=tuple(right.tolist()),
                saturated=saturated_counters(self.config, self.reference.counters),
            )
            if difference := compare_counts(counts, self.network.counts()):
                raise DifferenceError(difference.at(batch=batch), before)
        if difference := compare_states(self.reference, self.network):
            raise DifferenceError(difference.at(batch=batch), before)

    def predict(self, x: ArrayLike) -> NDArray[np.int64]:
        """Predictions of encoded samples by both networks, (n,); those of all layers are compared.

        Raises
        ------
        DifferenceError
            If the predictions of a layer differ.
        """
        return self.local_predictions(x)[:, -1]

    def local_predictions(self, x: ArrayLike) -> NDArray[np.int64]:
        """Each layer's predictions of encoded samples by both networks, (n, L).

        Raises
        ------
        DifferenceError
            If their predictions differ.
        """
        expected, got = self.reference.local_predictions(x), self.network.local_predictions(x)
        wrong = np.argwhere(expected != got)
        if len(wrong):
            sample, layer = map(int, wrong[0])
            difference = Difference(
                what="prediction",
                expected=int(expected[sample, layer]),
                got=int(got[sample, layer]),
                layer=layer,
                sample=sample,
            )
            raise DifferenceError(difference, None)
        return expected
