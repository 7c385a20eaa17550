"""The exact cycle model of a universal trainer.

It advances from event to event, as :mod:`.cycle_model` does for fixed trainers.
"""

from collections import deque
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from ...golden_model.batch_record import BatchRecord
from ...golden_model.random_stream import RandomStream, reinforcement_id
from .cycle_model import Service, filled
from .timing import LayerTiming, count_hold, event_cycles, mean_event_cycles, popcount_latency
from .universal import PlacedLayer, PlacedNetwork

__all__ = ["UniversalCycleModel"]

COUNT_CYCLES = 8
"""Cycles from the transfer of a result until its counts are in the memory."""

PASS_LOAD_CYCLES = 7
"""Cycles from a pass's last step until the next layer's settings are loaded, but for the first."""

TRAINING_LOAD_CYCLES = 5
"""Cycles, beside one a piece, that load the settings for training."""


class _Layer:
    """Numbers of a layer that are used for every sample."""

    def __init__(self, placed: PlacedLayer, stream: RandomStream | None):
        self.placed = placed
        self.stream = stream
        timing = LayerTiming.of(placed)
        self.round, self.decode = int(timing.round), int(timing.decode)
        self.result = int(timing.result - timing.array) + 1  # from the array's end
        self.first_step = 1 + int(popcount_latency(placed.plan.simd)) + 2  # from a set's row
        self.pass_steps = placed.pass_steps
        self.step_cycles = placed.set_cycles // placed.steps
        self.shares = placed.engine.shared_memories
        self.words, self.word_transfers = placed.words, placed.word_transfers
        self.sample_words = placed.sample_words
        self.word_cycles, self.last_word_cycles = placed.word_cycles, placed.last_word_cycles
        # Steps from one word of activations to the next
        self.write_steps = placed.plan.input_width // placed.select
        self.raised = False
        self._issued: dict[int, int] = {}

    def issue(self, events: int) -> int:
        """Cycles that issue the reinforcement events of a commit."""
        if self.stream is not None:
            return event_cycles(self.placed, self.stream.draws(events))
        if events not in self._issued:
            self._issued[events] = round(mean_event_cycles(self.placed, events))
        return self._issued[events]


