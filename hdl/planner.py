"""Choosing fold factors: the plan of fewest cycles that a device has room for.

For every layer the planner makes the plans that are worth a look (no factor larger than it must be
for the cycles it gives), with their cycles and needs. Of those it picks one for each layer, so that
together they fit and the slowest layer, which sets the pace of all, is as quick as can be.
"""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import lru_cache
from itertools import combinations, product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..golden_model.config import LayerConfig, NetworkConfig
from ..golden_model.errors import ConfigurationError
from ..golden_model.trainer import reinforcement_events
from .cycles import (
    CycleEstimate,
    LayerTiming,
    Workload,
    estimate_cycles,
    mean_cycles,
    mean_event_cycles,
    mean_scan_cycles,
    synthetic_errors,
)
from .device import DEVICES, Device
from .foldings import Foldings, divisors
from .integers import ceil_divide
from .plan import FoldedLayer, LayerPlan, MemoryKind, NetworkPlan
from .resources import (
    ComponentNeed,
    Resources,
    core_needs,
    layer_memories,
    layer_needs,
    memory_need,
    total_need,
)

__all__ = [
    "DoesNotFitError",
    "LayerReport",
    "PlanReport",
    "default_plan",
    "plan_network",
    "report_plan",
]

Factors = Mapping[str, Any]

# Plans whose cycles differ by less are alike, and the smaller one is better.
ALIKE = 0.99

# A plan that leaves block RAMs over may take so much longer than one that does not.
COMFORTABLE = 0.9

# Plans that are slower than the quickest by so much are looked at more closely.
SLACK = (1.0, 1.005, 1.01, 1.02, 1.04)

# Costs whose logarithms are in one such step, and amounts of logic in one such share of what the
# device has, are compared as equal: the estimates are not that good.
COST_STEP = 0.0025
LOGIC_STEP = 1 / 256

AMOUNTS = ("block_rams", "sprams", "luts", "registers", "cells")
"""What :class:`.resources.Resources` are compared by."""

SLOTS = (4, 5, 8, 10, 16)
BEHIND = (12, 16)
"""Slots of layers behind the first, which must bridge the commits of the layer before."""

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


@dataclass(frozen=True)
class LayerReport:
    """What is known of a layer's plan.

    Attributes
    ----------
    folded : FoldedLayer
        The layer and its fold factors.
    components : tuple of ComponentNeed
        What its parts need.
    """

    folded: FoldedLayer
    components: tuple[ComponentNeed, ...]

    @property
    def need(self) -> Resources:
        """All of it."""
        return total_need(self.components)


@dataclass(frozen=True)
class PlanReport:
    """What is known of a network's plan.

    Attributes
    ----------
    config : NetworkConfig
        The network.
    plan : NetworkPlan
        Its fold factors.
    device : Device or None
        What it was planned for.
    workload : Workload
        What the cycles were estimated for.
    layers : tuple of LayerReport
        The layers.
    core : ComponentNeed
        What the core needs beside them.
    cycles : CycleEstimate
        Mean cycles for each sample.
    """

    config: NetworkConfig
    plan: NetworkPlan
    device: Device | None
    workload: Workload
    layers: tuple[LayerReport, ...]
    core: ComponentNeed
    cycles: CycleEstimate

    @property
    def need(self) -> Resources:
        """All it needs."""
        return sum((layer.need for layer in self.layers), self.core.need)

    def to_dict(self) -> dict[str, Any]:
        """Plain values, ready for JSON."""
        layers = []
        for layer, cycles in zip(self.layers, self.cycles.layers, strict=True):
            errors, found = self.workload.of(layer.folded.config, len(self.layers))
            layers.append(
                {
                    "inputs": layer.folded.config.inputs,
                    "neurons": layer.folded.config.neurons,
                    "group": layer.folded.config.group,
                    "plan": layer.folded.plan.to_dict(),
                    "errors": errors,
                    "chosen": errors * found * layer.folded.config.group_count,
                    "cycles": asdict(cycles),
                    "need": asdict(layer.need),
                    "components": [_component_dict(component) for component in layer.components],
                }
            )
        supply = None if self.device is None else asdict(Resources.of(self.device))
        return {
            "config": self.config.to_dict(),
            "device": self.device.name if self.device else None,
            "plan": self.plan.to_dict(),
            "accuracy": self.workload.accuracy,
            "cycles_per_sample": self.cycles.total,
            "layers": layers,
            "core": asdict(self.core.need),
            "need": asdict(self.need),
            "supply": supply,
        }


