"""One folding for each layer of a network, such that all fit and the slowest layer is quick."""

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
"""Cycles that layers may take by the layer search's estimate, in those of the quickest plan."""

EQUAL_CYCLES = 1.01
"""Plans whose cycles differ by less are equally quick, and the smaller one is better."""


MIN_SPEEDUP = 0.9
"""Of cycles: a plan that takes block RAMs which are better left free must be so much quicker."""


class NetworkSearch:
    """The plans of a network that an FPGA has room for.

    Parameters
    ----------
    config : NetworkConfig
        The network.
    fpga : FPGA
        What there is room for.
    workload : Workload
        What samples do.
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
        """The foldings of a layer."""
        return LayerSearch(self.config, layer, self.fpga, self.workload, fixed)

    def cycles(self, plan: NetworkPlan) -> float:
        """Mean cycles for each sample."""
        if plan not in self._cycles:
            self._cycles[plan] = mean_cycles(FoldedNetwork(self.config, plan), self.workload)
        return self._cycles[plan]

    def quickest(
        self,
        fixed: Sequence[FixedFactors],
        room: Resources,
        preferred: Resources | None = None,
        *,
        every: bool = False,
    ) -> NetworkPlan | None:
        """The quickest plan, or a smaller one that is as quick; None if nothing fits.

        Parameters
        ----------
        fixed : sequence of mapping
            Fold factors that are given, of each layer.
        room : Resources
            What there is.
        preferred : Resources, optional
            Less than that, which the plan keeps to unless more makes it much quicker.
        every : bool
            Choose from all shapes, with the smallest memories for samples, and not from those
            that are quick for their size.
        """
        layers = [
            self._layer_costs(layer, fixed[layer.index], every) for layer in self.config.layers
        ]
        fronts = [options.front(pace + commit) for options, pace, commit in layers]
        if len(layers) > 1:
            plan = self.cheapest(fronts, preferred or room) or self.cheapest(fronts, room)
            if plan is None:
                return None
            # Layers commit at about the same time, and wait for the one whose commit is longest.
            longest = max(
                self.layer(layer, {}).commit(Foldings.of(layer, [one])).item()
                for layer, one in zip(self.config.layers, plan.layers, strict=True)
            )
            fronts = [
                options.front(pace + np.maximum(commit, longest))
                for options, pace, commit in layers
            ]
        plan = self._quick(fronts, room)
        frugal = None if preferred is None else self._quick(fronts, preferred)
        if plan is None or frugal is None:
            return plan
        return plan if self.cycles(plan) < MIN_SPEEDUP * self.cycles(frugal) else frugal

    def _layer_costs(
        self, layer: LayerConfig, fixed: FixedFactors, every: bool
    ) -> tuple[LayerOptions, NDArray[np.float64], NDArray[np.float64]]:
        """Foldings of a layer, and the cycles of each, without its commit's and of its commit."""
        key = (layer.index, *fixed.items(), every)
        if key not in self._known:
            search = self.layer(layer, fixed)
            foldings = search.legal() if every else search.efficient(self.supply)
            options = search.fitting(foldings, self.supply)
            self._known[key] = options, options.each(search.pace), options.each(search.commit)
        return self._known[key]

    def _quick(self, fronts: Sequence[LayerFront], room: Resources) -> NetworkPlan | None:
        """The smallest of the plans that are about as quick as the quickest; None if none fits."""
        cost = self._least_cost(fronts, room)
        if cost is None:
            return None
        targets = [self._smallest(fronts, room, slack * cost) for slack in TARGETS]
        plans = [plan for plan in dict.fromkeys(targets) if plan is not None]
        if len(plans) == 1:
            return plans[0]
        quickest = min(map(self.cycles, plans))
        # The later ones are smaller.
        return [plan for plan in plans if self.cycles(plan) < EQUAL_CYCLES * quickest][-1]

    def cheapest(self, fronts: Sequence[LayerFront], room: Resources) -> NetworkPlan | None:
        """A plan for each layer, such that all fit and the costliest costs as little as can be."""
        cost = self._least_cost(fronts, room)
        return None if cost is None else self._smallest(fronts, room, cost)

    def _least_cost(self, fronts: Sequence[LayerFront], room: Resources) -> float | None:
        """What the costliest layer costs at least, if all fit; None if nothing fits."""
        costs = np.unique(np.concatenate([front.cost for front in fronts])).tolist()

        def fits(cost: float) -> bool:
            return self._smallest(fronts, room, cost) is not None

        index = bisect_left(costs, True, key=fits)
        return costs[index] if index < len(costs) else None

    def _smallest(
        self, fronts: Sequence[LayerFront], room: Resources, cost: float
    ) -> NetworkPlan | None:
        """A plan of at most that cost for each layer, all of which take the smallest share."""
        supply = amounts_of(room)[0]
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
