"""The foldings of one layer that the planner chooses from, in arrays, with their cycles and needs.

A fold factor is no larger than it must be for the cycles it gives: of the sizes that make the same
number of parts, the smallest one is looked at.
"""

import math
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...golden_model.config import LayerConfig, NetworkConfig
from ...golden_model.schedule import reinforcement_events
from .cycles import Workload, mean_scan_cycles, synthetic_errors
from .fold_formulas import FACTORS, MemoryKind
from .foldings import Foldings
from .fpgas import FPGA
from .integers import IntegerArray, divisors
from .plan import FoldedLayer, LayerPlan
from .resources import Resources, layer_memories, layer_needs, memory_need, total_need
from .timing import LayerTiming, mean_event_cycles

__all__ = [
    "AMOUNTS",
    "FixedFactors",
    "LayerFront",
    "LayerOptions",
    "LayerSearch",
    "amounts_of",
    "pareto_front",
]

FixedFactors = Mapping[str, Any]
"""Fold factors that are given, by their names in :class:`.plan.LayerPlan`."""

AMOUNTS = ("block_rams", "sprams", "luts", "registers", "cells")
"""The fields of :class:`.resources.Resources`, in the order of an array's columns."""

SAMPLE_BUFFERS = (4, 5, 8, 12, 16)
MIN_LATER_BUFFERS = 12
"""Of a layer behind the first, whose samples pause while the layer before commits."""

LONG = 1e9
"""Cycles that no update takes."""

PACE_SAMPLES = 500
"""Made-up samples that :func:`mean_pace` follows."""


def amounts_of(need: Resources, count: int = 1) -> IntegerArray:
    """Needs as an array (count, 5)."""
    columns = (getattr(need, name) for name in AMOUNTS)
    return np.stack([np.broadcast_to(column, count) for column in columns], axis=1)


def pareto_front(
    cost: NDArray[Any], amounts: IntegerArray, kind: IntegerArray | None = None
) -> IntegerArray:
    """Those that no other one equals or betters, in cost, block RAMs, SPRAMs and logic cells.

    Parameters
    ----------
    cost : (n,) array
        What is to be low.
    amounts : (n, 5) int
        What each needs.
    kind : (n,) int, optional
        From 0; only those of a kind are compared.

    Returns
    -------
    (m,) int
        Their indices, cheapest first.
    """
    if not len(cost):
        return np.empty(0, dtype=np.int64)
    kind = np.zeros(len(cost), dtype=np.int64) if kind is None else kind
    block_rams, sprams, cells = amounts[:, 0], amounts[:, 1], amounts[:, 4]
    order = np.lexsort([block_rams, sprams, cells, cost])
    # The fewest cells of those so far, by their kind and at most so many SPRAMs and block RAMs.
    fewest = np.full((kind.max() + 1, sprams.max() + 1, block_rams.max() + 1), np.inf)
    kept = []
    columns = (column[order].tolist() for column in (kind, sprams, block_rams, cells))
    for index, *place, need in zip(order.tolist(), *columns, strict=True):
        if need < fewest[tuple(place)]:
            kept.append(index)
            beaten = fewest[place[0], place[1] :, place[2] :]
            np.minimum(beaten, need, out=beaten)
    return np.array(kept, dtype=np.int64)


def part_sizes(value: int) -> list[int]:
    """Sizes of parts that make up ``value``: for each number of parts the smallest."""
    return sorted({math.ceil(value / parts) for parts in range(1, value + 1)})


