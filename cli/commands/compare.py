"""`metaplast compare`: train other models on the same data, and compare them."""

import os
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ...golden_model.baselines.budget import Budget
from ...golden_model.baselines.rivals import Model
from ..options.options import number, option_name, require_at_least, whole_number
from ..options.training_options import TrainingOptions, takes_training_options
from ..terminal.output import Reporter, check_folder, percent, print_json, print_table

if TYPE_CHECKING:
    from ...golden_model.baselines.comparison import ComparedModel, ComparisonChoice, Summary
    from ...golden_model.baselines.training import Samples
    from ...golden_model.datasets import DataSet
    from ..training.splits import Bits

__all__ = ["register"]

NOT_OFFERED = ("classes", "keep", "continue_", "model")
"""Training options that a comparison does not have."""

COMPARISON = "Comparison"


class Input(StrEnum):
    """The inputs of SGD."""

    BITS = "bits"
    FEATURES = "features"


SeedsOption = Annotated[
    int,
    typer.Option(
        parser=whole_number,
        metavar="N",
        help="Train each model with N seeds: --seed and those after it.",
        rich_help_panel=COMPARISON,
    ),
]
ModelsOption = Annotated[
    str | None,
    typer.Option(
        metavar="M,…",
        help=f"Models: {', '.join(Model)}.",
        rich_help_panel=COMPARISON,
        show_default="all",
    ),
]
EqualOption = Annotated[
    Budget | None,
    typer.Option(
        help="Size each other model to ours by this quantity.",
        rich_help_panel=COMPARISON,
        show_default="the same shape",
    ),
]
CommitteeGroupOption = Annotated[
    int | None,
    typer.Option(
        parser=whole_number,
        metavar="N",
        help="Neurons per group of the committee.",
        rich_help_panel=COMPARISON,
        show_default="5",
    ),
]
SGDRateOption = Annotated[
    float | None,
    typer.Option(
        parser=number,
        metavar="X",
        help="Learning rate of SGD.",
        rich_help_panel=COMPARISON,
        show_default="0.1",
    ),
]
SGDInputOption = Annotated[
    Input,
    typer.Option(
        help="Inputs of SGD: the bits as ±1, or features scaled to −1 … 1 (32 bits each).",
        rich_help_panel=COMPARISON,
    ),
]
JobsOption = Annotated[
    int | None,
    typer.Option(
        parser=whole_number,
        metavar="N",
        help="Trainings at the same time, a process each.",
        rich_help_panel=COMPARISON,
        show_default="the cores",
    ),
]


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command()(takes_training_options(compare, without=NOT_OFFERED))


def compare(
    options: TrainingOptions,
    seeds: SeedsOption = 1,
    models: ModelsOption = None,
    equal: EqualOption = None,
    committee_group: CommitteeGroupOption = None,
    sgd_rate: SGDRateOption = None,
    sgd_input: SGDInputOption = Input.BITS,
    jobs: JobsOption = None,
) -> None:
    """Train other models on the same data and split, with several seeds, and print one table.

    The others are the CP+R committee machine (one trained binary layer), the
    same network with float weights trained by SGD and by Adam (if scikit-learn
    is installed), and a binary network trained with straight-through gradients
    (if PyTorch is). The assumptions behind the numbers follow the table.
    """
    from ...golden_model.baselines.assumptions import assumptions
    from ...golden_model.baselines.comparison import choose_rivals, compare_models
    from ...golden_model.errors import DataError
    from ..terminal.plots import require_matplotlib
    from ..training.session import new_session
    from ..training.training_data import load_training_data

    choices = options.choices()
    require_at_least("--seeds", seeds, 1)
    require_at_least("--jobs", jobs, 1)
    choice = _choice(models, equal, committee_group, sgd_rate, sgd_input)
    if options.plot is not None:
        require_matplotlib()
        check_folder(options.plot, "--plot")
    data = load_training_data(options)
    if data.x_test is None and not options.validation:
        raise DataError(
            f"{data.name} has no test split, on which models are compared; give one with "
            "--test or --test-share, or hold out training samples with --validation"
        )
    session = new_session(
        data,
        choices,
        validation=options.validation,
        samples=options.samples,
        random=options.validation_split == "random",
    )
    config = session.trainer.network.config
    samples = _samples(data, session.bits, features=choice.sgd_features)
    trained = len(session.bits.x)
    rivals, not_run = choose_rivals(config, choice, samples=trained, features=data.features)

    with Reporter(json=options.json, quiet=options.quiet) as reporter:
        reporter.start("comparison", seeds * session.epochs * sum(r.samples for r in rivals))
        done = 0

        def on_run(rival: Any) -> None:
            nonlocal done
            done += session.epochs * rival.samples
            reporter.advance(done)

        compared = compare_models(
            rivals,
            samples,
            epochs=session.epochs,
            seed=config.seed,
            seeds=seeds,
            jobs=jobs or os.cpu_count() or 1,
            on_run=on_run,
        )

    lines = assumptions(config, choice, rivals, seed=config.seed, seeds=seeds)
    last = config.seed + seeds - 1
    of_seeds = f"seed {last}" if seeds == 1 else f"seeds {config.seed}–{last}"
    title = (
        f"{data.name}: {trained:,} training samples, {session.epochs} epochs, "
        f"batch {config.batch}, {of_seeds}"
    )
    pictures = [] if options.plot is None else [_plot(compared, options.plot, title)]
    if options.json:
        print_json(
            {
                "data": data.name,
                "samples": trained,
                "held_out": options.validation,
                "network": config.to_dict(),
                "epochs": session.epochs,
                "seeds": [config.seed + one for one in range(seeds)],
                "encoding": session.bits.encoder.to_dict(),
                "equal": equal,
                "models": [model.to_dict() for model in compared],
                "not_run": not_run,
                "assumptions": lines,
                "plots": [str(picture) for picture in pictures],
            }
        )
        return
    _print_models(compared, title)
    for line in not_run:
        typer.echo(line)
    for line in lines:
        reporter.line(f"- {line}")
    for picture in pictures:
        reporter.line(f"plot: {picture}")