def _component_dict(component: ComponentNeed) -> dict[str, Any]:
    result: dict[str, Any] = {"name": component.name, **asdict(component.need)}
    if component.memory is not None:
        memory = component.memory
        result["memory"] = {
            "count": memory.count,
            "depth": memory.depth,
            "width": memory.width,
            "kind": memory.kind.value,
        }
    return result


def report_plan(
    config: NetworkConfig,
    plan: NetworkPlan,
    device: Device | None = None,
    workload: Workload | None = None,
) -> PlanReport:
    """Say what a plan takes.

    Parameters
    ----------
    config : NetworkConfig
        The network.
    plan : NetworkPlan
        Its fold factors. Whether they fit the device is not looked at.
    device : Device, optional
        Decides shapes of memories and costs of logic.
    workload : Workload, optional
        Decides the cycles; a first epoch by default.

    Raises
    ------
    ConfigurationError
        If the plan or the workload does not suit the network.
    """
    folded = plan.fold(config)
    loads: Sequence[int | None] = [*(layer.plan.load for layer in folded[1:]), None]
    return PlanReport(
        config=config,
        plan=plan,
        device=device,
        workload=workload or Workload(),
        layers=tuple(
            LayerReport(layer, layer_needs(layer, device, next_load))
            for layer, next_load in zip(folded, loads, strict=True)
        ),
        core=core_needs(device),
        cycles=estimate_cycles(config, plan, workload),
    )


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
    default_plan(config).fold(config)  # refuses what no plan can fold
    task = _Task(config, device, workload or Workload())
    task.check_bits()
    fixed = _checked_overrides(config, overrides)
    supply = Resources.of(device)
    cells, block_rams = device.comfort
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


# Plans of a layer


@dataclass(frozen=True)
class _Options:
    """Plans of a layer; none of them needs as much as another and costs as much.

    Attributes
    ----------
    plans : list of LayerPlan
        The plans, cheapest first.
    cost : (n,) float
        Mean cycles, or something else to keep low.
    amounts : (n, 5) int
        Block RAMs, SPRAMs, LUTs, registers and logic cells.
    """

    plans: list[LayerPlan]
    cost: NDArray[np.float64]
    amounts: NDArray[np.int64]

    @classmethod
    def of(
        cls,
        candidates: Sequence[tuple[Foldings, NDArray[np.float64], Resources]],
        supply: Resources,
    ) -> "_Options":
        """The best of some plans, of which costs and needs are given."""
        foldings = [one for one, _, _ in candidates]
        cost = np.concatenate([np.empty(0), *(cost for _, cost, _ in candidates)])
        amounts = np.concatenate(
            [
                np.empty((0, len(AMOUNTS)), dtype=np.int64),
                *(_amounts(need, len(c)) for _, c, need in candidates),
            ]
        )
        logic = np.array([supply.luts, supply.registers, supply.cells])
        steps = np.array([1, 1, *np.maximum(logic * LOGIC_STEP, 1).astype(int)])
        kept = _undominated(np.ceil(np.log(cost + 1) / COST_STEP), ceil_divide(amounts, steps))
        kept = kept[np.argsort(cost[kept], kind="stable")]
        starts = np.cumsum([0, *map(len, foldings)])
        which = np.searchsorted(starts, kept, side="right") - 1
        plans = [
            foldings[part][index - starts[part]]
            for part, index in zip(which.tolist(), kept.tolist(), strict=True)
        ]
        return cls(plans, cost[kept], amounts[kept])


def _amounts(need: Resources, count: int = 1) -> NDArray[np.int64]:
    """Needs as an array (count, 5)."""
    columns = (getattr(need, name) for name in AMOUNTS)
    return np.stack([np.broadcast_to(column, count) for column in columns], axis=1)


