"""Errors for networks without a plan: the missing resource, and the nearest plan that fits."""

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...golden_model.config import LayerConfig
from ...golden_model.errors import ConfigurationError
from .fold_formulas import MemoryKind
from .foldings import Foldings
from .fpgas import FPGA, FPGAS
from .integers import IntegerArray
from .layer_search import AMOUNTS, FixedFactors, amounts_of
from .network_search import NetworkSearch
from .plan import FoldedLayer, LayerPlan, NetworkPlan

__all__ = ["DoesNotFitError", "check_bits", "check_rules", "does_not_fit", "nearest_folding"]


class DoesNotFitError(ConfigurationError):
    """A network needs more resources than the FPGA has.

    Attributes
    ----------
    resource : str
        The missing resource: a field of :class:`.resources.Resources`.
    need, supply : int
        Amount that is needed, and amount in the FPGA.
    nearest : NetworkPlan or None
        The nearest plan that fits, if one does.
    """

    def __init__(
        self, message: str, *, resource: str, need: int, supply: int, nearest: NetworkPlan | None
    ):
        super().__init__(message)
        self.resource = resource
        self.need = need
        self.supply = supply
        self.nearest = nearest


def check_rules(search: NetworkSearch, layer: LayerConfig, fixed: FixedFactors) -> None:
    """Check that a legal folding of a layer with the given factors exists.

    Raises
    ------
    ConfigurationError
        If none exists; the message names the rule and the nearest legal plan.
    """
    if search.layer(layer, fixed).legal():
        return
    # With all factors relaxed, some plan is legal.
    legal = next(
        found
        for relaxed in _relaxations(fixed)
        if (found := search.layer(layer, _without(fixed, relaxed)).legal(relaxed))
    )
    nearest = nearest_folding(layer, legal, fixed)
    try:
        FoldedLayer(layer, replace(nearest, **fixed))
    except ConfigurationError as error:
        raise ConfigurationError(
            f"{error}; the nearest plan that suits the layer has "
            f"{', '.join(_changes(layer.index, nearest, fixed))}"
        ) from None


def nearest_folding(
    layer: LayerConfig, foldings: Sequence[Foldings], wanted: FixedFactors
) -> LayerPlan:
    """The folding of a layer, of at least one, that is nearest to the wanted factors."""
    return min(
        (one[int(np.argmin(_distance(one, wanted)))] for one in foldings),
        key=lambda plan: _distance(Foldings.of(layer, [plan]), wanted).item(),
    )


def check_bits(search: NetworkSearch) -> None:
    """Check that the FPGA has enough memory for the hidden weights, before plans are searched.

    Raises
    ------
    DoesNotFitError
        If it has not.
    """
    fpga = search.fpga
    excess = _trained_bits(search) - fpga.bits
    if excess > 0:
        block_ram = fpga.block_ram
        need = block_ram.count + math.ceil(excess / block_ram.bits)
        raise DoesNotFitError(
            f"{_shape(search)} does not fit the {fpga.name}: with any plan, it needs at "
            f"least {_amount(fpga, AMOUNTS[0], need)} of {block_ram.count:,}{_elsewhere(search)}",
            resource=AMOUNTS[0],
            need=need,
            supply=block_ram.count,
            nearest=None,
        )


def does_not_fit(search: NetworkSearch, fixed: Sequence[FixedFactors]) -> DoesNotFitError:
    """The error if no plan fits, with the missing resource and the nearest plan that fits."""
    fpga = search.fpga
    supply = amounts_of(search.supply)[0]
    total = _smallest_need(search, fixed)
    index = int(np.argmax(_shares(total, supply)))
    resource, need, available = AMOUNTS[index], int(total[index]), int(supply[index])
    nearest = _nearest(search, fixed)
    given = ", ".join(
        f"{index}.{name}={_shown(value)}"
        for index, factors in enumerate(fixed)
        for name, value in factors.items()
    )
    if nearest is None:
        end = _elsewhere(search)
    else:
        changes = [
            change
            for index, (plan, factors) in enumerate(zip(nearest.layers, fixed, strict=True))
            for change in _changes(index, plan, factors)
        ]
        end = f"; the nearest plan that fits has {', '.join(changes)}"
    return DoesNotFitError(
        f"{_shape(search)}{given and f' with {given}'} does not fit the {fpga.name}: "
        f"{'' if nearest else 'with any plan, '}it needs {_amount(fpga, resource, need)} "
        f"of {available:,}{end}",
        resource=resource,
        need=need,
        supply=available,
        nearest=nearest,
    )


# Resources


def _trained_bits(search: NetworkSearch) -> int:
    """Bits of all hidden weights and snapshots."""
    return sum(layer.weights * (layer.counter_bits + 1) for layer in search.config.layers)


