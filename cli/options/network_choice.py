"""The network of a command that has no data to take it from: a saved model's, or of options."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .options import NETWORK, Choices, parse_sizes, whole_number

if TYPE_CHECKING:
    from ...golden_model import NetworkConfig

__all__ = [
    "BoardClassesOption",
    "BoardCounterBitsOption",
    "BoardGroupsOption",
    "BoardHiddenOption",
    "BoardInputsOption",
    "InputsOption",
    "NetworkArgument",
    "NetworkClassesOption",
    "board_network",
    "chosen_network",
]

NetworkArgument = Annotated[
    Path | None,
    typer.Argument(
        metavar="MODEL",
        help="Take the network from this model instead of the options.",
        show_default=False,
    ),
]


def _inputs(default: str) -> Any:
    return typer.Option(
        parser=whole_number,
        metavar="N",
        help="Input bits of the network (encoded sample).",
        rich_help_panel=NETWORK,
        show_default=default,
    )


def _classes(default: str) -> Any:
    return typer.Option(
        parser=whole_number,
        metavar="N",
        help="Number of classes, 2 to 256.",
        rich_help_panel=NETWORK,
        show_default=default,
    )


MODELS = "MODEL's; required without it"
InputsOption = Annotated[int | None, _inputs(MODELS)]
NetworkClassesOption = Annotated[int | None, _classes(MODELS)]

# The same of a command for a board, whose own network is the default.
OWN = "the board's default"
BoardInputsOption = Annotated[int | None, _inputs(OWN)]
BoardHiddenOption = Annotated[
    str | None,
    typer.Option(
        metavar="K,…", help="Neurons per layer.", rich_help_panel=NETWORK, show_default=OWN
    ),
]
BoardGroupsOption = Annotated[
    str | None,
    typer.Option(
        metavar="γ,…",
        help="Neurons per group, for each layer or for all.",
        rich_help_panel=NETWORK,
        show_default="up to 32, with at least four groups",
    ),
]
BoardClassesOption = Annotated[int | None, _classes(OWN)]
BoardCounterBitsOption = Annotated[
    int | None,
    typer.Option(
        parser=whole_number,
        metavar="N",
        help="Bits per hidden weight, 2 to 16.",
        rich_help_panel=NETWORK,
        show_default=OWN,
    ),
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
                "already defines the network; leave out the network's options", param_hint="MODEL"
            )
        from ...golden_model.files.model_file import Model

        return Model.load(model).config
    if inputs is None or choices.classes is None:
        raise typer.BadParameter(
            "must be given, or a MODEL whose network to take",
            param_hint="--inputs" if inputs is None else "--classes",
        )
    return choices.network_config(inputs=inputs, classes=choices.classes)


def board_network(
    own: "NetworkConfig",
    model: Path | None,
    *,
    hidden: str | None,
    groups: str | None,
    **choices: int | None,
) -> "NetworkConfig":
    """The network that a board is to train: a saved model's, or its own with what was chosen.

    Parameters
    ----------
    own : NetworkConfig
        The board's.
    model : Path or None
        A saved model.
    hidden, groups : str or None
        As the options give them.
    choices : int or None
        Further fields of the network, None where nothing was chosen.

    Raises
    ------
    typer.BadParameter
        If both a model and options say what it is, or an option is none.
    ConfigurationError
        If the choices do not make a network.
    """
    from ...golden_model.config import default_group

    chosen: dict[str, Any] = {
        "hidden": parse_sizes(hidden, "--hidden"),
        "groups": parse_sizes(groups, "--groups"),
        **choices,
    }
    given = {name: value for name, value in chosen.items() if value is not None}
    if model is not None:
        if given:
            raise typer.BadParameter(
                "already defines the network; leave out the network's options", param_hint="MODEL"
            )
        from ...golden_model.files.model_file import Model

        return Model.load(model).config
    layers = given.get("hidden", own.hidden)
    if "groups" not in given and "hidden" in given:
        given["groups"] = tuple(map(default_group, layers))
    elif len(given.get("groups", own.groups)) == 1:
        given["groups"] = given.get("groups", own.groups) * len(layers)
    return replace(own, **given)
