"""Arrays of foldings of a layer, for the planner's search."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ...golden_model.config import LayerConfig
from .fold_formulas import FACTORS, RULES, FoldFormulas, MemoryKind
from .integers import IntegerArray
from .plan import LayerPlan

__all__ = ["FactorArrays", "Foldings"]


@dataclass(frozen=True, kw_only=True)
class FactorArrays:
    """Fold factors of many plans: :class:`.plan.LayerPlan` with arrays instead of numbers."""

    banks: IntegerArray
    pe: IntegerArray
    simd: IntegerArray
    update_width: IntegerArray
    input_width: IntegerArray
    sample_buffers: IntegerArray
    draws_per_cycle: IntegerArray
    memory: MemoryKind


class Foldings(FoldFormulas[IntegerArray]):
    """Many foldings of a layer: :class:`.plan.FoldedLayer` with arrays instead of numbers.

    Rows with a factor below 1 are dropped.

    Parameters
    ----------
    config : LayerConfig
        The layer.
    memory : MemoryKind
        Memory of the hidden weights, in all of the plans.
    factors : (n, 7) integers
        A row for each plan: banks, pe, simd, update_width, input_width, sample_buffers,
        draws_per_cycle.
    """

    def __init__(self, config: LayerConfig, memory: MemoryKind, factors: ArrayLike):
        table = np.asarray(factors, dtype=np.int64).reshape(-1, len(FACTORS))
        self.table = table[(table >= 1).all(axis=1)]
        self.config: LayerConfig = config
        self.plan: FactorArrays = FactorArrays(
            **dict(zip(FACTORS, self.table.T, strict=True)), memory=memory
        )

    @classmethod
    def of(cls, config: LayerConfig, plans: Sequence[LayerPlan]) -> "Foldings":
        """The foldings of plans: at least one, all with the same kind of memory."""
        rows = [[getattr(plan, name) for name in FACTORS] for plan in plans]
        return cls(config, plans[0].memory, rows)

    def __len__(self) -> int:
        return len(self.table)

    def __getitem__(self, index: int) -> LayerPlan:
        """The plan of a row."""
        numbers = dict(zip(FACTORS, self.table[index].tolist(), strict=True))
        return LayerPlan(**numbers, memory=self.plan.memory)

    def only(self, which: NDArray[np.bool_] | IntegerArray) -> "Foldings":
        """The foldings of some rows."""
        return Foldings(self.config, self.plan.memory, self.table[which])

    @property
    def legal(self) -> NDArray[np.bool_]:
        """Mask of the plans that keep the rules of the layer, as :class:`.plan.FoldedLayer`."""
        every = np.ones(len(self), dtype=bool)
        return reduce(np.logical_and, (rule.holds(self) for rule in RULES), every)
