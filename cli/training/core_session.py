"""A training as `metaplast simulate` runs it: in gateware and in the golden model."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from ...golden_model import Network, Trainer
from ...golden_model.files.model_file import Model
from ...hdl.planning.plan import FoldedNetwork
from ...sim.cosimulation.comparison import CoreState
from ...sim.cosimulation.epoch_run import Check, Progress, TrainedEpoch
from ...sim.cosimulation.recording import coming_batch, record_batch
from ...sim.cosimulation.training import CoreTraining
from ...sim.cosimulation.training_setup import Fault, TrainingSetup
from ..terminal.interrupts import heed_interrupts, held_interrupts, ignore_interrupts
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

    trained: Outcome
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
    folded : FoldedNetwork
        The network of the session, folded.
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
        folded: FoldedNetwork,
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
            folded=folded,
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
        outcome = SimulationOutcome(trained=Outcome(session=session))
        network = session.trainer.network
        assert isinstance(network, Network)
        outcome.trained.begin(lambda: network)
        searching = False

        def show(progress: Progress) -> None:
            nonlocal searching
            heed_interrupts()
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
                    with held_interrupts():
                        record = outcome.trained.measured(trained.record, network)
                        trained = replace(trained, record=record)
                        # Read through the registers once it is the last, or may be.
                        last = bits.x_held_out is not None or count == session.epochs - 1
                        read = training.read_out if last else training.peek
                        outcome.trained.finish(record, partial(self._model, read))
                        outcome.epochs.append(trained)
                    report(trained)
        except (KeyboardInterrupt, BrokenPipeError):
            ignore_interrupts()
            outcome.trained.interrupted = True
        outcome.trained.close()
        return outcome

    def _model(self, read: Callable[[], CoreState]) -> Model:
        """What the gateware has learnt, as a model."""
        state, trainer = read(), self._session.trainer
        network = Network.from_state(
            trainer.network.config, state.counters, state.snapshot, state.streams
        )
        session = replace(
            self._session,
            trainer=Trainer(network, epoch=trainer.epoch, accuracy=trainer.accuracy),
        )
        return session.model()
