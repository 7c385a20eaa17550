"""The options of the commands that train: `metaplast train`, `simulate` and `compare`."""

import inspect
from collections.abc import Callable, Collection
from dataclasses import MISSING, dataclass, fields
from pathlib import Path
from typing import Annotated, Any

import typer

from .encoding import (
    BitsPerFeatureOption,
    DifferenceOption,
    EncodingOption,
    EncodingOptions,
    ImageOption,
    PerFeatureOption,
    PlanesOption,
    PoolOption,
    image_option,
)
from .options import (
    BatchOption,
    Choices,
    ClassesOption,
    CounterBitsOption,
    DataArgument,
    DataDirOption,
    EpochsOption,
    GroupsOption,
    HiddenOption,
    JsonOption,
    KeepOption,
    LabelOption,
    QuietOption,
    ReinforcementOption,
    RobustnessOption,
    SamplesOption,
    SeedOption,
    ShuffleBlockOption,
    TestOption,
    TestShareOption,
    ValidationOption,
    ValidationSplitOption,
    parse_sizes,
    require_at_least,
    require_word,
)

__all__ = ["TrainingOptions", "takes_training_options"]

LAST = ("json", "quiet")
"""Options at the end of the help."""

NEED_VALIDATION = ("validation_split", "keep")
"""Options that need held-out samples."""

VALIDATION_SPLITS = ("last", "random")
KEPT = ("best", "last")

ContinueOption = Annotated[
    Path | None,
    typer.Option(
        "--continue",
        metavar="MODEL",
        help="Resume the training of a saved model for --epochs more epochs.",
        show_default=False,
    ),
]
OutOption = Annotated[
    Path | None,
    typer.Option(
        metavar="OUT.npz",
        help="Where to save the model.",
        show_default="the data set's name with -model.npz, simulated with -simulated.npz, here",
    ),
]
PlotOption = Annotated[
    Path | None,
    typer.Option(metavar="DIR", help="Write plots (PNG) to this folder.", show_default=False),
]


@dataclass(frozen=True, kw_only=True)
class TrainingOptions:
    """The values of the options; None if an option is not given."""

    data: DataArgument
    hidden: HiddenOption = None
    groups: GroupsOption = None
    counter_bits: CounterBitsOption = None
    encoding: EncodingOption = None
    bits_per_feature: BitsPerFeatureOption = None
    per_feature: PerFeatureOption = False
    planes: PlanesOption = None
    pool: PoolOption = False
    difference: DifferenceOption = None
    image: ImageOption = None
    classes: ClassesOption = None
    label: LabelOption = None
    test: TestOption = None
    test_share: TestShareOption = None
    samples: SamplesOption = None
    validation: ValidationOption = 0
    validation_split: ValidationSplitOption = None
    keep: KeepOption = None
    data_dir: DataDirOption = None
    robustness: RobustnessOption = None
    reinforcement: ReinforcementOption = None
    batch: BatchOption = None
    shuffle_block: ShuffleBlockOption = None
    epochs: EpochsOption = None
    seed: SeedOption = None
    continue_: ContinueOption = None
    model: OutOption = None
    plot: PlotOption = None
    json: JsonOption = False
    quiet: QuietOption = False

    def choices(self) -> Choices:
        """The checked options for network and training.

        Raises
        ------
        typer.BadParameter
            If a value is out of its range, or options contradict each other.
        """
        encoding = EncodingOptions(
            **{name: getattr(self, name) for name in EncodingOptions.__dataclass_fields__}
        )
        choices = Choices(
            hidden=parse_sizes(self.hidden, "--hidden"),
            groups=parse_sizes(self.groups, "--groups"),
            classes=self.classes,
            counter_bits=self.counter_bits,
            encoding=encoding if encoding.given else None,
            robustness=self.robustness,
            reinforcement=self.reinforcement,
            batch=self.batch,
            epochs=self.epochs,
            seed=self.seed,
            shuffle_block=self.shuffle_block,
        )
        choices.check()
        require_at_least("--samples", self.samples, 1)
        require_at_least("--validation", self.validation, 0)
        require_word("--validation-split", self.validation_split, VALIDATION_SPLITS)
        require_word("--keep", self.keep, KEPT)
        for option, value in (
            ("--validation-split", self.validation_split),
            ("--keep", self.keep if self.keep == "best" else None),
        ):
            if value is not None and not self.validation:
                raise typer.BadParameter("needs --validation N", param_hint=option)
        if self.test is not None and self.test_share is not None:
            raise typer.BadParameter(
                "already gives the test samples; leave out --test-share", param_hint="--test"
            )
        if self.test_share is not None and not 0 < self.test_share < 1:
            raise typer.BadParameter(
                f"must be above 0 and below 1, not {self.test_share:g}", param_hint="--test-share"
            )
        image_option(self.image)
        return choices


def takes_training_options(
    command: Callable[..., None], *, without: Collection[str] = ()
) -> Callable[..., None]:
    """Give a command the options of :class:`TrainingOptions`, besides its own.

    Parameters
    ----------
    command : callable
        Its first parameter takes the :class:`TrainingOptions`, the others are its own options.
    without : collection of str
        Fields that are no options of the command, and keep their defaults; the options that need
        ``validation`` go with it.
    """
    without = {*without, *(NEED_VALIDATION if "validation" in without else ())}
    shared = {
        field.name: inspect.Parameter(
            field.name,
            inspect.Parameter.KEYWORD_ONLY,
            default=inspect.Parameter.empty if field.default is MISSING else field.default,
            annotation=field.type,
        )
        for field in fields(TrainingOptions)
        if field.name not in without
    }
    _, *own = inspect.signature(command).parameters.values()
    ordered = [
        *(parameter for name, parameter in shared.items() if name not in LAST),
        *(parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY) for parameter in own),
        *(shared[name] for name in LAST if name in shared),
    ]

    def run(**values: Any) -> None:
        options = TrainingOptions(**{name: values.pop(name) for name in shared})
        command(options, **values)

    run.__name__, run.__doc__, run.__module__ = (
        command.__name__,
        command.__doc__,
        command.__module__,
    )
    run.__signature__ = inspect.Signature(ordered)  # type: ignore[attr-defined]
    run.__annotations__ = {parameter.name: parameter.annotation for parameter in ordered}
    return run
