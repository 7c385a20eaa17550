"""Formulas and rules of fold factors, for a single folding and for arrays of foldings.

Fold factors trade cycles for memories and logic, and do not change results (docs/algorithm.md, 8).
"""

import enum
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

import numpy as np

from .integers import IntegersT, ceil_divide, gcd, maximum

__all__ = [
    "FACTORS",
    "RULES",
    "FoldFactors",
    "FoldFormulas",
    "FoldRule",
    "LayerSizes",
    "MemoryKind",
]

MAX_NEURONS = 1 << 15
"""Maximum for a layer in gateware, since its activations are one signal."""

MIN_FACTORS = {
    "banks": 1,
    "pe": 1,
    "simd": 1,
    "update_width": 1,
    "input_width": 1,
    "sample_buffers": 2,
    "draws_per_cycle": 1,
}

FACTORS = tuple(MIN_FACTORS)
"""The numeric fold factors, in the order of the columns of arrays."""

FactorT_co = TypeVar("FactorT_co", covariant=True)


class MemoryKind(enum.Enum):
    """Kind of memory for the hidden weights."""

    BLOCK = "block"
    """Dual-port block RAM: a row is read while another is written."""

    SPRAM = "spram"
    """Single-port RAM (iCE40 UltraPlus SPRAM): a row is read or written."""


class LayerSizes(Protocol):
    """Sizes of a layer that the formulas use (:class:`...golden_model.config.LayerConfig`).

    Attributes
    ----------
    inputs, neurons : int
        Input bits and neurons.
    group, group_count : int
        Neurons of a group, and groups.
    counter_bits : int
        Bits of a hidden weight.
    """

    @property
    def inputs(self) -> int: ...
    @property
    def neurons(self) -> int: ...
    @property
    def group(self) -> int: ...
    @property
    def group_count(self) -> int: ...
    @property
    def counter_bits(self) -> int: ...


class FoldFactors(Protocol[FactorT_co]):
    """Fold factors of one layer, numbers or arrays (:class:`.plan.LayerPlan`)."""

    @property
    def banks(self) -> FactorT_co: ...
    @property
    def pe(self) -> FactorT_co: ...
    @property
    def simd(self) -> FactorT_co: ...
    @property
    def update_width(self) -> FactorT_co: ...
    @property
    def input_width(self) -> FactorT_co: ...
    @property
    def sample_buffers(self) -> FactorT_co: ...
    @property
    def draws_per_cycle(self) -> FactorT_co: ...
    @property
    def memory(self) -> MemoryKind: ...


class FoldFormulas(Generic[IntegersT]):
    """Numbers computed from the sizes and the fold factors of a layer.

    They are valid only if the fold factors keep all :data:`RULES`.

    Attributes
    ----------
    config : LayerSizes
        The layer.
    plan : FoldFactors
        Its fold factors.
    """

    config: LayerSizes
    plan: FoldFactors[IntegersT]

    @property
    def universal(self) -> bool:
        """Whether layers are set at run time (:class:`.universal.UniversalEngine`)."""
        return False

    # Neurons

    @property
    def bank_neurons(self) -> IntegersT:
        """Neurons of a bank."""
        return self.config.neurons // self.plan.banks

    @property
    def bank_groups(self) -> IntegersT:
        """Groups of a bank."""
        return self.config.group_count // self.plan.banks

    @property
    def sets(self) -> IntegersT:
        """Sets of ``pe`` neurons in a bank; a forward pass evaluates one after the other."""
        return ceil_divide(self.bank_neurons, self.plan.pe)

    @property
    def select(self) -> IntegersT:
        """Neurons of a bank, all of one group, that are scored and compared in a cycle."""
        return gcd(self.plan.pe, self.config.group)

    @property
    def score_width(self) -> IntegersT:
        """Neurons of a bank that can be scored in a cycle."""
        return self.select

    @property
    def steps(self) -> IntegersT:
        """Cycles in which a set of ``pe`` neurons is scored and compared."""
        return self.plan.pe // self.select

    @property
    def set_cycles(self) -> IntegersT:
        """Cycles from a set to the next one in the last word of inputs."""
        return self.steps

    @property
    def pass_steps(self) -> IntegersT:
        """Cycles in which all of a bank's neurons are scored and compared."""
        return self.bank_neurons // self.select

    @property
    def group_steps(self) -> IntegersT:
        """Cycles in which a group is scored and compared."""
        return self.config.group // self.select

    # Inputs

    @property
    def words(self) -> IntegersT:
        """Words of ``simd`` bits that hold the inputs."""
        return ceil_divide(self.config.inputs, self.plan.simd)

    @property
    def padded_inputs(self) -> IntegersT:
        """Inputs of the forward pass, with padding."""
        return self.words * self.plan.simd

    @property
    def chunks(self) -> IntegersT:
        """Rows of hidden weights in a word of ``simd`` inputs."""
        return self.plan.simd // self.plan.update_width

    @property
    def snapshot_rows(self) -> IntegersT:
        """Rows of the memory of a bank's snapshot."""
        return self.sets * self.words

    @property
    def sample_words(self) -> IntegersT:
        """Words of ``input_width`` bits of a sample."""
        return ceil_divide(self.config.inputs, self.plan.input_width)

    @property
    def word_transfers(self) -> IntegersT:
        """Words of ``input_width`` bits in a word of ``simd`` bits."""
        return self.plan.simd // self.plan.input_width

    @property
    def word_cycles(self) -> IntegersT:
        """Cycles of the neuron array for a word of inputs that is not the last one."""
        # The sum of a set is read at the earliest three cycles after it began.
        cycles: IntegersT = maximum(self.sets, 2)
        return cycles

    @property
    def last_word_cycles(self) -> IntegersT:
        """Cycles of the neuron array for the last word of inputs."""
        return self.sets * self.set_cycles

    @property
    def array_cycles(self) -> IntegersT:
        """Cycles of a forward pass from the first row of the snapshot to the last."""
        return (self.words - 1) * (self.word_cycles + self.word_transfers) + self.last_word_cycles

    # Hidden weights

    @property
    def rows(self) -> IntegersT:
        """Rows of ``update_width`` hidden weights of a neuron."""
        return ceil_divide(self.config.inputs, self.plan.update_width)

    @property
    def transfer_rows(self) -> IntegersT:
        """Rows of hidden weights per word of ``input_width`` inputs."""
        return self.plan.input_width // self.plan.update_width

    @property
    def bank_rows(self) -> IntegersT:
        """Rows of the memory of hidden weights of a bank."""
        return self.bank_neurons * self.rows

    @property
    def snapshot_set_stride(self) -> IntegersT:
        """Rows of the snapshot from a set of ``pe`` neurons to the next set."""
        return self.words

    # Other memories

    @property
    def sample_depth(self) -> IntegersT:
        """Words of the memory of samples."""
        return self.plan.sample_buffers * self.sample_words

    @property
    def choice_depth(self) -> IntegersT:
        """Entries of the memory of choices."""
        return self.plan.sample_buffers * self.bank_groups

    @property
    def classifier_rows(self) -> IntegersT:
        """Rows of the memory of a bank's local classifier."""
        return self.pass_steps

    @property
    def dirty_depth(self) -> IntegersT:
        """Bits of the memory of a bank's dirty neurons."""
        return maximum(self.bank_neurons, 2)

    @property
    def row_bits(self) -> IntegersT:
        """Width of the memory of hidden weights, in bits."""
        return self.plan.update_width * self.config.counter_bits

    @property
    def single_port(self) -> bool:
        """Whether the memory of hidden weights cannot read and write in the same cycle."""
        return self.plan.memory is MemoryKind.SPRAM

    @property
    def registers_rows(self) -> bool:
        """Whether rows of hidden weights are registered before they are written."""
        return self.universal and not self.single_port

    @property
    def row_cycles(self) -> IntegersT:
        """Cycles between the updates of two rows."""
        # A neuron with a single row would be read again while it is written.
        return 1 + (self.single_port | (self.rows == 1))


