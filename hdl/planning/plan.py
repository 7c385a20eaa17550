"""How a network is folded onto gateware: the fold factors of its layers, checked against it.

What follows from them is in :mod:`.fold_formulas`.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from ...golden_model.config import LayerConfig, NetworkConfig
from ...golden_model.errors import ConfigurationError
from .fold_formulas import MAX_NEURONS, RULES, FoldFormulas, MemoryKind

__all__ = ["FoldedLayer", "FoldedNetwork", "LayerPlan", "MemoryKind", "NetworkPlan"]

VERSION = 2
"""Of the plan files that are written. Those of version 1 had no number."""

NAMES_OF_VERSION_1 = {
    "lanes": "pe",
    "word": "simd",
    "counters": "update_width",
    "load": "input_width",
    "slots": "sample_buffers",
    "draws": "draws_per_cycle",
}
"""Fold factors of plan files of version 1, with their present names."""


@dataclass(frozen=True, kw_only=True)
class LayerPlan:
    """Fold factors of one layer; :class:`FoldedLayer` checks them against its shape.

    Parameters
    ----------
    banks : int
        Banks the neurons are dealt to, whole groups together; each has memories and an update
        engine of its own. Divides the number of groups.
    pe : int
        Neurons of a bank that are evaluated side by side.
    simd : int
        Input bits that are XNORed and counted in a cycle. A multiple of ``update_width``.
    update_width : int
        Hidden weights of a bank that are stepped in a cycle: a row of its memory.
    input_width : int
        Input bits that enter the layer in a cycle. A multiple of ``update_width``, divides
        ``simd``.
    sample_buffers : int
        Samples that may be inside the layer at a time. At least 2.
    draws_per_cycle : int
        Reinforcement draws taken in a cycle, 1 or 2; 2 need block RAM.
    memory : MemoryKind
        Where the hidden weights are.
    """

    banks: int = 1
    pe: int = 1
    simd: int = 1
    update_width: int = 1
    input_width: int = 1
    sample_buffers: int = 4
    draws_per_cycle: int = 1
    memory: MemoryKind = MemoryKind.BLOCK

    def to_dict(self) -> dict[str, Any]:
        """Plain values, ready for JSON."""
        return {**asdict(self), "memory": self.memory.value}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> "LayerPlan":
        """The inverse of :meth:`to_dict`; factors left out take their defaults.

        Raises
        ------
        ConfigurationError
            If a key is unknown or the memory is of no known kind.
        """
        known = {one.name for one in fields(cls)}
        if unknown := values.keys() - known:
            renamed = sorted(unknown & NAMES_OF_VERSION_1.keys())
            now = "".join(f"; {name} is {NAMES_OF_VERSION_1[name]} now" for name in renamed)
            raise ConfigurationError(
                f"a layer's plan has no {', '.join(sorted(unknown))}{now}; "
                f"its fold factors are {', '.join(sorted(known))}"
            )
        factors = dict(values)
        try:
            factors["memory"] = MemoryKind(factors.get("memory", MemoryKind.BLOCK))
        except ValueError:
            raise ConfigurationError(
                f"memory must be one of {', '.join(kind.value for kind in MemoryKind)}, "
                f"not {factors['memory']!r}"
            ) from None
        return cls(**factors)


@dataclass(frozen=True)
class FoldedLayer(FoldFormulas[int]):
    """A layer's shape with its plan: the numbers that gateware, planner and driver share.

    Parameters
    ----------
    config : LayerConfig
        The layer.
    plan : LayerPlan
        Its fold factors.

    Raises
    ------
    ConfigurationError
        If a fold factor does not suit the layer; the message names the rule.
    """

    config: LayerConfig
    plan: LayerPlan

    def __post_init__(self) -> None:
        config = self.config
        if config.neurons > MAX_NEURONS:
            raise ConfigurationError(
                f"layer {config.index} has {config.neurons:,} neurons, and a layer in gateware at "
                f"most {MAX_NEURONS:,}; make it smaller"
            )
        for rule in RULES:
            if not rule.holds(self):
                raise ConfigurationError(
                    f"layer {config.index}'s plan does not fit: {rule.message(self)}"
                )


@dataclass(frozen=True)
class NetworkPlan:
    """The plans of all layers of a network.

    Parameters
    ----------
    layers : tuple of LayerPlan
        One for each layer.
    fpga : str
        The FPGA it was made for; empty if for none.
    """

    layers: tuple[LayerPlan, ...]
    fpga: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Plain values, ready for JSON."""
        layers = [layer.to_dict() for layer in self.layers]
        return {"version": VERSION, "fpga": self.fpga, "layers": layers}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> "NetworkPlan":
        """The inverse of :meth:`to_dict`; reads plans of version 1 too.

        Raises
        ------
        ConfigurationError
            If it is no plan, or of a version that is not known.
        """
        values = values if isinstance(values, Mapping) else {}
        version = values.get("version", 1)
        if type(version) is not int or not 1 <= version <= VERSION:
            raise ConfigurationError(
                f"a plan of version {version!r} cannot be read, only those up to {VERSION}; "
                "have a new one written by `metaplast plan --out FILE`"
            )
        layers = values.get("layers")
        fpga = values.get("fpga" if version > 1 else "device", "")
        if (
            not isinstance(layers, list | tuple)
            or not layers
            or not all(isinstance(layer, Mapping) for layer in layers)
            or not isinstance(fpga, str | None)
        ):
            raise ConfigurationError(
                "this is no plan: a plan has a list of layers, each with its fold factors by name, "
                "and the name of an FPGA"
            )
        if version == 1:
            layers = [
                {NAMES_OF_VERSION_1.get(name, name): value for name, value in layer.items()}
                for layer in layers
            ]
        return cls(tuple(map(LayerPlan.from_dict, layers)), fpga or "")


@dataclass(frozen=True)
class FoldedNetwork:
    """A network and its plan, checked against each other once and then passed as one value.

    Parameters
    ----------
    config : NetworkConfig
        The network: what is learnt.
    plan : NetworkPlan
        Fold factors of each layer: how it is laid out in gateware.

    Attributes
    ----------
    layers : tuple of FoldedLayer
        Each layer with its fold factors, and every number that follows from them.

    Raises
    ------
    ConfigurationError
        If the number of layers differs, or the plan of a layer does not suit it.
    """

    config: NetworkConfig
    plan: NetworkPlan
    layers: tuple[FoldedLayer, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        config, plan = self.config, self.plan
        if len(plan.layers) != len(config.layers):
            raise ConfigurationError(
                f"the plan is for {len(plan.layers)} layers, the network has {len(config.layers)}"
            )
        layers = tuple(map(FoldedLayer, config.layers, plan.layers))
        object.__setattr__(self, "layers", layers)

    @property
    def first(self) -> FoldedLayer:
        """The layer that samples enter."""
        return self.layers[0]

    @property
    def next_input_widths(self) -> tuple[int | None, ...]:
        """For each layer, the input bits that enter the layer after it in a cycle; None at last."""
        return (*(layer.plan.input_width for layer in self.layers[1:]), None)
