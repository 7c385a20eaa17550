"""The options that commands share, and what they mean when they are not given.

An option that is not given is None, so that a command can tell a wish from a default. The defaults
of the network's own parameters are those of :class:`~metaplast.golden_model.NetworkConfig`.
"""

from collections.abc import Iterator
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from ..golden_model import NetworkConfig

__all__ = [
    "BatchOption",
    "BitsPerFeatureOption",
    "Choices",
    "ClassesOption",
    "CounterBitsOption",
    "DEFAULT_EPOCHS",
    "DEFAULT_HIDDEN",
    "DataArgument",
    "DataDirOption",
    "EpochsOption",
    "GroupsOption",
    "HiddenOption",
    "JsonOption",
    "ModelArgument",
    "PerFeatureOption",
    "QuietOption",
    "ReinforcementOption",
    "RobustnessOption",
    "SamplesOption",
    "SeedOption",
    "ValidationOption",
    "default_group",
    "option_name",
    "parse_sizes",
]

DEFAULT_HIDDEN = (128, 64)
DEFAULT_EPOCHS = 10
LARGEST_GROUP = 32
FEWEST_GROUPS = 4

NETWORK = "Network"
TRAINING = "Training"
DATA = "Data"

DataArgument = Annotated[
    str,
    typer.Argument(
        metavar="DATA",
        help="A data set's name (see `metaplast data list`), or a .npz or .csv file.",
    ),
]
ModelArgument = Annotated[
    Path, typer.Argument(metavar="MODEL", help="A model file that `metaplast train` wrote.")
]
DataDirOption = Annotated[
    Path | None,
    typer.Option(
        metavar="DIR",
        help="Where downloaded data sets lie. [default: $METAPLAST_DATA and the usual places]",
        rich_help_panel=DATA,
        show_default=False,
    ),
]
SamplesOption = Annotated[
    int | None,
    typer.Option(
        min=1,
        help="Train on the first so many training samples (after holding out). [default: all]",
        rich_help_panel=DATA,
        show_default=False,
    ),
]
ValidationOption = Annotated[
    int,
    typer.Option(
        min=0,
        help="Hold out the last so many training samples and keep the epoch best on them.",
        rich_help_panel=DATA,
    ),
]
BitsPerFeatureOption = Annotated[
    int | None,
    typer.Option(
        min=1,
        help="Thermometer bits for each feature. [default: 1]",
        rich_help_panel=DATA,
        show_default=False,
    ),
]
PerFeatureOption = Annotated[
    bool,
    typer.Option(
        "--per-feature",
        help="Give each feature thresholds of its own (tabular data) and drop constant ones.",
        rich_help_panel=DATA,
    ),
]
ClassesOption = Annotated[
    int | None,
    typer.Option(
        min=2,
        max=256,
        help="Classes to tell apart. [default: the highest training label plus one]",
        rich_help_panel=DATA,
        show_default=False,
    ),
]
HiddenOption = Annotated[
    str | None,
    typer.Option(
        metavar="K,…",
        help=f"Neurons of each layer. [default: {','.join(map(str, DEFAULT_HIDDEN))}]",
        rich_help_panel=NETWORK,
        show_default=False,
    ),
]
GroupsOption = Annotated[
    str | None,
    typer.Option(
        metavar="γ,…",
        help="Neurons of a group, in each layer or in all; of each group one neuron learns from "
        "an error. [default: up to 32, and at least four groups]",
        rich_help_panel=NETWORK,
        show_default=False,
    ),
]
CounterBitsOption = Annotated[
    int | None,
    typer.Option(
        min=2,
        max=16,
        help="Bits of a hidden weight, B. [default: 8]",
        rich_help_panel=NETWORK,
        show_default=False,
    ),
]
RobustnessOption = Annotated[
    float | None,
    typer.Option(
        min=0.0,
        max=1.0,
        help="Lead that a right answer must have, as a share of the layer. [default: 0.25]",
        rich_help_panel=TRAINING,
        show_default=False,
    ),
]
ReinforcementOption = Annotated[
    float | None,
    typer.Option(
        min=0.0,
        help="How strongly weights are pushed away from zero at random. [default: 1.0]",
        rich_help_panel=TRAINING,
        show_default=False,
    ),
]
BatchOption = Annotated[
    int | None,
    typer.Option(
        min=1,
        max=65535,
        help="Samples between two changes of the binary weights. [default: 100]",
        rich_help_panel=TRAINING,
        show_default=False,
    ),
]
EpochsOption = Annotated[
    int | None,
    typer.Option(
        min=1,
        max=32768,
        help=f"Times to train on every sample. [default: {DEFAULT_EPOCHS}]",
        rich_help_panel=TRAINING,
        show_default=False,
    ),
]
SeedOption = Annotated[
    int | None,
    typer.Option(
        min=0,
        max=(1 << 48) - 1,
        help="Seed of everything random. [default: 1]",
        rich_help_panel=TRAINING,
        show_default=False,
    ),
]
JsonOption = Annotated[
    bool, typer.Option("--json", help="Print one JSON document instead of text.")
]
QuietOption = Annotated[
    bool, typer.Option("--quiet", "-q", help="Print results only: no progress, no epochs.")
]


