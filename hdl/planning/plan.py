"""How a network is folded onto gateware: the fold factors and everything that follows from them.

No fold factor changes a counter (docs/algorithm.md, 8); they trade cycles for memories and logic.
"""

import enum
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from ...golden_model.config import LayerConfig, NetworkConfig
from ...golden_model.errors import ConfigurationError

__all__ = ["FoldedLayer", "FoldedNetwork", "LayerPlan", "MemoryKind", "NetworkPlan"]


class MemoryKind(enum.Enum):
    """What the hidden weights are kept in."""

    BLOCK = "block"
    """Dual-port block RAM: a row is read while another is written."""

    SPRAM = "spram"
    """Single-port RAM (iCE40 UltraPlus SPRAM): a row is read or written."""


@dataclass(frozen=True, kw_only=True)
class LayerPlan:
    """Fold factors of one layer; :class:`FoldedLayer` checks them against its shape.

    Parameters
    ----------
    banks : int
        Banks the neurons are dealt to, whole groups together; each has memories and an update
        engine of its own. Divides the number of groups.
    lanes : int
        Neurons of a bank that are evaluated side by side.
    word : int
        Input bits that are XNORed and counted in a cycle. A multiple of ``counters``.
    counters : int
        Hidden weights of a bank that are stepped in a cycle: a row of its memory.
    load : int
        Input bits that enter the layer in a cycle. A multiple of ``counters``; divides ``word``.
    slots : int
        Samples that may be inside the layer at a time. At least 2.
    draws : int
        Reinforcement draws taken in a cycle, 1 or 2; 2 need block RAM.
    memory : MemoryKind
        Where the hidden weights are.
    """

    banks: int = 1
    lanes: int = 1
    word: int = 1
    counters: int = 1
    load: int = 1
    slots: int = 4
    draws: int = 1
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
            raise ConfigurationError(
                f"a layer's plan has no {', '.join(sorted(unknown))}; "
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


MOST_NEURONS = 1 << 15
"""Of a layer in gateware, whose activations are one signal."""


@dataclass(frozen=True)
class FoldedLayer:
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
        config, plan = self.config, self.plan

        def require(holds: bool, rule: str) -> None:
            if not holds:
                raise ConfigurationError(f"layer {config.index}'s plan does not fit: {rule}")

        if config.neurons > MOST_NEURONS:
            raise ConfigurationError(
                f"layer {config.index} has {config.neurons:,} neurons, and a layer in gateware at "
                f"most {MOST_NEURONS:,}; make it smaller"
            )
        for name in ("banks", "lanes", "word", "counters", "load", "slots"):
            value, least = getattr(plan, name), 2 if name == "slots" else 1
            require(
                type(value) is int and value >= least,
                f"{name} must be an integer of at least {least}, not {value!r}",
            )
        require(
            type(plan.draws) is int and plan.draws in (1, 2),
            f"draws must be 1 or 2, not {plan.draws!r}",
        )
        require(
            isinstance(plan.memory, MemoryKind),
            f"memory must be a MemoryKind, not {plan.memory!r}",
        )
        require(
            plan.draws == 1 or plan.memory is MemoryKind.BLOCK,
            "2 draws a cycle need block RAM, not SPRAM",
        )
        require(
            config.group_count % plan.banks == 0,
            f"banks must divide the {config.group_count} groups, not be {plan.banks}",
        )
        require(
            plan.lanes <= self.bank_neurons,
            f"lanes must be at most the {self.bank_neurons} neurons of a bank, not {plan.lanes}",
        )
        require(
            plan.word % plan.counters == 0,
            f"word must be a multiple of counters, and {plan.word} is none of {plan.counters}",
        )
        require(
            plan.load % plan.counters == 0,
            f"load must be a multiple of counters, and {plan.load} is none of {plan.counters}",
        )
        require(
            plan.word % plan.load == 0,
            f"load must divide the word of {plan.word} bits, not be {plan.load}",
        )
        require(
            plan.word < config.inputs + plan.counters,
            f"word must be below the {config.inputs} inputs plus counters, not {plan.word}",
        )

    # Neurons

    @property
    def bank_neurons(self) -> int:
        """Neurons of a bank."""
        return self.config.neurons // self.plan.banks

    @property
    def bank_groups(self) -> int:
        """Groups of a bank."""
        return self.config.group_count // self.plan.banks

    @property
    def sets(self) -> int:
        """Times that ``lanes`` neurons are evaluated in a forward pass."""
        return math.ceil(self.bank_neurons / self.plan.lanes)

    @property
    def select(self) -> int:
        """Neurons of a bank that are scored and compared in a cycle, all of one group."""
        return math.gcd(self.plan.lanes, self.config.group)

    @property
    def steps(self) -> int:
        """Cycles in which a set of ``lanes`` neurons is scored and compared."""
        return self.plan.lanes // self.select

    @property
    def pass_steps(self) -> int:
        """Cycles in which all of a bank's neurons are scored and compared."""
        return self.bank_neurons // self.select

    @property
    def group_steps(self) -> int:
        """Cycles in which a group is scored and compared."""
        return self.config.group // self.select

    # Inputs

    @property
    def words(self) -> int:
        """Words of ``word`` bits that hold the inputs."""
        return math.ceil(self.config.inputs / self.plan.word)

    @property
    def padded_inputs(self) -> int:
        """Inputs with their padding, in the forward pass."""
        return self.words * self.plan.word

    @property
    def load_words(self) -> int:
        """Words of ``load`` bits in which a sample comes."""
        return math.ceil(self.config.inputs / self.plan.load)

    @property
    def word_loads(self) -> int:
        """Words of ``load`` bits that fill the forward pass's register, a word of inputs."""
        return self.plan.word // self.plan.load

    @property
    def word_cycles(self) -> int:
        """Cycles of the neuron array for a word of inputs that is not the last one."""
        # A set's sum is read three cycles after it was begun, at the earliest.
        return max(self.sets, 2)

    @property
    def last_word_cycles(self) -> int:
        """Cycles of the neuron array for the last word of inputs."""
        return self.sets * self.steps

    @property
    def array_cycles(self) -> int:
        """Cycles from a forward pass's first row of the snapshot to the end of its last one."""
        return (self.words - 1) * (self.word_cycles + self.word_loads) + self.last_word_cycles

    # Hidden weights

    @property
    def rows(self) -> int:
        """Rows of ``counters`` hidden weights of a neuron."""
        return math.ceil(self.config.inputs / self.plan.counters)

    @property
    def load_rows(self) -> int:
        """Rows of hidden weights that a word of ``load`` inputs serves."""
        return self.plan.load // self.plan.counters

    @property
    def bank_rows(self) -> int:
        """Rows of a bank's memory of hidden weights."""
        return self.bank_neurons * self.rows

    @property
    def row_bits(self) -> int:
        """Width of that memory."""
        return self.plan.counters * self.config.counter_bits

    @property
    def single_port(self) -> bool:
        """Whether that memory reads or writes in a cycle, not both."""
        return self.plan.memory is MemoryKind.SPRAM

    @property
    def row_cycles(self) -> int:
        """Cycles from one row's update to the next."""
        # A neuron of a single row would be read again while it is written.
        return 2 if self.single_port or self.rows == 1 else 1


@dataclass(frozen=True)
class NetworkPlan:
    """The plans of all layers of a network.

    Parameters
    ----------
    layers : tuple of LayerPlan
        One for each layer.
    device : str
        The device it was made for; empty if for none.
    """

    layers: tuple[LayerPlan, ...]
    device: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Plain values, ready for JSON."""
        return {"device": self.device, "layers": [layer.to_dict() for layer in self.layers]}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> "NetworkPlan":
        """The inverse of :meth:`to_dict`.

        Raises
        ------
        ConfigurationError
            If it is no plan.
        """
        layers = values.get("layers") if isinstance(values, Mapping) else None
        device = values.get("device", "") if isinstance(values, Mapping) else ""
        if (
            not isinstance(layers, list | tuple)
            or not layers
            or not all(isinstance(layer, Mapping) for layer in layers)
            or not isinstance(device, str | None)
        ):
            raise ConfigurationError(
                "this is no plan: a plan has a list of layers, each with its fold factors by name, "
                "and the name of a device"
            )
        return cls(tuple(map(LayerPlan.from_dict, layers)), device or "")


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
    def next_loads(self) -> tuple[int | None, ...]:
        """For each layer, the input bits that enter the layer after it in a cycle; None at last."""
        return (*(layer.plan.load for layer in self.layers[1:]), None)
