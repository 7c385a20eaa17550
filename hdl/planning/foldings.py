"""Many plans of a layer at once, for the planner to look through."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ...golden_model.config import LayerConfig
from .integers import Integers, ceil_divide
from .plan import LayerPlan, MemoryKind

__all__ = ["FactorArrays", "Foldings", "divisors"]


def divisors(value: int) -> list[int]:
    """All of them, rising."""
    small = [size for size in range(1, int(value**0.5) + 1) if value % size == 0]
    return sorted({*small, *(value // size for size in small)})


@dataclass(frozen=True, kw_only=True)
class FactorArrays:
    """Fold factors of many plans: :class:`.plan.LayerPlan` with an array for each number."""

    banks: NDArray[np.int64]
    lanes: NDArray[np.int64]
    word: NDArray[np.int64]
    counters: NDArray[np.int64]
    load: NDArray[np.int64]
    slots: NDArray[np.int64]
    draws: NDArray[np.int64]
    memory: MemoryKind


NUMBERS = ("banks", "lanes", "word", "counters", "load", "slots", "draws")


class Foldings:
    """Many plans of a layer: the numbers of :class:`.plan.FoldedLayer`, an array for each.

    Rows with a factor below 1 are dropped. The numbers of a plan that is not :attr:`legal` mean
    nothing; those of the others are documented where they are computed one by one.

    Parameters
    ----------
    config : LayerConfig
        The layer.
    memory : MemoryKind
        Where the hidden weights are, in all of the plans.
    factors : (n, 7) integers
        A row for each plan: banks, lanes, word, counters, load, slots, draws.
    """

    def __init__(self, config: LayerConfig, memory: MemoryKind, factors: ArrayLike):
        table = np.asarray(factors, dtype=np.int64).reshape(-1, len(NUMBERS))
        self.config = config
        self.table = table[(table >= 1).all(axis=1)]
        columns = dict(zip(NUMBERS, self.table.T, strict=True))
        self.plan = FactorArrays(**columns, memory=memory)

    @classmethod
    def of(cls, config: LayerConfig, plan: LayerPlan) -> "Foldings":
        """A single plan."""
        return cls(config, plan.memory, [[getattr(plan, name) for name in NUMBERS]])

    def __len__(self) -> int:
        return len(self.table)

    def __getitem__(self, index: int) -> LayerPlan:
        """One of the plans."""
        numbers = dict(zip(NUMBERS, self.table[index].tolist(), strict=True))
        return LayerPlan(**numbers, memory=self.plan.memory)

    def only(self, which: NDArray[np.bool_] | NDArray[np.int64]) -> "Foldings":
        """Some of the plans."""
        return Foldings(self.config, self.plan.memory, self.table[which])

    @property
    def legal(self) -> NDArray[np.bool_]:
        """Which plans suit the layer, by the rules of :class:`.plan.FoldedLayer`."""
        plan, config = self.plan, self.config
        return (
            (plan.slots >= 2)
            & (plan.draws <= (1 if plan.memory is MemoryKind.SPRAM else 2))
            & (config.group_count % plan.banks == 0)
            & (plan.lanes <= self.bank_neurons)
            & (plan.word % plan.counters == 0)
            & (plan.load % plan.counters == 0)
            & (plan.word % plan.load == 0)
            & (plan.word < config.inputs + plan.counters)
        )

    @property
    def bank_neurons(self) -> Integers:
        return self.config.neurons // self.plan.banks

    @property
    def bank_groups(self) -> Integers:
        return self.config.group_count // self.plan.banks

    @property
    def sets(self) -> Integers:
        return ceil_divide(self.bank_neurons, self.plan.lanes)

    @property
    def select(self) -> Integers:
        return np.gcd(self.plan.lanes, self.config.group)

    @property
    def steps(self) -> Integers:
        return self.plan.lanes // self.select

    @property
    def pass_steps(self) -> Integers:
        return self.bank_neurons // self.select

    @property
    def words(self) -> Integers:
        return ceil_divide(self.config.inputs, self.plan.word)

    @property
    def padded_inputs(self) -> Integers:
        return self.words * self.plan.word

    @property
    def load_words(self) -> Integers:
        return ceil_divide(self.config.inputs, self.plan.load)

    @property
    def word_loads(self) -> Integers:
        return self.plan.word // self.plan.load

    @property
    def word_cycles(self) -> Integers:
        return np.maximum(self.sets, 2)

    @property
    def last_word_cycles(self) -> Integers:
        return self.sets * self.steps

    @property
    def array_cycles(self) -> Integers:
        return (self.words - 1) * (self.word_cycles + self.word_loads) + self.last_word_cycles

    @property
    def rows(self) -> Integers:
        return ceil_divide(self.config.inputs, self.plan.counters)

    @property
    def load_rows(self) -> Integers:
        return self.plan.load // self.plan.counters

    @property
    def bank_rows(self) -> Integers:
        return self.bank_neurons * self.rows

    @property
    def row_bits(self) -> Integers:
        return self.plan.counters * self.config.counter_bits

    @property
    def row_cycles(self) -> Integers:
        single_port = self.plan.memory is MemoryKind.SPRAM
        return np.where((self.rows == 1) | single_port, 2, 1)
