"""Where a difference between gateware and golden model arose."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ...golden_model.trainer import Trainer, epoch_order
from ..verilator.simulator import SimulationError
from .comparison import CoreState, Difference, compare_states
from .epoch_run import Check, EpochRun, FoundError, Progress, peek
from .recording import record_batch
from .training_setup import TrainingBatch, TrainingSetup

__all__ = ["MismatchError", "MismatchSearch"]


class MismatchError(SimulationError):
    """The gateware did not do what the golden model does.

    Attributes
    ----------
    difference : Difference
        The first one.
    waves : Path or None
        A waveform of the batch in which it arose.
    """

    def __init__(self, message: str, difference: Difference, waves: Path | None = None):
        super().__init__(f"gateware and golden model differ: {message}")
        self.difference = difference
        self.waves = waves


@dataclass(frozen=True, kw_only=True, eq=False)
class MismatchSearch:
    """Find the batch, and the sample, of a difference in an epoch that began well.

    1. The epoch is run again from its start, compared batch by batch. The batch that ends wrong is
       the one; from the state before it, more and less of it is trained on until the first sample
       after which a counter is wrong is known.
    2. If that goes well, the difference needs batches that follow each other without a pause: the
       epoch's beginning is run again, longer and shorter, until the first batch after which
       something is wrong is known.

    Parameters
    ----------
    setup : TrainingSetup
        Network and samples.
    start : CoreState
        The state at the epoch's start.
    epoch : int
        Its number.
    accuracy : float
        The training accuracy of the epoch before.
    waves : Path or None
        File for a waveform of the batch.
    on_progress : callable, optional
        Called as results come.
    """

    setup: TrainingSetup
    start: CoreState
    epoch: int
    accuracy: float
    waves: Path | None = None
    on_progress: Callable[[Progress], None] | None = None

    def explain(self, found: FoundError) -> MismatchError:
        """The error to raise for what was found.

        Raises
        ------
        SimulationError
            If the simulator fails.
        """
        if found.batch is None:
            again = self._run(Check.BATCH, found.difference.batch)
            if again is None:
                return self._explain_overlapped(found)
            found = again
        assert found.batch is not None
        difference = found.difference
        if difference.sample is None:
            difference = self._first_sample(difference, found.batch)
        if self.waves is None:
            return MismatchError(str(difference), difference)
        record_batch(self.setup, found.batch, self.waves)
        return MismatchError(
            f"{difference}; a waveform of the batch is in {self.waves}", difference, self.waves
        )

    def _explain_overlapped(self, found: FoundError) -> MismatchError:
        """Find the first batch that ends wrong when none is waited for."""
        right = -1
        if found.difference.batch is None:
            wrong = -(-len(self.setup.x) // self.setup.config.batch) - 1
        else:
            wrong = found.difference.batch
        first = self._run(Check.EPOCH, wrong)
        if first is None:
            note = "it did not come again when the epoch was run again"
            return MismatchError(f"{found.difference}; {note}", found.difference)
        while wrong - right > 1:
            middle = (right + wrong) // 2
            if (earlier := self._run(Check.EPOCH, middle)) is None:
                right = middle
            else:
                first, wrong = earlier, middle
        difference = first.difference
        note = "only if batches follow each other without a pause"
        if self.waves is None:
            return MismatchError(f"{difference} ({note})", difference)
        with self.setup.open(self.waves) as core:
            self.setup.bring(core, self.start)
            core.set_events(self._trainer().events())
            order = epoch_order(self.setup.config.seed, self.epoch, len(self.setup.x))
            size = self.setup.config.batch
            for batch in range(wrong + 1):
                self.setup.make_fault(core, self.epoch, batch, overlapped=True)
                if batch == wrong:
                    core.flush()
                    core.record(True)
                self.setup.feed(core, order[batch * size : (batch + 1) * size])
            core.drain()
            core.record(False)
        return MismatchError(
            f"{difference} ({note}); a waveform of the batch is in {self.waves}",
            difference,
            self.waves,
        )

    def _trainer(self) -> Trainer:
        network = self.setup.network(self.start)
        return Trainer(network, epoch=self.epoch, accuracy=self.accuracy)

    def _run(self, check: Check, last: int | None) -> FoundError | None:
        """Run the epoch again, up to a batch; what was found, if anything was."""
        with self.setup.open() as core:
            self.setup.bring(core, self.start)
            run = EpochRun(
                self.setup,
                core,
                self._trainer(),
                check=check,
                again=True,
                last=last,
                on_progress=self.on_progress,
            )
            try:
                run.train()
            except FoundError as found:
                return found
        return None

    def _first_sample(self, difference: Difference, batch: TrainingBatch) -> Difference:
        """The difference of the counters after the first sample that leaves one."""
        setup, samples = self.setup, batch.samples
        x, y = setup.x[samples], setup.y[samples]
        none = [0] * len(setup.config.layers)
        with setup.open() as core:

            def after(count: int) -> Difference | None:
                network = setup.network(batch.before)
                if count:
                    network.train_batch(x[:count], y[:count], none)
                setup.bring(core, batch.before)
                setup.make_fault(core, batch.epoch, batch.number)
                core.set_events(none)
                setup.feed(core, samples[:count], commit=False)
                core.drain()
                core.results()
                got = peek(core)
                # The golden model has taken its snapshot already: it is the counters that count.
                return compare_states(CoreState(network.counters, got.snapshot, got.streams), got)

            right, wrong = -1, len(samples)
            if (first := after(wrong)) is None:
                return difference  # it arises in the commit, or no counter is wrong
            while wrong - right > 1:
                middle = (right + wrong) // 2
                if (earlier := after(middle)) is None:
                    right = middle
                else:
                    first, wrong = earlier, middle
        first = first.at(epoch=batch.epoch, batch=batch.number)
        return first if wrong == 0 else first.at(sample=int(samples[wrong - 1]))
