"""The planner of universal trainers: capacities and a folding for an FPGA.

Each folding of a small table gets the most rows that the memories of the FPGA allow; of those whose
logic fits, too, the one that trains a network in the fewest cycles is taken. Without a given
network it is the reference network: 784 inputs, 10 classes, and one layer with as many neurons, a
power of two, as any of the foldings holds.
"""

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from itertools import product

from ...golden_model.config import NetworkConfig, default_group
from ...golden_model.errors import ConfigurationError
from .capacity import MAX_ROWS, power_of_two
from .cycles import Workload, mean_cycles, mean_scan_cycles
from .fpgas import FPGA
from .infeasibility import DoesNotFitError
from .integers import ceil_divide, number_bits
from .plan import COUNT_BITS, LayerPlan, MemoryKind
from .resources import Resources, layer_memories, memory_need, total_need
from .timing import LayerTiming
from .universal import RECORD_HALVES, Capacity, PlacedNetwork, UniversalTrainer
from .universal_resources import universal_needs

__all__ = ["plan_universal", "reference_network"]

REFERENCE_INPUTS = 784
REFERENCE_CLASSES = 10
MIN_NEURONS = 8  # of the reference network

PES = (1, 2, 4)
UPDATE_WIDTHS = (4, 8, 16, 32, 64, 128)
INPUT_WIDTHS = (1, 2)  # as multiples of update_width
MAX_INPUT_WIDTH = 128
MAX_WORDS = 8  # of the reference network's samples, or the given network's
COMPARED = 4  # foldings that are compared by exact cycles, the best by an estimate


@dataclass(frozen=True, kw_only=True)
class _Size:
    """Capacities for FPGAs of a size, which cost logic rather than memory.

    Parameters
    ----------
    luts : int
        LUTs of the FPGA, at least.
    layers, inputs, neurons, classes : int
        See :class:`.universal.Capacity`; a given network raises them.
    sample_buffers : int
        Fold factor.
    """

    luts: int
    layers: int
    inputs: int
    neurons: int
    classes: int
    sample_buffers: int

    def raised(self, network: NetworkConfig) -> "_Size":
        """The capacities, raised to those of a network."""
        return replace(
            self,
            layers=max(self.layers, len(network.layers)),
            inputs=max(self.inputs, *(layer.inputs for layer in network.layers)),
            neurons=max(self.neurons, *(layer.neurons for layer in network.layers)),
            classes=max(self.classes, network.classes),
        )


CELL_MARGIN = 0.96  # estimates of universal trainers are less exact than those of networks

SIZES = (
    _Size(luts=20_000, layers=8, inputs=4096, neurons=1024, classes=32, sample_buffers=32),
    _Size(luts=0, layers=4, inputs=1568, neurons=256, classes=10, sample_buffers=4),
)


def plan_universal(
    fpga: FPGA,
    *,
    counter_bits: int = 8,
    network: NetworkConfig | None = None,
    workload: Workload | None = None,
) -> UniversalTrainer:
    """Find the capacities and the folding of a universal trainer for an FPGA.

    Block RAMs and logic cells are used up to the FPGA's ``max_block_ram_utilisation`` and
    ``max_cell_utilisation``, less a margin, which leaves room for a host link.

    Parameters
    ----------
    fpga : FPGA
        The target FPGA.
    counter_bits : int
        Bits ``B`` of a hidden weight, 2 to 16; a given network's instead, if there is one.
    network : NetworkConfig, optional
        The network that it must hold, and train in the fewest cycles; by default the largest
        reference network (:func:`reference_network`).
    workload : Workload, optional
        Average rates of errors and updates; those of a first epoch by default.

    Raises
    ------
    ConfigurationError
        If ``counter_bits``, the network or the workload is beyond what gateware can have.
    DoesNotFitError
        If nothing fits; the message names the resource that is exhausted.
    """
    size = next(size for size in SIZES if fpga.luts >= size.luts)
    if network is not None:
        size, counter_bits = size.raised(network), network.counter_bits
    search = _Search(fpga, size, counter_bits, network or _reference(MIN_NEURONS, counter_bits))
    trainers = list(search.trainers())
    if not trainers:
        raise search.exhausted(given=network is not None)
    network = network or max(map(reference_network, trainers), key=lambda one: one.hidden)
    placed = [one for trainer in trainers if (one := _placed(network, trainer)) is not None]
    workload = workload or Workload()
    placed.sort(key=lambda one: _estimated_cycles(one, workload))
    return min(placed[:COMPARED], key=lambda one: mean_cycles(one, workload)).trainer