def _smallest_need(search: NetworkSearch, fixed: Sequence[FixedFactors]) -> IntegerArray:
    """Resources of the network if each layer has its smallest folding."""
    supply = amounts_of(search.supply)[0]
    total = amounts_of(search.core)[0]
    for layer, factors in zip(search.config.layers, fixed, strict=True):
        foldings = search.layer(layer, factors)
        amounts = np.concatenate(
            [amounts_of(foldings.needs(one), len(one)) for one in foldings.legal()]
        )
        total = total + amounts[np.argmin(_shares(amounts, supply).max(axis=1))]
    return total


def _shares(amounts: IntegerArray, supply: IntegerArray) -> NDArray[np.float64]:
    """Needed share of each resource; infinite for a resource that the FPGA does not have."""
    without = np.where(amounts > 0, np.inf, 0.0)
    return np.where(supply > 0, amounts / np.maximum(supply, 1), without)


def _elsewhere(search: NetworkSearch) -> str:
    """The end of a message: an FPGA that the network fits, or another remedy."""
    others = [fpga.name for fpga in FPGAS if _fits(search, fpga)]
    if search.fpga.name in others:
        return "; allow it more logic cells"
    if others:
        return f"; it fits the {others[0]}"
    return "; it fits none of the known FPGAs, so make it smaller"


def _fits(search: NetworkSearch, fpga: FPGA) -> bool:
    if _trained_bits(search) > fpga.bits:
        return False
    elsewhere = NetworkSearch(search.config, fpga, search.workload)
    need = _smallest_need(elsewhere, [{} for _ in search.config.layers])
    return bool((need <= amounts_of(elsewhere.supply)[0]).all())


# The nearest plan


def _nearest(search: NetworkSearch, fixed: Sequence[FixedFactors]) -> NetworkPlan | None:
    """The plan that fits and is nearest to the given factors; None if none fits."""
    free: list[FixedFactors] = [{} for _ in fixed]
    best = search.fastest(free, search.supply)
    best = best or search.fastest(free, search.supply, exhaustive=True)
    if best is None or not any(fixed):
        return None
    names = dict.fromkeys(name for factors in fixed for name in factors)
    plans = (_nearest_relaxed(search, fixed, relaxed) for relaxed in _relaxations(names))
    return next((plan for plan in plans if plan is not None), best)


def _nearest_relaxed(
    search: NetworkSearch, fixed: Sequence[FixedFactors], relaxed: Sequence[str]
) -> NetworkPlan | None:
    """The nearest plan that fits, if some of the given factors are relaxed; None if none fits."""
    fronts = []
    for layer, factors in zip(search.config.layers, fixed, strict=True):
        foldings = search.layer(layer, _without(factors, relaxed))
        options = foldings.fitting(foldings.legal(relaxed), search.supply)
        fronts.append(options.front(options.each(partial(_distance, fixed=factors))))
    return search.cheapest(fronts, search.supply)


def _without(fixed: FixedFactors, relaxed: Iterable[str]) -> dict[str, Any]:
    return {name: value for name, value in fixed.items() if name not in relaxed}


def _relaxations(names: Iterable[str]) -> Iterator[tuple[str, ...]]:
    """Sets of factors to relax: each single one, each pair, and all."""
    names = tuple(names)
    yield from combinations(names, 1)
    yield from combinations(names, 2)
    yield names


def _distance(foldings: Foldings, fixed: FixedFactors) -> NDArray[np.float64]:
    """Distance of foldings from given factors: 1 per difference, plus its absolute log2 ratio."""
    total = np.zeros(len(foldings))
    for name, value in fixed.items():
        got = getattr(foldings.plan, name)
        if name == "memory":
            total += 2.0 * (got is not value)
        else:
            total += (got != value) + np.abs(np.log2(got / value))
    return total


# Parts of messages


def _shape(search: NetworkSearch) -> str:
    config = search.config
    return "–".join(map(str, (config.inputs, *config.hidden, config.classes)))


def _amount(fpga: FPGA, resource: str, amount: int) -> str:
    names = fpga.block_ram.name, "SPRAM", "LUT", "register", "logic cell"
    about = "" if resource in ("block_rams", "sprams") else "about "
    return f"{about}{amount:,} {names[AMOUNTS.index(resource)]}{'' if amount == 1 else 's'}"


def _changes(index: int, plan: LayerPlan, fixed: FixedFactors) -> list[str]:
    """Factors of a plan that differ from the given ones, for a message."""
    return [
        f"{index}.{name}={_shown(getattr(plan, name))} instead of {_shown(value)}"
        for name, value in fixed.items()
        if getattr(plan, name) != value
    ]


def _shown(value: Any) -> Any:
    return value.value if isinstance(value, MemoryKind) else value
