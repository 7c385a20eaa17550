"""Search for the fastest plan of a network that fits an FPGA: one folding for each layer."""

from bisect import bisect_left
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...golden_model.config import LayerConfig, NetworkConfig
from .cycles import Workload, mean_cycles
from .foldings import Foldings
from .fpgas import FPGA
from .layer_search import (
    AMOUNTS,
    FixedFactors,
    LayerFront,
    LayerOptions,
    LayerSearch,
    amounts_of,
    pareto_front,
)
from .plan import FoldedNetwork, LayerPlan, NetworkPlan
from .resources import Resources, core_needs

__all__ = ["NetworkSearch"]

TARGETS = (1.0, 1.01, 1.04)
"""Estimated cycles of the plans that are compared, relative to the fastest."""

EQUAL_CYCLES = 1.01
"""Plans whose cycles differ by less count as equally fast, and the smallest is taken."""

MAX_CYCLES_RATIO = 0.9
"""A plan beyond the preferred resources must take less than this share of the cycles."""


class NetworkSearch:
    """Search for plans of a network that fit an FPGA.

    Parameters
    ----------
    config : NetworkConfig
        The network.
    fpga : FPGA
        The target FPGA.
    workload : Workload
        Average rates of errors and updates.
    """

    def __init__(self, config: NetworkConfig, fpga: FPGA, workload: Workload):
        self.config = config
        self.fpga = fpga
        self.workload = workload
        self.supply = Resources.of(fpga)
        self.core = core_needs(fpga).need
        self._known: dict[Any, tuple[LayerOptions, NDArray[np.float64], NDArray[np.float64]]] = {}
        self._cycles: dict[NetworkPlan, float] = {}

    def layer(self, layer: LayerConfig, fixed: FixedFactors) -> LayerSearch:
        """The search space of a layer."""
        return LayerSearch(self.config, layer, self.fpga, self.workload, fixed)

    def cycles(self, plan: NetworkPlan) -> float:
        """Mean cycles per sample."""
        if plan not in self._cycles:
            self._cycles[plan] = mean_cycles(FoldedNetwork(self.config, plan), self.workload)
        return self._cycles[plan]

    def fastest(
        self,
        fixed: Sequence[FixedFactors],
        limit: Resources,
        preferred: Resources | None = None,
        *,
        exhaustive: bool = False,
    ) -> NetworkPlan | None:
        """The fastest plan, or a smaller one that is equally fast; None if nothing fits.

        Parameters
        ----------
        fixed : sequence of mapping
            For each layer, fold factors with a given value.
        limit : Resources
            Maximum resources.
        preferred : Resources, optional
            Lower limit, which is exceeded only if that makes the plan much faster.
        exhaustive : bool
            Search all shapes, with the smallest sample memories, not only nondominated shapes.
        """
        layers = [
            self._layer_costs(layer, fixed[layer.index], exhaustive) for layer in self.config.layers
        ]
        fronts = [options.front(pace + commit) for options, pace, commit in layers]
        if len(layers) > 1:
            plan = self.cheapest(fronts, preferred or limit) or self.cheapest(fronts, limit)
            if plan is None:
                return None
            # Layers commit at about the same time, and wait for the longest commit.
            longest = max(
                self.layer(layer, {}).commit(Foldings.of(layer, [one])).item()
                for layer, one in zip(self.config.layers, plan.layers, strict=True)
            )
            fronts = [
                options.front(pace + np.maximum(commit, longest))
                for options, pace, commit in layers
            ]
        plan = self._smallest_fast(fronts, limit)
        smaller = None if preferred is None else self._smallest_fast(fronts, preferred)
        if plan is None or smaller is None:
            return plan
        return plan if self.cycles(plan) < MAX_CYCLES_RATIO * self.cycles(smaller) else smaller

    def _layer_costs(
        self, layer: LayerConfig, fixed: FixedFactors, exhaustive: bool
    ) -> tuple[LayerOptions, NDArray[np.float64], NDArray[np.float64]]:
        """Foldings of a layer, their cycles without commits, and their cycles of commits."""
        key = (layer.index, *fixed.items(), exhaustive)
        if key not in self._known:
            search = self.layer(layer, fixed)
            foldings = search.legal() if exhaustive else search.nondominated(self.supply)
            options = search.fitting(foldings, self.supply)
            self._known[key] = options, options.each(search.pace), options.each(search.commit)
        return self._known[key]

    def _smallest_fast(self, fronts: Sequence[LayerFront], limit: Resources) -> NetworkPlan | None:
        """The smallest plan that is about as fast as the fastest; None if none fits."""
        cost = self._least_cost(fronts, limit)
        if cost is None:
            return None
        targets = [self._smallest(fronts, limit, slack * cost) for slack in TARGETS]
        plans = [plan for plan in dict.fromkeys(targets) if plan is not None]
        if len(plans) == 1:
            return plans[0]
        fewest = min(map(self.cycles, plans))
        # Later plans are smaller.
        return [plan for plan in plans if self.cycles(plan) < EQUAL_CYCLES * fewest][-1]

    def cheapest(self, fronts: Sequence[LayerFront], limit: Resources) -> NetworkPlan | None:
        """The plan with the lowest maximum cost of a layer; None if nothing fits."""
        cost = self._least_cost(fronts, limit)
        return None if cost is None else self._smallest(fronts, limit, cost)

    def _least_cost(self, fronts: Sequence[LayerFront], limit: Resources) -> float | None:
        """The lowest possible maximum cost of a layer; None if nothing fits."""
        costs = np.unique(np.concatenate([front.cost for front in fronts])).tolist()

        def fits(cost: float) -> bool:
            return self._smallest(fronts, limit, cost) is not None

        index = bisect_left(costs, True, key=fits)
        return costs[index] if index < len(costs) else None

    def _smallest(
        self, fronts: Sequence[LayerFront], limit: Resources, cost: float
    ) -> NetworkPlan | None:
        """The smallest plan in which no layer exceeds a cost; None if none fits.

        The size of a plan is its largest share of a resource.
        """
        supply = amounts_of(limit)[0]
        sums = amounts_of(self.core)
        plans: list[tuple[LayerPlan, ...]] = [()]
        for front in fronts:
            affordable = int(np.searchsorted(front.cost, cost, side="right"))
            allowed = pareto_front(np.zeros(affordable), front.amounts[:affordable])
            grown = (sums[:, np.newaxis] + front.amounts[allowed]).reshape(-1, len(AMOUNTS))
            fitting = np.flatnonzero((grown <= supply).all(axis=1))
            if not len(fitting):
                return None
            shares = (grown[fitting] / np.maximum(supply, 1)).max(axis=1)
            kept = fitting[pareto_front(shares, grown[fitting])]
            sums = grown[kept]
            plans = [
                (*plans[at // len(allowed)], front.plans[allowed[at % len(allowed)]])
                for at in kept.tolist()
            ]
        return NetworkPlan(plans[0], self.fpga.name)
