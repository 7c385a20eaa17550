"""Options of the encoding, and the encoding choice that they make."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated

import typer

from .options import DATA, option_name, whole_number

if TYPE_CHECKING:
    from ...golden_model import ConfigurationError
    from ...golden_model.encoding import EncodingChoice

__all__ = [
    "BitsPerFeatureOption",
    "DifferenceOption",
    "EncodingOption",
    "EncodingOptions",
    "ImageOption",
    "PerFeatureOption",
    "PlanesOption",
    "PoolOption",
    "image_option",
    "shown_encoding",
]

EncodingOption = Annotated[
    str | None,
    typer.Option(
        metavar="NAME",
        help="The encoding by name: median, levels:N, edges or pooled-edges.",
        rich_help_panel=DATA,
        show_default="median, one bit per feature",
    ),
]
BitsPerFeatureOption = Annotated[
    int | None,
    typer.Option(
        parser=whole_number,
        metavar="N",
        help="Thermometer bits per feature.",
        rich_help_panel=DATA,
        show_default="1",
    ),
]
PerFeatureOption = Annotated[
    bool,
    typer.Option(
        "--per-feature",
        help="Choose thresholds, and the number of bits, per feature (for tabular data).",
        rich_help_panel=DATA,
    ),
]
PlanesOption = Annotated[
    str | None,
    typer.Option(
        metavar="PLANE,…",
        help="Image planes instead of a thermometer: level (also several times), right, down, "
        "left, up.",
        rich_help_panel=DATA,
        show_default=False,
    ),
]
PoolOption = Annotated[
    bool,
    typer.Option(
        "--pool",
        help="Replace each 2×2 block of an image by its sum, before image planes.",
        rich_help_panel=DATA,
    ),
]
DifferenceOption = Annotated[
    int | None,
    typer.Option(
        parser=whole_number,
        metavar="N",
        help="Neighbouring pixels differ, for the planes that compare them, if their difference "
        "exceeds this.",
        rich_help_panel=DATA,
        show_default="a 32nd of the largest training value",
    ),
]
ImageOption = Annotated[
    str | None,
    typer.Option(
        metavar="HxW",
        help="Height and width of the images in the rows of a table, such as 28x28.",
        rich_help_panel=DATA,
        show_default="as the data say",
    ),
]


@dataclass(frozen=True, kw_only=True)
class EncodingOptions:
    """The values of the options of the encoding; None or False if an option is not given."""

    encoding: str | None = None
    bits_per_feature: int | None = None
    per_feature: bool = False
    planes: str | None = None
    pool: bool = False
    difference: int | None = None

    @property
    def given(self) -> bool:
        """Whether the user gave one of the options."""
        return self != EncodingOptions()

    def choice(self) -> "EncodingChoice":
        """The encoding choice of the options; one bit per feature if none is given.

        Raises
        ------
        typer.BadParameter
            If a value is wrong, or options contradict each other.
        """
        from ...golden_model import ConfigurationError
        from ...golden_model.encoding import encoding_choice

        try:
            return encoding_choice(
                encoding=self.encoding,
                bits_per_feature=self.bits_per_feature,
                per_feature=self.per_feature,
                planes=self.planes,
                pool=self.pool,
                difference=self.difference,
            )
        except ConfigurationError as error:
            raise _bad_option(error, "encoding" if self.planes is None else "planes") from None

    def resumed(self, known: "EncodingChoice") -> "EncodingChoice":
        """The encoding choice of the options, with what they leave open as in a model.

        Parameters
        ----------
        known : EncodingChoice
            The choice of the model.

        Raises
        ------
        typer.BadParameter
            As :meth:`choice`.
        """
        if not self.given:
            return known
        choice = self.choice()
        if choice.planes:
            return (
                replace(choice, difference=known.difference) if self.difference is None else choice
            )
        if known.planes:
            return choice
        if self.encoding is None and self.bits_per_feature is None:
            choice = replace(choice, bits_per_feature=known.bits_per_feature)
        return replace(choice, per_feature=choice.per_feature or known.per_feature)


def image_option(text: str | None) -> tuple[int, int] | None:
    """Parse the value of ``--image``.

    Raises
    ------
    typer.BadParameter
        If it is no height and width.
    """
    from ...golden_model import ConfigurationError
    from ...golden_model.encoding import parse_image_shape

    if text is None:
        return None
    try:
        return parse_image_shape(text)
    except ConfigurationError as error:
        raise _bad_option(error, "image") from None


def shown_encoding(choice: "EncodingChoice") -> str:
    """An encoding choice as the options that select it."""
    if not choice.planes:
        return f"--bits-per-feature {choice.bits_per_feature}" + (
            " --per-feature" if choice.per_feature else ""
        )
    parts = [f"--planes {','.join(choice.planes)}"]
    if choice.pool:
        parts.append("--pool")
    if choice.difference is not None:
        parts.append(f"--difference {choice.difference}")
    return " ".join(parts)


def _bad_option(error: "ConfigurationError", default: str) -> typer.BadParameter:
    """The error of a rule of the model as that of the option whose field it names."""
    subject, _, rest = str(error).partition(" ")
    options = {*EncodingOptions.__dataclass_fields__, "image"}
    if subject in options:
        return typer.BadParameter(rest, param_hint=option_name(subject))
    return typer.BadParameter(str(error), param_hint=option_name(default))
