"""Choosing fold factors: the plan of fewest cycles that a device has room for.

Of the plans that are worth a look (:mod:`.layer_search`) the planner picks one for each layer, so
that together they fit and the slowest layer, which sets the pace of all, is as quick as can be.
"""

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...golden_model.config import LayerConfig, NetworkConfig
from ...golden_model.errors import ConfigurationError
from .cycles import Workload, mean_cycles
from .devices import DEVICES, Device
from .foldings import Foldings
from .layer_search import AMOUNTS, Factors, LayerOptions, LayerSearch, amounts_of, undominated
from .plan import FoldedLayer, FoldedNetwork, LayerPlan, MemoryKind, NetworkPlan
from .resources import Resources, core_needs

__all__ = ["DoesNotFitError", "default_plan", "plan_network"]

# Plans whose cycles differ by less are alike, and the smaller one is better.
ALIKE = 0.99

# A plan that leaves block RAMs over may take so much longer than one that does not.
COMFORTABLE = 0.9

# Plans that are slower than the quickest by so much are looked at more closely.
SLACK = (1.0, 1.005, 1.01, 1.02, 1.04)

MOST_ROUNDS = 3
MOST_COMBINATIONS = 300
MOST_RELEASED = 2


class DoesNotFitError(ConfigurationError):
    """A plan needs more than the device has.

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


def default_plan(config: NetworkConfig) -> NetworkPlan:
    """A plan for no device: legal for every network, of moderate size, and quick to simulate."""
    layers = []
    for layer in config.layers:
        rows = math.ceil(layer.inputs / 32)
        counters = math.ceil(layer.inputs / rows)
        word = counters * min(rows, 4)
        lanes = next(size for size in (4, 2, 1) if layer.group % size == 0)
        layers.append(LayerPlan(lanes=lanes, word=word, counters=counters, load=counters))
    return NetworkPlan(tuple(layers))


def plan_network(
    config: NetworkConfig,
    device: Device,
    *,
    overrides: Sequence[Factors] | None = None,
    workload: Workload | None = None,
) -> NetworkPlan:
    """The plan of fewest mean cycles for each sample that a device has room for.

    Where a larger plan hardly saves a cycle, the smaller one is taken.

    Parameters
    ----------
    config : NetworkConfig
        The network.
    device : Device
        What there is room for.
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
    task = _Task(config, device, workload or Workload())
    task.check_bits()
    fixed = _checked_overrides(config, overrides)
    supply = Resources.of(device)
    cells, block_rams = device.max_cell_utilisation, device.max_block_ram_utilisation
    routable = replace(supply, cells=int(cells * device.luts))
    comfortable = replace(routable, block_rams=int(block_rams * device.block_ram.count))
    plan = task.best(fixed, routable, comfortable) or task.best(fixed, supply)
    plan = plan or task.least(fixed, supply)
    if plan is not None:
        return plan
    for layer in config.layers:
        task.check_rules(layer, fixed[layer.index])
    raise task.no_room(fixed)


def _checked_overrides(
    config: NetworkConfig, overrides: Sequence[Factors] | None
) -> list[dict[str, Any]]:
    if overrides is None:
        return [{} for _ in config.layers]
    if len(overrides) != len(config.layers):
        raise ConfigurationError(
            f"overrides must be given for each of the {len(config.layers)} layers, "
            f"not {len(overrides)}"
        )
    checked = []
    for layer, factors in zip(config.layers, overrides, strict=True):
        plan = LayerPlan.from_dict(factors)
        checked.append({name: getattr(plan, name) for name in factors})
        for name, value in checked[-1].items():
            if name != "memory" and not _positive(value):
                FoldedLayer(layer, replace(LayerPlan(), **{name: value}))
    return checked


