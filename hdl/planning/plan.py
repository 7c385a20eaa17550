"""Plans: the fold factors of the layers of a network, checked against the network.

The formulas are in :mod:`.fold_formulas`.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from ...golden_model.config import LayerConfig, NetworkConfig
from ...golden_model.errors import ConfigurationError
from .fold_formulas import MAX_NEURONS, RULES, FoldFormulas, MemoryKind

__all__ = ["FoldedLayer", "FoldedNetwork", "LayerPlan", "MemoryKind", "NetworkPlan"]

VERSION = 2
"""Version of plan files that are written. Files of version 1 have no number."""

NAMES_OF_VERSION_1 = {
    "lanes": "pe",
    "word": "simd",
    "counters": "update_width",
    "load": "input_width",
    "slots": "sample_buffers",
    "draws": "draws_per_cycle",
}
"""Fold factors of plan files of version 1, with their present names."""


COUNT_BITS = 16
"""Bits of a row for the counts of a universal trainer, in the memory of sums."""


@dataclass(frozen=True, kw_only=True)
class LayerPlan:
    """Fold factors of one layer; :class:`FoldedLayer` checks them against its shape.

    Parameters
    ----------
    banks : int
        Banks of neurons, each with whole groups, its memories and its update engine. Divides the
        number of groups.
    pe : int
        Neurons of a bank that are evaluated in parallel.
    simd : int
        Input bits that are XNORed and counted in a cycle. A multiple of ``update_width``.
    update_width : int
        Hidden weights of a bank that are stepped in a cycle: a row of its memory.
    input_width : int
        Input bits that enter the layer in a cycle. A multiple of ``update_width``, divides
        ``simd``.
    sample_buffers : int
        Maximum number of samples in the layer. At least 2.
    draws_per_cycle : int
        Reinforcement draws taken in a cycle, 1 or 2; 2 need block RAM.
    memory : MemoryKind
        Memory of the hidden weights.
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
        """The plan as values that JSON can store."""
        return {**asdict(self), "memory": self.memory.value}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> "LayerPlan":
        """The inverse of :meth:`to_dict`; missing factors take their defaults.

        Raises
        ------
        ConfigurationError
            If a key or the kind of memory is not known.
        """
        known = {one.name for one in fields(cls)}
        if unknown := values.keys() - known:
            renamed = sorted(unknown & NAMES_OF_VERSION_1.keys())
            now = "".join(f"; {name} is now {NAMES_OF_VERSION_1[name]}" for name in renamed)
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
    """A layer with its plan, and all numbers that follow from the two.

    Parameters
    ----------
    config : LayerConfig
        The layer.
    plan : LayerPlan
        Its fold factors.

    Raises
    ------
    ConfigurationError
        If a fold factor breaks a rule of the layer; the message names the rule.
    """

    config: LayerConfig
    plan: LayerPlan

    @property
    def sums_depth(self) -> int | None:
        """Rows of the memory of sums, if it has the counts of a universal trainer, too."""
        return None

    @property
    def popcount_dsps(self) -> int:
        """DSPs of an iCE40 UltraPlus for the adders of a popcount in the array."""
        return 0

    @property
    def layers(self) -> int:
        """Layers that the engine executes in turn."""
        return 1

    @property
    def shared_memories(self) -> bool:
        """Whether memories are shared (:class:`.universal.UniversalTrainer`)."""
        return False

    def __post_init__(self) -> None:
        config = self.config
        if config.neurons > MAX_NEURONS:
            raise ConfigurationError(
                f"layer {config.index} has {config.neurons:,} neurons; a layer in gateware has at "
                f"most {MAX_NEURONS:,}: make it smaller"
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
        The FPGA of the plan; empty for none.
    """

    layers: tuple[LayerPlan, ...]
    fpga: str = ""

    def to_dict(self) -> dict[str, Any]:
        """The plan as values that JSON can store."""
        layers = [layer.to_dict() for layer in self.layers]
        return {"version": VERSION, "fpga": self.fpga, "layers": layers}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> "NetworkPlan":
        """The inverse of :meth:`to_dict`; reads plans of version 1, too.

        Raises
        ------
        ConfigurationError
            If the values are no plan, or its version is not known.
        """
        values = values if isinstance(values, Mapping) else {}
        version = values.get("version", 1)
        if type(version) is not int or not 1 <= version <= VERSION:
            raise ConfigurationError(
                f"a plan of version {version!r} cannot be read, only versions up to {VERSION}: "
                "write a new plan with `metaplast plan --out FILE`"
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
    """A network and its plan, checked against each other.

    Parameters
    ----------
    config : NetworkConfig
        The network.
    plan : NetworkPlan
        Fold factors of each layer.

    Attributes
    ----------
    layers : tuple of FoldedLayer
        Each layer with its fold factors.

    Raises
    ------
    ConfigurationError
        If the number of layers differs, or the plan of a layer breaks a rule.
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
        """The first layer, which samples enter."""
        return self.layers[0]

    @property
    def next_input_widths(self) -> tuple[int | None, ...]:
        """For each layer, the ``input_width`` of the next layer; None for the last layer."""
        return (*(layer.plan.input_width for layer in self.layers[1:]), None)
