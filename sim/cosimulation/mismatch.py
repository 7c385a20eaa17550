"""Search for the batch and the sample at which gateware and golden model first differ."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ...golden_model.batch_record import Batch, BatchRecord
from ...golden_model.network_state import StoredState
from ...golden_model.schedule import epoch_order
from ...golden_model.trainer import Trainer
from ..core.simulated_core import SimulatedCore
from ..verilator.simulator import SimulationError
from .comparison import Difference, compare_states
from .lockstep import Check, DifferenceError, LockstepNetwork, placed
from .recording import record_batch
from .training_setup import TrainingBatch, TrainingSetup

__all__ = ["MismatchError", "MismatchSearch"]


class MismatchError(SimulationError):
    """Gateware and golden model differ.

    Attributes
    ----------
    difference : Difference
        The first difference.
    waves : Path or None
        A waveform of the batch of the difference.
    """

    def __init__(self, message: str, difference: Difference, waves: Path | None = None):
        super().__init__(f"gateware and golden model differ: {message}")
        self.difference = difference
        self.waves = waves


@dataclass(frozen=True, kw_only=True, eq=False)
class MismatchSearch:
    """Find the batch and the sample of a difference in an epoch, by bisection.

    1. The epoch runs again from its start, compared batch by batch, until a batch ends with a
       difference. From the state before that batch, a bisection over the number of its samples
       finds the first sample after which a counter differs.
    2. If no batch ends with a difference, it occurs only if batches follow each other without a
       pause: a bisection over the number of batches finds the first one with a difference.

    Parameters
    ----------
    setup : TrainingSetup
        Network and samples.
    start : StoredState
        The state at the start of the epoch.
    epoch : int
        Number of the epoch.
    accuracy : float
        The training accuracy of the previous epoch.
    waves : Path or None
        File for a waveform of the batch.
    on_batch : callable, optional
        Called with the number of trained samples and the record of each batch of a repeated epoch.
    """

    setup: TrainingSetup
    start: StoredState
    epoch: int
    accuracy: float
    waves: Path | None = None
    on_batch: Callable[[int, BatchRecord], None] | None = None

    def explain(self, found: DifferenceError) -> MismatchError:
        """Search for the origin of a difference; gives the error to raise.

        Raises
        ------
        SimulationError
            If the simulator fails.
        """
        if found.before is None:
            again = self._run(Check.BATCH, found.difference.batch)
            if again is None:
                return self._explain_overlapped(self.place(found.difference))
            found = again
        assert found.before is not None
        assert found.difference.batch is not None
        batch = TrainingBatch(
            epoch=self.epoch,
            number=found.difference.batch,
            samples=self._batches()[found.difference.batch],
            events=self._trainer().events(),
            before=found.before,
        )
        difference = self.place(found.difference)
        if difference.sample is None:
            difference = self._first_sample(difference, batch)
        if self.waves is None:
            return MismatchError(str(difference), difference)
        record_batch(self.setup, batch, self.waves)
        return self._recorded(str(difference), difference, self.waves)

    def place(self, difference: Difference) -> Difference:
        """A difference with its epoch, and the index of its sample in the training split."""
        samples = len(self.setup.x)
        return placed(difference, self.setup.config, epoch=self.epoch, samples=samples)

    def _explain_overlapped(self, found: Difference) -> MismatchError:
        """Find the first batch with a difference if batches follow without a pause."""
        right = -1
        wrong = len(self._batches()) - 1 if found.batch is None else found.batch
        first = self._run(Check.EPOCH, wrong)
        if first is None:
            note = "it did not occur again when the epoch was repeated"
            return MismatchError(f"{found}; {note}", found)
        while wrong - right > 1:
            middle = (right + wrong) // 2
            if (earlier := self._run(Check.EPOCH, middle)) is None:
                right = middle
            else:
                first, wrong = earlier, middle
        batch = wrong if first.difference.batch is None else first.difference.batch
        difference = self.place(first.difference.at(batch=batch))
        text = f"{difference} (only if batches follow each other without a pause)"
        if self.waves is None:
            return MismatchError(text, difference)
        with self._core(self.waves) as core:
            events = self._trainer().events()
            for _ in core.train_batches(self._recorded_at(core, wrong), events):
                pass
            core.record(False)
        return self._recorded(text, difference, self.waves)

    @staticmethod
    def _recorded(text: str, difference: Difference, waves: Path) -> MismatchError:
        return MismatchError(f"{text}; a waveform of the batch is in {waves}", difference, waves)

    def _recorded_at(self, core: SimulatedCore, last: int) -> Iterator[Batch]:
        """The batches up to ``last``, whose waveform is recorded."""
        for number, samples in enumerate(self._batches()[: last + 1]):
            if number == last:
                core.transport.flush()
                core.record(True)
            yield self.setup.batch(samples)

    def _batches(self) -> list[NDArray[np.int64]]:
        """The samples of each batch of the epoch."""
        order = epoch_order(self.setup.config, self.epoch, len(self.setup.x))
        size = self.setup.config.batch
        return [order[start : start + size] for start in range(0, len(order), size)]

    def _trainer(self) -> Trainer:
        network = self.setup.network(self.start)
        return Trainer(network, epoch=self.epoch, accuracy=self.accuracy)

    def _core(self, waves: Path | None = None) -> SimulatedCore:
        """A core in the state at the start of the epoch."""
        core = self.setup.open(waves)
        try:
            core.poke_state(self.start)
        except BaseException:
            core.close()
            raise
        return core

    def _run(self, check: Check, last: int | None) -> DifferenceError | None:
        """Repeat the epoch up to a batch; gives the difference, if there is one."""
        trainer = self._trainer()
        with self._core() as core:
            network = LockstepNetwork(trainer.network, core, check=check)
            batches = self._batches()[: None if last is None else last + 1]
            done = 0
            records = network.train_batches(map(self.setup.batch, batches), trainer.events())
            try:
                for samples, record in zip(batches, records, strict=True):
                    done += len(samples)
                    if self.on_batch is not None:
                        self.on_batch(done, record)
            except DifferenceError as found:
                return found
        return None

    def _first_sample(self, difference: Difference, batch: TrainingBatch) -> Difference:
        """The difference after the first sample of a batch after which the counters differ."""
        setup, samples = self.setup, batch.samples
        none = [0] * len(setup.config.layers)
        with setup.open() as core:

            def after(count: int) -> Difference | None:
                network = setup.network(batch.before)
                x, y = setup.batch(samples[:count])
                if count:
                    network.train_batch(x, y, none)
                core.restart()
                core.poke_state(batch.before)
                core.write_events(none)
                core.train_samples(x, y)
                # The golden model has committed, so only its counters are compared.
                expected = StoredState(
                    [k.astype(np.int16) for k in network.counters], core.snapshot, core.streams
                )
                return compare_states(expected, core)

            right, wrong = -1, len(samples)
            if (first := after(wrong)) is None:
                return difference  # it occurs in the commit, or no counter differs
            while wrong - right > 1:
                middle = (right + wrong) // 2
                if (earlier := after(middle)) is None:
                    right = middle
                else:
                    first, wrong = earlier, middle
        first = first.at(epoch=batch.epoch, batch=batch.number)
        return first if wrong == 0 else first.at(sample=int(samples[wrong - 1]))
