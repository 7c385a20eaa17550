"""A training as the commands run it: data, encoding, network, epochs, what is kept."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import typer
from numpy.typing import NDArray

from ...golden_model import BatchRecord, EpochRecord, MetaplastError, Network, Trainer
from ...golden_model.datasets import DataSet, Label, RunParameters
from ...golden_model.encoding import Thermometer
from ...golden_model.files.model_file import Model
from ...golden_model.trainer import TrainableNetwork
from ..options.options import DEFAULT_EPOCHS, MAX_EPOCHS, Choices, option_name
from ..terminal.class_labels import own_labels
from ..terminal.interrupts import heed_interrupts, held_interrupts, ignore_interrupts
from ..terminal.output import Reporter
from .backends import Backend

__all__ = [
    "Bits",
    "Outcome",
    "Session",
    "continue_session",
    "encode",
    "first_difference",
    "new_session",
    "run_session",
    "train_epochs",
]


@dataclass(frozen=True, eq=False, kw_only=True)
class Bits:
    """A data set's samples as bits, split as asked for; held-out and test samples may be none."""

    encoder: Thermometer
    x: NDArray[np.uint8]
    y: NDArray[np.int64]
    x_held_out: NDArray[np.uint8] | None = None
    y_held_out: NDArray[np.int64] | None = None
    x_test: NDArray[np.uint8] | None = None
    y_test: NDArray[np.int64] | None = None


