"""Record a batch in RTL as a waveform."""

from pathlib import Path

from ...golden_model.errors import ConfigurationError
from ...golden_model.network_state import StoredState
from ...golden_model.schedule import epoch_order
from ...golden_model.trainer import Trainer
from .training_setup import TrainingBatch, TrainingSetup

__all__ = ["coming_batch", "record_batch"]


def record_batch(setup: TrainingSetup, batch: TrainingBatch, waves: Path) -> None:
    """Load the state before a batch into a core, and record the batch with its commit.

    Parameters
    ----------
    setup : TrainingSetup
        Network and samples.
    batch : TrainingBatch
        The batch.
    waves : Path
        File for the waveform (VCD).

    Raises
    ------
    SimulationError
        If the simulator cannot be built or fails.
    """
    with setup.open(waves) as core:
        core.poke_state(batch.before)
        core.write_events(batch.events)
        core.record(True)
        for _ in core.train_batches([setup.batch(batch.samples)], batch.events):
            pass
        core.record(False)


def coming_batch(setup: TrainingSetup, trainer: Trainer, number: int) -> TrainingBatch:
    """A batch of the next epoch of a trainer, without training the trainer.

    Parameters
    ----------
    setup : TrainingSetup
        Network and samples.
    trainer : Trainer
        A trainer at the start of an epoch.
    number : int
        The batch, from 0.

    Raises
    ------
    ConfigurationError
        If the epoch has fewer batches.
    """
    size, samples = setup.config.batch, len(setup.x)
    if not 0 <= number * size < samples:
        raise ConfigurationError(
            f"an epoch of {samples} samples has {-(-samples // size)} batches, so there is no "
            f"batch {number + 1}"
        )
    network = setup.network(trainer.network)
    events = trainer.events()
    order = epoch_order(setup.config, trainer.epoch, samples)
    for start in range(0, number * size, size):
        network.train_batch(*setup.batch(order[start : start + size]), events)
    return TrainingBatch(
        epoch=trainer.epoch,
        number=number,
        samples=order[number * size : (number + 1) * size],
        events=events,
        before=StoredState.copy_of(network),
    )
