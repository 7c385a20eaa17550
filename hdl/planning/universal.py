"""Universal trainers: gateware whose network is set at run time, within capacities.

A :class:`UniversalTrainer` has capacities and a folding. A :class:`PlacedNetwork` is a network on
it: where each layer lies in the memories, which the host writes into the trainer's registers.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ...golden_model.config import LayerConfig, NetworkConfig
from ...golden_model.errors import ConfigurationError
from .capacity import Capacity, power_of_two
from .integers import ceil_divide
from .plan import FoldedLayer, LayerPlan, MemoryKind

__all__ = [
    "RECORD_HALVES",
    "Capacity",
    "PlacedLayer",
    "PlacedNetwork",
    "UniversalEngine",
    "UniversalTrainer",
]

RECORD_HALVES = 16
"""Halves of 16 bits of a layer's record: in the memory of sums its counts and settings
(:class:`.layer_rows.LayerRows`), in the memory of hidden weights its random stream and settings
(:class:`.record_store.RecordStore`)."""

POPCOUNT_DSPS = 5
"""DSPs of an iCE40UP5K, which has eight, that addresses do not take."""


@dataclass(frozen=True)
class UniversalEngine(FoldedLayer):
    """The folding of a universal trainer, with the sizes of its memories and signals.

    It is a :class:`.FoldedLayer` of the largest layer; its numbers are those of the largest layer,
    or of the memories, which all layers share.

    Parameters
    ----------
    capacity : Capacity
        The largest network.
    shares : bool
        Whether memories are shared (:class:`UniversalTrainer`).
    """

    capacity: Capacity = field(kw_only=True)
    shares: bool = field(kw_only=True, default=False)

    @classmethod
    def of(
        cls, capacity: Capacity, plan: LayerPlan, *, shared_memories: bool = False
    ) -> "UniversalEngine":
        """The engine of a universal trainer.

        Raises
        ------
        ConfigurationError
            If a fold factor breaks a rule.
        """
        largest = LayerConfig(
            index=0,
            inputs=capacity.inputs,
            neurons=capacity.neurons,
            group=_max_group(capacity, plan) if shared_memories else capacity.neurons,
            classes=capacity.classes,
            counter_bits=capacity.counter_bits,
            margin=0,
        )
        for name in ("pe", "update_width", "input_width"):
            value = getattr(plan, name)
            if isinstance(value, int) and value & (value - 1):
                raise ConfigurationError(
                    f"{name} of a universal trainer must be a power of two, not {value}"
                )
        if plan.input_width < plan.pe or capacity.neurons % plan.pe:
            raise ConfigurationError(
                f"pe of a universal trainer must be at most input_width, {plan.input_width}, and "
                f"divide the capacity of {capacity.neurons} neurons, not be {plan.pe}"
            )
        if capacity.columns < plan.pe or capacity.columns % plan.pe:
            raise ConfigurationError(
                f"columns of a universal trainer must be a multiple of pe, {plan.pe}, "
                f"not {capacity.columns}"
            )
        for name in ("banks", "draws_per_cycle"):
            if getattr(plan, name) != 1:
                raise ConfigurationError(
                    f"{name} of a universal trainer must be 1, not {getattr(plan, name)}"
                )
        if shared_memories:
            _check_sharing(capacity, plan)
        elif not capacity.choices:
            raise ConfigurationError("choices must be at least 1, unless memories are shared")
        return cls(largest, plan, capacity=capacity, shares=shared_memories)

    @property
    def universal(self) -> bool:
        return True

    @property
    def layers(self) -> int:
        return self.capacity.layers

    @property
    def shared_memories(self) -> bool:
        return self.shares

    @property
    def popcount_dsps(self) -> int:
        # Shared memories are for an FPGA with few cells.
        return POPCOUNT_DSPS if self.shares else 0

    @property
    def snapshot_set_stride(self) -> int:
        return 1

    @property
    def snapshot_rows(self) -> int:
        return self.capacity.rows

    @property
    def piece_bits(self) -> int:
        """Bits of a hidden weight, a power of two, that store a piece of a layer's record."""
        return 1 << (self.config.counter_bits.bit_length() - 1)

    @property
    def stream_pieces(self) -> int:
        """Pieces in which the history of a random stream is stored: 128 bits, one unused."""
        return 128 // self.piece_bits

    @property
    def setting_pieces(self) -> int:
        """Pieces in which the settings of a layer are stored."""
        return self.stream_pieces

    @property
    def record_rows(self) -> int:
        """Rows of the memory of hidden weights for the random stream and settings of a layer."""
        return ceil_divide(self.stream_pieces + self.setting_pieces, self.plan.update_width)

    @property
    def weight_rows(self) -> int:
        """Rows of the memory of hidden weights for the hidden weights of all layers."""
        return self.capacity.rows * self.plan.pe * self.chunks

    @property
    def bank_rows(self) -> int:
        return self.weight_rows + self.layers * self.record_rows

    @property
    def steps(self) -> int:
        return self.plan.pe

    @property
    def set_cycles(self) -> int:
        return 2 if self.shares else self.steps

    @property
    def max_group(self) -> int:
        """Neurons of the largest group."""
        return self.config.group

    @property
    def group_steps(self) -> int:
        return self.config.group

    @property
    def pass_steps(self) -> int:
        return self.config.neurons

    @property
    def classifier_rows(self) -> int:
        return self.capacity.columns // self.plan.pe

    @property
    def bank_groups(self) -> int:
        return self.config.neurons

    @property
    def sample_depth(self) -> int:
        return self.capacity.sample_words

    @property
    def choice_depth(self) -> int:
        return self.sample_depth if self.shares else self.capacity.choices

    @property
    def dirty_depth(self) -> int:
        return max(self.capacity.columns, 2)

    @property
    def sums_depth(self) -> int:
        """Rows of the memory of sums, a power of two; the last ones are the layers' records."""
        return power_of_two(self.sets + RECORD_HALVES * self.layers)


