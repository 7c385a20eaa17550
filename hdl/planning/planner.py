"""Choosing fold factors: the plan of fewest cycles that an FPGA has room for.

From the foldings of each layer (:mod:`.layer_search`) the planner picks one, so that together they
fit and the slowest layer, which sets the pace of all, is as quick as can be.
"""

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from ...golden_model.config import LayerConfig, NetworkConfig
from ...golden_model.errors import ConfigurationError
from .cycles import Workload
from .fpgas import FPGA
from .layer_search import FixedFactors
from .network_search import NetworkSearch
from .plan import FoldedLayer, FoldedNetwork, LayerPlan, NetworkPlan
from .refusals import DoesNotFitError, check_bits, check_rules, no_room

__all__ = ["DoesNotFitError", "default_plan", "plan_network"]


def default_plan(config: NetworkConfig) -> NetworkPlan:
    """A plan for no FPGA: legal for every network, of moderate size, and quick to simulate."""
    layers = []
    for layer in config.layers:
        rows = math.ceil(layer.inputs / 32)
        counters = math.ceil(layer.inputs / rows)
        word = counters * min(rows, 4)
        pe = next(size for size in (4, 2, 1) if layer.group % size == 0)
        layers.append(LayerPlan(pe=pe, simd=word, update_width=counters, input_width=counters))
    return NetworkPlan(tuple(layers))


def plan_network(
    config: NetworkConfig,
    fpga: FPGA,
    *,
    overrides: Sequence[FixedFactors] | None = None,
    workload: Workload | None = None,
) -> NetworkPlan:
    """The plan of fewest mean cycles for each sample that an FPGA has room for.

    Where a larger plan hardly saves a cycle, the smaller one is taken.

    Parameters
    ----------
    config : NetworkConfig
        The network.
    fpga : FPGA
        What there is room for. Its ``max_cell_utilisation`` is kept to if any plan does, its
        ``max_block_ram_utilisation`` if that does not cost a tenth of the speed.
    overrides : sequence of mapping, optional
        For each layer, fold factors that are not to be chosen, by their name in
        :class:`.plan.LayerPlan`.
    workload : Workload, optional
        What samples do on average; a first epoch by default.

    Raises
    ------
    ConfigurationError
        If the overrides suit no plan of a layer; the message names the rule.
    DoesNotFitError
        If no plan fits; the message names what ran out, and the nearest plan that fits.
    """
    FoldedNetwork(config, default_plan(config))  # refuses what no plan can fold
    search = NetworkSearch(config, fpga, workload or Workload())
    check_bits(search)
    fixed = _checked_overrides(config, overrides)
    routable = replace(search.supply, cells=int(fpga.max_cell_utilisation * fpga.luts))
    block_rams = int(fpga.max_block_ram_utilisation * fpga.block_ram.count)
    preferred = replace(routable, block_rams=block_rams)
    plan = (
        search.quickest(fixed, routable, preferred)
        or search.quickest(fixed, search.supply)
        or search.quickest(fixed, search.supply, every=True)
    )
    if plan is not None:
        return plan
    for layer in config.layers:
        check_rules(search, layer, fixed[layer.index])
    raise no_room(search, fixed)


def _checked_overrides(
    config: NetworkConfig, overrides: Sequence[FixedFactors] | None
) -> list[dict[str, Any]]:
    if overrides is None:
        return [{} for _ in config.layers]
    if len(overrides) != len(config.layers):
        raise ConfigurationError(
            f"overrides must be given for each of the {len(config.layers)} layers, "
            f"not {len(overrides)}"
        )
    return [
        _checked_factors(layer, factors)
        for layer, factors in zip(config.layers, overrides, strict=True)
    ]


def _checked_factors(layer: LayerConfig, factors: FixedFactors) -> dict[str, Any]:
    plan = LayerPlan.from_dict(factors)
    checked = {name: getattr(plan, name) for name in factors}
    for name, value in checked.items():
        if name != "memory" and not (type(value) is int and value >= 1):
            FoldedLayer(layer, replace(LayerPlan(), **{name: value}))  # raises its message
    return checked
