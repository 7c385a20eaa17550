"""Options that commands share, with parsers, checks and defaults.

An option that is not given is None, so that a command can tell a given value from a default. The
defaults of the network's parameters are those of :class:`~metaplast.golden_model.NetworkConfig`.
"""

from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from ...golden_model import NetworkConfig
    from .encoding import EncodingOptions

__all__ = [
    "BatchOption",
    "Choices",
    "ClassesOption",
    "CounterBitsOption",
    "DATA",
    "DEFAULT_EPOCHS",
    "DEFAULT_HIDDEN",
    "DataArgument",
    "DataDirOption",
    "EpochsOption",
    "GroupsOption",
    "HiddenOption",
    "JsonOption",
    "KeepOption",
    "LabelOption",
    "MAX_EPOCHS",
    "ModelArgument",
    "QuietOption",
    "ReinforcementOption",
    "RobustnessOption",
    "SamplesOption",
    "SeedOption",
    "ShuffleBlockOption",
    "TestOption",
    "TestShareOption",
    "ValidationOption",
    "ValidationSplitOption",
    "number",
    "option_name",
    "parse_sizes",
    "require_at_least",
    "require_share",
    "require_word",
    "whole_number",
]

DEFAULT_HIDDEN: tuple[int, ...] = (256,)
DEFAULT_EPOCHS = 10
MAX_EPOCHS = 1 << 15  # each has its random stream (docs/algorithm.md, 6)

NETWORK = "Network"
TRAINING = "Training"
DATA = "Data"


def whole_number(given: str | int) -> int:
    """Parse an option's value as a whole number; defaults are numbers already.

    Raises
    ------
    typer.BadParameter
        If the value is not a whole number.
    """
    try:
        return int(given)
    except ValueError:
        raise typer.BadParameter(f"must be a whole number, not {given!r}") from None


def number(given: str | float) -> float:
    """Parse an option's value as a number; defaults are numbers already.

    Raises
    ------
    typer.BadParameter
        If the value is not a number.
    """
    try:
        return float(given)
    except ValueError:
        raise typer.BadParameter(f"must be a number, not {given!r}") from None


