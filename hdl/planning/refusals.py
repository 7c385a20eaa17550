"""What to say when there is no plan: what ran out, and the nearest plan that there is."""

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

__all__ = ["DoesNotFitError", "check_bits", "check_rules", "no_room"]


class DoesNotFitError(ConfigurationError):
    """A plan needs more than the FPGA has.

    Attributes
    ----------
    resource : str
        What ran out.
    need, supply : int
        How much of it is needed, and how much there is.
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
    """See that some folding of a layer has the factors that are given, whatever it needs.

    Raises
    ------
    ConfigurationError
        If none has; the message names the rule and a plan that keeps it.
    """
    if search.layer(layer, fixed).legal():
        return
    # With all factors released, some plan is legal.
    legal = next(
        found
        for released in _released(fixed)
        if (found := search.layer(layer, _without(fixed, released)).legal(released))
    )
    nearest = min(
        (one[int(np.argmin(_distance(one, fixed)))] for one in legal),
        key=lambda plan: _distance(Foldings.of(layer, [plan]), fixed).item(),
    )
    try:
        FoldedLayer(layer, replace(nearest, **fixed))
    except ConfigurationError as error:
        raise ConfigurationError(
            f"{error}; the nearest plan that suits the layer has "
            f"{', '.join(_changes(layer.index, nearest, fixed))}"
        ) from None


def check_bits(search: NetworkSearch) -> None:
    """See that the FPGA can keep what is trained, before plans are looked for.

    Raises
    ------
    DoesNotFitError
        If it cannot.
    """
    fpga = search.fpga
    excess = _trained_bits(search) - fpga.bits
    if excess > 0:
        block_ram = fpga.block_ram
        need = block_ram.count + math.ceil(excess / block_ram.bits)
        raise DoesNotFitError(
            f"{_shape(search)} does not fit the {fpga.name}: whatever the plan, it needs at "
            f"least {_amount(fpga, AMOUNTS[0], need)} of {block_ram.count:,}{_elsewhere(search)}",
            resource=AMOUNTS[0],
            need=need,
            supply=block_ram.count,
            nearest=None,
        )


def no_room(search: NetworkSearch, fixed: Sequence[FixedFactors]) -> DoesNotFitError:
    """What ran out, when no plan fits, and what would fit."""
    fpga = search.fpga
    supply = amounts_of(search.supply)[0]
    total = _smallest_need(search, fixed)
    ran_out = int(np.argmax(_shares(total, supply)))
    resource, need, there = AMOUNTS[ran_out], int(total[ran_out]), int(supply[ran_out])
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
        f"{'' if nearest else 'whatever the plan, '}it needs {_amount(fpga, resource, need)} "
        f"of {there:,}{end}",
        resource=resource,
        need=need,
        supply=there,
        nearest=nearest,
    )


# What is needed


def _trained_bits(search: NetworkSearch) -> int:
    """Bits of all hidden weights, and of their snapshots."""
    return sum(layer.weights * (layer.counter_bits + 1) for layer in search.config.layers)


def _smallest_need(search: NetworkSearch, fixed: Sequence[FixedFactors]) -> IntegerArray:
    """What the foldings of the layers need that take the smallest share of the FPGA each."""
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
    """Of every resource, the share of the supply that is needed; of none, any is too much."""
    without = np.where(amounts > 0, np.inf, 0.0)
    return np.where(supply > 0, amounts / np.maximum(supply, 1), without)


def _elsewhere(search: NetworkSearch) -> str:
    """Where the network fits, as the end of a sentence."""
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
    """The plan that fits and differs least from what was given; None if none fits."""
    free: list[FixedFactors] = [{} for _ in fixed]
    best = search.quickest(free, search.supply)
    best = best or search.quickest(free, search.supply, every=True)
    if best is None or not any(fixed):
        return None
    names = dict.fromkeys(name for factors in fixed for name in factors)
    plans = (_nearest_without(search, fixed, released) for released in _released(names))
    return next((plan for plan in plans if plan is not None), best)


def _nearest_without(
    search: NetworkSearch, fixed: Sequence[FixedFactors], released: Sequence[str]
) -> NetworkPlan | None:
    """The plan that fits and differs least, if some factors may differ; None if none fits."""
    fronts = []
    for layer, factors in zip(search.config.layers, fixed, strict=True):
        foldings = search.layer(layer, _without(factors, released))
        options = foldings.fitting(foldings.legal(released), search.supply)
        fronts.append(options.front(options.each(partial(_distance, fixed=factors))))
    return search.cheapest(fronts, search.supply)


def _without(fixed: FixedFactors, released: Iterable[str]) -> dict[str, Any]:
    return {name: value for name, value in fixed.items() if name not in released}


def _released(names: Iterable[str]) -> Iterator[tuple[str, ...]]:
    """Each one of the names, each two of them, and all of them."""
    names = tuple(names)
    yield from combinations(names, 1)
    yield from combinations(names, 2)
    yield names


def _distance(foldings: Foldings, fixed: FixedFactors) -> NDArray[np.float64]:
    """How far foldings are from given factors: one for each that differs, and doublings."""
    total = np.zeros(len(foldings))
    for name, value in fixed.items():
        got = getattr(foldings.plan, name)
        if name == "memory":
            total += 2.0 * (got is not value)
        else:
            total += (got != value) + np.abs(np.log2(got / value))
    return total


# Words


def _shape(search: NetworkSearch) -> str:
    config = search.config
    return "–".join(map(str, (config.inputs, *config.hidden, config.classes)))


def _amount(fpga: FPGA, resource: str, amount: int) -> str:
    names = fpga.block_ram.name, "SPRAM", "LUT", "register", "logic cell"
    about = "" if resource in ("block_rams", "sprams") else "about "
    return f"{about}{amount:,} {names[AMOUNTS.index(resource)]}{'' if amount == 1 else 's'}"


def _changes(index: int, plan: LayerPlan, fixed: FixedFactors) -> list[str]:
    """What a plan has instead of the factors that were given."""
    return [
        f"{index}.{name}={_shown(getattr(plan, name))} instead of {_shown(value)}"
        for name, value in fixed.items()
        if getattr(plan, name) != value
    ]


def _shown(value: Any) -> Any:
    return value.value if isinstance(value, MemoryKind) else value
