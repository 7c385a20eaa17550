"""A batch in RTL with a waveform of it."""

from pathlib import Path

from ...golden_model.errors import ConfigurationError
from ...golden_model.network import Network
from ...golden_model.trainer import Trainer, epoch_order
from .comparison import CoreState
from .training_setup import TrainingBatch, TrainingSetup

__all__ = ["coming_batch", "record_batch"]


def record_batch(setup: TrainingSetup, batch: TrainingBatch, waves: Path) -> None:
    """Bring a core to the state before a batch, and record it from there to the batch's end.

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
        setup.bring(core, batch.before)
        setup.make_fault(core, batch.epoch, batch.number)
        core.set_events(batch.events)
        core.record(True)
        setup.feed(core, batch.samples)
        core.drain()
        core.record(False)


def coming_batch(setup: TrainingSetup, trainer: Trainer, number: int) -> TrainingBatch:
    """A batch of a trainer's next epoch; the trainer stays where it is.

    Parameters
    ----------
    setup : TrainingSetup
        Network and samples.
    trainer : Trainer
        The golden model's, with a :class:`.Network`.
    number : int
        The batch, from 0.

    Raises
    ------
    ConfigurationError
        If the epoch has fewer batches.
    """
    assert isinstance(trainer.network, Network)
    size, samples = setup.config.batch, len(setup.x)
    if not 0 <= number * size < samples:
        raise ConfigurationError(
            f"an epoch of {samples} samples has {-(-samples // size)} batches, so there is no "
            f"batch {number + 1}"
        )
    network = setup.network(CoreState.copy_of(trainer.network))
    events = trainer.events()
    order = epoch_order(setup.config.seed, trainer.epoch, samples)
    for start in range(0, number * size, size):
        part = order[start : start + size]
        network.train_batch(setup.x[part], setup.y[part], events)
    return TrainingBatch(
        epoch=trainer.epoch,
        number=number,
        samples=order[number * size : (number + 1) * size],
        events=events,
        before=CoreState.copy_of(network),
    )