def _choice(
    models: str | None,
    equal: Budget | None,
    committee_group: int | None,
    sgd_rate: float | None,
    sgd_input: Input,
) -> "ComparisonChoice":
    """The checked options of the comparison."""
    from ...golden_model import ConfigurationError
    from ...golden_model.baselines.comparison import ComparisonChoice

    names = [str(model) for model in Model] if models is None else models.split(",")
    names = [name.strip() for name in names]
    for name in names:
        if name not in list(Model):
            raise typer.BadParameter(
                f"{name!r} is none of {', '.join(Model)}", param_hint="--models"
            )
        if names.count(name) > 1:
            raise typer.BadParameter(f"{name!r} is named twice", param_hint="--models")
    for option, needed, value in (
        ("--committee-group", Model.COMMITTEE, committee_group),
        ("--sgd-rate", Model.SGD, sgd_rate),
        ("--sgd-input", Model.SGD, None if sgd_input is Input.BITS else sgd_input),
    ):
        if value is not None and needed not in names:
            raise typer.BadParameter(f"needs the model {needed} in --models", param_hint=option)
    given = {"committee_group": committee_group, "sgd_rate": sgd_rate}
    try:
        return ComparisonChoice(
            models=tuple(map(Model, names)),
            equal=equal,
            sgd_features=sgd_input is Input.FEATURES,
            **{name: value for name, value in given.items() if value is not None},  # type: ignore[arg-type]
        )
    except ConfigurationError as error:
        name, _, rule = str(error).partition(" ")
        raise typer.BadParameter(rule, param_hint=option_name(name)) from None


def _samples(data: "DataSet", bits: "Bits", *, features: bool) -> "Samples":
    """The splits of a session, with features if a model needs them."""
    from ...golden_model.baselines.training import Samples, Split, scaled_features

    def split(x: Any, y: Any, raw: Any) -> Split | None:
        if x is None:
            return None
        scaled = scaled_features(raw, like=bits.raw) if features else None
        return Split(bits=x, labels=y, features=scaled)

    trained = split(bits.x, bits.y, bits.raw)
    assert trained is not None
    return Samples(
        train=trained,
        held_out=split(bits.x_held_out, bits.y_held_out, bits.raw_held_out),
        test=split(bits.x_test, bits.y_test, data.x_test),
    )


def _print_models(compared: list["ComparedModel"], title: str) -> None:
    columns: dict[str, list[str]] = {
        "model": [one.rival.model.label for one in compared],
        "network": ["–".join(map(str, one.rival.sizes)) for one in compared],
        "samples": [f"{one.rival.samples:,}" for one in compared],
    }
    for name, accuracies in (
        ("held out", [one.held_out_accuracy for one in compared]),
        ("test accuracy", [one.test_accuracy for one in compared]),
    ):
        if any(accuracies):
            columns[name] = [_accuracy(accuracy) for accuracy in accuracies]
    columns |= {
        "parameters (bits)": [f"{one.rival.parameter_bits:,}" for one in compared],
        "training state (bits)": [f"{one.rival.training_state_bits:,}" for one in compared],
        "memory (bits)": [f"{one.rival.memory_bits:,}" for one in compared],
        "gates per step": [f"{one.gates.mean:.3g}" for one in compared],
        "seconds": [f"{one.seconds.mean:.1f}" for one in compared],
    }
    rows = zip(*columns.values(), strict=True)
    print_table(list(columns), list(map(list, rows)), title=title, text=2)


def _accuracy(summary: "Summary | None") -> str:
    """An accuracy, with its standard deviation if there are several seeds: ``79.12 ± 1.30 %``."""
    if summary is None or summary.deviation is None:
        return percent(None if summary is None else summary.mean)
    return f"{100 * summary.mean:.2f} ± {100 * summary.deviation:.2f} %"


def _plot(compared: list["ComparedModel"], folder: Path, title: str) -> Path:
    """Draw the accuracies of the models, and return the path of the plot."""
    from ..terminal import plots

    folder.mkdir(parents=True, exist_ok=True)
    accuracies = {
        one.rival.model.label: {
            "held out": one.held_out_accuracy,
            "test": one.test_accuracy,
        }
        for one in compared
    }
    return plots.save(plots.draw_comparison(accuracies, title=title), folder / "comparison.png")
