"""Training in RTL, with the golden model alongside and everything compared.

Both train on the same batches at the same time, each in a process of its own. Compared are the
prediction and the error bit of every sample in every layer, and each layer's counts at the end of
every batch, as they come; and at the end of every epoch, or of every batch if asked for, every
counter, every snapshot bit and the reinforcement streams. Memories are compared as the simulator
holds them; what is saved in the end is read out through the core's registers.
"""

from collections.abc import Callable
from pathlib import Path

import numpy as np

from ...golden_model.network import Network
from ...golden_model.trainer import Trainer
from ..verilator.simulator import SimulationError
from .comparison import CoreState, compare_states
from .epoch_run import Check, EpochRun, FoundError, Progress, TrainedEpoch, peek
from .mismatch import MismatchError, MismatchSearch
from .training_setup import TrainingSetup

__all__ = ["CoreTraining"]


class CoreTraining:
    """Train a network in RTL and in the golden model; a context manager.

    Parameters
    ----------
    setup : TrainingSetup
        Network, plan and samples.
    trainer : Trainer
        The golden model's, with a :class:`.Network`; at the seeded start, or anywhere else
        between two epochs: what it has learnt is then loaded into the core.
    check : Check
        When states are compared.
    waves : Path, optional
        File for a waveform of the batch in which a mismatch arose.
    on_progress : callable, optional
        Called as results come.

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
        trainer: Trainer,
        *,
        check: Check = Check.EPOCH,
        waves: Path | None = None,
        on_progress: Callable[[Progress], None] | None = None,
    ):
        network = trainer.network
        assert isinstance(network, Network)
        self.setup = setup
        self.trainer = trainer
        self.check = check
        self._network = network
        self._waves = waves
        self._on_progress = on_progress
        self._core = setup.open()
        try:
            self._core.configure()
            self._core.seed()
            if trainer.epoch:
                self._core.load_counters(network.counters)
                self._core.load_streams(network.streams)
            if difference := compare_states(network, peek(self._core)):
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
        self._core.close()

    def train_epoch(self) -> TrainedEpoch:
        """Train on every sample once.

        Raises
        ------
        MismatchError
            If gateware and golden model differ; both are then somewhere in the epoch.
        SimulationError
            If the simulator fails.
        """
        search = MismatchSearch(
            setup=self.setup,
            start=CoreState.copy_of(self._network),
            epoch=self.trainer.epoch,
            accuracy=self.trainer.accuracy,
            waves=self._waves,
            on_progress=self._on_progress,
        )
        run = EpochRun(
            self.setup,
            self._core,
            self.trainer,
            check=self.check,
            on_progress=self._on_progress,
        )
        try:
            trained = run.train()
        except FoundError as found:
            self.close()
            try:
                error = search.explain(found)
            except KeyboardInterrupt:
                note = "the search for where it begins was interrupted"
                error = MismatchError(f"{found.difference}; {note}", found.difference)
            except SimulationError as trouble:
                note = f"the search for where it begins ended: {trouble}"
                error = MismatchError(f"{found.difference}; {note}", found.difference)
            raise error from None
        assert trained is not None
        return trained

    def peek(self) -> CoreState:
        """The core's state between two epochs, as the simulator holds it."""
        return peek(self._core)

    def read_out(self) -> CoreState:
        """The core's state between two epochs, as its registers tell it.

        ``W`` has none; between two epochs it is the counters' signs.

        Raises
        ------
        MismatchError
            If it is not the golden model's.
        """
        counters = self._core.read_counters()
        signs = [(k >= 0).astype(np.uint8) for k in counters]
        state = CoreState(counters, signs, self._core.read_streams())
        if difference := compare_states(self._network, state):
            raise MismatchError(f"as the registers tell it, {difference}", difference)
        return state
