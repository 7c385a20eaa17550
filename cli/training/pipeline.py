"""Run a training from the options to the saved model, with any back end."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import typer

from ...golden_model.datasets import DataSet
from ...golden_model.errors import MetaplastError
from ...golden_model.files.model_file import Model
from ...golden_model.network import Network
from ...golden_model.recorded_run import first_difference
from ..options.options import Choices
from ..options.training_options import TrainingOptions
from ..terminal.class_labels import known_labels
from ..terminal.interrupts import held_interrupts
from ..terminal.output import (
    Reporter,
    check_file,
    check_folder,
    print_json,
    read_from,
)
from .backends import Backend
from .pictures import draw_training
from .session import (
    Outcome,
    Session,
    continue_session,
    new_session,
    run_session,
    train_epochs,
)
from .training_data import load_training_data
from .training_output import EpochTable, headline, kept_lines, note_other_samples

__all__ = ["run_training"]


def run_training(
    options: TrainingOptions,
    backend: Callable[[Path], Backend],
    *,
    suffix: str = "model",
    unlike: Iterable[Path] = (),
) -> None:
    """Train as the options say, save the model, and print the results.

    Parameters
    ----------
    options : TrainingOptions
        The options.
    backend : callable
        Makes the back end, from the path of the model.
    suffix : str
        The end of the model's default name.
    unlike : iterable of Path
        Further files that the model must not overwrite.

    Raises
    ------
    typer.BadParameter
        If an option has a bad value.
    MetaplastError
        If the data cannot be used, the training fails or a file cannot be written.
    """
    choices = options.choices()
    reporter = Reporter(json=options.json, quiet=options.quiet)
    read = [*read_from(options.data, options.data_dir), *unlike]
    if options.test is not None:
        read += read_from(options.test, None)
    if options.model is not None:
        check_file(options.model, "--model", unlike=read)
    if options.plot is not None:
        _check_plot(options.plot, options.model)

    model = None if options.continue_ is None else Model.load(options.continue_)
    data = load_training_data(options, note=reporter.note, model=model)
    path = options.model
    if path is None:
        path = Path(f"{Path(data.name).resolve().stem}-{suffix}.npz")
        check_file(path, "--model", unlike=read)
    session, as_recorded = _session(data, options, choices, model, reporter)
    session = replace(session, keep_best=options.keep != "last")

    with backend(path) as training, reporter:
        reporter.line(headline(session) + training.headline(session))
        training.start(session, reporter)
        table = EpochTable(session, reporter, cycles=training.counts_cycles)
        outcome = train_epochs(session, training, reporter, report=table.row)

    if outcome.interrupted and not outcome.records:
        stopped = f"{outcome.trouble}; stopped" if outcome.trouble else "interrupted"
        raise MetaplastError(f"{stopped} before the first epoch was finished; nothing was saved")
    as_recorded &= not outcome.interrupted
    if as_recorded:
        assert data.run is not None
        assert outcome.model is not None
        network = outcome.model.trainer().network
        assert isinstance(network, Network)
        accuracies = [record.accuracy for record in outcome.records]
        difference = first_difference(data.run, network, accuracies, session.bits.x)
        if difference is not None:
            raise MetaplastError(
                f"the training differs from the recorded run: {difference}; the model was not saved"
            )
    _save(options, path, session, outcome, training, reporter, as_recorded=as_recorded)


def _session(
    data: DataSet,
    options: TrainingOptions,
    choices: Choices,
    model: Model | None,
    reporter: Reporter,
) -> tuple[Session, bool]:
    """The training, and whether its results must equal the recorded ones."""
    held_out: Any = {
        "validation": options.validation,
        "samples": options.samples,
        "random": options.validation_split == "random",
    }
    if model is not None:
        session = continue_session(data, choices, model, **held_out)
        note_other_samples(session, reporter)
        return session, False
    if data.run is not None:
        return run_session(data, data.run, choices, reporter=reporter, **held_out)
    return new_session(data, choices, **held_out), False


def _check_plot(plot: Path, model: Path | None) -> None:
    """Check that plots can be drawn and saved."""
    from ..terminal.plots import require_matplotlib

    require_matplotlib()
    check_folder(plot, "--plot")
    if model is not None and model.absolute() == plot.absolute():
        raise typer.BadParameter(
            f"must be a directory other than --model {model}", param_hint="--plot"
        )


def _save(
    options: TrainingOptions,
    path: Path,
    session: Session,
    outcome: Outcome,
    backend: Backend,
    reporter: Reporter,
    *,
    as_recorded: bool,
) -> None:
    """Save the model and the plots, and print the results."""
    model, kept = outcome.model, outcome.kept
    assert model is not None
    assert kept is not None
    with held_interrupts():  # the model is saved and reported
        model.save(path)
        pictures, undrawn = _pictures(session, outcome, options.plot)
        if options.json:
            print_json(_document(session, outcome, path, pictures, backend, as_recorded))
        for line in backend.verdict(outcome):
            reporter.result(line)
        for line in kept_lines(outcome):
            reporter.result(line)
        if as_recorded:
            reporter.result("equal to the recorded run")
        reporter.result(f"saved {path}")
        for picture in pictures:
            reporter.result(f"drew {picture}")
    if undrawn:
        raise MetaplastError(f"{path} was saved, but its plots could not be drawn: {undrawn}")
    if outcome.interrupted:
        stopped = outcome.trouble or "interrupted"
        raise MetaplastError(f"{stopped}; epoch {kept.epoch + 1} was saved in {path}")


def _pictures(session: Session, outcome: Outcome, folder: Path | None) -> tuple[list[Path], str]:
    """Draw the plots, if a folder is given; return them, or the reason why they failed."""
    if folder is None:
        return [], ""
    try:
        return draw_training(session, outcome, folder), ""
    except OSError as error:
        return [], f"{error.filename or folder}: {(error.strerror or str(error)).lower()}"


def _document(
    session: Session,
    outcome: Outcome,
    path: Path,
    pictures: list[Path],
    backend: Backend,
    as_recorded: bool,
) -> dict[str, Any]:
    model, kept = outcome.model, outcome.kept
    assert model is not None
    assert kept is not None
    return {
        "data": session.data.name,
        "model": str(path),
        "config": model.config.to_dict(),
        "bits_per_feature": model.encoder.choice.bits_per_feature,
        "per_feature": model.encoder.choice.per_feature,
        "encoding": {"kind": model.encoder.kind, **model.encoder.settings()},
        "labels": known_labels(model),
        "samples": len(session.bits.x),
        "held_out": 0 if session.bits.x_held_out is None else len(session.bits.x_held_out),
        "epochs": [
            {**record.to_dict(), "cycles_per_sample": record.cycles_per_sample}
            for record in outcome.records
        ],
        "kept_epoch": kept.epoch,
        "accuracy": kept.accuracy,
        "validation_accuracy": kept.validation_accuracy,
        "test_accuracy": kept.test_accuracy,
        "equal_to_recorded": True if as_recorded else None,
        "interrupted": outcome.interrupted,
        "pictures": [str(picture) for picture in pictures],
        **backend.document(outcome),
    }
