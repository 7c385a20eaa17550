"""Fold factors from the options of a command: a plan file, an FPGA, or the default plan."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .options import whole_number

if TYPE_CHECKING:
    from ...golden_model import NetworkConfig
    from ...hdl.planning.plan import FoldedNetwork, NetworkPlan

__all__ = [
    "BoardPlanOption",
    "CellsOption",
    "PLAN_HELP",
    "check_plan_or_fpga",
    "chosen_folding",
    "folded_by",
    "load_network",
    "load_plan",
    "with_factors",
]

CellsOption = Annotated[
    int | None,
    typer.Option(
        parser=whole_number,
        metavar="N",
        help="Logic cells that the core may take, by estimate; fewer leave room for other logic "
        "and build faster.",
        show_default="about as many as fit the FPGA",
    ),
]


PLAN_HELP = "The fold factors, as `metaplast plan` writes them."

BoardPlanOption = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help=PLAN_HELP, show_default="planned for the board"),
]


def check_plan_or_fpga(file: Path | None, fpga: str | None) -> None:
    """Refuse both a plan file and an FPGA to plan for.

    Raises
    ------
    typer.BadParameter
        If both are given.
    """
    if file is not None and fpga is not None:
        raise typer.BadParameter(
            "already has the fold factors; leave out --plan or --fpga", param_hint="--plan"
        )


def chosen_folding(config: "NetworkConfig", file: Path | None, fpga: str | None) -> "FoldedNetwork":
    """Fold a network by the plan of a file, or for an FPGA, or by the default plan.

    Raises
    ------
    MetaplastError
        If the file holds no plan, the FPGA is unknown, or the plan does not suit the network.
    """
    from ...hdl.planning.fpgas import find_fpga
    from ...hdl.planning.plan import FoldedNetwork
    from ...hdl.planning.planner import default_plan, plan_network

    if file is not None:
        return folded_by(config, file)
    plan = default_plan(config) if fpga is None else plan_network(config, find_fpga(fpga))
    return FoldedNetwork(config, plan)


def folded_by(config: "NetworkConfig", file: Path) -> "FoldedNetwork":
    """Fold a network by the plan of a file.

    Raises
    ------
    MetaplastError
        If the file holds no plan, or its plan does not suit the network; the message names the
        file.
    """
    from ...golden_model.errors import ConfigurationError
    from ...hdl.planning.plan import FoldedNetwork

    try:
        return FoldedNetwork(config, load_plan(file))
    except ConfigurationError as error:
        raise ConfigurationError(f"{file}: {error}") from None


def load_plan(file: Path) -> "NetworkPlan":
    """Read a plan from a JSON file, which holds the plan or a report of `metaplast plan`.

    Raises
    ------
    MetaplastError
        If the file holds no plan.
    """
    from ...golden_model.errors import ConfigurationError, MetaplastError
    from ...hdl.planning.plan import NetworkPlan

    document = _load(file)
    if isinstance(document, dict) and isinstance(document.get("plan"), dict):
        document = document["plan"]
    try:
        return NetworkPlan.from_dict(document)
    except ConfigurationError as error:
        raise MetaplastError(f"{file}: {error}") from None


def load_network(file: Path) -> "NetworkConfig":
    """Read the network of a report of `metaplast plan`.

    Raises
    ------
    MetaplastError
        If the file holds no network.
    """
    from ...golden_model import NetworkConfig
    from ...golden_model.errors import ConfigurationError, MetaplastError

    document = _load(file)
    try:
        return NetworkConfig.from_dict(document["config"])
    except (KeyError, TypeError):
        raise MetaplastError(
            f"{file} holds no network; give a MODEL, or --inputs and --classes"
        ) from None
    except ConfigurationError as error:
        raise MetaplastError(f"{file}: {error}") from None


def _load(file: Path) -> Any:
    from ...golden_model.errors import MetaplastError

    try:
        return json.loads(file.read_text(encoding="utf-8"))
    except (ValueError, RecursionError):
        raise MetaplastError(
            f"{file} is not a plan: it is not JSON; write one with `metaplast plan --out FILE`"
        ) from None


def with_factors(plan: "NetworkPlan", factors: Sequence[Mapping[str, Any]]) -> "NetworkPlan":
    """Replace some fold factors of each layer of a plan.

    Raises
    ------
    ConfigurationError
        If a factor does not exist.
    """
    from ...hdl.planning.plan import LayerPlan, NetworkPlan

    layers = [
        LayerPlan.from_dict({**layer.to_dict(), **changed})
        for layer, changed in zip(plan.layers, factors, strict=True)
    ]
    return NetworkPlan(tuple(layers), plan.fpga)