class UniversalCycleModel:
    """Exact cycles of a universal trainer, if samples come without gaps and results are taken.

    In cycle 0 the first word is offered, and the trainer is idle.

    Parameters
    ----------
    placed : PlacedNetwork
        The network on the trainer.
    streams : sequence of RandomStream, optional
        The reinforcement stream of each layer, in its present state; copied. Without streams, the
        events of each commit take their average time.
    """

    def __init__(self, placed: PlacedNetwork, streams: Sequence[RandomStream] | None = None):
        copies: Sequence[RandomStream | None] = [None] * len(placed.layers)
        if streams is not None:
            copies = [RandomStream.from_history(*stream.history) for stream in streams]
        self._layers = [_Layer(*pair) for pair in zip(placed.layers, copies, strict=True)]
        self._pieces = placed.trainer.engine.stream_pieces
        self._training_load = placed.trainer.engine.setting_pieces + TRAINING_LOAD_CYCLES
        self._count_hold = count_hold(placed.trainer.plan.simd)
        self._single = len(self._layers) == 1
        buffers = placed.sample_buffers
        self._offered = 0
        self._began = self._array_ended = self._result = -2
        self._passed = -2  # the settings of the next pass are loaded in the cycle after the next
        self._freed: deque[int] = deque([-1] * buffers, maxlen=buffers)
        self._done = -1  # the last sample left the queue, in its last layer
        self._services: deque[Service] = deque(maxlen=buffers * len(self._layers))
        self._written: list[int] = []  # cycles in which activations and choices are written
        self._forward_free = self._update_free = 0
        self._trained = 0  # layer whose settings are for training, or are being loaded
        self._selected = 0  # first cycle in which they are there
        self._batch_ended = False
        self._idle = 0

    @classmethod
    def of(cls, placed: PlacedNetwork) -> "UniversalCycleModel":
        """The model of a network in its initial state."""
        streams = [
            RandomStream(placed.config.seed, reinforcement_id(layer.config.index))
            for layer in placed.layers
        ]
        return cls(placed, streams)

    @property
    def idle(self) -> int:
        """First cycle in which the trainer is not busy, if no further sample comes."""
        return self._idle

    @property
    def committed(self) -> int:
        """First cycle after the last commit."""
        return self._update_free

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
        rounds = [(neurons >= 0).tolist() for neurons in chosen]
        updated = [len(np.unique(neurons[neurons >= 0])) for neurons in chosen]
        raised: list[list[bool]] = errors.tolist()
        for sample, bits in enumerate(raised):
            loaded = self._load()
            self._written = []
            for index, layer in enumerate(self._layers):
                self._forward(layer, index, loaded)
                self._update(layer, index, bits[index], rounds[index][sample])
            self._freed.append(self._done)
        self._commit(updated, events)

    def _load(self) -> int:
        """Take a sample; gives its last word's cycle."""
        start = max(self._offered, self._freed[0] + 1, self._began + 1)
        end = start + self._layers[0].sample_words
        # No word is taken while activations or choices are written.
        for cycle in sorted(self._written):
            if start <= cycle < end:
                end += 1
        return end - 1

    def _forward(self, layer: _Layer, index: int, loaded: int) -> None:
        """Evaluate a sample in a layer."""
        if self._single:
            preload = max(self._array_ended, loaded) + 2
            if self._array_ended > loaded and self._array_ended > self._began:
                preload = self._array_ended + 1
        else:
            preload = (self._passed if index else max(self._passed, loaded)) + 2
        waits = self._forward_free if self._batch_ended else self._result + 1 + self._count_hold
        self._batch_ended = False
        start = 1 + max(self._filled(layer, preload, 0), waits)
        if index == 0:
            self._began = start
        for word in range(1, layer.words):
            start = self._filled(layer, start + layer.word_cycles, word) + 1
        self._array_ended = start + layer.last_word_cycles - 1
        self._result = self._array_ended + layer.result
        first_step = start + layer.first_step
        if not self._single:
            last_step = first_step + (layer.pass_steps - 1) * layer.step_cycles
            self._passed = last_step + PASS_LOAD_CYCLES
            self._result = max(self._result, self._passed + 1)
        choices: set[int] = set()
        if layer.shares:
            # A choice is written a cycle after its group's last step.
            size = layer.placed.group_steps
            ends = range(size - 1, layer.pass_steps, size)
            choices = {first_step + step * layer.step_cycles + 1 for step in ends}
        self._written += choices
        if index < len(self._layers) - 1:
            whole = range(layer.write_steps - 1, layer.pass_steps - 1, layer.write_steps)
            for step in (*whole, layer.pass_steps - 1):
                cycle = first_step + step * layer.step_cycles
                # If memories are shared, the choice comes first.
                self._written.append(cycle + (cycle in choices if layer.shares else 1))

    def _filled(self, layer: _Layer, preload: int, word: int) -> int:
        """The last cycle of filling the register with a word, if it begins in a cycle."""
        loads = min(layer.word_transfers, layer.sample_words - word * layer.word_transfers)
        return filled(self._services, preload, loads) + (layer.word_transfers - loads)

    def _select(self, index: int, begin: int, end: int | None = None) -> int:
        """Select the settings of a layer for training, wanted from a cycle on.

        Gives the first cycle in which they are there. With ``end`` they are not wanted after that
        cycle, and are not loaded if a load before ends later.
        """
        free = max(begin, self._selected)
        if index != self._trained and (end is None or free <= end):
            self._trained = index
            self._selected = free = free + self._training_load
        return free

    def _update(self, layer: _Layer, index: int, error: bool, found: Iterable[bool]) -> None:
        """Train a layer on the sample that was evaluated."""
        wanted = max(self._done + 1, self._update_free)
        start = max(wanted, self._result + 1)
        if error or index < len(self._layers) - 1:
            start = max(start, self._select(index, wanted))
        else:
            self._select(index, wanted, start)
        self._done = start
        if error:
            rounds, choices = [], []
            cycle = start + 1
            for has_choice in found:
                choices.append(cycle - 1)
                cycle += 1
                if has_choice:
                    rounds.append(cycle + 1)  # after Address
                    cycle += layer.round
            self._done = cycle  # in Done
            reads = choices if layer.shares else ()
            self._services.append(Service(layer.placed, rounds, self._done, reads))
            layer.raised = True
        self._idle = max(self._done + 1, self._update_free, self._result + COUNT_CYCLES)

    def _commit(self, updated: Sequence[int], events: Sequence[int]) -> None:
        """Commit all layers, after the last sample of a batch."""
        cycle = self._done + 1
        for index, (layer, neurons) in enumerate(zip(self._layers, updated, strict=True)):
            if layer.raised:
                cycle = self._select(index, cycle)
            cycle += 1  # Commit
            if layer.raised:
                placed = layer.placed
                cycle += placed.bank_neurons + neurons * (placed.rows - 1)
        self._forward_free = cycle
        if any(layer.raised for layer in self._layers):
            self._forward_free += 2  # the snapshot has the signs of the last row
            for index, (layer, draws) in enumerate(zip(self._layers, events, strict=True)):
                if layer.raised:
                    cycle = self._select(index, cycle)
                cycle += 1  # Events
                if layer.raised and draws:
                    cycle += self._pieces + 4
                    cycle += 2 + layer.decode + layer.issue(draws)
                    cycle += 2 * self._pieces + 1
                layer.raised = False
        self._update_free = cycle
        self._batch_ended = True
        self._idle = max(self._update_free, self._forward_free, self._result + COUNT_CYCLES)
