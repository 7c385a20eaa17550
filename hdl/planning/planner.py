"""The planner: finds the fold factors with the fewest cycles per sample that fit an FPGA.

It chooses a folding of each layer (:mod:`.layer_search`), so that all layers fit and the slowest
layer, which limits the throughput, is as fast as possible.
"""

import math
from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import Any

from ...golden_model.config import LayerConfig, NetworkConfig
from ...golden_model.errors import ConfigurationError
from .cycles import Workload
from .fpgas import FPGA, FPGAS
from .infeasibility import (
    DoesNotFitError,
    check_bits,
    check_rules,
    does_not_fit,
    nearest_folding,
)
from .layer_search import FixedFactors
from .network_search import NetworkSearch
from .plan import FoldedLayer, FoldedNetwork, LayerPlan, NetworkPlan

__all__ = ["DoesNotFitError", "default_plan", "plan_network"]


def default_plan(
    config: NetworkConfig, overrides: Sequence[FixedFactors] | None = None
) -> NetworkPlan:
    """A plan without a target FPGA: valid for every network, and fast to simulate.

    Parameters
    ----------
    config : NetworkConfig
        The network.
    overrides : sequence of mapping, optional
        For each layer, fold factors with a given value; the others are adapted to them.

    Raises
    ------
    ConfigurationError
        If no plan of a layer has the overrides; the message names the rule.
    """
    fixed = _checked_overrides(config, overrides)
    return NetworkPlan(
        tuple(_default_layer(config, layer, fixed[layer.index]) for layer in config.layers)
    )


def _default_layer(config: NetworkConfig, layer: LayerConfig, fixed: FixedFactors) -> LayerPlan:
    rows = math.ceil(layer.inputs / 32)
    counters = math.ceil(layer.inputs / rows)
    word = counters * min(rows, 4)
    pe = next(size for size in (4, 2, 1) if layer.group % size == 0)
    plan = LayerPlan(pe=pe, simd=word, update_width=counters, input_width=counters)
    plan = replace(plan, **fixed)
    try:
        FoldedLayer(layer, plan)
    except ConfigurationError:
        # Of the default factors, only these three can contradict given ones.
        wanted = {name: getattr(plan, name) for name in ("simd", "update_width", "input_width")}
        kept = {name: value for name, value in asdict(plan).items() if name not in wanted}
        search = NetworkSearch(config, FPGAS[0], Workload())  # legal plans are so for any FPGA
        legal = search.layer(layer, {**kept, **fixed}).legal(["input_width"])
        if not legal:
            check_rules(search, layer, fixed)
            raise
        return nearest_folding(layer, legal, wanted)
    return plan


def plan_network(
    config: NetworkConfig,
    fpga: FPGA,
    *,
    overrides: Sequence[FixedFactors] | None = None,
    workload: Workload | None = None,
) -> NetworkPlan:
    """Find the plan with the fewest mean cycles per sample that fits an FPGA.

    Of plans with nearly equal cycles, the smallest is taken.

    Parameters
    ----------
    config : NetworkConfig
        The network.
    fpga : FPGA
        The target FPGA. The plan keeps its ``max_cell_utilisation`` if possible, and its
        ``max_block_ram_utilisation`` unless exceeding it saves more than a tenth of the cycles.
    overrides : sequence of mapping, optional
        For each layer, fold factors with a given value, by their names in
        :class:`.plan.LayerPlan`.
    workload : Workload, optional
        Average rates of errors and updates; those of a first epoch by default.

    Raises
    ------
    ConfigurationError
        If no plan of a layer has the overrides; the message names the rule.
    DoesNotFitError
        If no plan fits; the message names the missing resource, and the nearest plan that fits.
    """
    FoldedNetwork(config, default_plan(config))  # raises an error for a network without any plan
    search = NetworkSearch(config, fpga, workload or Workload())
    check_bits(search)
    fixed = _checked_overrides(config, overrides)
    routable = replace(search.supply, cells=int(fpga.max_cell_utilisation * fpga.luts))
    block_rams = int(fpga.max_block_ram_utilisation * fpga.block_ram.count)
    preferred = replace(routable, block_rams=block_rams)
    plan = (
        search.fastest(fixed, routable, preferred)
        or search.fastest(fixed, search.supply)
        or search.fastest(fixed, search.supply, exhaustive=True)
    )
    if plan is not None:
        return plan
    for layer in config.layers:
        check_rules(search, layer, fixed[layer.index])
    raise does_not_fit(search, fixed)


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
            FoldedLayer(layer, replace(LayerPlan(), **{name: value}))  # raises the error
    return checked