def reference_network(trainer: UniversalTrainer) -> NetworkConfig:
    """The largest reference network that a trainer holds.

    It has 784 inputs, 10 classes, and one layer whose neurons are a power of two, at least 8.

    Raises
    ------
    ConfigurationError
        If the trainer does not hold it with 8 neurons.
    """
    counter_bits = trainer.capacity.counter_bits
    neurons = MIN_NEURONS
    trainer.place(_reference(neurons, counter_bits))
    while _placed(_reference(2 * neurons, counter_bits), trainer) is not None:
        neurons *= 2
    return _reference(neurons, counter_bits)


def _reference(neurons: int, counter_bits: int) -> NetworkConfig:
    return NetworkConfig(
        inputs=REFERENCE_INPUTS,
        hidden=(neurons,),
        groups=(default_group(neurons),),
        classes=REFERENCE_CLASSES,
        counter_bits=counter_bits,
    )


def _placed(network: NetworkConfig, trainer: UniversalTrainer) -> PlacedNetwork | None:
    try:
        return trainer.place(network)
    except ConfigurationError:
        return None


def _estimated_cycles(placed: PlacedNetwork, workload: Workload) -> float:
    """Cycles per sample: passes and updates, which overlap, and scans, but no reinforcement."""
    batch = placed.config.batch
    forward = update = scan = 0.0
    for layer in placed.layers:
        errors, found = workload.of(layer.config, len(placed.layers))
        timing, groups = LayerTiming.of(layer), layer.config.group_count
        forward += float(timing.interval)
        update += 1 + errors * groups * (1 + found * float(timing.round))
        scan += float(mean_scan_cycles(layer, batch * errors * groups * found)) / batch
    return max(forward, update) + scan


