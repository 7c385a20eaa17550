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
    from ...hdl.planning.universal import PlacedNetwork, UniversalTrainer

__all__ = [
    "BoardPlanOption",
    "CellsOption",
    "FactorsOption",
    "PLAN_HELP",
    "check_plan_or_fpga",
    "chosen_folding",
    "folded_by",
    "load_network",
    "load_plan",
    "load_trainer",
    "parse_factors",
    "planned_design",
    "simulated_design",
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

FactorsOption = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="[LAYER.]FACTOR=VALUE",
        help="Fix a fold factor, for one layer or for all. Repeatable.",
        show_default=False,
    ),
]

PLAN_HELP = "The plan, as `metaplast plan --out` writes it."

BoardPlanOption = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help=PLAN_HELP, show_default="planned for the board"),
]

MAX_DIGITS = 9


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


def chosen_folding(
    config: "NetworkConfig",
    file: Path | None,
    fpga: str | None,
    overrides: Sequence[Mapping[str, Any]] | None = None,
) -> "FoldedNetwork":
    """Fold a network by the plan of a file, or for an FPGA, or by the default plan.

    Parameters
    ----------
    config : NetworkConfig
        The network.
    file : Path or None
        The plan file.
    fpga : str or None
        Name of the FPGA.
    overrides : sequence of mapping, optional
        Fold factors of each layer that are given; without a file.

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
    if fpga is None:
        return FoldedNetwork(config, default_plan(config, overrides))
    return FoldedNetwork(config, plan_network(config, find_fpga(fpga), overrides=overrides))


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


def planned_design(config: "NetworkConfig", file: Path) -> "FoldedNetwork | UniversalTrainer":
    """The gateware of a plan file for a network: a universal trainer, or the folded network.

    Raises
    ------
    MetaplastError
        If the file holds no plan, or its plan does not suit the network; the message names the
        file.
    """
    from ...golden_model.errors import ConfigurationError

    if not _is_universal(_load(file)):
        return folded_by(config, file)
    trainer = load_trainer(file)
    try:
        trainer.place(config)
    except ConfigurationError as error:
        raise ConfigurationError(f"{file}: {error}") from None
    return trainer


def simulated_design(
    config: "NetworkConfig", file: Path | None, fpga: str | None
) -> "FoldedNetwork | PlacedNetwork":
    """A network on the universal trainer of a plan file, or folded as :func:`chosen_folding` does.

    Raises
    ------
    MetaplastError
        As :func:`planned_design` and :func:`chosen_folding`.
    """
    from ...hdl.planning.plan import FoldedNetwork

    if file is None:
        return chosen_folding(config, None, fpga)
    design = planned_design(config, file)
    return design if isinstance(design, FoldedNetwork) else design.place(config)


def load_trainer(file: Path) -> "UniversalTrainer":
    """Read a universal trainer from a JSON file, as `metaplast plan --universal` writes it.

    Raises
    ------
    ConfigurationError
        If the file holds no universal trainer.
    """
    from ...golden_model.errors import ConfigurationError, MetaplastError
    from ...hdl.planning.universal import UniversalTrainer

    try:
        return UniversalTrainer.from_dict(_load(file))
    except (MetaplastError, OSError) as error:
        raise ConfigurationError(
            f"{file} holds no universal trainer ({error}); write one with "
            "`metaplast plan --universal --out FILE`"
        ) from None


def _is_universal(document: Any) -> bool:
    """Whether a JSON document is the plan of a universal trainer."""
    return isinstance(document, dict) and "capacity" in document


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
    if _is_universal(document):
        raise MetaplastError(
            f"{file} is the plan of a universal trainer, and a plan of one network is needed: "
            "write one with `metaplast plan --out FILE`, without --universal"
        )
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
            f"{file} is not JSON, as a plan is; write one with `metaplast plan --out FILE`"
        ) from None


def parse_factors(
    settings: list[str] | None, layers: int, file: Path | None
) -> list[dict[str, Any]]:
    """Parse the fold factors that an option fixes: a dictionary for each layer.

    Parameters
    ----------
    settings : list of str or None
        Values of the option, ``[LAYER.]FACTOR=VALUE``.
    layers : int
        Layers of the network.
    file : Path or None
        The plan file, if there is one: it has all fold factors.

    Raises
    ------
    typer.BadParameter
        If a value has another form, names a layer that does not exist, or there is a plan file.
    """
    if file is not None and settings:
        raise typer.BadParameter(
            "already has all fold factors; leave out --set", param_hint="--plan"
        )
    overrides: list[dict[str, Any]] = [{} for _ in range(layers)]
    for setting in settings or []:
        name, equals, value = setting.partition("=")
        layer, dot, factor = name.rpartition(".")
        numbered = layer.isdecimal() and len(layer) <= MAX_DIGITS
        if not equals or not factor or (dot and not numbered):
            raise typer.BadParameter(
                f"must be FACTOR=VALUE or LAYER.FACTOR=VALUE, not {setting!r}", param_hint="--set"
            )
        if dot and int(layer) >= layers:
            raise typer.BadParameter(
                f"names layer {layer}, and the network has layers 0 to {layers - 1}",
                param_hint="--set",
            )
        digits = value.isascii() and value.isdecimal() and len(value) <= MAX_DIGITS
        if factor != "memory" and not digits:
            raise typer.BadParameter(
                f"{factor} must be an integer, not {value!r}", param_hint="--set"
            )
        for index in [int(layer)] if dot else range(layers):
            overrides[index][factor] = value if factor == "memory" else int(value)
    return overrides
