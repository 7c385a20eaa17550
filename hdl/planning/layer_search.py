"""Search space of the planner for one layer: foldings in arrays, with cycles and resources.

Of all sizes that divide a layer into the same number of parts, only the smallest is a candidate,
since larger ones need more resources for the same cycles.
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
"""Fold factors with a given value, by their names in :class:`.plan.LayerPlan`."""

AMOUNTS = ("block_rams", "sprams", "luts", "registers", "cells")
"""The fields of :class:`.resources.Resources`, in the order of the columns of arrays."""

SAMPLE_BUFFERS = (4, 5, 8, 12, 16)
MIN_LATER_BUFFERS = 12
"""Minimum for later layers, whose samples pause while the previous layer commits."""

LONG = 1e9
"""More cycles than any update takes."""

PACE_SAMPLES = 500
"""Synthetic samples in :func:`mean_pace`."""


def amounts_of(need: Resources, count: int = 1) -> IntegerArray:
    """Resources as an array (count, 5)."""
    columns = (getattr(need, name) for name in AMOUNTS)
    return np.stack([np.broadcast_to(column, count) for column in columns], axis=1)


def pareto_front(
    cost: NDArray[Any], amounts: IntegerArray, kind: IntegerArray | None = None
) -> IntegerArray:
    """The Pareto front by cost, block RAMs, SPRAMs and logic cells.

    Parameters
    ----------
    cost : (n,) array
        Cost to minimise.
    amounts : (n, 5) int
        Resources.
    kind : (n,) int, optional
        Kinds, from 0; only elements of the same kind are compared.

    Returns
    -------
    (m,) int
        Indices of the Pareto-optimal elements, in order of cost; of equal ones, the first.
    """
    if not len(cost):
        return np.empty(0, dtype=np.int64)
    kind = np.zeros(len(cost), dtype=np.int64) if kind is None else kind
    block_rams, sprams, cells = amounts[:, 0], amounts[:, 1], amounts[:, 4]
    order = np.lexsort([block_rams, sprams, cells, cost])
    # Minimum cells so far, for each kind and each limit of SPRAMs and block RAMs.
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
    """For each number of parts of ``value``, the smallest possible size of a part."""
    return sorted({math.ceil(value / parts) for parts in range(1, value + 1)})


def mean_pace(
    interval: NDArray[Any],
    update: NDArray[Any],
    stalls: tuple[NDArray[Any], NDArray[Any]],
    sample_buffers: IntegerArray,
    errors: float,
) -> NDArray[np.float64]:
    """Mean cycles per sample of forward passes and updates that overlap.

    Samples wait in buffers for their update while the next forward passes run. An update fetches
    inputs from the same memory as the forward pass, and stalls it.

    Parameters
    ----------
    interval, update : (n,) array
        Cycles of a forward pass, and of the update of a sample with an error.
    stalls : two (n,) arrays
        Maximum cycles by which updates delay the fetches of a sample's first word, before the
        update of the previous sample begins, and the fetches of its other words.
    sample_buffers : (n,) int
        Maximum number of samples in the layer.
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
    """The Pareto-optimal plans of a layer.

    Attributes
    ----------
    plans : list of LayerPlan
        The plans, in order of cost.
    cost : (n,) float
        Cost of each plan, such as mean cycles per sample.
    amounts : (n, 5) int
        Block RAMs, SPRAMs, LUTs, registers and logic cells.
    """

    plans: list[LayerPlan]
    cost: NDArray[np.float64]
    amounts: IntegerArray


@dataclass(frozen=True)
class LayerOptions:
    """Foldings of a layer, with their resources.

    Attributes
    ----------
    foldings : sequence of Foldings
        ``n`` foldings in total.
    amounts : (n, 5) int
        Block RAMs, SPRAMs, LUTs, registers and logic cells.
    """

    foldings: Sequence[Foldings]
    amounts: IntegerArray

    def each(self, number: Callable[[Foldings], NDArray[np.float64]]) -> NDArray[np.float64]:
        """Evaluate a function of foldings for all of them, (n,)."""
        return np.concatenate([np.empty(0), *map(number, self.foldings)])

    def front(self, cost: NDArray[np.float64]) -> LayerFront:
        """The Pareto-optimal foldings by cost (n,) and resources."""
        kept = pareto_front(cost, self.amounts)
        starts = np.cumsum([0, *map(len, self.foldings)])
        parts = np.searchsorted(starts, kept, side="right") - 1
        plans = [
            self.foldings[part][index - starts[part]]
            for part, index in zip(parts.tolist(), kept.tolist(), strict=True)
        ]
        return LayerFront(plans, cost[kept], self.amounts[kept])