@dataclass(frozen=True, eq=False, kw_only=True)
class Session:
    """A training that is ready to begin, or to go on."""

    data: DataSet
    bits: Bits
    trainer: Trainer
    epochs: int
    history: tuple[EpochRecord, ...] = ()

    def model(self, trainer: Trainer | None = None) -> Model:
        """A trainer's state as it stands, apart from it; without a history.

        Parameters
        ----------
        trainer : Trainer, optional
            The trainer; by default the session's own.
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
        )


@dataclass(kw_only=True)
class Outcome:
    """What came of a training, and what of it is kept.

    Attributes
    ----------
    session : Session
        What was to be trained.
    model : Model or None
        What is to be kept: the last finished epoch's state, or the best one's on the samples held
        out. None where not one epoch was finished.
    kept : EpochRecord or None
        Its epoch, with accuracies on this session's samples.
    records : list of EpochRecord
        Every epoch that was finished, kept or not.
    interrupted : bool
        Whether the user stopped it, or something else did.
    trouble : str
        What did, if it was not the user.
    """

    session: Session
    model: Model | None = None
    kept: EpochRecord | None = None
    records: list[EpochRecord] = field(default_factory=list)
    interrupted: bool = False
    trouble: str = ""

    @property
    def improved(self) -> bool:
        """Whether an epoch of this training is kept, and not the one that it went on from."""
        return self.kept is not None and self.kept in self.records

    def begin(self) -> None:
        """With samples held out, keep the state of the start until there is a better one."""
        if self.session.bits.x_held_out is not None and self.session.history:
            self.model = self.session.model()
            self.kept = self.measured(
                self.session.history[-1], _golden_network(self.session.trainer.network)
            )

    def measured(self, record: EpochRecord, network: Network) -> EpochRecord:
        """An epoch's record, with its network's accuracies on the samples not trained on."""
        bits = self.session.bits
        return replace(
            record,
            validation_accuracy=_accuracy(network, bits.x_held_out, bits.y_held_out),
            test_accuracy=_accuracy(network, bits.x_test, bits.y_test),
        )

    def finish(self, record: EpochRecord, state: Callable[[], Model]) -> None:
        """Note a finished epoch, and keep its state unless an earlier one is as good."""
        self.records.append(record)
        best = None if self.kept is None else self.kept.validation_accuracy
        now = record.validation_accuracy
        if now is None or best is None or now > best:
            self.model, self.kept = state(), record

    def close(self) -> None:
        """Give the kept model its history, once; a history is long to check."""
        if self.model is not None and self.kept is not None:
            last = self.kept.epoch
            new = (record for record in self.records if record.epoch <= last)
            self.model = replace(self.model, history=(*self.session.history, *new))


def encode(
    data: DataSet,
    *,
    validation: int,
    samples: int | None,
    bits_per_feature: int = 1,
    per_feature: bool = False,
    encoder: Thermometer | None = None,
) -> Bits:
    """Split a data set and encode it.

    Parameters
    ----------
    data : DataSet
        The data.
    validation : int
        Training samples to hold out, the last ones.
    samples : int or None
        How many of the others to train on, the first ones; all by default.
    bits_per_feature, per_feature
        Of a new thermometer, fitted to the samples that are trained on.
    encoder : Thermometer, optional
        One to use as it is.

    Raises
    ------
    typer.BadParameter
        If there are not so many samples.
    DataError
        If the data cannot be encoded.
    """
    there = len(data.x_train)
    if validation >= there:
        raise typer.BadParameter(
            f"{validation} leaves no sample to train on: the training split has {there}",
            param_hint="--validation",
        )
    left = there - validation
    if samples is not None and samples > left:
        held = f", {validation} held out" if validation else ""
        raise typer.BadParameter(
            f"{samples} is more than there are: {left} training samples{held}",
            param_hint="--samples",
        )
    x, y = data.x_train[: samples or left], data.y_train[: samples or left]
    if encoder is None:
        encoder = Thermometer.fit(x, bits_per_feature=bits_per_feature, per_feature=per_feature)
    return Bits(
        encoder=encoder,
        x=encoder.encode(x),
        y=y,
        x_held_out=encoder.encode(data.x_train[left:]) if validation else None,
        y_held_out=data.y_train[left:] if validation else None,
        x_test=None if data.x_test is None else encoder.encode(data.x_test),
        y_test=data.y_test,
    )


def new_session(
    data: DataSet, choices: Choices, *, validation: int, samples: int | None
) -> Session:
    """A training from the seeded start."""
    classes = choices.classes or data.classes
    if classes < data.classes:
        raise typer.BadParameter(
            f"{classes} is too few: the data have {data.classes} classes", param_hint="--classes"
        )
    if choices.classes and data.labels != tuple(range(data.classes)):
        data = _with_classes(data, choices.classes)
    bits = encode(
        data,
        validation=validation,
        samples=samples,
        bits_per_feature=choices.bits_per_feature or 1,
        per_feature=bool(choices.per_feature),
    )
    config = choices.network_config(inputs=bits.encoder.outputs, classes=classes)
    return Session(
        data=data,
        bits=bits,
        trainer=Trainer(Network(config)),
        epochs=choices.epochs or DEFAULT_EPOCHS,
    )


def _with_classes(data: DataSet, classes: int) -> DataSet:
    """The data set with the classes 0 to ``classes`` − 1, some without samples."""
    labels = range(classes)
    if not all(isinstance(label, int) and label in labels for label in data.labels):
        there = ", ".join(map(str, data.labels[:8])) + (", …" if data.labels[8:] else "")
        raise typer.BadParameter(
            f"{classes} classes have the labels 0 to {classes - 1}, and the data have {there}; "
            "leave the option out",
            param_hint="--classes",
        )
    return data.with_labels(labels)


def continue_session(
    data: DataSet,
    choices: Choices,
    model: Model,
    *,
    validation: int,
    samples: int | None,
) -> Session:
    """A training that goes on where a model's stood, as if it had never stopped.

    Raises
    ------
    typer.BadParameter
        If a choice contradicts the model.
    MetaplastError
        If the data do not fit the model.
    """
    fixed = {
        **model.config.to_dict(),
        "bits_per_feature": model.encoder.bits_per_feature,
        "per_feature": model.encoder.per_feature,
    }
    for name, wish in choices.given():
        if name == "epochs":
            continue
        wish = list(wish) if isinstance(wish, tuple) else wish
        if name == "groups" and len(wish) == 1:
            wish *= len(fixed["hidden"])
        if wish != fixed[name]:
            raise typer.BadParameter(
                f"{_shown(wish)} contradicts the model, which has {_shown(fixed[name])}; "
                "leave the option out to go on, or leave out --continue to start anew",
                param_hint=option_name(name),
            )
    epochs = choices.epochs or DEFAULT_EPOCHS
    if model.epoch + epochs > MAX_EPOCHS:
        raise typer.BadParameter(
            f"{epochs} is too many: the model has {model.epoch} behind it, and there are "
            f"{MAX_EPOCHS} in all",
            param_hint="--epochs",
        )
    if data.features != model.encoder.features:
        raise MetaplastError(
            f"{data.name} has {data.features} features per sample, and the model was trained with "
            f"{model.encoder.features}"
        )
    labels: tuple[Label, ...] = own_labels(model) or tuple(range(model.config.classes))
    if type(data.labels[0]) is not int:
        labels = model.class_names or labels
    if data.labels != labels:
        data = data.with_labels(labels)
    bits = encode(data, validation=validation, samples=samples, encoder=model.encoder)
    return Session(
        data=data,
        bits=bits,
        trainer=model.trainer(),
        epochs=epochs,
        history=tuple(model.history),
    )


def run_session(
    data: DataSet,
    run: RunParameters,
    choices: Choices,
    *,
    validation: int,
    samples: int | None,
    reporter: Reporter,
) -> tuple[Session, bool]:
    """A training as a run file records it, and whether its results are to be the recorded ones.

    They are not if the user wants something else than what is recorded, which is reported.
    """
    recorded = Choices(
        hidden=run.hidden,
        groups=run.groups,
        classes=run.classes,
        counter_bits=run.counter_bits,
        robustness=run.robustness,
        reinforcement=run.reinforcement,
        batch=run.batch,
        epochs=run.epochs,
        seed=run.seed,
    )
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
    if not as_recorded:
        reporter.note("the results are not compared with the recorded ones")
    merged = replace(recorded, **dict(choices.given()))
    if merged.hidden != run.hidden and choices.groups is None:
        merged = replace(merged, groups=None)
    session = new_session(data, merged, validation=validation, samples=samples)
    return session, as_recorded


def train_epochs(
    session: Session,
    backend: Backend,
    reporter: Reporter,
    *,
    report: Callable[[EpochRecord], None],
) -> Outcome:
    """Train a session's epochs; Ctrl-C ends it with what is finished.

    Parameters
    ----------
    session : Session
        What to train.
    backend : Backend
        Where to train it; started.
    reporter : Reporter
        Gets the bar.
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
    except (KeyboardInterrupt, BrokenPipeError):  # or who reads the lines has gone
        ignore_interrupts()  # one more would lose what is finished
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