def _undominated(cost: NDArray[np.float64], amounts: NDArray[np.int64]) -> NDArray[np.int64]:
    """Those that no other one equals or betters in cost and in all amounts, cheapest first."""
    left = np.lexsort([*amounts.T, cost])
    kept = []
    while len(left):
        kept.append(left[0])
        left = left[(amounts[left] < amounts[left[0]]).any(axis=1)]
    return np.array(kept, dtype=np.int64)


def _parts(value: int) -> list[int]:
    """Sizes of parts that make up ``value``: for each number of parts the smallest."""
    root = math.isqrt(value) + 1
    sizes = {math.ceil(value / parts) for parts in range(1, root + 1)} | set(range(1, root + 1))
    return sorted({math.ceil(value / math.ceil(value / size)) for size in sizes})


class _Pace:
    """How far updates hold up the forward pass, when a share of the samples has errors.

    Samples wait in their slots for their update while the forward pass goes on. How much that
    evens out depends on the update's cycles, in units of the forward pass's, and on the slots. It
    is tabulated once, by following samples.
    """

    RATIOS = np.geomspace(0.05, 200, 88)
    SAMPLES = 500

    def __init__(self, errors: float):
        self._errors = errors
        self._tables: dict[int, NDArray[np.float64]] = {}

    def cycles(
        self, interval: NDArray[Any], update: NDArray[Any], slots: NDArray[np.int64]
    ) -> NDArray[np.float64]:
        """Mean cycles for each sample, of a forward pass's and an erroneous sample's update's."""
        ratio = update / interval
        result = self._errors * update + interval
        for number in np.unique(slots).tolist():
            if number not in self._tables:
                self._tables[number] = self._table(number)
            which = (slots == number) & (ratio <= self.RATIOS[-1])
            pace = np.interp(ratio[which], self.RATIOS, self._tables[number])
            result[which] = interval[which] * pace
        return result

    def _table(self, slots: int) -> NDArray[np.float64]:
        forward = np.zeros_like(self.RATIOS)
        done = [forward] * slots
        for error in synthetic_errors(self.SAMPLES, self._errors).tolist():
            forward = np.maximum(forward, done[-slots]) + 1
            done.append(np.maximum(forward, done[-1]) + self.RATIOS * error)
        return np.maximum(forward, done[-1]) / self.SAMPLES


@lru_cache(maxsize=64)
def _pace(errors: float) -> _Pace:
    return _Pace(errors)


