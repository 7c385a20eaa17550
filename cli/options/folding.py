"""The plan that a command's options ask for."""

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
    "CellsOption",
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
        help="Logic cells that the core may take, by estimate; fewer leave room for other logic, "
        "and are built sooner.",
        show_default="about what the FPGA has room for",
    ),
]


def chosen_folding(config: "NetworkConfig", file: Path | None, fpga: str | None) -> "FoldedNetwork":
    """The network folded by the plan of a file or for an FPGA, or else by one for no FPGA.

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
    """The network folded by the plan of a file.

    Raises
    ------
    MetaplastError
        If the file holds no plan, or its plan does not suit the network; the message names it.
    """
    from ...golden_model.errors import ConfigurationError
    from ...hdl.planning.plan import FoldedNetwork

    try:
        return FoldedNetwork(config, load_plan(file))
    except ConfigurationError as error:
        raise ConfigurationError(f"{file}: {error}") from None


def load_plan(file: Path) -> "NetworkPlan":
    """A plan, or a report with one, in JSON.

    Raises
    ------
    MetaplastError
        If it is none.
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
    """The network that a report of `metaplast plan` is about.

    Raises
    ------
    MetaplastError
        If it does not say.
    """
    from ...golden_model import NetworkConfig
    from ...golden_model.errors import ConfigurationError, MetaplastError

    document = _load(file)
    try:
        return NetworkConfig.from_dict(document["config"])
    except (KeyError, TypeError):
        raise MetaplastError(
            f"{file} does not say for which network it is; give a MODEL, or --inputs and --classes"
        ) from None
    except ConfigurationError as error:
        raise MetaplastError(f"{file}: {error}") from None


def _load(file: Path) -> Any:
    from ...golden_model.errors import MetaplastError

    try:
        return json.loads(file.read_text(encoding="utf-8"))
    except (ValueError, RecursionError):
        raise MetaplastError(
            f"{file} is no plan: it is not JSON; have one written by `metaplast plan --out FILE`"
        ) from None


def with_factors(plan: "NetworkPlan", factors: Sequence[Mapping[str, Any]]) -> "NetworkPlan":
    """A plan with some of each layer's fold factors replaced.

    Raises
    ------
    ConfigurationError
        If there is no such factor.
    """
    from ...hdl.planning.plan import LayerPlan, NetworkPlan

    layers = [
        LayerPlan.from_dict({**layer.to_dict(), **changed})
        for layer, changed in zip(plan.layers, factors, strict=True)
    ]
    return NetworkPlan(tuple(layers), plan.fpga)
