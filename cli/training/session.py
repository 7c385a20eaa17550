"""Training sessions of the commands: data, encoding, network, epochs, and the kept model."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import typer
from numpy.typing import NDArray

from ...golden_model import BatchRecord, EpochRecord, Network, Trainer
from ...golden_model.datasets import DataSet, RunParameters
from ...golden_model.encoding import BitEncoder, Encoder
from ...golden_model.files.model_file import Model
from ...golden_model.metrics import layer_accuracy
from ...golden_model.trainer import TrainableNetwork
from ..options.encoding import EncodingOptions, shown_encoding
from ..options.options import DEFAULT_EPOCHS, MAX_EPOCHS, Choices, option_name
from ..terminal.interrupts import heed_interrupts, held_interrupts, ignore_interrupts
from ..terminal.output import Reporter
from .backends import Backend
from .splits import Bits, encode, new_splits, split

__all__ = [
    "Outcome",
    "Session",
    "continue_session",
    "new_session",
    "recorded_choices",
    "run_session",
    "train_epochs",
]


@dataclass(frozen=True, eq=False, kw_only=True)
class Session:
    """A training before its first epoch, new or resumed.

    Attributes
    ----------
    data : DataSet
        The data.
    bits : Bits
        The encoded samples.
    trainer : Trainer
        The network.
    epochs : int
        Epochs to train.
    history : tuple of EpochRecord
        The epochs before.
    keep_best : bool
        Whether the epoch that is best on the held-out samples is kept, instead of the last.
    """

    data: DataSet
    bits: Bits
    trainer: Trainer
    epochs: int
    history: tuple[EpochRecord, ...] = ()
    keep_best: bool = True

    def model(self, trainer: Trainer | None = None) -> Model:
        """A copy of a trainer's state as a model, without its history.

        Parameters
        ----------
        trainer : Trainer, optional
            The trainer; by default that of the session.
        """
        trainer = trainer or self.trainer
        names = self.data.class_names
        if names is not None and len(names) != trainer.network.config.classes:
            names = None
        return Model.from_trainer(
            trainer,
            self.bits.encoder,
            data_name=self.data.name,
            image_shape=self.data.image_shape,
            class_names=names,
            labels=self.data.labels,
            feature_names=self.data.feature_names,
            label_name=self.data.label_name,
        )


@dataclass(kw_only=True)
class Outcome:
    """The result of a training: its epochs, and the model to save.

    Attributes
    ----------
    session : Session
        The training.
    model : Model or None
        The model to save: the state after the last finished epoch, or after the epoch that is best
        on the held-out samples. None if no epoch was finished.
    kept : EpochRecord or None
        The epoch of the model, with accuracies on the samples of this session.
    records : list of EpochRecord
        Every finished epoch.
    interrupted : bool
        Whether the training ended early.
    trouble : str
        The error that ended it; empty if the user did.
    """

    session: Session
    model: Model | None = None
    kept: EpochRecord | None = None
    records: list[EpochRecord] = field(default_factory=list)
    interrupted: bool = False
    trouble: str = ""

    @property
    def keeps_best(self) -> bool:
        """Whether the epoch that is best on the held-out samples is kept."""
        return self.session.keep_best and self.session.bits.x_held_out is not None

    @property
    def improved(self) -> bool:
        """Whether the kept epoch is one of this training, not the one that it resumed."""
        return self.kept is not None and self.kept in self.records

    def begin(self) -> None:
        """Keep the initial state of a resumed training until a later one is better.

        Only with held-out samples, and if the best epoch is kept.
        """
        if self.keeps_best and self.session.history:
            self.model = self.session.model()
            self.kept = self.measured(
                self.session.history[-1], _golden_network(self.session.trainer.network)
            )

    def measured(self, record: EpochRecord, network: Network) -> EpochRecord:
        """Add the accuracies of each layer on held-out and test samples to an epoch's record."""
        bits = self.session.bits
        held_out = _layer_accuracy(network, bits.x_held_out, bits.y_held_out)
        test = _layer_accuracy(network, bits.x_test, bits.y_test)
        return replace(
            record,
            validation_accuracy=None if held_out is None else held_out[-1],
            layer_validation_accuracy=held_out,
            test_accuracy=None if test is None else test[-1],
            layer_test_accuracy=test,
        )

    def finish(self, record: EpochRecord, state: Callable[[], Model]) -> None:
        """Add a finished epoch, and keep its state unless the best is kept and is as good."""
        self.records.append(record)
        best = None if self.kept is None else self.kept.validation_accuracy
        now = record.validation_accuracy
        if not self.keeps_best or now is None or best is None or now > best:
            self.model, self.kept = state(), record

    def close(self) -> None:
        """Add the history to the kept model, once, because checking a history takes time."""
        if self.model is not None and self.kept is not None:
            last = self.kept.epoch
            new = (record for record in self.records if record.epoch <= last)
            self.model = replace(self.model, history=(*self.session.history, *new))


