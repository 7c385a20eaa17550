"""Training in RTL, in lock step with the golden model.

Both train on the same batches in parallel, in different processes. During training, the prediction
and the error bit of every sample in every layer and the counts of every batch are compared; at the
end of every epoch, or of every batch on request, every counter, every snapshot bit and the
reinforcement streams. The memories are read through the simulator; the model that is saved at the
end is read through the core's registers.
"""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from ...golden_model.batch_record import BatchRecord
from ...golden_model.network_state import StoredState
from ...golden_model.trainer import EpochRecord, TrainableNetwork, Trainer
from ..core.simulated_core import SimulatedCore
from ..verilator.simulator import SimulationError
from .comparison import compare_states
from .lockstep import Check, DifferenceError, LockstepNetwork
from .mismatch import MismatchError, MismatchSearch
from .training_setup import TrainingSetup

__all__ = ["CoreTraining"]


class CoreTraining:
    """Train a network in RTL and in the golden model; a context manager.

    Parameters
    ----------
    setup : TrainingSetup
        Network and samples.
    reference : Trainer
        The golden model's trainer, before the first epoch or between two epochs; then its state is
        loaded into the core.
    check : Check
        When states are compared.
    waves : Path, optional
        File for a waveform of the batch of a mismatch.
    on_search : callable, optional
        Called with the number of trained samples and the record of each batch of a repeated epoch.

    Attributes
    ----------
    core : SimulatedCore
        The core.
    trainer : Trainer
        Trains both networks.

    Raises
    ------
    MismatchError
        If the core's initial state is not the golden model's.
    SimulationError
        If the simulator cannot be built or does not run.
    """

    def __init__(
        self,
        setup: TrainingSetup,
        reference: Trainer,
        *,
        check: Check = Check.EPOCH,
        waves: Path | None = None,
        on_search: Callable[[int, BatchRecord], None] | None = None,
    ):
        self.setup = setup
        self._reference: TrainableNetwork = reference.network
        self._waves = waves
        self._on_search = on_search
        self.core: SimulatedCore = setup.open(start=reference.network if reference.epoch else None)
        self.trainer = Trainer(
            LockstepNetwork(reference.network, self.core, check=check),
            epoch=reference.epoch,
            accuracy=reference.accuracy,
        )
        try:
            if difference := compare_states(self._reference, self.core):
                raise MismatchError(f"before training, {difference}", difference)
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> "CoreTraining":
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def close(self) -> None:
        """End the simulator."""
        self.core.close()

    def train_epoch(
        self, on_batch: Callable[[int, BatchRecord], None] | None = None
    ) -> EpochRecord:
        """Train on every sample once.

        Parameters
        ----------
        on_batch : callable, optional
            Called after each batch with the number of trained samples and the batch's record.

        Returns
        -------
        EpochRecord
            The record of the gateware, with its cycles.

        Raises
        ------
        MismatchError
            If gateware and golden model differ; both are then within the epoch.
        SimulationError
            If the simulator fails.
        """
        search = MismatchSearch(
            setup=self.setup,
            start=StoredState.copy_of(self._reference),
            epoch=self.trainer.epoch,
            accuracy=self.trainer.accuracy,
            waves=self._waves,
            on_batch=self._on_search,
        )
        before = self.core.cycles
        try:
            record = self.trainer.train_epoch(self.setup.x, self.setup.y, on_batch)
        except DifferenceError as found:
            self.close()
            raise self._explained(search, found) from None
        return replace(record, cycles=self.core.cycles - before)

    @staticmethod
    def _explained(search: MismatchSearch, found: DifferenceError) -> MismatchError:
        try:
            return search.explain(found)
        except KeyboardInterrupt:
            note = "the search for its origin was interrupted"
        except SimulationError as error:
            note = f"the search for its origin ended: {error}"
        difference = search.place(found.difference)
        return MismatchError(f"{difference}; {note}", difference)

    def verify_read_out(self) -> None:
        """Read the core's state through its registers, and compare it with the golden model's.

        Raises
        ------
        MismatchError
            If the states differ.
        SimulationError
            If the simulator fails.
        """
        if difference := compare_states(self._reference, self.core.read_out()):
            raise MismatchError(f"read through the registers, {difference}", difference)
