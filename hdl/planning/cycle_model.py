"""The exact cycle model of a trainer core, event by event.

:class:`CycleModel` follows the core's rules from event to event, not from cycle to cycle. With the
golden model's record of a run it gives the cycles of that run.
"""

from collections import deque
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...golden_model.batch_record import BatchRecord
from ...golden_model.random_stream import RandomStream, reinforcement_id
from .plan import FoldedLayer, FoldedNetwork
from .timing import LayerTiming, event_cycles, mean_event_cycles

__all__ = ["CycleModel"]


class _Service:
    """The update of one sample: when it reads the sample buffer, and its last cycle."""

    def __init__(self, folded: FoldedLayer, rounds: Sequence[int], end: int):
        self.end = end
        self._rounds = rounds  # cycle of each round's first fetch
        self._count = folded.sample_words
        self._every = folded.transfer_rows * folded.row_cycles

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

    def __init__(self, folded: FoldedLayer, stream: RandomStream | None):
        self.folded = folded
        self.stream = stream
        self._issued: dict[int, int] = {}
        timing = LayerTiming.of(folded)
        self.array, self.result = int(timing.array), int(timing.result)
        self.round, self.decode = int(timing.round), int(timing.decode)
        # Each is asked for with every word of every sample.
        self.words, self.word_transfers, self.sample_words = (
            folded.words,
            folded.word_transfers,
            folded.sample_words,
        )
        self.word_cycles, self.last_word_cycles = folded.word_cycles, folded.last_word_cycles
        self.began = self.array_ended = self.gave = -2
        self.sent = -1  # the last word that the layer after it took
        self.released: deque[int] = deque(
            [-1] * folded.plan.sample_buffers, maxlen=folded.plan.sample_buffers
        )
        self.free = 0  # first cycle in which no commit holds the forward pass
        self.trains = 0  # first cycle in which no commit holds updates
        self.barred = False  # the sample before was its batch's last
        self.raised = False  # an error bit, in this batch
        self.services: deque[_Service] = deque(maxlen=folded.plan.sample_buffers)
        self.idle = 0  # first cycle in which nothing is left to do

    def load(self, offered: int) -> int:
        """Take a sample whose words are there from a cycle on; the cycle of its last word."""
        start = max(offered, self.released[0] + 1)
        if self.folded.config.index == 0:  # one sample ahead
            start = max(start, self.began + 1)
        return start + self.sample_words - 1

    def forward(self, loaded: int) -> None:
        """Evaluate the sample whose last word came in a cycle; ``gave`` is its result's."""
        # A sample that is there when the array ends is preloaded at once, a later one is seen in
        # Idle first.
        preload = max(self.array_ended, loaded) + 2
        if self.array_ended > loaded and self.array > 1:
            preload = self.array_ended + 1
        # The array may start once the sample before has left, and after a batch's last the commit.
        self.began = 1 + max(self._filled(preload, 0), self.free if self.barred else self.gave + 1)
        start = self.began
        for word in range(1, self.words):
            start = self._filled(start + self.word_cycles, word) + 1
        self.array_ended = start + self.last_word_cycles - 1
        self.gave = max(self.array_ended + self.result - self.array + 1, self.sent + 1)

    def _filled(self, preload: int, word: int) -> int:
        """The last cycle in which the register is filled with a word, from a cycle on."""
        loads = min(self.word_transfers, self.sample_words - word * self.word_transfers)
        # Every fetch of the updates in the meantime costs a cycle, in which there may be another.
        cycles = loads
        while True:
            lost = self._fetches(preload, preload + cycles)
            if cycles == loads + lost:
                break
            cycles = loads + lost
        return preload + cycles + (self.word_transfers - loads) - 1

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
    streams : sequence of RandomStream, optional
        Where each layer's reinforcement stream stands; copied. Without, every commit's events
        take their average time.
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
        """The model of a network that has not been trained yet."""
        streams = [
            RandomStream(folded.config.seed, reinforcement_id(layer.config.index))
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
