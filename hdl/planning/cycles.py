"""How many cycles a trainer core takes, from its plan and from what its samples do.

:class:`CycleModel` follows the core's own rules, event by event rather than cycle by cycle, and
is exact: fed with the golden model's record of a run it gives the cycles of that run.
:func:`estimate_cycles` feeds it with made-up samples that have given averages.
"""

import math
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...golden_model.batch_record import BatchRecord
from ...golden_model.config import LayerConfig, NetworkConfig
from ...golden_model.errors import ConfigurationError
from ...golden_model.random_stream import BitStream, reinforcement_id
from ...golden_model.trainer import reinforcement_events
from .foldings import Foldings
from .integers import Integers, bit_length, ceil_divide
from .plan import FoldedLayer, FoldedNetwork

__all__ = [
    "CycleEstimate",
    "CycleModel",
    "LayerCycles",
    "LayerTiming",
    "Workload",
    "estimate_cycles",
    "event_cycles",
    "mean_cycles",
    "popcount_latency",
]

FIRST_ERRORS = 0.5
"""Share of the samples that raise an error bit in a first epoch."""

ESTIMATED_SAMPLES = 2000
ESTIMATED_WORDS, LEAST_SAMPLES = 20_000, 100
"""Made-up samples that an estimate follows."""

ESTIMATED_EVENTS = 1 << 14
"""Draws at most that an estimate of a commit looks at."""


def popcount_latency(width: Integers, register_every: int = 2) -> Integers:
    """Cycles of an :class:`.popcount.XnorPopcount`."""
    return ceil_divide(2 + bit_length(ceil_divide(width, 7) - 1), register_every)