@dataclass(frozen=True, kw_only=True)
class Choices:
    """What the user asked for; None where they did not. The fields are named as the options."""

    hidden: tuple[int, ...] | None = None
    groups: tuple[int, ...] | None = None
    classes: int | None = None
    counter_bits: int | None = None
    bits_per_feature: int | None = None
    per_feature: bool | None = None
    robustness: float | None = None
    reinforcement: float | None = None
    batch: int | None = None
    epochs: int | None = None
    seed: int | None = None

    def given(self) -> Iterator[tuple[str, Any]]:
        """The options that the user gave, with their values."""
        for field in fields(self):
            value = getattr(self, field.name)
            if value is not None:
                yield field.name, value

    def network_config(self, *, inputs: int, classes: int) -> "NetworkConfig":
        """The network that was asked for, with defaults where nothing was.

        Parameters
        ----------
        inputs : int
            Bits of an encoded sample.
        classes : int
            ``C``.

        Raises
        ------
        typer.BadParameter
            If the choices do not fit each other.
        """
        from ..golden_model import ConfigurationError, NetworkConfig

        hidden = self.hidden or DEFAULT_HIDDEN
        groups = self.groups or tuple(map(default_group, hidden))
        if len(groups) == 1:
            groups *= len(hidden)
        parameters = ("counter_bits", "robustness", "reinforcement", "batch", "seed")
        try:
            return NetworkConfig(
                inputs=inputs,
                hidden=hidden,
                groups=groups,
                classes=classes,
                **{name: value for name, value in self.given() if name in parameters},
            )
        except ConfigurationError as error:
            raise typer.BadParameter(str(error)) from None


def default_group(neurons: int) -> int:
    """``γ`` of a layer for which none is given: the largest divisor that is at most 32 and leaves
    at least four groups."""
    largest = max(1, min(LARGEST_GROUP, neurons // FEWEST_GROUPS))
    return next(size for size in range(largest, 0, -1) if neurons % size == 0)


def option_name(field: str) -> str:
    """``counter_bits`` as ``--counter-bits``."""
    return f"--{field.replace('_', '-')}"


def parse_sizes(text: str | None, option: str) -> tuple[int, ...] | None:
    """``128,64`` as ``(128, 64)``.

    Raises
    ------
    typer.BadParameter
        If it is not a list of positive integers.
    """
    if text is None:
        return None
    try:
        sizes = tuple(int(part) for part in text.split(","))
    except ValueError:
        sizes = (0,)
    if min(sizes) < 1:
        raise typer.BadParameter(
            f"must be positive integers with commas between them, such as 128,64, not {text!r}",
            param_hint=option,
        )
    return sizes
