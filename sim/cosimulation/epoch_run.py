"""An epoch in RTL and in the golden model, side by side, compared as it goes."""

import enum
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ...golden_model.batch_record import BatchRecord
from ...golden_model.network import Network
from ...golden_model.trainer import EpochRecord, Trainer, epoch_order
from ..core.simulated_core import BatchCounts, CoreCounts, CoreResults, SimulatedCore
from .comparison import (
    CoreState,
    Difference,
    compare_batch_counts,
    compare_counts,
    compare_results,
    compare_states,
)
from .training_setup import TrainingBatch, TrainingSetup

__all__ = ["Check", "EpochRun", "FoundError", "Progress", "TrainedEpoch", "peek"]


class Check(enum.Enum):
    """When counters, snapshots and streams are compared."""

    EPOCH = "epoch"
    """At the end of every epoch."""

    BATCH = "batch"
    """At the end of every batch; the core then runs empty between two batches."""


@dataclass(frozen=True, kw_only=True)
class Progress:
    """How far an epoch is.

    Attributes
    ----------
    done, samples : int
        Samples that the core is through with, of how many.
    right, golden_right : int
        Those of them that it, and the golden model, predicted right.
    cycles : int
        Cycles in which the core was busy.
    seconds : float
        Time since the epoch's start.
    again : bool
        Whether it is run again, to find where a difference arose.
    """

    done: int
    samples: int
    right: int
    golden_right: int
    cycles: int
    seconds: float
    again: bool


@dataclass(frozen=True, kw_only=True)
class TrainedEpoch:
    """An epoch on which gateware and golden model agree.

    Attributes
    ----------
    record : EpochRecord
        As the gateware's results and registers tell it.
    cycles : int
        From the first word that is offered to the end of the last commit.
    """

    record: EpochRecord
    cycles: int

    @property
    def cycles_per_sample(self) -> float:
        """Mean cycles of a sample."""
        return self.cycles / self.record.samples


class FoundError(Exception):
    """Gateware and golden model differ.

    Attributes
    ----------
    difference : Difference
        The difference; its ``batch``, where it has one, is that in which it was found.
    batch : TrainingBatch or None
        That batch, if the state before it was compared too.
    """

    def __init__(self, difference: Difference, batch: TrainingBatch | None):
        super().__init__(str(difference))
        self.difference = difference
        self.batch = batch