DataArgument = Annotated[
    str,
    typer.Argument(
        metavar="DATA",
        help="A data set's name (see `metaplast data list`), or a file: .npz, or a table (.csv, "
        ".tsv, .txt).",
    ),
]
ModelArgument = Annotated[
    Path, typer.Argument(metavar="MODEL", help="A model file that `metaplast train` wrote.")
]
DataDirOption = Annotated[
    Path | None,
    typer.Option(
        metavar="DIR",
        help="Directory of the data set's files.",
        rich_help_panel=DATA,
        show_default="$METAPLAST_DATA and the usual places",
    ),
]
SamplesOption = Annotated[
    int | None,
    typer.Option(
        parser=whole_number,
        metavar="N",
        help="Use only the first N training samples (after holding out).",
        rich_help_panel=DATA,
        show_default="all",
    ),
]
ValidationOption = Annotated[
    int,
    typer.Option(
        parser=whole_number,
        metavar="N",
        help="Hold out N training samples, and keep the epoch that is best on them.",
        rich_help_panel=DATA,
    ),
]
ValidationSplitOption = Annotated[
    str | None,
    typer.Option(
        metavar="last|random",
        help="Which training samples --validation holds out: the last ones, or random ones by "
        "--seed.",
        rich_help_panel=DATA,
        show_default="last",
    ),
]
KeepOption = Annotated[
    str | None,
    typer.Option(
        metavar="best|last",
        help="The epoch to keep: the best on the samples that --validation holds out, or the last.",
        rich_help_panel=DATA,
        show_default="best with --validation, otherwise last",
    ),
]
LabelOption = Annotated[
    str | None,
    typer.Option(
        metavar="NAME",
        help="The column of a table that holds the labels; without a header, its number from 1.",
        rich_help_panel=DATA,
        show_default="the column label, class or target, otherwise the last",
    ),
]
TestOption = Annotated[
    str | None,
    typer.Option(
        metavar="FILE",
        help="A file with test samples.",
        rich_help_panel=DATA,
        show_default="the test split of DATA, if it has one",
    ),
]
TestShareOption = Annotated[
    float | None,
    typer.Option(
        parser=number,
        metavar="SHARE",
        help="Use this share of each class's samples for the test, chosen by --seed.",
        rich_help_panel=DATA,
        show_default=False,
    ),
]
ClassesOption = Annotated[
    int | None,
    typer.Option(
        parser=whole_number,
        metavar="N",
        help="Number of classes, 2 to 256.",
        rich_help_panel=DATA,
        show_default="as many as the training labels",
    ),
]
HiddenOption = Annotated[
    str | None,
    typer.Option(
        metavar="K,…",
        help="Neurons per layer.",
        rich_help_panel=NETWORK,
        show_default=",".join(map(str, DEFAULT_HIDDEN)),
    ),
]
GroupsOption = Annotated[
    str | None,
    typer.Option(
        metavar="γ,…",
        help="Neurons per group, for each layer or for all; on an error, one neuron of each group "
        "learns.",
        rich_help_panel=NETWORK,
        show_default="up to 32, with at least four groups",
    ),
]
CounterBitsOption = Annotated[
    int | None,
    typer.Option(
        parser=whole_number,
        metavar="N",
        help="Bits per hidden weight, 2 to 16.",
        rich_help_panel=NETWORK,
        show_default="8",
    ),
]
RobustnessOption = Annotated[
    float | None,
    typer.Option(
        parser=number,
        metavar="X",
        help="Margin by which the right class must win, as a share of the layer, 0 to 1.",
        rich_help_panel=TRAINING,
        show_default="0.2",
    ),
]
ReinforcementOption = Annotated[
    float | None,
    typer.Option(
        parser=number,
        metavar="X",
        help="Strength of the random push of weights away from zero.",
        rich_help_panel=TRAINING,
        show_default="1.0",
    ),
]
BatchOption = Annotated[
    int | None,
    typer.Option(
        parser=whole_number,
        metavar="N",
        help="Samples between two updates of the binary weights, 1 to 65535.",
        rich_help_panel=TRAINING,
        show_default="100",
    ),
]
ShuffleBlockOption = Annotated[
    int | None,
    typer.Option(
        parser=whole_number,
        metavar="N",
        help="Consecutive samples that stay together when the samples are shuffled, 1 to 65535.",
        rich_help_panel=TRAINING,
        show_default="1",
    ),
]
EpochsOption = Annotated[
    int | None,
    typer.Option(
        parser=whole_number,
        metavar="N",
        help="Passes over the training samples.",
        rich_help_panel=TRAINING,
        show_default=str(DEFAULT_EPOCHS),
    ),
]
SeedOption = Annotated[
    int | None,
    typer.Option(
        parser=whole_number,
        metavar="N",
        help="Random seed, 48 bits.",
        rich_help_panel=TRAINING,
        show_default="1",
    ),
]
JsonOption = Annotated[
    bool, typer.Option("--json", help="Print one JSON document instead of text.")
]
QuietOption = Annotated[
    bool, typer.Option("--quiet", "-q", help="Print results only, without progress and epochs.")
]