def new_session(
    data: DataSet,
    choices: Choices,
    *,
    validation: int,
    samples: int | None,
    random: bool = False,
) -> Session:
    """A training from the initial state of the seed.

    Parameters
    ----------
    data : DataSet
        The data.
    choices : Choices
        The options.
    validation, samples
        As in :func:`~.splits.split`.
    random : bool
        Whether the held-out samples are chosen by the seed of the network.

    Raises
    ------
    typer.BadParameter
        If an option does not fit the data.
    DataError
        If the data cannot be encoded.
    """
    data, splits = new_splits(data, choices, validation=validation, samples=samples, random=random)
    bits = encode(splits)
    config = choices.network_config(inputs=bits.encoder.outputs, classes=data.classes)
    return Session(
        data=data,
        bits=bits,
        trainer=Trainer(Network(config)),
        epochs=choices.epochs or DEFAULT_EPOCHS,
    )


def continue_session(
    data: DataSet,
    choices: Choices,
    model: Model,
    *,
    validation: int,
    samples: int | None,
    random: bool = False,
) -> Session:
    """A training that resumes a saved model, with the same results as without a stop.

    The parameters are those of :func:`new_session`, and ``data`` are prepared for the model
    (:func:`~.training_data.for_model`).

    Raises
    ------
    typer.BadParameter
        If a choice contradicts the model.
    MetaplastError
        If the data do not fit the model.
    """
    fixed = model.config.to_dict()
    if choices.encoding is not None:
        _check_same_encoding(choices.encoding, model.encoder)
    for name, wish in choices.given():
        if name not in fixed:
            continue
        wish = list(wish) if isinstance(wish, tuple) else wish
        if name == "groups" and len(wish) == 1:
            wish *= len(fixed["hidden"])
        if wish != fixed[name]:
            raise typer.BadParameter(
                f"{_shown(wish)} contradicts the model, which has {_shown(fixed[name])}; "
                "leave out the option to resume, or leave out --continue to start a new training",
                param_hint=option_name(name),
            )
    epochs = choices.epochs or DEFAULT_EPOCHS
    if model.epoch + epochs > MAX_EPOCHS:
        raise typer.BadParameter(
            f"{epochs} is too many: the model was trained for {model.epoch} epochs, and at most "
            f"{MAX_EPOCHS} are possible",
            param_hint="--epochs",
        )
    splits = split(
        data,
        validation=validation,
        samples=samples,
        seed=model.config.seed if random else None,
        encoder=model.encoder,
    )
    bits = encode(splits)
    return Session(
        data=data,
        bits=bits,
        trainer=model.trainer(),
        epochs=epochs,
        history=tuple(model.history),
    )


def _check_same_encoding(options: EncodingOptions, encoder: Encoder) -> None:
    """Refuse another encoding than that of the model."""
    known = encoder.choice
    wish = options.resumed(known)
    if encoder.kind == BitEncoder.kind:
        wish = replace(wish, per_feature=False)  # makes no difference to bits
    if wish != known:
        raise typer.BadParameter(
            f"the encoding {shown_encoding(wish)} contradicts the model, which has "
            f"{shown_encoding(known)}; leave it out to resume, or leave out --continue to start a "
            "new training"
        )