def mean_pace(
    interval: NDArray[Any],
    update: NDArray[Any],
    stalls: tuple[NDArray[Any], NDArray[Any]],
    sample_buffers: IntegerArray,
    errors: float,
) -> NDArray[np.float64]:
    """Mean cycles for each sample of forward passes and updates that go on side by side.

    Samples wait in their buffers for their update while the forward pass goes on. An update fetches
    inputs from the same memory as the forward pass, and stalls it.

    Parameters
    ----------
    interval, update : (n,) array
        Cycles of a forward pass, and of the update of a sample with an error.
    stalls : two (n,) arrays
        Cycles at most for which updates stall the fetches of a sample's first word, before the
        update of the sample before it begins, and those of its other words.
    sample_buffers : (n,) int
        Samples that may be inside the layer at a time.
    errors : float
        Share of the samples with an error.
    """
    rows, inverse = np.unique(
        np.stack([sample_buffers, interval, update, *stalls], axis=1), axis=0, return_inverse=True
    )
    raised = synthetic_errors(PACE_SAMPLES, errors).tolist()
    pace = np.empty(len(rows))
    for number in np.unique(rows[:, 0]).tolist():
        alike = rows[:, 0] == number
        _, forward_cycles, update_cycles, first_stall, other_stall = rows[alike].T
        forward = np.zeros(len(forward_cycles))
        done = deque([forward] * int(number), maxlen=int(number))
        for error in raised:
            first = np.minimum(np.maximum(done[-2] - forward, 0), first_stall)
            other = np.minimum(np.maximum(done[-1] - forward - first, 0), other_stall)
            forward = np.maximum(forward, done[0]) + forward_cycles + first + other
            ended = np.maximum(forward, done[-1])
            done.append(ended + update_cycles if error else ended)
        pace[alike] = done[-1] / PACE_SAMPLES
    return pace[inverse.reshape(-1)]


@dataclass(frozen=True)
class LayerFront:
    """The Pareto-optimal ones of a layer's plans.

    Attributes
    ----------
    plans : list of LayerPlan
        The plans, cheapest first.
    cost : (n,) float
        Mean cycles for each sample, or something else to keep low.
    amounts : (n, 5) int
        Block RAMs, SPRAMs, LUTs, registers and logic cells.
    """

    plans: list[LayerPlan]
    cost: NDArray[np.float64]
    amounts: IntegerArray


@dataclass(frozen=True)
class LayerOptions:
    """Foldings of a layer, with what they need.

    Attributes
    ----------
    foldings : sequence of Foldings
        ``n`` foldings in all.
    amounts : (n, 5) int
        Block RAMs, SPRAMs, LUTs, registers and logic cells.
    """

    foldings: Sequence[Foldings]
    amounts: IntegerArray

    def each(self, number: Callable[[Foldings], NDArray[np.float64]]) -> NDArray[np.float64]:
        """A number (n,) of all foldings."""
        return np.concatenate([np.empty(0), *map(number, self.foldings)])

    def front(self, cost: NDArray[np.float64]) -> LayerFront:
        """The Pareto-optimal ones, by cost (n,) and need."""
        kept = pareto_front(cost, self.amounts)
        starts = np.cumsum([0, *map(len, self.foldings)])
        parts = np.searchsorted(starts, kept, side="right") - 1
        plans = [
            self.foldings[part][index - starts[part]]
            for part, index in zip(parts.tolist(), kept.tolist(), strict=True)
        ]
        return LayerFront(plans, cost[kept], self.amounts[kept])


