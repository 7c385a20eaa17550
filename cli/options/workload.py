"""Options for the workload of a plan: average rates of errors and updates."""

from typing import TYPE_CHECKING, Annotated

import typer

from .options import number

if TYPE_CHECKING:
    from ...hdl.planning.cycles import Workload

__all__ = ["AccuracyOption", "ChosenOption", "ErrorsOption", "parse_workload"]

WORKLOAD = "Workload"

ChosenOption = Annotated[
    str | None,
    typer.Option(
        metavar="RATE,…",
        help="Mean number of neurons chosen per sample, for each layer or for all.",
        rich_help_panel=WORKLOAD,
        show_default="the rates of a first epoch",
    ),
]

ErrorsOption = Annotated[
    str | None,
    typer.Option(
        metavar="SHARE,…",
        help="Share of samples that raise the error bit, for each layer or for all.",
        rich_help_panel=WORKLOAD,
        show_default="derived from --chosen",
    ),
]

AccuracyOption = Annotated[
    float,
    typer.Option(
        parser=number,
        metavar="X",
        help="Training accuracy of the previous epoch, which sets the reinforcement; 0 to 1.",
        rich_help_panel=WORKLOAD,
    ),
]


def parse_workload(chosen: str | None, errors: str | None, accuracy: float) -> "Workload":
    """The workload of the options.

    Raises
    ------
    typer.BadParameter
        If a value is not a list of numbers.
    ConfigurationError
        If a number is out of its range.
    """
    from ...hdl.planning.cycles import Workload

    return Workload(
        chosen=_numbers(chosen, "--chosen"), errors=_numbers(errors, "--errors"), accuracy=accuracy
    )


def _numbers(text: str | None, option: str) -> tuple[float, ...] | None:
    """Parse numbers: ``1.9,0.5`` is ``(1.9, 0.5)``."""
    if text is None:
        return None
    try:
        return tuple(float(part) for part in text.split(","))
    except ValueError:
        raise typer.BadParameter(
            f"must be numbers with commas between them, such as 1.9,0.5, not {text!r}",
            param_hint=option,
        ) from None