def _max_group(capacity: Capacity, plan: LayerPlan) -> int:
    """Neurons of the largest group whose choice has a code in a word of a sample."""
    # A bit of an offset's code is the desired activation; all bits set are the code for no neuron.
    return min(capacity.neurons, ((1 << plan.input_width) - 1) // 2)


def _check_sharing(capacity: Capacity, plan: LayerPlan) -> None:
    """Check that memories can be shared."""
    if plan.pe != 1 or plan.memory is not MemoryKind.SPRAM or plan.input_width < 2:
        raise ConfigurationError(
            "shared memories need pe = 1, hidden weights in SPRAM and input_width of at least 2, "
            f"not pe = {plan.pe}, {plan.memory.value} and {plan.input_width}: leave the memories "
            "apart, or change the fold factors"
        )
    if capacity.choices:
        raise ConfigurationError(
            f"choices must be 0 with shared memories, not {capacity.choices}: they are in the "
            "memory of samples"
        )


@dataclass(frozen=True)
class UniversalTrainer:
    """A universal trainer: its capacities, and how it is folded.

    Parameters
    ----------
    capacity : Capacity
        The largest network.
    plan : LayerPlan
        Fold factors of its engine.
    fpga : str
        The FPGA of the plan; empty for none.
    shared_memories : bool
        Whether the local classifier and the dirty bits are in one memory, and the samples and the
        choices in another, for an FPGA whose block RAMs are few and have a write enable for each
        bit (iCE40). Needs ``pe`` = 1 and SPRAM. A group has at most ``2^(input_width − 1) − 1``
        neurons.

    Raises
    ------
    ConfigurationError
        If a fold factor breaks a rule; the message names the rule.
    """

    capacity: Capacity
    plan: LayerPlan
    fpga: str = ""
    shared_memories: bool = False
    engine: UniversalEngine = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        engine = UniversalEngine.of(self.capacity, self.plan, shared_memories=self.shared_memories)
        object.__setattr__(self, "engine", engine)

    @property
    def first(self) -> UniversalEngine:
        """The engine, which samples enter."""
        return self.engine

    def to_dict(self) -> dict[str, Any]:
        """Capacities and fold factors as values that JSON can store."""
        return {
            "capacity": self.capacity.to_dict(),
            "engine": self.plan.to_dict(),
            "fpga": self.fpga,
            "shared_memories": self.shared_memories,
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> "UniversalTrainer":
        """The inverse of :meth:`to_dict`.

        Raises
        ------
        ConfigurationError
            If the values are no universal trainer.
        """
        if not isinstance(values, Mapping) or not {"capacity", "engine"} <= values.keys():
            raise ConfigurationError("this is no universal trainer: it has no capacity and engine")
        for name in ("capacity", "engine"):
            if not isinstance(values[name], Mapping):
                raise ConfigurationError(f"{name} must be names with values, not {values[name]!r}")
        return cls(
            Capacity.from_dict(values["capacity"]),
            LayerPlan.from_dict(values["engine"]),
            str(values.get("fpga") or ""),
            values.get("shared_memories", False) is True,
        )

    def place(self, config: NetworkConfig) -> "PlacedNetwork":
        """Place a network on the trainer.

        Raises
        ------
        ConfigurationError
            If it does not fit; the message names the limit, and what would fit.
        """
        return PlacedNetwork(config, self)


@dataclass(frozen=True)
class PlacedLayer(FoldedLayer):
    """A layer on a universal trainer, with the numbers that the registers hold.

    Parameters
    ----------
    base : int
        First row of its snapshot.
    column : int
        First row of its local classifier: its first column, in sets of ``pe``.
    engine : UniversalEngine
        The engine that executes it.
    """

    base: int = field(kw_only=True)
    column: int = field(kw_only=True)
    engine: UniversalEngine = field(kw_only=True)

    def __post_init__(self) -> None:
        """No rule of :class:`.FoldedLayer` applies: the engine has been checked."""

    @property
    def universal(self) -> bool:
        return True

    @property
    def select(self) -> int:
        """Neurons that are scored in a cycle: all of a set, if no group ends within a set."""
        pe = self.plan.pe
        return 1 if self.config.group % pe else pe

    @property
    def score_width(self) -> int:
        return self.plan.pe

    @property
    def set_cycles(self) -> int:
        """With shared memories, choices of single neurons leave time for activations."""
        return 2 if self.engine.shares and self.config.group == 1 else self.steps

    @property
    def row_base(self) -> int:
        """First row of its hidden weights."""
        return self.base * self.plan.pe * self.chunks

    @property
    def columns(self) -> int:
        """Columns that it takes in the memory of local classifiers."""
        return self.sets * self.plan.pe


@dataclass(frozen=True)
class PlacedNetwork:
    """A network on a universal trainer.

    Parameters
    ----------
    config : NetworkConfig
        The network.
    trainer : UniversalTrainer
        The trainer.

    Attributes
    ----------
    layers : tuple of PlacedLayer
        Each layer, with its place in the memories.

    Raises
    ------
    ConfigurationError
        If the network does not fit; the message names the limit, and what would fit.
    """

    config: NetworkConfig
    trainer: UniversalTrainer
    layers: tuple[PlacedLayer, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        config, capacity = self.config, self.trainer.capacity
        if config.counter_bits != capacity.counter_bits:
            raise ConfigurationError(
                f"counter_bits must be {capacity.counter_bits} on this trainer, not "
                f"{config.counter_bits}: its hidden weights have this width"
            )
        self._check("layers", len(config.layers), "layers", "take fewer layers")
        self._check("classes", config.classes, "classes", "merge classes")
        for layer in config.layers:
            advice = (
                "encode the samples in fewer bits" if layer.index == 0 else "take fewer neurons"
            )
            self._check("inputs", layer.inputs, f"inputs of layer {layer.index}", advice)
            self._check(
                "neurons", layer.neurons, f"neurons of layer {layer.index}", "take fewer neurons"
            )
            self._check_group(layer)
        plan, engine = self.trainer.plan, self.trainer.engine
        placed: list[PlacedLayer] = []
        base = column = 0
        for layer in config.layers:
            placed.append(PlacedLayer(layer, plan, base=base, column=column, engine=engine))
            base += placed[-1].snapshot_rows
            column += placed[-1].sets
        object.__setattr__(self, "layers", tuple(placed))
        per_row = self.trainer.plan.pe * self.trainer.plan.simd
        self._check(
            "rows",
            base,
            f"rows of {per_row} weights ({base * per_row:,} weights with padding)",
            "take fewer neurons or layers, or encode the samples in fewer bits",
        )
        self._check("columns", sum(one.columns for one in placed), "neurons in all", "take fewer")
        self._check(
            "sample_words",
            self.sample_stride,
            f"words of {self.trainer.plan.input_width} bits for a sample",
            "take larger groups, or fewer neurons or inputs",
        )
        if not self.trainer.shared_memories:
            self._check("choices", self.groups, "groups in all", "take larger groups")

    def _check_group(self, layer: LayerConfig) -> None:
        most = self.trainer.engine.max_group
        if layer.group > most:
            raise ConfigurationError(
                f"the network has groups of {layer.group} neurons in layer {layer.index}; this "
                f"trainer takes groups of at most {most}: take smaller groups, or a larger board"
            )

    def _check(self, name: str, needed: int, what: str, advice: str) -> None:
        limit = getattr(self.trainer.capacity, name)
        if needed > limit:
            raise ConfigurationError(
                f"the network has {needed:,} {what}; this trainer has room for {limit:,}: "
                f"{advice}, or take a larger board"
            )

    @property
    def first(self) -> PlacedLayer:
        """The first layer, which samples enter."""
        return self.layers[0]

    @property
    def sample_stride(self) -> int:
        """Words of memory that a sample takes, a power of two.

        They have its inputs in all layers, and with shared memories its choices.
        """
        words = sum(layer.sample_words for layer in self.layers)
        return power_of_two(words + (self.groups if self.trainer.shared_memories else 0))

    @property
    def groups(self) -> int:
        """Groups of all layers."""
        return sum(layer.config.group_count for layer in self.layers)

    @property
    def sample_buffers(self) -> int:
        """Samples that the trainer holds at a time."""
        capacity = self.trainer.capacity
        buffers = min(self.trainer.plan.sample_buffers, capacity.sample_words // self.sample_stride)
        if self.trainer.shared_memories:
            return buffers
        return min(buffers, capacity.choices // self.groups)
