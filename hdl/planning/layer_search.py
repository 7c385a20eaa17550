"""The plans of one layer that are worth a look, with what they cost and what they need.

A factor is no larger than it must be for the cycles it gives. The planner picks one of these plans
for each layer.
"""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...golden_model.config import LayerConfig, NetworkConfig
from ...golden_model.trainer import reinforcement_events
from .cycles import Workload, mean_scan_cycles, synthetic_errors
from .devices import Device
from .foldings import Foldings
from .integers import ceil_divide, divisors
from .plan import FoldedLayer, LayerPlan, MemoryKind
from .resources import Resources, layer_memories, layer_needs, memory_need, total_need
from .timing import LayerTiming, mean_event_cycles

__all__ = ["AMOUNTS", "Factors", "LayerOptions", "LayerSearch", "amounts_of", "undominated"]

Factors = Mapping[str, Any]

AMOUNTS = ("block_rams", "sprams", "luts", "registers", "cells")
"""What :class:`.resources.Resources` are compared by."""

# Costs whose logarithms are in one such step, and amounts of logic in one such share of what the
# device has, are compared as equal: the estimates are not that good.
COST_STEP = 0.0025
LOGIC_STEP = 1 / 256

SLOTS = (4, 5, 8, 10, 16)
BEHIND = (12, 16)
"""Slots of layers behind the first, which must bridge the commits of the layer before."""


@dataclass(frozen=True)
class LayerOptions:
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
    ) -> "LayerOptions":
        """The best of some plans, of which costs and needs are given."""
        foldings = [one for one, _, _ in candidates]
        cost = np.concatenate([np.empty(0), *(cost for _, cost, _ in candidates)])
        amounts = np.concatenate(
            [
                np.empty((0, len(AMOUNTS)), dtype=np.int64),
                *(amounts_of(need, len(c)) for _, c, need in candidates),
            ]
        )
        logic = np.array([supply.luts, supply.registers, supply.cells])
        steps = np.array([1, 1, *np.maximum(logic * LOGIC_STEP, 1).astype(int)])
        kept = undominated(np.ceil(np.log(cost + 1) / COST_STEP), ceil_divide(amounts, steps))
        kept = kept[np.argsort(cost[kept], kind="stable")]
        starts = np.cumsum([0, *map(len, foldings)])
        which = np.searchsorted(starts, kept, side="right") - 1
        plans = [
            foldings[part][index - starts[part]]
            for part, index in zip(which.tolist(), kept.tolist(), strict=True)
        ]
        return cls(plans, cost[kept], amounts[kept])


def amounts_of(need: Resources, count: int = 1) -> NDArray[np.int64]:
    """Needs as an array (count, 5)."""
    columns = (getattr(need, name) for name in AMOUNTS)
    return np.stack([np.broadcast_to(column, count) for column in columns], axis=1)


def undominated(cost: NDArray[np.float64], amounts: NDArray[np.int64]) -> NDArray[np.int64]:
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


class LayerSearch:
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
    kept: list[int] = which[undominated(interval[which].astype(float), amounts)].tolist()
    return kept