class _LayerSearch:
    """The plans of one layer.

    Parameters
    ----------
    config : NetworkConfig
        The network.
    layer : LayerConfig
        The layer.
    device : Device
        What there is room for.
    workload : Workload
        What samples do.
    fixed : mapping
        Fold factors that are given.
    """

    def __init__(
        self,
        config: NetworkConfig,
        layer: LayerConfig,
        device: Device,
        workload: Workload,
        fixed: Factors,
    ):
        self.layer = layer
        self.device = device
        self.batch = config.batch
        self.fixed = fixed
        self.next_load = 1 if layer.index < len(config.layers) - 1 else None
        self.events = reinforcement_events(layer, config.reinforcement, workload.accuracy)
        errors, self.share = workload.of(layer, len(config.layers))
        self.errors = round(errors, 3)
        self.committing = 1 - (1 - self.errors) ** self.batch

    def legal(self, released: Iterable[str] = ()) -> Iterator[Foldings]:
        """Plans that suit the layer, whatever they need.

        Parameters
        ----------
        released : iterable of str
            Factors all of whose values matter. Of loads, slots and draws that are not among
            them, those are enough that need least.
        """
        slots = SLOTS if "slots" in released else SLOTS[:1]
        draws = (1, 2) if "draws" in released else (1,)
        for memory, banks in self._banks():
            shapes = self._legal_shapes(memory, banks)
            found = self._furnished(shapes, slots, draws, every_load="load" in released)
            if len(found):
                yield found

    def worthwhile(self, room: Resources) -> Iterator[Foldings]:
        """Plans that fit, but for shapes that are larger than others and not quicker."""
        for memory, banks in self._banks():
            shapes = self._legal_shapes(memory, banks)
            wide, needs = layer_memories(shapes)[:2], Resources()
            for need in wide:
                needs += memory_need(need, self.device)
            # Each bit of a word and of a row takes a LUT at least.
            bits = banks * (shapes.plan.lanes * shapes.plan.word + shapes.row_bits)
            fitting = needs.fits(room) & (bits <= room.cells)
            interval = LayerTiming.of(shapes).interval
            # Words of an even and of an odd number of rows differ in their loads.
            kinds = 2 * shapes.plan.counters + shapes.plan.word // shapes.plan.counters % 2
            kept = [
                one
                for kind in np.unique(kinds[fitting]).tolist()
                for one in _smallest_shapes(
                    np.flatnonzero(fitting & (kinds == kind)),
                    interval,
                    shapes.plan.lanes * shapes.plan.word,
                    needs,
                )
            ]
            # Two draws to one bank would wait for each other.
            draws = 2 if memory is MemoryKind.BLOCK and banks > 1 else 1
            kept_shapes = shapes.only(np.array(kept, dtype=np.int64))
            slots = SLOTS if self.layer.index == 0 else BEHIND
            found = self._furnished(kept_shapes, slots, (draws,), every_load=True)
            yield found.only(np.broadcast_to(self.need(found).fits(room), len(found)))

    def _values(self, name: str, worthwhile: Iterable[Any]) -> Iterable[Any]:
        return [self.fixed[name]] if name in self.fixed else worthwhile

    def _banks(self) -> Iterator[tuple[MemoryKind, int]]:
        kinds = [MemoryKind.BLOCK, *([MemoryKind.SPRAM] if self.device.sprams else [])]
        for memory in self._values("memory", kinds):
            for banks in self._values("banks", divisors(self.layer.group_count)):
                if self.layer.group_count % banks == 0:
                    yield memory, banks

    def _legal_shapes(self, memory: MemoryKind, banks: int) -> Foldings:
        """Counters, words and lanes, with loads that always suit."""
        layer = self.layer
        lanes_choices = {*divisors(layer.group)}
        lanes_choices |= {layer.group * size for size in divisors(layer.group_count // banks)}
        table = []
        for counters in self._values("counters", _parts(layer.inputs)):
            rows = math.ceil(layer.inputs / counters)
            # A word of an even number of rows has more loads to choose from.
            sizes = sorted({size + odd for size in _parts(rows) for odd in (0, size % 2)})
            words = [counters * size for size in sizes]
            for word, lanes in product(
                self._values("word", words), self._values("lanes", sorted(lanes_choices))
            ):
                table.append((banks, lanes, word, counters, word, SLOTS[0], 1))
        shapes = Foldings(layer, memory, table)
        return shapes.only(shapes.legal)

    def _furnished(
        self, shapes: Foldings, slots: Iterable[int], draws: Iterable[int], *, every_load: bool
    ) -> Foldings:
        """Shapes with all loads, or the narrowest and that of a word, and with slots and draws."""
        table = []
        choices = [self._values("slots", slots), self._values("draws", draws)]
        for banks, lanes, word, counters, _, _, _ in shapes.table.tolist():
            loads = [counters, word]
            if every_load:
                loads = [counters * size for size in divisors(word // counters)]
            for load, *rest in product(self._values("load", loads), *choices):
                table.append((banks, lanes, word, counters, load, *rest))
        found = Foldings(self.layer, shapes.plan.memory, table)
        return found.only(found.legal)

    def need(self, foldings: Foldings) -> Resources:
        """What plans need."""
        return total_need(layer_needs(foldings, self.device, self.next_load))

    def cycles(self, foldings: Foldings, floor: float = 0.0) -> NDArray[np.float64]:
        """Mean cycles for each sample, roughly; at least ``floor`` of them for the commit."""
        plan, timing = foldings.plan, LayerTiming.of(foldings)
        rounds = foldings.bank_groups * (1 - (1 - self.share) ** plan.banks)
        update = 1 + foldings.bank_groups + rounds * timing.round
        interval = np.maximum(timing.interval, foldings.load_words + 1)
        pace = _pace(self.errors).cycles(interval, update, plan.slots)
        return pace + np.maximum(self.commit(foldings), floor)

    def commit(self, foldings: Foldings) -> NDArray[np.float64]:
        """A sample's share of its batch's commit, roughly."""
        timing = LayerTiming.of(foldings)
        updates = self.batch * self.errors * self.share * self.layer.group_count
        cycles = mean_scan_cycles(foldings, updates) + timing.result + timing.decode + 4
        if self.events:
            cycles = cycles + self._issue(foldings)
        return self.committing * cycles / self.batch

    def _issue(self, foldings: Foldings) -> NDArray[np.float64]:
        """Cycles of a commit's events, which depend on banks and draws above all."""
        plan = foldings.plan
        result = np.zeros(len(foldings))
        for banks, draws in {*zip(plan.banks.tolist(), plan.draws.tolist(), strict=True)}:
            alike = (plan.banks == banks) & (plan.draws == draws)
            one = FoldedLayer(self.layer, foldings[int(np.argmax(alike))])
            result[alike] = mean_event_cycles(one, self.events)
        return result


def _smallest_shapes(
    which: NDArray[np.int64], interval: NDArray[Any], size: NDArray[Any], need: Resources
) -> list[int]:
    """Those of some shapes that no other one equals or betters in cycles, size and memories."""
    memories = np.broadcast_to(need.block_rams, interval.shape)[which]
    amounts = np.stack([size[which], memories], axis=1)
    kept: list[int] = which[_undominated(interval[which].astype(float), amounts)].tolist()
    return kept


# Plans of a network


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
        self._known: dict[Any, _Options] = {}
        self._estimates: dict[NetworkPlan, float] = {}

    def search(self, layer: LayerConfig, fixed: Factors) -> _LayerSearch:
        """The plans of a layer."""
        return _LayerSearch(self.config, layer, self.device, self.workload, fixed)

    def options(
        self, layer: LayerConfig, fixed: Factors, room: Resources, floor: float = 0.0
    ) -> _Options:
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
            self._known[like] = _Options.of(
                [
                    (one, search.cycles(one, floor), search.need(one))
                    for one in search.worthwhile(room)
                ],
                room,
            )
        return self._known[like]

    def pick(
        self, layers: Sequence[_Options], room: Resources, slack: float = 1.0
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
        self, layers: Sequence[_Options], room: Resources, cost: float
    ) -> NetworkPlan | None:
        """A plan of at most that cost for each layer, all of which take the smallest share."""
        supply = _amounts(room)[0]
        sums = _amounts(self.core)
        picks: list[tuple[LayerPlan, ...]] = [()]
        for options in layers:
            affordable = int(np.searchsorted(options.cost, cost, side="right"))
            allowed = _undominated(np.zeros(affordable), options.amounts[:affordable])
            grown = (sums[:, np.newaxis] + options.amounts[allowed]).reshape(-1, len(AMOUNTS))
            fitting = np.flatnonzero((grown <= supply).all(axis=1))
            if not len(fitting):
                return None
            shares = (grown[fitting] / np.maximum(supply, 1)).max(axis=1)
            kept = fitting[_undominated(shares, grown[fitting])][:MOST_COMBINATIONS]
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
                float(self.search(layer, {}).commit(Foldings.of(layer, one))[0])
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
            layers.append(_Options.of(candidates, room))
        return self.pick(layers, room)

    def _refined(self, layers: Sequence[_Options], room: Resources) -> NetworkPlan:
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
            self._estimates[plan] = mean_cycles(self.config, plan, self.workload)
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
        supply = _amounts(Resources.of(self.device))[0]
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
        supply = _amounts(Resources.of(self.device))[0]
        total = _amounts(self.core)[0]
        for layer, factors in zip(self.config.layers, fixed, strict=True):
            search = self.search(layer, factors)
            amounts = np.concatenate(
                [_amounts(search.need(one), len(one)) for one in search.legal()]
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
        return bool((need <= _amounts(Resources.of(device))[0]).all())

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
                _Options.of(
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