@dataclass(frozen=True)
class _Search:
    """The foldings for an FPGA, each with as many rows as fit.

    Parameters
    ----------
    fpga : FPGA
        The target FPGA.
    size : _Size
        Capacities that do not depend on the folding.
    counter_bits : int
        Bits of a hidden weight.
    least : NetworkConfig
        The smallest network that the trainer must hold.
    """

    fpga: FPGA
    size: _Size
    counter_bits: int
    least: NetworkConfig

    @property
    def room(self) -> Resources:
        """The resources that a trainer may take."""
        fpga, supply = self.fpga, Resources.of(self.fpga)
        share = fpga.max_cell_utilisation
        if share < 1:  # 1 is for a number of cells that the user gives
            share *= CELL_MARGIN
        return replace(
            supply,
            block_rams=int(fpga.max_block_ram_utilisation * supply.block_rams),
            cells=int(share * supply.cells),
        )

    def foldings(self) -> list[LayerPlan]:
        """The foldings that are compared; each splits the first layer's inputs into equal words."""
        plans = {
            LayerPlan(
                pe=pe,
                simd=input_width * ceil_divide(ceil_divide(self.least.inputs, words), input_width),
                update_width=update_width,
                input_width=input_width,
                sample_buffers=self.size.sample_buffers,
                memory=MemoryKind.BLOCK if self.fpga.spram is None else MemoryKind.SPRAM,
            ): None
            for pe, update_width, words in product(PES, UPDATE_WIDTHS, range(1, MAX_WORDS + 1))
            for input_width in (factor * update_width for factor in INPUT_WIDTHS)
            if pe <= input_width <= MAX_INPUT_WIDTH
        }
        return [plan for plan in plans if plan.simd < self.size.inputs + plan.update_width]

    def least_rows(self, plan: LayerPlan) -> int:
        """Rows of the smallest network, with a folding."""
        return sum(
            ceil_divide(layer.neurons, plan.pe) * ceil_divide(layer.inputs, plan.simd)
            for layer in self.least.layers
        )

    def trainer(self, plan: LayerPlan, rows: int) -> UniversalTrainer:
        """A trainer with a folding and a number of rows.

        The memories beside the hidden weights and the snapshot get whole block RAMs, enough for
        the network, for ``sample_buffers`` of its samples, and for two of the longest.
        """
        size, layers = self.size, self.least.layers
        neurons = min(plan.pe * ceil_divide(size.neurons, plan.pe), plan.pe * rows)
        shared = plan.pe == 1 and plan.memory is MemoryKind.SPRAM
        if shared:  # the sums of all neurons and the settings of all layers take one block RAM
            neurons = min(neurons, self._whole_blocks(1, COUNT_BITS) - RECORD_HALVES * size.layers)
        choices = sum(layer.group_count for layer in layers)
        sample = sum(ceil_divide(layer.inputs, plan.input_width) for layer in layers)
        stride = power_of_two(sample + (choices if shared else 0))
        words = max(size.sample_buffers * stride, 2 * ceil_divide(size.inputs, plan.input_width))
        groups = size.sample_buffers * choices
        sets = max(neurons, sum(layer.neurons + plan.pe - 1 for layer in layers)) // plan.pe
        capacity = Capacity(
            layers=size.layers,
            inputs=size.inputs,
            neurons=neurons,
            classes=size.classes,
            counter_bits=self.counter_bits,
            rows=rows,
            columns=plan.pe * min(rows, self._whole_blocks(sets, plan.pe * size.classes)),
            sample_words=power_of_two(self._whole_blocks(words, plan.input_width)),
            choices=0 if shared else self._whole_blocks(groups, 2 + number_bits(neurons)),
        )
        return UniversalTrainer(capacity, plan, self.fpga.name, shared)

    def _whole_blocks(self, rows: int, width: int) -> int:
        """Rows of a memory, raised to those of whole block RAMs."""
        shapes = self.fpga.block_ram.shapes
        depth = max((depth for depth, bits in shapes if bits >= width), default=shapes[0][0])
        return depth * ceil_divide(rows, depth)

    def trainers(self) -> Iterator[UniversalTrainer]:
        """For each folding with which the smallest network fits, the trainer with the most rows."""
        room = self.room
        for plan in self.foldings():
            least = self.least_rows(plan)
            most = min(self.fpga.bits // (plan.pe * plan.simd * self.counter_bits), MAX_ROWS)
            beyond = bisect_left(
                range(least, most + 1),
                True,
                key=lambda rows: not self._memories(plan, rows).fits(room),
            )
            rows = least + beyond - 1
            if self.fpga.spram is not None:
                # A snapshot of another depth takes a multiplexer for each of its bits.
                rows = max(least, power_of_two(rows + 1) // 2)
            if beyond:
                trainer = self.trainer(plan, rows)
                fits = total_need(universal_needs(trainer, self.fpga)).fits(room)
                if fits and _placed(self.least, trainer) is not None:  # its groups may be too large
                    yield trainer

    def _memories(self, plan: LayerPlan, rows: int) -> Resources:
        memories = layer_memories(self.trainer(plan, rows).engine)
        return sum((memory_need(memory, self.fpga) for memory in memories), Resources())

    def exhausted(self, given: bool) -> DoesNotFitError:
        """The error for the resource that is exhausted first; ``given`` for a given network."""
        room = asdict(self.room)
        shortages = []
        for plan in self.foldings():
            trainer = self.trainer(plan, self.least_rows(plan))
            need = asdict(total_need(universal_needs(trainer, self.fpga)))
            shortages.append(max((need[one] / max(room[one], 0.5), one, need[one]) for one in room))
        _, resource, need = min(shortages)
        fpga, network = self.fpga, self.least
        names = {
            "block_rams": fpga.block_ram.name + "s",
            "sprams": fpga.spram.name + "s" if fpga.spram else "SPRAMs",
            "luts": "LUTs",
            "registers": "registers",
            "cells": "logic cells",
        }
        shape = "–".join(map(str, (network.inputs, *network.hidden, network.classes)))
        held = f"for {shape}" if given else "of any capacity"
        advice = "take a smaller network, or a larger FPGA" if given else "take a larger FPGA"
        return DoesNotFitError(
            f"a universal trainer {held} does not fit the {fpga.name}: with any folding, it needs "
            f"at least {need:,} {names[resource]}, and may take {room[resource]:,}: {advice}",
            resource=resource,
            need=need,
            supply=room[resource],
            nearest=None,
        )