class LayerSearch:
    """The foldings of one layer.

    Parameters
    ----------
    config : NetworkConfig
        The network.
    layer : LayerConfig
        The layer.
    fpga : FPGA
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
        fpga: FPGA,
        workload: Workload,
        fixed: FixedFactors,
    ):
        self.layer = layer
        self.fpga = fpga
        self.batch = config.batch
        self.fixed = fixed
        self.next_input_width = 1 if layer.index < len(config.layers) - 1 else None
        self.events = reinforcement_events(layer, config.reinforcement, workload.accuracy)
        self.errors, self.share = workload.of(layer, len(config.layers))

    # Foldings

    def legal(self, released: Iterable[str] = ()) -> list[Foldings]:
        """Foldings that suit the layer, whatever they need.

        Parameters
        ----------
        released : iterable of str
            Factors all of whose values matter. Input widths, sample buffers and draws
            that are not among them take the values that need least.
        """
        sample_buffers = SAMPLE_BUFFERS if "sample_buffers" in released else SAMPLE_BUFFERS[:1]
        draws = (1, 2) if "draws_per_cycle" in released else (1,)
        found = [
            self._furnished(
                self._shapes(memory),
                sample_buffers,
                draws,
                every_input_width="input_width" in released,
            )
            for memory in self._memories()
        ]
        return [one for one in found if len(one)]

    def efficient(self, room: Resources) -> list[Foldings]:
        """Foldings that fit, but for those of shapes that are larger than others and no quicker."""
        found = []
        later = self.layer.index > 0
        sample_buffers = [
            number for number in SAMPLE_BUFFERS if not later or number >= MIN_LATER_BUFFERS
        ]
        for memory in self._memories():
            shapes = self._efficient_shapes(memory, room)
            furnished = self._furnished(shapes, sample_buffers, (1, 2), every_input_width=True)
            if "draws_per_cycle" not in self.fixed:
                # A second draw wants a bank that the first one does not use.
                two = (furnished.plan.banks > 1) & (memory is MemoryKind.BLOCK)
                furnished = furnished.only(furnished.plan.draws_per_cycle == np.where(two, 2, 1))
            found.append(furnished)
        return found

    def _values(self, name: str, worthwhile: Iterable[Any]) -> Iterable[Any]:
        return [self.fixed[name]] if name in self.fixed else worthwhile

    def _memories(self) -> Iterable[MemoryKind]:
        kinds = [MemoryKind.BLOCK, *([MemoryKind.SPRAM] if self.fpga.sprams else [])]
        return self._values("memory", kinds)

    def _shapes(self, memory: MemoryKind) -> Foldings:
        """Foldings of all banks, pe, simd and update widths that matter, with an input width."""
        layer = self.layer
        groups = divisors(layer.group_count)
        pe = sorted({*divisors(layer.group), *(layer.group * number for number in groups)})
        outer = list(product(self._values("banks", groups), self._values("pe", pe)))
        inner = []
        for update_width in self._values("update_width", part_sizes(layer.inputs)):
            rows = math.ceil(layer.inputs / update_width)
            # A word of an even number of rows has more input widths to choose from.
            sizes = sorted({size + odd for size in part_sizes(rows) for odd in (0, size % 2)})
            inner += [
                (simd, update_width)
                for simd in self._values("simd", [update_width * size for size in sizes])
            ]
        table = np.empty((len(outer), len(inner), len(FACTORS)), dtype=np.int64)
        table[..., :2] = np.array(outer)[:, np.newaxis]
        table[..., 2:4] = np.array(inner)
        table[..., 4:] = table[..., 2:3]
        table[..., 5:] = SAMPLE_BUFFERS[0], 1
        shapes = Foldings(layer, memory, table)
        return shapes.only(shapes.legal)

    def _efficient_shapes(self, memory: MemoryKind, room: Resources) -> Foldings:
        shapes = self._shapes(memory)
        weights, snapshot = layer_memories(shapes)[:2]
        need = memory_need(weights, self.fpga) + memory_need(snapshot, self.fpga)
        # Each bit of a word and of a row takes a LUT at least.
        bits = shapes.plan.pe * shapes.plan.simd
        fitting = need.fits(room) & (shapes.plan.banks * (bits + shapes.row_bits) <= room.cells)
        shapes, amounts = shapes.only(fitting), amounts_of(need, len(shapes))[fitting]
        amounts[:, AMOUNTS.index("cells")] = bits[fitting]
        # Shapes of other rows differ in their updates, those of an even number in input widths.
        odd = shapes.plan.simd // shapes.plan.update_width % 2
        kinds = np.stack([shapes.plan.banks, shapes.plan.update_width, odd], axis=1)
        _, kind = np.unique(kinds, axis=0, return_inverse=True)
        interval = LayerTiming.of(shapes).interval
        return shapes.only(pareto_front(interval, amounts, kind.reshape(-1)))

    def _furnished(
        self,
        shapes: Foldings,
        sample_buffers: Iterable[int],
        draws: Iterable[int],
        *,
        every_input_width: bool,
    ) -> Foldings:
        """Shapes with all input widths, or the narrowest and the widest, with buffers and draws."""
        widths: list[list[int]] = []
        for simd, update_width in zip(
            shapes.plan.simd.tolist(), shapes.plan.update_width.tolist(), strict=True
        ):
            sizes = (
                divisors(simd // update_width) if every_input_width else {1, simd // update_width}
            )
            widths.append(
                list(self._values("input_width", [update_width * size for size in sizes]))
            )
        table = np.repeat(shapes.table, [len(choices) for choices in widths], axis=0)
        table[:, FACTORS.index("input_width")] = [one for choices in widths for one in choices]
        for name, values in (("sample_buffers", sample_buffers), ("draws_per_cycle", draws)):
            choices = list(self._values(name, values))
            rows = len(table)
            table = np.repeat(table, len(choices), axis=0)
            table[:, FACTORS.index(name)] = np.tile(choices, rows)
        found = Foldings(self.layer, shapes.plan.memory, table)
        return found.only(found.legal)

    def fitting(self, foldings: Iterable[Foldings], room: Resources) -> LayerOptions:
        """Those that fit on their own, with what they need."""
        fitting, amounts = [], [np.empty((0, len(AMOUNTS)), dtype=np.int64)]
        for one in foldings:
            need = self.needs(one)
            fits = np.broadcast_to(need.fits(room), len(one))
            fitting.append(one.only(fits))
            amounts.append(amounts_of(need, len(one))[fits])
        return LayerOptions(fitting, np.concatenate(amounts))

    def needs(self, foldings: Foldings) -> Resources:
        """What foldings need."""
        return total_need(layer_needs(foldings, self.fpga, self.next_input_width))

    # Their cycles

    def pace(self, foldings: Foldings) -> NDArray[np.float64]:
        """Mean cycles for each sample, without those of a commit."""
        timing, banks = LayerTiming.of(foldings), foldings.plan.banks
        rounds = foldings.bank_groups * (1 - (1 - self.share) ** banks)
        update = 1 + foldings.bank_groups + rounds * timing.round
        # The first layer takes one sample ahead, and reads its first word when it has all of it.
        first_word = 1 if self.layer.index else foldings.word_transfers + 2
        interval = np.maximum(timing.interval, foldings.sample_words + first_word)
        # An update fetches in one of so many cycles; if in each of them, it stalls to its end.
        every = foldings.transfer_rows * foldings.row_cycles
        longest = np.where(every > 1, 1 / np.maximum(every - 1, 1), LONG)
        others = np.maximum(foldings.sample_words - foldings.word_transfers, 0)
        stalls = (foldings.word_transfers * longest, others * longest)
        return mean_pace(interval, update, stalls, foldings.plan.sample_buffers, self.errors)

    def commit(self, foldings: Foldings) -> NDArray[np.float64]:
        """A sample's share of the cycles of its batch's commit."""
        plan, timing = foldings.plan, LayerTiming.of(foldings)
        updates = self.batch * self.errors * self.share * self.layer.group_count
        cycles = mean_scan_cycles(foldings, updates) + timing.result + timing.decode + 4
        if self.events:
            # The events' cycles depend on banks and draws above all.
            kinds, first, kind = np.unique(
                np.stack([plan.banks, plan.draws_per_cycle], axis=1),
                axis=0,
                return_index=True,
                return_inverse=True,
            )
            issued = [
                mean_event_cycles(FoldedLayer(self.layer, foldings[index]), self.events)
                for index in first.tolist()
            ]
            if len(kinds):
                cycles = cycles + np.array(issued)[kind.reshape(-1)]
        committing = 1 - (1 - self.errors) ** self.batch
        return committing * cycles / self.batch
