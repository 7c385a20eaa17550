"""The network of a command without data: from a saved model, or from options."""

from collections.abc import Mapping
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
    "require_fixed",
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

# Options of commands for a board: the network of the board is the default.
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
    """The network of a saved model, or of the options.

    Raises
    ------
    typer.BadParameter
        If both a model and options define the network, or neither does.
    """
    choices.check()
    if model is not None:
        return _network_of(model, given=inputs is not None or any(choices.given()))
    if inputs is None or choices.classes is None:
        raise typer.BadParameter(
            "is missing; give it, or a MODEL",
            param_hint="--inputs" if inputs is None else "--classes",
        )
    return choices.network_config(inputs=inputs, classes=choices.classes)


def _network_of(model: Path, *, given: bool) -> "NetworkConfig":
    """The network of a saved model; ``given`` says whether options define a network, too."""
    if given:
        raise typer.BadParameter(
            "already defines the network; leave out the network's options", param_hint="MODEL"
        )
    from ...golden_model.files.model_file import Model

    return Model.load(model).config


def require_fixed(fixed: bool, given: Mapping[str, object]) -> None:
    """Refuse options of a network without ``--fixed``: a universal trainer takes any network.

    Parameters
    ----------
    fixed : bool
        Whether ``--fixed`` is given.
    given : mapping of str to value
        Options of a network, with their values; None if an option is not given.

    Raises
    ------
    typer.BadParameter
        If a value is given without ``--fixed``.
    """
    for option, value in given.items():
        if value is not None and not fixed:
            raise typer.BadParameter(
                "needs --fixed, to build for a single network; without it the board has its "
                "universal trainer, on which the host sets up any network",
                param_hint=option,
            )


def board_network(
    own: "NetworkConfig",
    model: Path | None,
    *,
    hidden: str | None,
    groups: str | None,
    **choices: int | None,
) -> "NetworkConfig":
    """The network that a board trains: of a saved model, or the board's with chosen values.

    Parameters
    ----------
    own : NetworkConfig
        The network of the board.
    model : Path or None
        A saved model.
    hidden, groups : str or None
        The values of the options.
    choices : int or None
        Further fields of the network; None if the option is not given.

    Raises
    ------
    typer.BadParameter
        If both a model and options define the network, or an option is not a list of sizes.
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
        return _network_of(model, given=bool(given))
    layers = given.get("hidden", own.hidden)
    if "groups" not in given and "hidden" in given:
        given["groups"] = tuple(map(default_group, layers))
    elif len(given.get("groups", own.groups)) == 1:
        given["groups"] = given.get("groups", own.groups) * len(layers)
    return replace(own, **given)