@dataclass(frozen=True)
class FoldRule:
    """A rule for fold factors.

    Attributes
    ----------
    holds : callable
        Whether a folding keeps the rule: a bool, or an array of bool.
    message : callable
        The error message for a single folding that breaks the rule.
    """

    holds: Callable[[FoldFormulas[Any]], Any]
    message: Callable[[FoldFormulas[int]], str]


def _is_integer(value: Any) -> bool:
    return type(value) is int or isinstance(value, np.ndarray)


def _at_least(name: str) -> FoldRule:
    least = MIN_FACTORS[name]

    def holds(folding: FoldFormulas[Any]) -> Any:
        value = getattr(folding.plan, name)
        return _is_integer(value) and value >= least

    def message(folding: FoldFormulas[int]) -> str:
        value = getattr(folding.plan, name)
        return f"{name} must be an integer of at least {least}, not {value!r}"

    return FoldRule(holds, message)


# The order matters: the formulas of a rule need the rules before it.
RULES = (
    *(_at_least(name) for name in FACTORS if name != "draws_per_cycle"),
    FoldRule(
        lambda f: (
            _is_integer(f.plan.draws_per_cycle)
            and (f.plan.draws_per_cycle == 1) | (f.plan.draws_per_cycle == 2)
        ),
        lambda f: f"draws_per_cycle must be 1 or 2, not {f.plan.draws_per_cycle!r}",
    ),
    FoldRule(
        lambda f: isinstance(f.plan.memory, MemoryKind),
        lambda f: f"memory must be a MemoryKind, not {f.plan.memory!r}",
    ),
    FoldRule(
        lambda f: (f.plan.draws_per_cycle == 1) | (f.plan.memory is MemoryKind.BLOCK),
        lambda f: "2 draws per cycle need block RAM, not SPRAM",
    ),
    FoldRule(
        lambda f: f.config.group_count % f.plan.banks == 0,
        lambda f: f"banks must divide the {f.config.group_count} groups, not be {f.plan.banks}",
    ),
    FoldRule(
        lambda f: f.plan.pe <= f.bank_neurons,
        lambda f: f"pe must be at most the {f.bank_neurons} neurons of a bank, not {f.plan.pe}",
    ),
    FoldRule(
        lambda f: f.plan.simd % f.plan.update_width == 0,
        lambda f: (
            f"simd must be a multiple of update_width, {f.plan.update_width}, not {f.plan.simd}"
        ),
    ),
    FoldRule(
        lambda f: f.plan.input_width % f.plan.update_width == 0,
        lambda f: (
            f"input_width must be a multiple of update_width, {f.plan.update_width}, "
            f"not {f.plan.input_width}"
        ),
    ),
    FoldRule(
        lambda f: f.plan.simd % f.plan.input_width == 0,
        lambda f: f"input_width must divide simd, {f.plan.simd}, not be {f.plan.input_width}",
    ),
    FoldRule(
        lambda f: f.plan.simd < f.config.inputs + f.plan.update_width,
        lambda f: (
            f"simd must be below the {f.config.inputs} inputs plus update_width, not {f.plan.simd}"
        ),
    ),
)
"""Rules for fold factors, of a single folding and of arrays of foldings."""