def divider_latency(width: int, divisor: Integers) -> Integers:
    """Cycles of a :class:`.constant_divider.ConstantDivider`."""
    power_of_two = divisor & (divisor - 1) == 0
    return np.where(power_of_two, 0, bit_length(((1 << width) - 1) // divisor))


@dataclass(frozen=True)
class LayerTiming:
    """What a folded layer takes whatever its samples do, in cycles.

    Attributes
    ----------
    array : int
        From a sample's first row of the snapshot to its last one, words that are read in between
        included.
    result : int
        From the array's first cycle to the first in which the result is offered.
    interval : int
        From one sample's array to the next one's, when nothing else is in the way.
    round : int
        Rows of a round of the update.
    decode : int
        The reinforcement's pipeline.
    """

    array: Integers
    result: Integers
    interval: Integers
    round: Integers
    decode: Integers

    @classmethod
    def of(cls, folded: FoldedLayer | Foldings) -> "LayerTiming":
        """The timing of a layer's plan; of many plans, in arrays."""
        config, plan = folded.config, folded.plan
        array = folded.array_cycles
        last_steps = folded.pass_steps - (folded.sets - 1) * folded.steps
        result = (
            (array - folded.steps)
            + 1
            + (popcount_latency(plan.word) + 2)
            + (last_steps - 1)
            + (popcount_latency(plan.banks * folded.select) + 1)
            + (config.classes + 2)
        )
        return cls(
            array=array,
            result=result,
            interval=np.maximum(array + folded.word_loads, result + 2),
            round=folded.rows * folded.row_cycles,
            decode=np.maximum(
                divider_latency(config.neuron_bits, folded.bank_neurons),
                divider_latency(config.input_bits, plan.counters),
            ),
        )


def event_cycles(folded: FoldedLayer, draws: NDArray[np.uint32]) -> int:
    """Cycles in which a commit's draws are issued (:class:`.reinforcement.Reinforcement`).

    Parameters
    ----------
    folded : FoldedLayer
        The layer and its fold factors.
    draws : (M,) uint32
        All draws of one commit, in order.
    """
    config, plan = folded.config, folded.plan
    j = (draws & ((1 << config.neuron_bits) - 1)).astype(np.int64)
    i = (draws >> np.uint32(config.neuron_bits)).astype(np.int64) & ((1 << config.input_bits) - 1)
    named = (j < config.neurons) & (i < config.inputs)
    if folded.single_port:
        return len(draws) + int(np.count_nonzero(named))

    if plan.draws == 1:
        where = np.where(named, j * folded.rows + i // plan.counters, -1)
        return len(draws) + int(np.count_nonzero((where[1:] == where[:-1]) & named[1:]))

    if len(draws) % 2:
        j, i, named = (np.append(values, 0) for values in (j, i, named))
    bank = (j // folded.bank_neurons).reshape(-1, 2)
    row = (j * folded.rows + i // plan.counters).reshape(-1, 2)
    named = named.astype(bool).reshape(-1, 2)
    both = named.all(axis=1)
    waits = both & (bank[:, 0] == bank[:, 1])
    twice = waits & (row[:, 0] == row[:, 1])
    # Rows that are asked for in a pair's first cycle, and those issued in its last; −1 for none.
    asked = np.where(named, row, -1)
    issued = asked.copy()
    asked[waits, 1] = -1
    issued[waits, 0] = -1
    clash = np.zeros(len(row), dtype=bool)
    for before in range(2):
        for now in range(2):
            clash[1:] |= (asked[1:, now] == issued[:-1, before]) & (asked[1:, now] >= 0)
    return len(row) + int(clash.sum() + waits.sum() + twice.sum())


class _Service:
    """The update of one sample: when it reads the sample buffer, and its last cycle."""

    def __init__(self, folded: FoldedLayer, rounds: Sequence[int], end: int):
        self.end = end
        self._rounds = rounds  # cycle of each round's first fetch
        self._count = folded.load_words
        self._every = folded.load_rows * folded.row_cycles

    def fetches(self, first: int, end: int) -> int:
        """Fetches in the cycles from ``first`` to before ``end``."""
        total = 0
        for begin in self._rounds:
            low = max(0, -((begin - first) // self._every))
            high = min(self._count, -((begin - end) // self._every))
            total += max(0, high - low)
        return total


class _LayerClock:
    """A layer's progress: the cycles of its latest events."""

    def __init__(self, folded: FoldedLayer, stream: BitStream | None):
        self.folded = folded
        self.stream = stream
        self._issued: dict[int, int] = {}
        timing = LayerTiming.of(folded)
        self.array, self.result = int(timing.array), int(timing.result)
        self.round, self.decode = int(timing.round), int(timing.decode)
        self.began = self.array_ended = self.gave = -2
        self.sent = -1  # the last word that the layer after it took
        self.released: deque[int] = deque([-1] * folded.plan.slots, maxlen=folded.plan.slots)
        self.free = 0  # first cycle in which no commit holds the forward pass
        self.trains = 0  # first cycle in which no commit holds updates
        self.barred = False  # the sample before was its batch's last
        self.raised = False  # an error bit, in this batch
        self.services: deque[_Service] = deque(maxlen=folded.plan.slots)
        self.idle = 0  # first cycle in which nothing is left to do

    def load(self, offered: int) -> int:
        """Take a sample whose words are there from a cycle on; the cycle of its last word."""
        start = max(offered, self.released[0] + 1)
        if self.folded.config.index == 0:  # one sample ahead
            start = max(start, self.began + 1)
        return start + self.folded.load_words - 1

    def forward(self, loaded: int) -> None:
        """Evaluate the sample whose last word came in a cycle; ``gave`` is its result's."""
        folded = self.folded
        # A sample that is there when the array ends is preloaded at once, a later one is seen in
        # Idle first.
        preload = max(self.array_ended, loaded) + 2
        if self.array_ended > loaded and self.array > 1:
            preload = self.array_ended + 1
        # The array may start once the sample before has left, and after a batch's last the commit.
        self.began = 1 + max(self._filled(preload, 0), self.free if self.barred else self.gave + 1)
        start = self.began
        for word in range(1, folded.words):
            start = self._filled(start + folded.word_cycles, word) + 1
        self.array_ended = start + folded.last_word_cycles - 1
        self.gave = max(self.array_ended + self.result - self.array + 1, self.sent + 1)

    def _filled(self, preload: int, word: int) -> int:
        """The last cycle in which the register is filled with a word, from a cycle on."""
        folded = self.folded
        loads = min(folded.word_loads, folded.load_words - word * folded.word_loads)
        # Every fetch of the updates in the meantime costs a cycle, in which there may be another.
        cycles = loads
        while True:
            lost = self._fetches(preload, preload + cycles)
            if cycles == loads + lost:
                break
            cycles = loads + lost
        return preload + cycles + (folded.word_loads - loads) - 1

    def _fetches(self, first: int, end: int) -> int:
        return sum(service.fetches(first, end) for service in self.services if service.end >= first)

    def update(self, error: bool, found: Sequence[bool]) -> None:
        """Train on the sample that was evaluated.

        Parameters
        ----------
        error : bool
            Its error bit.
        found : sequence of bool
            Of each round, whether a bank has a choice.
        """
        # The queue's head is served in the cycle after it came, or its predecessor left.
        start = max(self.gave, self.released[-1]) + 1
        if error:
            start = max(start, self.trains)
        done = start
        if error:
            rounds = []
            cycle = start + 1
            for has_choice in found:
                cycle += 1
                if has_choice:
                    rounds.append(cycle)
                    cycle += self.round
            done = cycle - 1
            self.services.append(_Service(self.folded, rounds, done))
        self.released.append(done)
        self.raised |= error
        self.barred = False
        self.idle = max(done + 1, self.trains)

    def issue(self, events: int) -> int:
        """Cycles in which a commit's events are issued."""
        if self.stream is not None:
            return event_cycles(self.folded, self.stream.draws(events))
        if events not in self._issued:
            self._issued[events] = round(mean_event_cycles(self.folded, events))
        return self._issued[events]

    def commit(self, updated: int, events: int) -> None:
        """Commit, after a batch's last sample.

        Parameters
        ----------
        updated : int
            Neurons that were updated in the batch, those of all banks at one place being one.
        events : int
            Draws of the reinforcement, if it comes to it.
        """
        folded = self.folded
        # The last sample leaves only when the commit before is over.
        done = self.released[-1] = max(self.released[-1], self.trains)
        self.trains = self.free = done + 2
        if self.raised:
            self.trains += folded.bank_neurons + updated * (folded.rows - 1)
            self.free = self.trains + 2  # the last row's signs are in the snapshot
            if events:
                self.trains += 2 + self.decode + self.issue(events)
        self.raised = False
        self.barred = True
        self.idle = max(self.trains, self.free)


class CycleModel:
    """The cycles of a trainer core whose samples come without a gap and whose results are taken.

    Cycle 0 is the one in which the first word is offered, to a core that is idle.

    Parameters
    ----------
    folded : sequence of FoldedLayer
        The layers, folded.
    streams : sequence of BitStream, optional
        Where each layer's reinforcement stream stands; copied. Without, every commit's events
        take their average time.
    """

    def __init__(self, folded: Sequence[FoldedLayer], streams: Sequence[BitStream] | None = None):
        copies: Sequence[BitStream | None] = [None] * len(folded)
        if streams is not None:
            copies = [BitStream.from_history(*stream.history) for stream in streams]
        self._layers = [
            _LayerClock(layer, stream) for layer, stream in zip(folded, copies, strict=True)
        ]
        self._offered = 0

    @classmethod
    def of(cls, folded: FoldedNetwork) -> "CycleModel":
        """The model of a network that has not been trained yet."""
        streams = [
            BitStream(folded.config.seed, reinforcement_id(layer.config.index))
            for layer in folded.layers
        ]
        return cls(folded.layers, streams)

    @property
    def idle(self) -> int:
        """The first cycle in which the core is not busy, if no further sample comes."""
        return max(max(layer.idle, layer.sent + 1) for layer in self._layers)

    @property
    def committed(self) -> int:
        """The first cycle without a commit in the last layer."""
        return self._layers[-1].trains

    def wait(self, cycle: int) -> None:
        """Offer no word before a cycle, which must not be before :attr:`idle`."""
        self._offered = cycle

    def train(self, record: BatchRecord) -> None:
        """Train on a batch of which the golden model has the record."""
        self.train_batch(record.errors, record.chosen, record.events)

    def train_batch(
        self,
        errors: NDArray[np.bool_],
        chosen: Sequence[NDArray[np.int32]],
        events: Sequence[int],
    ) -> None:
        """Train on a batch.

        Parameters
        ----------
        errors : (n, L) bool
            Error bits.
        chosen : sequence of (n, groups) int
            Of each layer, the neuron chosen in each group, or −1 where there is none.
        events : sequence of int
            Of each layer, the draws of a commit.
        """
        rounds: list[Any] = [
            (neurons >= 0).reshape(len(errors), layer.folded.plan.banks, -1).any(axis=1).tolist()
            for neurons, layer in zip(chosen, self._layers, strict=True)
        ]
        updated = [
            len(np.unique(neurons[neurons >= 0] % layer.folded.bank_neurons))
            for neurons, layer in zip(chosen, self._layers, strict=True)
        ]
        raised: list[list[bool]] = errors.tolist()
        for sample, bits in enumerate(raised):
            offered = self._offered
            before: _LayerClock | None = None
            for index, layer in enumerate(self._layers):
                loaded = layer.load(offered)
                if before is not None:
                    before.sent = loaded
                layer.forward(loaded)
                layer.update(bits[index], rounds[index][sample])
                if sample == len(errors) - 1:
                    layer.commit(updated[index], events[index])
                offered = layer.gave + 1
                before = layer


@dataclass(frozen=True, kw_only=True)
class Workload:
    """What samples do, on average.

    Where there is a number for each layer, one number stands for all layers.

    Parameters
    ----------
    chosen : tuple of float or None
        Chosen neurons of a sample in each layer, 0 to the layer's groups. None for those that go
        with ``errors``.
    errors : tuple of float or None
        Share of the samples that raise the error bit of each layer, 0 to 1. None for those that
        go with ``chosen``, or if that is None too, for those of a first epoch, about a half.
    accuracy : float
        Of the epoch before, which decides the events of a commit; 0 in the first epoch.

    Raises
    ------
    ConfigurationError
        If the accuracy or a share is not from 0 to 1, or a number of neurons is negative.
    """

    chosen: tuple[float, ...] | None = None
    errors: tuple[float, ...] | None = None
    accuracy: float = 0.0

    def __post_init__(self) -> None:
        if not 0 <= self.accuracy <= 1:
            raise ConfigurationError(f"accuracy must be from 0 to 1, not {self.accuracy:g}")
        for share in self.errors or ():
            if not 0 <= share <= 1:
                raise ConfigurationError(f"errors must be from 0 to 1, not {share:g}")
        for number in self.chosen or ():
            if not 0 <= number < math.inf:
                raise ConfigurationError(f"chosen must be at least 0, not {number:g}")

    def of(self, layer: LayerConfig, layers: int) -> tuple[float, float]:
        """What samples do in one layer, of so many.

        Returns
        -------
        errors : float
            Share of the samples that raise the error bit.
        found : float
            Share of the groups in which those choose a neuron.

        Raises
        ------
        ConfigurationError
            If there is another number of numbers than layers, or more are chosen than can be.
        """
        chosen = self._one("chosen", self.chosen, layer, layers)
        errors = self._one("errors", self.errors, layer, layers)
        # Half of the neurons are wrong, and a group without a wrong one has none to choose.
        found = 1 - 0.5**layer.group
        if chosen is None:
            return (FIRST_ERRORS if errors is None else errors), found
        if errors is None:
            errors = min(chosen / (found * layer.group_count), 1.0)
        most = errors * layer.group_count
        if not 0 <= chosen <= most * (1 + 1e-9):
            raise ConfigurationError(
                f"chosen must be from 0 to {most:g} in layer {layer.index}, not {chosen:g}: a "
                f"sample with an error updates at most one neuron of each of "
                f"{layer.group_count} groups"
            )
        return errors, min(chosen / most, 1.0) if most else found

    @staticmethod
    def _one(
        name: str, values: tuple[float, ...] | None, layer: LayerConfig, layers: int
    ) -> float | None:
        if values is None:
            return None
        if len(values) not in (1, layers):
            raise ConfigurationError(
                f"{name} must be a number for each of the {layers} layers, or one for all, "
                f"not {len(values)}"
            )
        return values[layer.index if len(values) > 1 else 0]


@dataclass(frozen=True, kw_only=True)
class LayerCycles:
    """Mean cycles of a layer for each sample.

    Attributes
    ----------
    load : float
        Its words, one a cycle.
    forward : float
        From one sample's forward pass to the next one's.
    update : float
        The update engine.
    events, scan : float
        The two parts of a commit, dealt out to the samples of its batch.
    total : float
        All, as they overlap: the layer on its own.
    """

    load: float
    forward: float
    update: float
    events: float
    scan: float
    total: float

    @property
    def commit(self) -> float:
        """A sample's share of its batch's commit."""
        return self.events + self.scan


@dataclass(frozen=True)
class CycleEstimate:
    """Mean cycles for each sample.

    Attributes
    ----------
    layers : tuple of LayerCycles
        Each layer on its own.
    total : float
        The network, its layers training in parallel.
    """

    layers: tuple[LayerCycles, ...]
    total: float


def synthetic_errors(
    samples: int, share: float, stream: int = 7, *, declining: bool = False
) -> NDArray[np.bool_]:
    """Error bits (samples,): an exact share of them, in an order that is the same every time.

    In a first epoch, errors decline: they are half as frequent again in the first tenth of the
    samples as on average.
    """
    order = BitStream(1, stream).draws(samples).astype(np.float64)
    if declining:
        order /= 1 + np.exp(-8 * np.arange(samples) / samples)
    ranks = np.argsort(np.argsort(order, kind="stable"), kind="stable")
    return ranks < round(samples * share)


def synthetic_samples(
    layer: LayerConfig, errors: float, found: float, samples: int, *, declining: bool = False
) -> tuple[NDArray[np.bool_], NDArray[np.int32]]:
    """Error bits (samples,) and chosen neurons (samples, groups) with given shares.

    The shares of samples with an error and of their groups with a choice are exact, the order is
    random, and the same every time. Of a group's neurons some are chosen often and some hardly
    ever: the frequencies rise evenly from 0 to twice their mean, which is about what they do.
    """
    raised = synthetic_errors(samples, errors, 8 * layer.index + 7, declining=declining)
    count, groups = int(np.count_nonzero(raised)), layer.group_count
    has_choice = synthetic_errors(count * groups, found, 8 * layer.index + 6)
    shares = BitStream(1, 8 * layer.index + 5).draws(count * groups) / 2**32
    offsets = (layer.group * np.sqrt(shares)).astype(np.int32).reshape(count, groups)
    # Banks differ in which neurons they choose often.
    group = np.arange(groups, dtype=np.int32)
    neurons = group * layer.group + (offsets + group * layer.group // groups) % layer.group
    chosen = np.full((samples, groups), -1, dtype=np.int32)
    chosen[raised] = np.where(has_choice.reshape(count, groups), neurons, -1)
    return raised, chosen


def mean_scan_cycles(folded: FoldedLayer | Foldings, updates: float) -> Any:
    """Cycles of a batch's scan, roughly, from its updates; neurons as in synthetic samples."""
    # Marks of a position, on average; those of the rarest neurons are none, and they rise evenly.
    marks = np.maximum(updates / folded.bank_neurons, 1e-9)
    marked = folded.bank_neurons * (1 + np.expm1(-2 * marks) / (2 * marks))
    return folded.bank_neurons + marked * (folded.rows - 1)


def mean_event_cycles(folded: FoldedLayer, events: int) -> float:
    """Cycles of a commit's events, from the share of draws that name a weight."""
    draws = BitStream(1, reinforcement_id(folded.config.index)).draws(min(events, ESTIMATED_EVENTS))
    return event_cycles(folded, draws) * events / len(draws)


def estimate_cycles(folded: FoldedNetwork, workload: Workload | None = None) -> CycleEstimate:
    """Mean cycles for each sample, from averages alone.

    Parameters
    ----------
    folded : FoldedNetwork
        The network, whose batch size and reinforcement count here, and how it is folded.
    workload : Workload, optional
        The averages.

    Raises
    ------
    ConfigurationError
        If the workload does not suit the network.
    """
    workload = workload or Workload()
    config = folded.config
    layers = []
    for layer in folded.layers:
        timing = LayerTiming.of(layer)
        rates = workload.of(layer.config, len(config.layers))
        errors, chosen = synthetic_samples(layer.config, *rates, ESTIMATED_SAMPLES)
        found = chosen >= 0
        rounds = found.reshape(len(found), layer.plan.banks, -1).any(axis=1).sum(axis=1)
        cycles = np.where(errors, 1 + layer.bank_groups + rounds * timing.round, 1)
        committing = 1 - (1 - errors.mean()) ** config.batch
        events = reinforcement_events(layer.config, config.reinforcement, workload.accuracy)
        drawn = mean_event_cycles(layer, events) + timing.decode + 2 if events else 0
        scan = mean_scan_cycles(layer, config.batch * np.count_nonzero(found) / len(found))
        layers.append(
            LayerCycles(
                load=layer.load_words,
                forward=float(timing.interval),
                update=float(cycles.mean()),
                events=float(committing * drawn / config.batch),
                scan=float(committing * (scan + 1) / config.batch),
                total=_mean_cycles(config, [layer], workload),
            )
        )
    slowest = max(layer.total for layer in layers)
    network = slowest
    if len(layers) > 1:  # over so few samples, a chain may seem quicker than its slowest layer
        network = max(slowest, mean_cycles(folded, workload))
    return CycleEstimate(tuple(layers), network)


def mean_cycles(folded: FoldedNetwork, workload: Workload) -> float:
    """Mean cycles for each sample, without what each part takes (:func:`estimate_cycles`)."""
    return _mean_cycles(folded.config, folded.layers, workload)


def _mean_cycles(config: NetworkConfig, folded: Sequence[FoldedLayer], workload: Workload) -> float:
    """Mean cycles of some layers in a chain, over made-up samples."""
    events = [
        reinforcement_events(layer.config, config.reinforcement, workload.accuracy)
        for layer in folded
    ]
    # Each word of a sample takes its time to follow.
    words = max(layer.words for layer in folded)
    number = max(min(ESTIMATED_SAMPLES, ESTIMATED_WORDS // words), LEAST_SAMPLES)
    samples = [
        synthetic_samples(
            layer.config,
            *workload.of(layer.config, len(config.layers)),
            number,
            declining=workload.accuracy == 0,
        )
        for layer in folded
    ]
    errors = np.stack([raised for raised, _ in samples], axis=1)
    chosen = [neurons for _, neurons in samples]

    def train(model: CycleModel, which: Any) -> None:
        model.train_batch(errors[which], [neurons[which] for neurons in chosen], events)

    if config.batch > number:
        # From two batches of different size follow a sample's share and a batch's.
        every_second, every = CycleModel(folded), CycleModel(folded)
        train(every_second, slice(None, None, 2))
        train(every, slice(None))
        half = number // 2
        rate = (every.committed - every_second.committed) / half
        return rate + (every.committed - number * rate) / config.batch

    # The first batch fills the pipeline; the others count.
    model = CycleModel(folded)
    train(model, slice(config.batch))
    first = model.committed
    batches = number // config.batch
    for batch in range(batches):
        train(model, slice(batch * config.batch, (batch + 1) * config.batch))
    return (model.committed - first) / (batches * config.batch)
