"""The exact cycle model of a trainer core.

:class:`CycleModel` is an event-driven model: it advances from event to event, not from cycle to
cycle. From the golden model's records of a training, it computes the cycles of that training.
"""

from bisect import bisect_left
from collections import deque
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...golden_model.batch_record import BatchRecord
from ...golden_model.random_stream import RandomStream, reinforcement_id
from .plan import FoldedLayer, FoldedNetwork
from .timing import LayerTiming, event_cycles, mean_event_cycles

__all__ = ["CycleModel", "Service", "filled"]


class Service:
    """The update of one sample: the cycles in which it reads the sample buffer, and its last.

    ``choices`` are the cycles in which it reads choices there, in order.
    """

    def __init__(
        self, folded: FoldedLayer, rounds: Sequence[int], end: int, choices: Sequence[int] = ()
    ):
        self.end = end
        self._choices = choices
        self._rounds = rounds  # cycle of each round's first fetch
        self._count = folded.sample_words
        self._every = folded.transfer_rows * folded.row_cycles

    def fetches(self, first: int, end: int) -> int:
        """Fetches, and reads of choices, in the cycles from ``first`` to before ``end``."""
        total = bisect_left(self._choices, end) - bisect_left(self._choices, first)
        for begin in self._rounds:
            low = max(0, -((begin - first) // self._every))
            high = min(self._count, -((begin - end) // self._every))
            total += max(0, high - low)
        return total


def filled(services: Iterable[Service], preload: int, loads: int) -> int:
    """The last cycle of the reads of a word from the sample buffer, if they begin in a cycle.

    Parameters
    ----------
    services : iterable of Service
        Updates that can fetch from the sample buffer in the same time.
    preload : int
        The first cycle.
    loads : int
        Reads of the word.
    """
    # Each fetch of an update delays the word by a cycle; further fetches can be in that cycle.
    cycles = loads
    while True:
        end = preload + cycles
        lost = sum(one.fetches(preload, end) for one in services if one.end >= preload)
        if cycles == loads + lost:
            return end - 1
        cycles = loads + lost


class _LayerClock:
    """State of the model of a layer: the cycles of its latest events."""

    def __init__(self, folded: FoldedLayer, stream: RandomStream | None):
        self.folded = folded
        self.stream = stream
        self._issued: dict[int, int] = {}
        timing = LayerTiming.of(folded)
        self.array, self.result = int(timing.array), int(timing.result)
        self.round, self.decode = int(timing.round), int(timing.decode)
        # Computed once, since they are used for every word of every sample.
        self.words, self.word_transfers, self.sample_words = (
            folded.words,
            folded.word_transfers,
            folded.sample_words,
        )
        self.word_cycles, self.last_word_cycles = folded.word_cycles, folded.last_word_cycles
        self.began = self.array_ended = self.result_cycle = -2
        self.sent = -1  # the next layer took the last word
        self.freed: deque[int] = deque(
            [-1] * folded.plan.sample_buffers, maxlen=folded.plan.sample_buffers
        )
        self.forward_free = 0  # first cycle in which no commit stalls the forward pass
        self.update_free = 0  # first cycle in which no commit stalls updates
        self.batch_ended = False  # the previous sample was the last of its batch
        self.raised = False  # an error bit in this batch
        self.services: deque[Service] = deque(maxlen=folded.plan.sample_buffers)
        self.idle = 0  # first cycle in which the layer is idle

    def load(self, offered: int) -> int:
        """Take a sample whose words are offered from a cycle on; gives the last word's cycle."""
        start = max(offered, self.freed[0] + 1)
        if self.folded.config.index == 0:  # one sample ahead
            start = max(start, self.began + 1)
        return start + self.sample_words - 1

    def forward(self, loaded: int) -> None:
        """Evaluate the sample whose last word came in a cycle; sets ``result_cycle``."""
        # A sample that has come when the array ends is preloaded at once; a later one takes a
        # cycle in Idle.
        preload = max(self.array_ended, loaded) + 2
        if self.array_ended > loaded and self.array > 1:
            preload = self.array_ended + 1
        # The array waits for the previous result, and after the end of a batch for the commit.
        waits = self.forward_free if self.batch_ended else self.result_cycle + 1
        self.began = 1 + max(self._filled(preload, 0), waits)
        start = self.began
        for word in range(1, self.words):
            start = self._filled(start + self.word_cycles, word) + 1
        self.array_ended = start + self.last_word_cycles - 1
        self.result_cycle = max(self.array_ended + self.result - self.array + 1, self.sent + 1)

    def _filled(self, preload: int, word: int) -> int:
        """The last cycle of filling the register with a word, if it begins in a cycle."""
        loads = min(self.word_transfers, self.sample_words - word * self.word_transfers)
        return filled(self.services, preload, loads) + (self.word_transfers - loads)

    def update(self, error: bool, found: Sequence[bool]) -> None:
        """Train on the sample that was evaluated.

        Parameters
        ----------
        error : bool
            Its error bit.
        found : sequence of bool
            For each round, whether a bank has a chosen neuron.
        """
        # The head of the queue is served in the cycle after it entered or became the head.
        start = max(self.result_cycle, self.freed[-1]) + 1
        if error:
            start = max(start, self.update_free)
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
            self.services.append(Service(self.folded, rounds, done))
        self.freed.append(done)
        self.raised |= error
        self.batch_ended = False
        self.idle = max(done + 1, self.update_free)

    def issue(self, events: int) -> int:
        """Cycles that issue the reinforcement events of a commit."""
        if self.stream is not None:
            return event_cycles(self.folded, self.stream.draws(events))
        if events not in self._issued:
            self._issued[events] = round(mean_event_cycles(self.folded, events))
        return self._issued[events]

    def commit(self, updated: int, events: int) -> None:
        """Commit, after the last sample of a batch.

        Parameters
        ----------
        updated : int
            Indices in the banks at which a neuron of any bank was updated in the batch.
        events : int
            Draws of the reinforcement, which follows if there was an error bit.
        """
        folded = self.folded
        # The last sample leaves only after the previous commit.
        done = self.freed[-1] = max(self.freed[-1], self.update_free)
        self.update_free = self.forward_free = done + 2
        if self.raised:
            self.update_free += folded.bank_neurons + updated * (folded.rows - 1)
            self.forward_free = self.update_free + 2  # the snapshot has the signs of the last row
            if events:
                self.update_free += 2 + self.decode + self.issue(events)
        self.raised = False
        self.batch_ended = True
        self.idle = max(self.update_free, self.forward_free)


class CycleModel:
    """Exact cycles of a trainer core, if samples come without gaps and results are taken at once.

    In cycle 0 the first word is offered, and the core is idle.

    Parameters
    ----------
    folded : sequence of FoldedLayer
        The layers, folded.
    streams : sequence of RandomStream, optional
        The reinforcement stream of each layer, in its present state; copied. Without streams, the
        events of each commit take their average time.
    """

    def __init__(
        self, folded: Sequence[FoldedLayer], streams: Sequence[RandomStream] | None = None
    ):
        copies: Sequence[RandomStream | None] = [None] * len(folded)
        if streams is not None:
            copies = [RandomStream.from_history(*stream.history) for stream in streams]
        self._layers = [
            _LayerClock(layer, stream) for layer, stream in zip(folded, copies, strict=True)
        ]
        self._offered = 0

    @classmethod
    def of(cls, folded: FoldedNetwork) -> "CycleModel":
        """The model of a network in its initial state."""
        streams = [
            RandomStream(folded.config.seed, reinforcement_id(layer.config.index))
            for layer in folded.layers
        ]
        return cls(folded.layers, streams)

    @property
    def idle(self) -> int:
        """First cycle in which the core is not busy, if no further sample comes."""
        return max(max(layer.idle, layer.sent + 1) for layer in self._layers)

    @property
    def committed(self) -> int:
        """First cycle after the commit of the last layer."""
        return self._layers[-1].update_free

    def wait(self, cycle: int) -> None:
        """Offer no word before a cycle, which must be at least :attr:`idle`."""
        self._offered = cycle

    def train(self, record: BatchRecord) -> None:
        """Train on the batch of a golden model's record."""
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
            For each layer, the neuron chosen in each group, or −1 for none.
        events : sequence of int
            For each layer, the draws of a commit.
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
                offered = layer.result_cycle + 1
                before = layer