class EpochRun:
    """One epoch.

    The golden model trains on a batch, then the core is given it; while the core trains, the
    golden model goes on, and results, and counts at the ends of batches, are compared as they come
    back.

    Parameters
    ----------
    setup : TrainingSetup
        Network and samples.
    core : SimulatedCore
        The core, in the trainer's state.
    trainer : Trainer
        The golden model's, with a :class:`.Network`.
    check : Check
        When states are compared.
    again : bool
        Whether the epoch is run again.
    last : int, optional
        Stop after this batch, compared as if it were the epoch's last.
    on_progress : callable, optional
        Called as results come.
    """

    def __init__(
        self,
        setup: TrainingSetup,
        core: SimulatedCore,
        trainer: Trainer,
        *,
        check: Check,
        again: bool = False,
        last: int | None = None,
        on_progress: Callable[[Progress], None] | None = None,
    ):
        network = trainer.network
        assert isinstance(network, Network)
        self._setup = setup
        self._core = core
        self._trainer = trainer
        self._network = network
        self._by_batch = check is Check.BATCH
        self._again = again
        self._last = last
        self._on_progress = on_progress

        layers = len(network.config.layers)
        self._epoch = trainer.epoch
        self._events = trainer.events()
        self._order = epoch_order(network.config.seed, trainer.epoch, len(setup.x))
        self._started = time.perf_counter()
        # Batches that the core was given, and results that have come of them.
        self._given = 0
        self._expected: deque[tuple[NDArray[np.int64], BatchRecord]] = deque()
        self._waiting: list[CoreResults] = []
        # Counts at the ends of batches whose results were compared, and of those that are through.
        self._ends_expected: deque[BatchCounts] = deque()
        self._ends: deque[BatchCounts] = deque()
        self._ended = 0
        # What was compared.
        self._batches = 0
        self._samples = self._order[:0]
        self._done = 0
        self._right = np.zeros(layers, dtype=np.int64)
        self._golden_right = 0
        self._errors = np.zeros(layers, dtype=np.int64)
        self._updates = np.zeros(layers, dtype=np.int64)
        self._cycles = 0
        self._before = CoreState.copy_of(network) if self._by_batch else None

    def train(self) -> TrainedEpoch | None:
        """Train on every sample once; None if it was to stop before the end.

        Raises
        ------
        FoundError
            If something differs.
        SimulationError
            If the simulator fails.
        """
        self._core.set_events(self._events)
        self._core.clear_counts()
        self._cycles_before = self._core.drain()
        try:
            golden = self._trainer.train_epoch(self._setup.x, self._setup.y, self._train_batch)
        except _StopError:
            return None
        counts = self._finish()
        samples = len(self._order)
        record = EpochRecord(
            epoch=self._epoch,
            samples=samples,
            accuracy=int(self._right[-1]) / samples,
            layer_accuracy=tuple((self._right / samples).tolist()),
            error_rate=tuple(count / samples for count in counts.errors),
            updates=counts.updates,
            events=tuple(self._events),
            saturated=counts.saturated,
            seconds=time.perf_counter() - self._started,
        )
        assert replace(golden, seconds=record.seconds) == record
        return TrainedEpoch(record=record, cycles=self._cycles)

    def _train_batch(self, done: int, record: BatchRecord) -> None:
        """The golden model is through with a batch: now it is the core's turn."""
        setup, core, number = self._setup, self._core, self._given
        samples = self._order[done - len(record.predictions) : done]
        self._given += 1
        for layer in setup.flips_expected(self._epoch, number):
            record.errors[0, layer] ^= True
        self._expected.append((samples, record))

        setup.make_fault(
            core, self._epoch, number, overlapped=not self._by_batch, again=self._again
        )
        setup.feed(core, samples)
        if self._by_batch or number == self._last:
            self._finish()
            self._before = CoreState.copy_of(self._network) if self._by_batch else None
        else:
            self._compare_results()
        if number == self._last:
            raise _StopError

    def _finish(self) -> CoreCounts:
        """Wait until the core is through with what it was given, and compare everything."""
        cycles = self._core.drain() - self._cycles_before
        self._compare_results()
        self._cycles = cycles  # the last commit's, too
        assert not self._expected
        if self._ends_expected or self._ends:
            missing = len(self._ends_expected) - len(self._ends)
            raise self._found(
                Difference(
                    what="number of batches through",
                    expected=self._batches,
                    got=self._batches - missing,
                )
            )
        counts = self._core.counts()
        expected = CoreCounts(
            samples=self._done,
            refused=0,
            errors=tuple(self._errors.tolist()),
            updates=tuple(self._updates.tolist()),
            saturated=self._saturated(),
        )
        if difference := compare_counts(expected, counts):
            raise self._found(difference)
        if difference := compare_states(self._network, peek(self._core)):
            raise self._found(difference)
        return counts

    def _saturated(self) -> tuple[int, ...]:
        """The golden model's counters at a bound, per layer."""
        layers = zip(self._network.counters, self._network.config.layers, strict=True)
        return tuple(
            int(np.count_nonzero((k == layer.lowest) | (k == layer.highest))) for k, layer in layers
        )

    def _compare_results(self) -> None:
        """Compare the batches whose results are all there, and the counts at their ends."""
        self._waiting += self._core.results()
        self._ends += self._core.batch_ends()
        while self._expected and (got := self._results(len(self._expected[0][0]))) is not None:
            self._samples, record = self._expected.popleft()
            self._batches += 1
            if found := compare_results(record, got):
                position, difference = found
                raise self._found(difference.at(sample=int(self._samples[position])))
            labels = self._setup.y[self._samples, np.newaxis]
            self._done += len(self._samples)
            self._right += (got.predictions == labels).sum(axis=0)
            self._golden_right += int((record.predictions[:, -1:] == labels).sum())
            self._errors += record.errors.sum(axis=0)
            self._updates += record.updates
            self._ends_expected.append(
                BatchCounts(tuple(self._errors.tolist()), tuple(self._updates.tolist()))
            )
            self._cycles = got.cycles - self._cycles_before
            self._report()
        while self._ends_expected and self._ends:
            wanted, came = self._ends_expected.popleft(), self._ends.popleft()
            if miscount := compare_batch_counts(wanted, came):
                raise self._found(miscount.at(batch=self._ended))
            self._ended += 1

    def _results(self, count: int) -> CoreResults | None:
        """The next ``count`` results, if they are there."""
        if sum(len(results.refused) for results in self._waiting) < count:
            return None
        joined = CoreResults.joined(self._waiting)
        self._waiting = [joined[count:]]
        return joined[:count]

    def _found(self, difference: Difference) -> FoundError:
        known = self._by_batch or difference.sample is not None or self._last is not None
        number = difference.batch
        if number is None and known:
            number = self._batches - 1
        difference = difference.at(epoch=self._epoch, batch=number)
        if self._before is None:
            return FoundError(difference, None)
        assert number is not None
        batch = TrainingBatch(
            epoch=self._epoch,
            number=number,
            samples=self._samples,
            events=self._events,
            before=self._before,
        )
        return FoundError(difference, batch)

    def _report(self) -> None:
        if self._on_progress is not None:
            progress = Progress(
                done=self._done,
                samples=len(self._order),
                right=int(self._right[-1]),
                golden_right=self._golden_right,
                cycles=self._cycles,
                seconds=time.perf_counter() - self._started,
                again=self._again,
            )
            self._on_progress(progress)


def peek(core: SimulatedCore) -> CoreState:
    """The core's state, as the simulator holds it."""
    counters = [k.astype(np.int16) for k in core.peek_counters()]
    return CoreState(counters, core.peek_snapshot(), core.read_streams())


class _StopError(Exception):
    """The last batch of interest is through."""
