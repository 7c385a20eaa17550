"""A training as `metaplast simulate` runs it: in gateware and in the golden model."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..golden_model import EpochRecord, Network, Trainer
from ..golden_model.model_file import Model
from ..hdl.plan import NetworkPlan
from ..sim.comparison import CoreState
from ..sim.epoch_run import Check, Progress, TrainedEpoch
from ..sim.recording import coming_batch, record_batch
from ..sim.training import CoreTraining
from ..sim.training_setup import Fault, TrainingSetup
from .session import Outcome, Session
from .simulation_output import SimulationReporter

__all__ = ["CoreSession", "SimulationOutcome"]


@dataclass(kw_only=True)
class SimulationOutcome:
    """What came of a training in gateware.

    Attributes
    ----------
    trained : Outcome
        As of any training; the model is the gateware's.
    epochs : list of TrainedEpoch
        Every epoch that was finished, with its cycles.
    """

    trained: Outcome = field(default_factory=Outcome)
    epochs: list[TrainedEpoch] = field(default_factory=list)

    @property
    def interrupted(self) -> bool:
        """Whether the user stopped it."""
        return self.trained.interrupted


class CoreSession:
    """Train a session's network in gateware.

    Parameters
    ----------
    session : Session
        What to train.
    plan : NetworkPlan
        Fold factors of each layer.
    check : str
        When to compare the states: ``"epoch"`` or ``"batch"``.
    waves : Path
        File for a waveform.
    fault : tuple of int, optional
        Epoch, batch, layer, neuron and input of a counter to flip; epoch and batch from 1.
    """

    def __init__(
        self,
        session: Session,
        plan: NetworkPlan,
        *,
        check: str,
        waves: Path,
        fault: tuple[int, ...] | None = None,
    ):
        made = None
        if fault is not None:
            epoch, batch, layer, neuron, source = fault
            made = Fault(
                epoch=epoch - 1, batch=batch - 1, layer=layer, neuron=neuron, source=source
            )
        self._session = session
        self._check = Check(check)
        self._waves = waves
        self._setup = TrainingSetup(
            config=session.trainer.network.config,
            plan=plan,
            x=session.bits.x,
            y=session.bits.y,
            fault=made,
        )

    def build(self) -> bool:
        """Build the simulator; gives whether it had to be built.

        Raises
        ------
        SimulationError
            If it cannot be built.
        """
        return self._setup.simulator().built

    def record(self, batch: int) -> None:
        """Record a batch of the first epoch, numbered from 0, as a waveform."""
        record_batch(
            self._setup, coming_batch(self._setup, self._session.trainer, batch), self._waves
        )

    def train(
        self, reporter: SimulationReporter, *, report: Callable[[TrainedEpoch], None]
    ) -> SimulationOutcome:
        """Train the session's epochs; Ctrl-C ends it with what is finished.

        Parameters
        ----------
        reporter : SimulationReporter
            Gets the bar.
        report : callable
            Called with each finished epoch.

        Raises
        ------
        MismatchError
            If gateware and golden model differ.
        SimulationError
            If the simulator fails.
        """
        session, bits = self._session, self._session.bits
        outcome = SimulationOutcome()
        network = session.trainer.network
        assert isinstance(network, Network)
        best = -1.0
        if bits.x_held_out is not None and session.history:
            best = _accuracy(network, bits.x_held_out, bits.y_held_out) or 0.0
            outcome.trained.model = session.model(session.history)
        searching = False

        def show(progress: Progress) -> None:
            nonlocal searching
            if progress.again and not searching:
                searching = True
                reporter.finish()
                reporter.note("gateware and golden model differ; looking for where it begins")
                reporter.start("looking for the batch", progress.samples)
            reporter.show(progress)

        try:
            with CoreTraining(
                self._setup,
                session.trainer,
                check=self._check,
                waves=self._waves,
                on_progress=show,
            ) as training:
                for count in range(session.epochs):
                    reporter.start(f"epoch {count + 1} of {session.epochs}", len(bits.x))
                    trained = training.train_epoch()
                    record = replace(
                        trained.record,
                        validation_accuracy=_accuracy(network, bits.x_held_out, bits.y_held_out),
                        test_accuracy=_accuracy(network, bits.x_test, bits.y_test),
                    )
                    trained = replace(trained, record=record)
                    outcome.epochs.append(trained)
                    outcome.trained.records.append(record)
                    if record.validation_accuracy is None:
                        # Read through the registers once it is the last.
                        last = count == session.epochs - 1
                        state = training.read_out() if last else training.peek()
                        outcome.trained.model = self._model(state, outcome.trained.records)
                    elif record.validation_accuracy > best:
                        best = record.validation_accuracy
                        state = training.read_out()
                        outcome.trained.model = self._model(state, outcome.trained.records)
                    report(trained)
        except KeyboardInterrupt:
            outcome.trained.interrupted = True
        return outcome

    def _model(self, state: CoreState, records: list[EpochRecord]) -> Model:
        """What the gateware has learnt, as a model."""
        trainer = self._session.trainer
        network = Network.from_state(
            trainer.network.config, state.counters, state.snapshot, state.streams
        )
        session = replace(
            self._session,
            trainer=Trainer(network, epoch=trainer.epoch, accuracy=trainer.accuracy),
        )
        return session.model((*session.history, *records))


def _accuracy(
    network: Network, x: NDArray[np.uint8] | None, y: NDArray[Any] | None
) -> float | None:
    if x is None or y is None:
        return None
    return float(np.mean(network.predict(x) == y))