def recorded_choices(run: RunParameters) -> Choices:
    """The parameters of a recorded run as options."""
    return Choices(
        hidden=run.hidden,
        groups=run.groups,
        classes=run.classes,
        counter_bits=run.counter_bits,
        robustness=run.robustness,
        reinforcement=run.reinforcement,
        batch=run.batch,
        epochs=run.epochs,
        seed=run.seed,
        shuffle_block=run.shuffle_block,
    )


def run_session(
    data: DataSet,
    run: RunParameters,
    choices: Choices,
    *,
    validation: int,
    samples: int | None,
    reporter: Reporter,
    random: bool = False,
) -> tuple[Session, bool]:
    """A training of a recorded run, and whether its results must equal the recorded ones.

    They need not if an option differs from the recorded value; each such option is reported.
    """
    recorded = recorded_choices(run)
    as_recorded = not validation and (samples is None or samples == len(data.x_train))
    for name, wish in choices.given():
        then = getattr(recorded, name)
        if name == "groups" and len(wish) == 1:
            wish *= len(choices.hidden or run.hidden)
        if then is not None and wish != then:
            reporter.note(
                f"{option_name(name)} {_shown(wish)} instead of the recorded {_shown(then)}"
            )
            as_recorded = False
    if choices.encoding is not None and choices.encoding.choice().planes:
        reporter.note(f"{shown_encoding(choices.encoding.choice())} instead of the recorded bits")
        as_recorded = False
    if not as_recorded:
        reporter.note("the results are not compared with the recorded ones")
    merged = replace(recorded, **dict(choices.given()))
    if merged.hidden != run.hidden and choices.groups is None:
        merged = replace(merged, groups=None)
    session = new_session(data, merged, validation=validation, samples=samples, random=random)
    return session, as_recorded


def train_epochs(
    session: Session,
    backend: Backend,
    reporter: Reporter,
    *,
    report: Callable[[EpochRecord], None],
) -> Outcome:
    """Train the epochs of a session; Ctrl-C ends it and keeps the finished epochs.

    Parameters
    ----------
    session : Session
        The training.
    backend : Backend
        The started back end.
    reporter : Reporter
        Shows the progress bar.
    report : callable
        Called with each finished epoch's record.
    """
    outcome = Outcome(session=session)
    trainer = backend.trainer
    outcome.begin()

    def on_batch(done: int, record: BatchRecord) -> None:
        heed_interrupts()
        reporter.advance(done, backend.progress())

    try:
        for count in range(session.epochs):
            reporter.start(f"epoch {count + 1} of {session.epochs}", len(session.bits.x))
            trained = backend.train_epoch(on_batch)
            with held_interrupts():
                record = outcome.measured(trained, _golden_network(trainer.network))
                backend.verify_epoch(last=count == session.epochs - 1)
                outcome.finish(record, lambda: session.model(trainer))
            report(record)
        backend.verify_training()
    except (KeyboardInterrupt, BrokenPipeError):  # or the reader of stdout has closed the pipe
        ignore_interrupts()  # another one would lose the finished epochs
        outcome.interrupted = True
    except backend.failures as error:
        outcome.interrupted, outcome.trouble = True, str(error)
    outcome.close()
    return outcome


def _golden_network(network: TrainableNetwork) -> Network:
    """The golden model in the state of a network."""
    if isinstance(network, Network):
        return network
    return Network.from_state(network.config, network.counters, network.snapshot, network.streams)


def _layer_accuracy(
    network: Network, x: NDArray[np.uint8] | None, y: NDArray[np.int64] | None
) -> tuple[float, ...] | None:
    if x is None or y is None:
        return None
    return layer_accuracy(y, network.local_predictions(x))


def _shown(value: Any) -> str:
    if isinstance(value, list | tuple):
        return ",".join(map(str, value))
    return str(value)