class LayerSearch:
    """The search space of foldings of one layer.

    Parameters
    ----------
    config : NetworkConfig
        The network.
    layer : LayerConfig
        The layer.
    fpga : FPGA
        The target FPGA.
    workload : Workload
        Average rates of errors and updates.
    fixed : mapping
        Fold factors with a given value.
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

    def legal(self, relaxed: Iterable[str] = ()) -> list[Foldings]:
        """Foldings that keep the rules of the layer, with any amount of resources.

        Parameters
        ----------
        relaxed : iterable of str
            Factors whose candidates are all included. Input widths, sample buffers and draws that
            are not among them have only the candidates with the fewest resources.
        """
        sample_buffers = SAMPLE_BUFFERS if "sample_buffers" in relaxed else SAMPLE_BUFFERS[:1]
        draws = (1, 2) if "draws_per_cycle" in relaxed else (1,)
        found = [
            self._expanded(
                self._shapes(memory),
                sample_buffers,
                draws,
                all_input_widths="input_width" in relaxed,
            )
            for memory in self._memories()
        ]
        return [one for one in found if len(one)]

    def nondominated(self, limit: Resources) -> list[Foldings]:
        """Foldings whose shapes fit and are not dominated: no smaller shape is as fast."""
        found = []
        later = self.layer.index > 0
        sample_buffers = [
            number for number in SAMPLE_BUFFERS if not later or number >= MIN_LATER_BUFFERS
        ]
        for memory in self._memories():
            shapes = self._nondominated_shapes(memory, limit)
            expanded = self._expanded(shapes, sample_buffers, (1, 2), all_input_widths=True)
            if "draws_per_cycle" not in self.fixed:
                # A second draw in a cycle needs another bank than the first.
                two = (expanded.plan.banks > 1) & (memory is MemoryKind.BLOCK)
                expanded = expanded.only(expanded.plan.draws_per_cycle == np.where(two, 2, 1))
            found.append(expanded)
        return found

    def _values(self, name: str, candidates: Iterable[Any]) -> Iterable[Any]:
        return [self.fixed[name]] if name in self.fixed else candidates

    def _memories(self) -> Iterable[MemoryKind]:
        kinds = [MemoryKind.BLOCK, *([MemoryKind.SPRAM] if self.fpga.sprams else [])]
        return self._values("memory", kinds)

    def _shapes(self, memory: MemoryKind) -> Foldings:
        """Foldings of all candidates of banks, pe, simd and update width."""
        layer = self.layer
        groups = divisors(layer.group_count)
        pe = sorted({*divisors(layer.group), *(layer.group * number for number in groups)})
        outer = list(product(self._values("banks", groups), self._values("pe", pe)))
        inner = []
        for update_width in self._values("update_width", part_sizes(layer.inputs)):
            rows = math.ceil(layer.inputs / update_width)
            # A word with an even number of rows has more possible input widths.
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

    def _nondominated_shapes(self, memory: MemoryKind, limit: Resources) -> Foldings:
        shapes = self._shapes(memory)
        weights, snapshot = layer_memories(shapes)[:2]
        need = memory_need(weights, self.fpga) + memory_need(snapshot, self.fpga)
        # Each bit of a word and of a row takes at least one LUT.
        bits = shapes.plan.pe * shapes.plan.simd
        fitting = need.fits(limit) & (shapes.plan.banks * (bits + shapes.row_bits) <= limit.cells)
        shapes, amounts = shapes.only(fitting), amounts_of(need, len(shapes))[fitting]
        amounts[:, AMOUNTS.index("cells")] = bits[fitting]
        # Shapes with different rows have different updates; with an even number, more input widths.
        odd = shapes.plan.simd // shapes.plan.update_width % 2
        kinds = np.stack([shapes.plan.banks, shapes.plan.update_width, odd], axis=1)
        _, kind = np.unique(kinds, axis=0, return_inverse=True)
        interval = LayerTiming.of(shapes).interval
        return shapes.only(pareto_front(interval, amounts, kind.reshape(-1)))

    def _expanded(
        self,
        shapes: Foldings,
        sample_buffers: Iterable[int],
        draws: Iterable[int],
        *,
        all_input_widths: bool,
    ) -> Foldings:
        """Combine shapes with candidates of input width, sample buffers and draws per cycle.

        The input widths are all possible ones, or the narrowest and the widest.
        """
        widths: list[list[int]] = []
        for simd, update_width in zip(
            shapes.plan.simd.tolist(), shapes.plan.update_width.tolist(), strict=True
        ):
            sizes = (
                divisors(simd // update_width) if all_input_widths else {1, simd // update_width}
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

    def fitting(self, foldings: Iterable[Foldings], limit: Resources) -> LayerOptions:
        """The foldings within a limit of resources, with the resources of each."""
        fitting, amounts = [], [np.empty((0, len(AMOUNTS)), dtype=np.int64)]
        for one in foldings:
            need = self.needs(one)
            fits = np.broadcast_to(need.fits(limit), len(one))
            fitting.append(one.only(fits))
            amounts.append(amounts_of(need, len(one))[fits])
        return LayerOptions(fitting, np.concatenate(amounts))

    def needs(self, foldings: Foldings) -> Resources:
        """Resources of foldings."""
        return total_need(layer_needs(foldings, self.fpga, self.next_input_width))

    # Cycles

    def pace(self, foldings: Foldings) -> NDArray[np.float64]:
        """Mean cycles per sample, without commits."""
        timing, banks = LayerTiming.of(foldings), foldings.plan.banks
        rounds = foldings.bank_groups * (1 - (1 - self.share) ** banks)
        update = 1 + foldings.bank_groups + rounds * timing.round
        # The first layer takes one sample ahead, and reads its first word after its last came.
        first_word = 1 if self.layer.index else foldings.word_transfers + 2
        interval = np.maximum(timing.interval, foldings.sample_words + first_word)
        # An update fetches every ``every`` cycles; if in each cycle, it stalls until it ends.
        every = foldings.transfer_rows * foldings.row_cycles
        longest = np.where(every > 1, 1 / np.maximum(every - 1, 1), LONG)
        others = np.maximum(foldings.sample_words - foldings.word_transfers, 0)
        stalls = (foldings.word_transfers * longest, others * longest)
        return mean_pace(interval, update, stalls, foldings.plan.sample_buffers, self.errors)

    def commit(self, foldings: Foldings) -> NDArray[np.float64]:
        """Mean cycles of commits per sample."""
        plan, timing = foldings.plan, LayerTiming.of(foldings)
        updates = self.batch * self.errors * self.share * self.layer.group_count
        cycles = mean_scan_cycles(foldings, updates) + timing.result + timing.decode + 4
        if self.events:
            # The cycles of the events depend mainly on banks and draws per cycle.
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