def _positive(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 1


class _Task:
    """A network to plan for a device.

    Parameters
    ----------
    config : NetworkConfig
        The network.
    device : Device
        What there is room for.
    workload : Workload
        What samples do.
    """

    def __init__(self, config: NetworkConfig, device: Device, workload: Workload):
        self.config = config
        self.device = device
        self.workload = workload
        self.core = core_needs(device).need
        self._known: dict[Any, LayerOptions] = {}
        self._estimates: dict[NetworkPlan, float] = {}

    def search(self, layer: LayerConfig, fixed: Factors) -> LayerSearch:
        """The plans of a layer."""
        return LayerSearch(self.config, layer, self.device, self.workload, fixed)

    def options(
        self, layer: LayerConfig, fixed: Factors, room: Resources, floor: float = 0.0
    ) -> LayerOptions:
        """Plans of a layer that fit on their own, quickest first."""
        search = self.search(layer, fixed)
        # Layers of one shape have the same plans.
        like = (
            replace(layer, index=0, margin=0),
            search.next_load,
            search.errors,
            tuple(fixed.items()),
            room,
            floor,
        )
        if like not in self._known:
            self._known[like] = LayerOptions.of(
                [
                    (one, search.cycles(one, floor), search.need(one))
                    for one in search.worthwhile(room)
                ],
                room,
            )
        return self._known[like]

    def pick(
        self, layers: Sequence[LayerOptions], room: Resources, slack: float = 1.0
    ) -> NetworkPlan | None:
        """A plan for each layer, such that all fit and the costliest costs as little as can be.

        Of those that cost at most ``slack`` times that, the ones that need the smallest share of
        what there is. None if nothing fits.
        """
        if not all(len(options.plans) for options in layers):
            return None
        costs = np.unique(np.concatenate([options.cost for options in layers]))
        costs = costs[costs >= max(options.cost[0] for options in layers)]
        low, high = 0, len(costs)
        while low < high:
            middle = (low + high) // 2
            if self._smallest(layers, room, costs[middle]) is None:
                low = middle + 1
            else:
                high = middle
        return None if low == len(costs) else self._smallest(layers, room, costs[low] * slack)

    def _smallest(
        self, layers: Sequence[LayerOptions], room: Resources, cost: float
    ) -> NetworkPlan | None:
        """A plan of at most that cost for each layer, all of which take the smallest share."""
        supply = amounts_of(room)[0]
        sums = amounts_of(self.core)
        picks: list[tuple[LayerPlan, ...]] = [()]
        for options in layers:
            affordable = int(np.searchsorted(options.cost, cost, side="right"))
            allowed = undominated(np.zeros(affordable), options.amounts[:affordable])
            grown = (sums[:, np.newaxis] + options.amounts[allowed]).reshape(-1, len(AMOUNTS))
            fitting = np.flatnonzero((grown <= supply).all(axis=1))
            if not len(fitting):
                return None
            shares = (grown[fitting] / np.maximum(supply, 1)).max(axis=1)
            kept = fitting[undominated(shares, grown[fitting])][:MOST_COMBINATIONS]
            sums = grown[kept]
            picks = [
                (*picks[at // len(allowed)], options.plans[allowed[at % len(allowed)]])
                for at in kept.tolist()
            ]
        return NetworkPlan(picks[0], self.device.name)

    def best(
        self, fixed: Sequence[Factors], room: Resources, comfortable: Resources | None = None
    ) -> NetworkPlan | None:
        """The quickest plan, or one that is alike and smaller; None if nothing fits.

        Parameters
        ----------
        fixed : sequence of mapping
            Fold factors that are given, of each layer.
        room : Resources
            What there is.
        comfortable : Resources, optional
            Less than that. Plans that keep to it may be somewhat slower.
        """
        found: dict[NetworkPlan, float] = {}
        floor = 0.0
        for _ in range(MOST_ROUNDS):
            layers = [
                self.options(layer, fixed[layer.index], room, floor) for layer in self.config.layers
            ]
            if self.pick(layers, room) is None:
                return None
            plan = self._refined(layers, room)
            if comfortable is not None and self.pick(layers, comfortable) is not None:
                smaller = self._refined(layers, comfortable)
                if self._cycles(smaller) * COMFORTABLE <= self._cycles(plan):
                    plan = smaller
            if plan in found:
                break
            found[plan] = self._cycles(plan)
            if len(layers) == 1:
                break
            # Layers commit at about the same time, and wait for the one whose commit is longest.
            floor = max(
                float(self.search(layer, {}).commit(Foldings.of(layer, [one]))[0])
                for layer, one in zip(self.config.layers, plan.layers, strict=True)
            )
        return min(found, key=lambda plan: found[plan])

    def least(self, fixed: Sequence[Factors], room: Resources) -> NetworkPlan | None:
        """The quickest of the plans that furnish their layers with the least; None if none fits."""
        layers = []
        for layer in self.config.layers:
            search = self.search(layer, fixed[layer.index])
            fitting = [
                one.only(np.broadcast_to(search.need(one).fits(room), len(one)))
                for one in search.legal()
            ]
            candidates = [(one, search.cycles(one), search.need(one)) for one in fitting]
            layers.append(LayerOptions.of(candidates, room))
        return self.pick(layers, room)

    def _refined(self, layers: Sequence[LayerOptions], room: Resources) -> NetworkPlan:
        """The best of the plans that are about as quick as the quickest."""
        found: dict[NetworkPlan, float] = {}
        for slack in SLACK:
            plan = self.pick(layers, room, slack)
            if plan is not None and plan not in found:
                found[plan] = self._cycles(plan)
        quickest = min(found.values())
        # Those with more slack come later and are smaller.
        return [plan for plan, cycles in found.items() if cycles * ALIKE <= quickest][-1]

    def _cycles(self, plan: NetworkPlan) -> float:
        if plan not in self._estimates:
            self._estimates[plan] = mean_cycles(FoldedNetwork(self.config, plan), self.workload)
        return self._estimates[plan]

    # What cannot be

    def check_rules(self, layer: LayerConfig, fixed: Factors) -> None:
        """See that some plan of a layer has the factors that are given, whatever it needs.

        Raises
        ------
        ConfigurationError
            If none has; the message names the rule and a plan that keeps it.
        """
        if any(self.search(layer, fixed).legal()):
            return
        # With all factors released, some plan is legal.
        legal = next(
            found
            for released in _subsets(fixed)
            if (found := list(self.search(layer, _without(fixed, released)).legal(released)))
        )
        distances = [_distance(one, fixed) for one in legal]
        closest = legal[int(np.argmin([distance.min() for distance in distances]))]
        nearest = closest[int(np.argmin(_distance(closest, fixed)))]
        try:
            FoldedLayer(layer, replace(nearest, **fixed))
        except ConfigurationError as error:
            raise ConfigurationError(
                f"{error}; the nearest plan that suits the layer has "
                f"{', '.join(_changes(layer.index, nearest, fixed))}"
            ) from None

    def check_bits(self) -> None:
        """See that the device can keep what is trained, before plans are looked for.

        Raises
        ------
        DoesNotFitError
            If it cannot.
        """
        excess = self._bits - self.device.bits
        if excess > 0:
            block_ram = self.device.block_ram
            need = block_ram.count + math.ceil(excess / block_ram.bits)
            raise DoesNotFitError(
                f"{self._network} does not fit the {self.device.name}: whatever the plan, it needs "
                f"at least {self._amount(0, need)} of {block_ram.count:,}{self._elsewhere()}",
                resource=AMOUNTS[0],
                need=need,
                supply=block_ram.count,
                nearest=None,
            )

    @property
    def _bits(self) -> int:
        """Bits of all hidden weights, and of their snapshots."""
        return sum(layer.weights * (layer.counter_bits + 1) for layer in self.config.layers)

    @property
    def _network(self) -> str:
        return "–".join(map(str, (self.config.inputs, *self.config.hidden, self.config.classes)))

    def _elsewhere(self) -> str:
        """Where it fits, as the end of a sentence."""
        others = [one.name for one in DEVICES if self._fits(one)]
        if self.device.name in others:
            return "; allow it more logic cells"
        if others:
            return f"; it fits the {others[0]}"
        return "; it fits none of the known devices, so make it smaller"

    def no_room(self, fixed: Sequence[Factors]) -> DoesNotFitError:
        """What to say when no plan fits: what ran out, and what would fit."""
        supply = amounts_of(Resources.of(self.device))[0]
        total = self.smallest_need(fixed)
        ran_out = int(np.argmax(_shares(total, supply)))
        need, there = int(total[ran_out]), int(supply[ran_out])

        given = ", ".join(
            f"{index}.{name}={_shown(value)}"
            for index, factors in enumerate(fixed)
            for name, value in factors.items()
        )
        nearest = self._nearest(fixed)
        at_least = "" if nearest else "whatever the plan, "
        sentence = (
            f"{self._network}{f' with {given}' if given else ''} does not fit the "
            f"{self.device.name}: {at_least}it needs {self._amount(ran_out, need)} of {there:,}"
        )
        if nearest is not None:
            changes = [
                change
                for index, (plan, factors) in enumerate(zip(nearest.layers, fixed, strict=True))
                for change in _changes(index, plan, factors)
            ]
            sentence += f"; the nearest plan that fits has {', '.join(changes)}"
        else:
            sentence += self._elsewhere()
        resource = AMOUNTS[ran_out]
        return DoesNotFitError(
            sentence, resource=resource, need=need, supply=there, nearest=nearest
        )

    def smallest_need(self, fixed: Sequence[Factors]) -> NDArray[np.int64]:
        """What the plans of the layers need that take the smallest share of the device each."""
        supply = amounts_of(Resources.of(self.device))[0]
        total = amounts_of(self.core)[0]
        for layer, factors in zip(self.config.layers, fixed, strict=True):
            search = self.search(layer, factors)
            amounts = np.concatenate(
                [amounts_of(search.need(one), len(one)) for one in search.legal()]
            )
            total = total + amounts[np.argmin(_shares(amounts, supply).max(axis=1))]
        return total

    def _amount(self, resource: int, amount: int) -> str:
        names = self.device.block_ram.name, "SPRAM", "LUT", "register", "logic cell"
        about = "" if resource < 2 else "about "
        return f"{about}{amount:,} {names[resource]}{'' if amount == 1 else 's'}"

    def _fits(self, device: Device) -> bool:
        if self._bits > device.bits:
            return False
        task = _Task(self.config, device, self.workload)
        need = task.smallest_need([{} for _ in self.config.layers])
        return bool((need <= amounts_of(Resources.of(device))[0]).all())

    def _nearest(self, fixed: Sequence[Factors]) -> NetworkPlan | None:
        """The plan that fits and differs least from what was given; None if none fits."""
        supply = Resources.of(self.device)
        best = self.pick([self.options(layer, {}, supply) for layer in self.config.layers], supply)
        if best is None or not any(fixed):
            return None
        names = dict.fromkeys(name for factors in fixed for name in factors)
        plans = (self._nearest_without(fixed, released) for released in _subsets(names))
        return next((plan for plan in plans if plan is not None), best)

    def _nearest_without(
        self, fixed: Sequence[Factors], released: Sequence[str]
    ) -> NetworkPlan | None:
        """The plan that fits and differs least, if some factors may differ; None if none fits."""
        supply = Resources.of(self.device)
        layers = []
        for layer, factors in zip(self.config.layers, fixed, strict=True):
            search = self.search(layer, _without(factors, released))
            fitting = [
                one.only(np.broadcast_to(search.need(one).fits(supply), len(one)))
                for one in search.legal(released)
            ]
            layers.append(
                LayerOptions.of(
                    [(one, _distance(one, factors), search.need(one)) for one in fitting], supply
                )
            )
        return self.pick(layers, supply)


def _shares(amounts: NDArray[np.int64], supply: NDArray[np.int64]) -> NDArray[np.float64]:
    """Of every resource, the share of the supply that is needed; of none, any is too much."""
    without = np.where(amounts > 0, np.inf, 0.0)
    return np.where(supply > 0, amounts / np.maximum(supply, 1), without)


def _without(fixed: Factors, released: Iterable[str]) -> dict[str, Any]:
    return {name: value for name, value in fixed.items() if name not in released}


def _subsets(names: Iterable[str]) -> Iterator[tuple[str, ...]]:
    """Some of the names, few first; at last all of them."""
    names = list(names)
    for size in range(1, min(MOST_RELEASED, len(names) - 1) + 1):
        yield from combinations(names, size)
    yield tuple(names)


def _distance(foldings: Foldings, fixed: Factors) -> NDArray[np.float64]:
    """How far plans are from factors that were given: one for each that differs, and doublings."""
    total = np.zeros(len(foldings))
    for name, value in fixed.items():
        got = getattr(foldings.plan, name)
        if name == "memory":
            total += 2.0 * (got != value)
        else:
            total += (got != value) + np.abs(np.log2(got / value))
    return total


def _changes(index: int, plan: LayerPlan, fixed: Factors) -> list[str]:
    """What a plan has instead of the factors that were given."""
    return [
        f"{index}.{name}={_shown(getattr(plan, name))} instead of {_shown(value)}"
        for name, value in fixed.items()
        if getattr(plan, name) != value
    ]


def _shown(value: Any) -> Any:
    return value.value if isinstance(value, MemoryKind) else value
