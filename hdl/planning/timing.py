"""Cycles of a folded layer: latencies, the forward pass, and the events of a commit."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...golden_model.random_stream import RandomStream, reinforcement_id
from .foldings import Foldings
from .integers import Integers, bit_length, ceil_divide, choose, maximum
from .plan import FoldedLayer

__all__ = [
    "LayerTiming",
    "count_hold",
    "divider_latency",
    "event_cycles",
    "mean_event_cycles",
    "popcount_latency",
]

MAX_EVENTS = 1 << 14
"""Maximum number of draws in an estimate of a commit."""


def popcount_latency(width: Integers, register_every: int = 2) -> Integers:
    """Cycles of an :class:`.popcount.XnorPopcount`."""
    return ceil_divide(2 + bit_length(ceil_divide(width, 7) - 1), register_every)


def count_hold(simd: int) -> int:
    """Cycles for which the counts of a result delay the next pass (:class:`.layer_rows.LayerRows`).

    The counts take seven cycles; a pass writes its first sum so many cycles after its start.
    """
    return max(0, 4 - int(popcount_latency(simd)))


def divider_latency(width: int, divisor: Integers) -> Integers:
    """Cycles of a :class:`.constant_divider.ConstantDivider`."""
    power_of_two = divisor & (divisor - 1) == 0
    return choose(power_of_two, 0, bit_length(((1 << width) - 1) // divisor))


@dataclass(frozen=True)
class LayerTiming:
    """Cycles of a folded layer that do not depend on the samples.

    Attributes
    ----------
    array : int
        Neuron array: from the first row of the snapshot to the last, including the reads of words.
    result : int
        From the first cycle of the array to the first in which the result is offered.
    interval : int
        Interval between the array's starts for two samples, without stalls.
    round : int
        A round of the update.
    decode : int
        Latency of the reinforcement's pipeline.
    """

    array: Integers
    result: Integers
    interval: Integers
    round: Integers
    decode: Integers

    @classmethod
    def of(cls, folded: FoldedLayer | Foldings) -> "LayerTiming":
        """The timing of a folded layer; arrays for many foldings."""
        config, plan = folded.config, folded.plan
        array = folded.array_cycles
        last_steps = folded.pass_steps - (folded.sets - 1) * folded.steps
        result = (
            (array - folded.set_cycles)
            + 1
            + (popcount_latency(plan.simd) + 2)
            + (last_steps - 1)
            + (popcount_latency(plan.banks * folded.score_width) + 1)
            + (config.classes + 2)
        )
        if folded.universal:  # both divisors are powers of two; registers precede the product
            decode: Integers = 1
        else:
            decode = maximum(
                divider_latency(config.neuron_bits, folded.bank_neurons),
                divider_latency(config.input_bits, plan.update_width),
            )
        return cls(
            array=array,
            result=result,
            interval=maximum(array + folded.word_transfers, result + 2),
            round=folded.rows * folded.row_cycles + int(folded.universal),  # with Address
            decode=decode,
        )


def event_cycles(folded: FoldedLayer, draws: NDArray[np.uint32]) -> int:
    """Cycles that issue the draws of a commit (:class:`.reinforcement.Reinforcement`).

    Parameters
    ----------
    folded : FoldedLayer
        The layer and its fold factors.
    draws : (M,) uint32
        All draws of a commit, in order.
    """
    config, plan = folded.config, folded.plan
    j = (draws & ((1 << config.neuron_bits) - 1)).astype(np.int64)
    i = (draws >> np.uint32(config.neuron_bits)).astype(np.int64) & ((1 << config.input_bits) - 1)
    named = (j < config.neurons) & (i < config.inputs)
    if folded.single_port:
        return len(draws) + int(np.count_nonzero(named))

    if plan.draws_per_cycle == 1:
        where = np.where(named, j * folded.rows + i // plan.update_width, -1)
        return len(draws) + int(np.count_nonzero((where[1:] == where[:-1]) & named[1:]))

    if len(draws) % 2:
        j, i, named = (np.append(values, 0) for values in (j, i, named))
    bank = (j // folded.bank_neurons).reshape(-1, 2)
    row = (j * folded.rows + i // plan.update_width).reshape(-1, 2)
    named = named.astype(bool).reshape(-1, 2)
    both = named.all(axis=1)
    waits = both & (bank[:, 0] == bank[:, 1])
    twice = waits & (row[:, 0] == row[:, 1])
    # Rows requested in the first cycle of a pair, and rows issued in its last; −1 for none.
    asked = np.where(named, row, -1)
    issued = asked.copy()
    asked[waits, 1] = -1
    issued[waits, 0] = -1
    clash = np.zeros(len(row), dtype=bool)
    for before in range(2):
        for now in range(2):
            clash[1:] |= (asked[1:, now] == issued[:-1, before]) & (asked[1:, now] >= 0)
    return len(row) + int(clash.sum() + waits.sum() + twice.sum())


def mean_event_cycles(folded: FoldedLayer, events: int) -> float:
    """Mean cycles that issue the events of a commit, from a sample of draws."""
    draws = RandomStream(1, reinforcement_id(folded.config.index)).draws(min(events, MAX_EVENTS))
    return event_cycles(folded, draws) * events / len(draws)