def first_difference(run: RunParameters, outcome: Outcome, x: NDArray[np.uint8]) -> str | None:
    """Where a training's results first differ from the recorded ones, in words; None if nowhere."""
    model = outcome.model
    assert model is not None
    initial = Network(model.config)
    network = model.trainer().network
    assert isinstance(network, Network)
    found: dict[str, NDArray[Any]] = {}
    for index in range(len(model.config.layers)):
        found[f"initial_counters_{index}"] = initial.counters[index]
        found[f"classifier_{index}"] = network.classifier[index]
    found["accuracies"] = np.array([record.accuracy for record in outcome.records])
    for index in range(len(model.config.layers)):
        found[f"counters_{index}"] = network.counters[index]
        found[f"snapshot_{index}"] = network.snapshot[index]
    found["predictions"] = network.predict(x)
    for name, values in found.items():
        recorded = run.expected.get(name)
        if recorded is None:
            continue
        unequal = np.argwhere(np.asarray(values) != recorded)
        if len(unequal):
            at = tuple(unequal[0].tolist())
            return (
                f"{name}[{', '.join(map(str, at))}] is {values[at]}, and {recorded[at]} was "
                f"recorded ({len(unequal)} of {recorded.size} values differ)"
            )
    return None


def _accuracy(
    network: Network, x: NDArray[np.uint8] | None, y: NDArray[np.int64] | None
) -> float | None:
    if x is None or y is None:
        return None
    return float(np.mean(network.predict(x) == y))


def _shown(value: Any) -> str:
    if isinstance(value, list | tuple):
        return ",".join(map(str, value))
    return str(value)
