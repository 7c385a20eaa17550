"""The network of a command that has no data to take it from: a saved model's, or of options."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .options import Choices

if TYPE_CHECKING:
    from ..golden_model import NetworkConfig

__all__ = ["InputsOption", "NetworkArgument", "chosen_network"]

NetworkArgument = Annotated[
    Path | None,
    typer.Argument(
        metavar="[MODEL]",
        help="A saved model, whose network it is to be; or give the network's options.",
        show_default=False,
    ),
]
InputsOption = Annotated[
    int | None,
    typer.Option(metavar="N", help="Bits of an encoded sample.", show_default=False),
]


def chosen_network(model: Path | None, inputs: int | None, choices: Choices) -> "NetworkConfig":
    """The network that was asked for.

    Raises
    ------
    typer.BadParameter
        If both a model and options say what it is, or neither does.
    """
    choices.check()
    if model is not None:
        if inputs is not None or any(value is not None for _, value in choices.given()):
            raise typer.BadParameter(
                "says what the network is; leave out the network's options", param_hint="MODEL"
            )
        from ..golden_model.model_file import Model

        return Model.load(model).config
    if inputs is None or choices.classes is None:
        raise typer.BadParameter(
            "must be given, with --classes, or a MODEL that says them", param_hint="--inputs"
        )
    return choices.network_config(inputs=inputs, classes=choices.classes)