@dataclass(frozen=True, kw_only=True)
class Choices:
    """The values of the options for network and training; None if an option is not given.

    The fields have the names of the options.
    """

    hidden: tuple[int, ...] | None = None
    groups: tuple[int, ...] | None = None
    classes: int | None = None
    counter_bits: int | None = None
    encoding: "EncodingOptions | None" = None
    robustness: float | None = None
    reinforcement: float | None = None
    batch: int | None = None
    epochs: int | None = None
    seed: int | None = None
    shuffle_block: int | None = None

    def given(self) -> Iterator[tuple[str, Any]]:
        """The options that the user gave, with their values."""
        for field in fields(self):
            value = getattr(self, field.name)
            if value is not None:
                yield field.name, value

    def check(self) -> None:
        """Check the values before the data are known.

        Raises
        ------
        typer.BadParameter
            If a value is out of its range, or the groups do not divide the layers.
        """
        require_at_least("--epochs", self.epochs, 1)
        if self.epochs is not None and self.epochs > MAX_EPOCHS:
            raise typer.BadParameter(
                f"must be at most {MAX_EPOCHS}, not {self.epochs}", param_hint="--epochs"
            )
        if self.encoding is not None:
            self.encoding.choice()
        alone = self if self.hidden else replace(self, hidden=(1,), groups=None)
        alone.network_config(inputs=1, classes=2 if self.classes is None else self.classes)

    def network_config(self, *, inputs: int, classes: int) -> "NetworkConfig":
        """The network of the options, with defaults for options that are not given.

        Parameters
        ----------
        inputs : int
            Bits of an encoded sample.
        classes : int
            Number of classes ``C``.

        Raises
        ------
        typer.BadParameter
            If the options do not define a network.
        """
        from ...golden_model import ConfigurationError, NetworkConfig, default_group

        hidden = self.hidden or DEFAULT_HIDDEN
        groups = self.groups or tuple(map(default_group, hidden))
        if len(groups) == 1:
            groups *= len(hidden)
        parameters = (
            "counter_bits",
            "robustness",
            "reinforcement",
            "batch",
            "seed",
            "shuffle_block",
        )
        try:
            return NetworkConfig(
                inputs=inputs,
                hidden=hidden,
                groups=groups,
                classes=classes,
                **{name: value for name, value in self.given() if name in parameters},
            )
        except ConfigurationError as error:
            subject, _, rest = str(error).partition(" ")
            name = subject.partition("[")[0]  # of hidden[0], hidden
            if name not in {field.name for field in fields(self)}:
                raise typer.BadParameter(str(error)) from None
            rule = rest if subject == name and rest.startswith("must") else str(error)
            raise typer.BadParameter(rule, param_hint=option_name(name)) from None


def require_at_least(option: str, value: int | None, least: int) -> None:
    """Check that an option's value is at least ``least``; None passes.

    Raises
    ------
    typer.BadParameter
        If it is lower.
    """
    if value is not None and value < least:
        raise typer.BadParameter(f"must be at least {least}, not {value}", param_hint=option)


def require_share(option: str, value: float) -> None:
    """Check that an option's value is a share of 1.

    Raises
    ------
    typer.BadParameter
        If it is not from 0 to 1.
    """
    if not 0 <= value <= 1:
        raise typer.BadParameter(f"must be from 0 to 1, not {value:g}", param_hint=option)


def require_word(option: str, value: str | None, words: tuple[str, ...]) -> None:
    """Check that an option's value is one of some words; None passes.

    Raises
    ------
    typer.BadParameter
        If it is another one.
    """
    if value is not None and value not in words:
        raise typer.BadParameter(f"must be {' or '.join(words)}, not {value!r}", param_hint=option)


def option_name(field: str) -> str:
    """The option of a field: ``--counter-bits`` of ``counter_bits``."""
    return f"--{field.replace('_', '-')}"


def parse_sizes(text: str | None, option: str) -> tuple[int, ...] | None:
    """Parse sizes of layers: ``128,64`` is ``(128, 64)``.

    Raises
    ------
    typer.BadParameter
        If it is not a list of positive integers.
    """
    if text is None:
        return None
    parts = [part.strip() for part in text.split(",")]
    numbers = all(part.isascii() and part.isdecimal() and len(part) < 10 for part in parts)
    sizes = tuple(map(int, parts)) if numbers else (0,)
    if min(sizes) < 1:
        raise typer.BadParameter(
            f"must be positive integers with commas between them, such as 128,64, not {text!r}",
            param_hint=option,
        )
    return sizes
