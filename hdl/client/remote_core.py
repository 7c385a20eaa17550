"""RemoteCore: a network in a trainer core, trained over a transport.

It is a :class:`~metaplast.golden_model.trainer.TrainableNetwork` like the golden model, whatever
the core is: simulated, a virtual board or a real one.
"""

import math
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ...golden_model.batch_record import Batch, BatchRecord
from ...golden_model.config import NetworkConfig
from ...golden_model.network import Network, initial_classifier
from ...golden_model.network_state import NetworkState
from ...golden_model.random_stream import RandomStream
from ...golden_model.samples import checked_bits
from ..registers.register_map import GlobalRegister, LayerRegister, layer_address
from .core_records import CoreBatch, CoreCounts, LostBatchesError
from .transport import Access, BatchCounts, SampleResults, Transport, TransportError

__all__ = ["RemoteCore"]

WORD = 0xFFFFFFFF
STREAM_WORDS = 4
PREDICTED_AT_ONCE = 1024

MAX_LOADS = 3
"""Times that a state is loaded into a core that does not keep it."""


class RemoteCore:
    """A network in a trainer core, as :class:`.Trainer` trains it.

    The core starts at the seeded initial state of the network.

    Parameters
    ----------
    transport : Transport
        The way to the core.
    config : NetworkConfig
        The network, which must be the core's.
    input_width : int
        Input bits that enter the core in a cycle.
    start : NetworkState, optional
        A state to load; by default the seeded initial state.

    Raises
    ------
    TransportError
        If the core does not answer, or does not keep the state that is loaded.
    """

    def __init__(
        self,
        transport: Transport,
        config: NetworkConfig,
        input_width: int,
        *,
        start: NetworkState | None = None,
    ):
        self.transport = transport
        self.config = config
        self.input_width = input_width
        self._layers = range(len(config.layers))
        self._check_network()
        self.reset()
        if start is not None:
            self.load_state(start)

    def close(self) -> None:
        """Close the way to the core."""
        self.transport.close()

    # Set-up

    def _check_network(self) -> None:
        """Refuse a core that has another network."""
        config = self.config
        wanted = {
            "layers": [len(config.layers)],
            "classes": [config.classes],
            "bits of a counter": [config.counter_bits],
            "inputs": [layer.inputs for layer in config.layers],
            "neurons": [layer.neurons for layer in config.layers],
            "group sizes": [layer.group for layer in config.layers],
        }
        addresses: list[list[int]] = [
            [GlobalRegister.LAYERS],
            [GlobalRegister.CLASSES],
            [GlobalRegister.COUNTER_BITS],
            *(
                [layer_address(layer, register) for layer in self._layers]
                for register in (LayerRegister.INPUTS, LayerRegister.NEURONS, LayerRegister.GROUP)
            ),
        ]
        for (name, values), places in zip(wanted.items(), addresses, strict=True):
            got = self._access([(place, None) for place in places])
            if got != values:
                raise TransportError(
                    f"the core at {self.transport.name} has another network: its {name} are "
                    f"{', '.join(map(str, got))}, and {', '.join(map(str, values))} are wanted"
                )

    def reset(self) -> None:
        """Write seed, batch size and margins, and bring the core to the seeded initial state."""
        config = self.config
        self._events: list[int] | None = None  # as the core has them
        self._infers = False
        self._whole = True
        self._counters: list[NDArray[np.int16]] | None = None
        self._received: list[SampleResults] = []
        self._ends: list[BatchCounts] = []
        self._access(
            [
                (GlobalRegister.MODE, 0),
                (GlobalRegister.BATCH, config.batch),
                (GlobalRegister.SEED_LOW, config.seed & WORD),
                (GlobalRegister.SEED_HIGH, config.seed >> 32),
                *(
                    (layer_address(layer.index, LayerRegister.MARGIN), layer.margin)
                    for layer in config.layers
                ),
                (GlobalRegister.RESET, 1),
            ]
        )
        self.transport.settle()
        self._before = self._read_counts()

    def load_state(self, state: NetworkState) -> None:
        """Load counters and streams into the core, and read them back.

        ``W`` becomes the sign of the counters. A layer that does not hold what was loaded is
        loaded again, up to three times: a request that the line held back may have moved the
        position at which counters are written.

        Parameters
        ----------
        state : NetworkState
            The state, between two batches.

        Raises
        ------
        TransportError
            If the core does not keep it.
        """
        to_load = list(self._layers)
        for _ in range(MAX_LOADS):
            self.transport.settle()
            for layer in to_load:
                self._access(_loading(layer, state))
            self._counters = None
            differences = {layer: self._difference(layer, state) for layer in self._layers}
            to_load = [layer for layer in self._layers if differences[layer]]
            if not to_load:
                return
        raise TransportError(
            f"the core at {self.transport.name} does not keep the state that is loaded into it: "
            f"after {MAX_LOADS} tries {differences[to_load[0]]} was loaded; if it is a board, "
            "flash its bitstream again (`metaplast flash`), and take another board if that does "
            "not help: its memory is broken"
        )

    def load_streams(self, streams: Sequence[RandomStream]) -> None:
        """Load the reinforcement stream of each layer."""
        for layer, stream in enumerate(streams):
            self._access(_stream_writes(layer, stream))

    # Training

    def train_batches(
        self, batches: Iterable[Batch], events: Sequence[int]
    ) -> Iterator[BatchRecord]:
        """Train on batches; see :class:`.TrainableNetwork`.

        Raises
        ------
        LostBatchesError
            If the core ends fewer batches than it is sent.
        TransportError
            If the core fails, or an earlier training was left within a batch.
        """
        self._check_whole()
        self._set_mode(infer=False)
        self.write_events(events)
        self._counters = None
        self._before = self._read_counts()
        self._ends_before = BatchCounts(self._before.errors, self._before.updates)
        if self.transport.counts_batches:
            yield from self._train_ahead(batches, events)
        else:
            for x, y in batches:
                yield self._train_batch(x, y, events)
        refused = (self._read_counts().refused - self._before.refused) & WORD
        if refused:
            raise TransportError(
                f"the core at {self.transport.name} refused {refused} of the samples: it has fewer "
                "classes than their labels"
            )

    def _train_ahead(
        self, batches: Iterable[Batch], events: Sequence[int]
    ) -> Iterator[BatchRecord]:
        """Train on batches that follow each other without a pause."""
        sizes: deque[int] = deque()
        sent = 0
        self._whole = False
        for x, y in batches:
            self._send(x, y, ends=True)
            sizes.append(len(x))
            sent += 1
            yield from self._ended(sizes, events)
        self.transport.settle()
        yield from self._ended(sizes, events)
        if sizes:
            raise LostBatchesError(
                f"the core at {self.transport.name} ended {sent - len(sizes)} of the {sent} "
                "batches that it was sent",
                sent,
                sent - len(sizes),
            )
        if self._ends or any(map(len, self._received)):
            raise TransportError(
                f"the core at {self.transport.name} gave more results than it was sent samples, or "
                f"ended more than the {sent} batches that it was sent"
            )
        self._whole = True

    def _train_batch(
        self, x: NDArray[np.uint8], y: NDArray[np.int64], events: Sequence[int]
    ) -> BatchRecord:
        """Train on a batch, and wait for its end."""
        self._whole = False
        self._send(x, y, ends=True)
        self.transport.settle()
        self._received = [self._results_of(len(x))]
        raised = self._received[0].errors.sum(axis=0)
        errors = tuple(np.add(self._ends_before.errors, raised).tolist())
        self._ends.append(BatchCounts(errors, self._read_updates()))
        (record,) = self._ended(deque([len(x)]), events)
        self._whole = True
        return record

    def train_samples(self, x: NDArray[np.uint8], y: NDArray[np.int64]) -> None:
        """Train on samples of a batch that does not end with them, and wait for them.

        The core is then within a batch: its state can be read, and it can be reset.

        Raises
        ------
        TransportError
            If the core fails.
        """
        self._set_mode(infer=False)
        self._whole = False
        self._send(x, y, ends=False)
        self.transport.settle()
        self._results_of(len(x))

    def _results_of(self, samples: int) -> SampleResults:
        """The results of all samples that were sent, when the core is idle."""
        results = self.transport.receive()
        count = sum(map(len, results))
        if count != samples:
            raise TransportError(
                f"the core at {self.transport.name} gave {count} results for {samples} samples"
            )
        if not results:
            layers = len(self._layers)
            none = np.empty((0, layers), dtype=np.int64)
            return SampleResults(none, none.astype(np.bool_), np.empty(0, dtype=np.bool_))
        return SampleResults.joined(results)

    def _send(self, x: NDArray[np.uint8], y: NDArray[np.int64], *, ends: bool) -> None:
        """Send samples in words of the core's width."""
        words = math.ceil(self.config.inputs / self.input_width)
        bits = np.zeros((len(x), words * self.input_width), dtype=np.uint8)
        bits[:, : self.config.inputs] = x
        last = np.zeros(len(x), dtype=np.bool_)
        last[-1:] = ends
        self.transport.send(bits.reshape(len(x), words, self.input_width), np.asarray(y), last)

    def _ended(self, sizes: deque[int], events: Sequence[int]) -> Iterator[BatchRecord]:
        """Records of the batches whose results and counts are all there."""
        self._received += self.transport.receive()
        self._ends += self.transport.batch_counts()
        while sizes and self._ends and sum(map(len, self._received)) >= sizes[0]:
            joined, size = SampleResults.joined(self._received), sizes.popleft()
            results, self._received = joined[:size], [joined[size:]]
            before, self._ends_before = self._ends_before, self._ends.pop(0)
            raised = np.any(results.errors, axis=0).tolist()
            yield CoreBatch(
                predictions=results.predictions,
                errors=results.errors,
                refused=results.refused,
                chosen=[],
                events=[count if error else 0 for count, error in zip(events, raised, strict=True)],
                counts=BatchCounts(
                    _since(before.errors, self._ends_before.errors),
                    _since(before.updates, self._ends_before.updates),
                ),
            )

    def _check_whole(self) -> None:
        if not self._whole:
            raise TransportError(
                f"the core at {self.transport.name} was left within a batch: train it anew, or go "
                "on with a model that was saved (`metaplast train --continue`)"
            )

    def _set_mode(self, *, infer: bool) -> None:
        if self._infers != infer:
            self.transport.settle()
            self._access([(GlobalRegister.MODE, int(infer))])
            self._infers = infer

    def write_events(self, events: Sequence[int]) -> None:
        """Write ``M_l`` of each layer, the reinforcement events of a commit."""
        if self._events != list(events):
            self._access(
                [
                    (layer_address(layer, LayerRegister.EVENTS), count)
                    for layer, count in enumerate(events)
                ]
            )
            self._events = list(events)

    # Inference

    def predict(self, x: ArrayLike) -> NDArray[np.int64]:
        """The core's predictions, (n, N) of 0 and 1 → (n,); nothing is learnt.

        Raises
        ------
        DataError
            If the samples are not bits of the network's inputs.
        TransportError
            If the core fails.
        """
        bits = checked_bits(x, self.config.inputs)
        if not self._whole:  # a training was left, whose results may still come
            self.transport.settle()
            self.transport.receive()
        self._set_mode(infer=True)
        for start in range(0, len(bits), PREDICTED_AT_ONCE):
            part = bits[start : start + PREDICTED_AT_ONCE]
            self._send(part, np.zeros(len(part), dtype=np.int64), ends=False)
        self.transport.settle()
        return self._results_of(len(bits)).predictions[:, -1]

    # State

    @property
    def counters(self) -> list[NDArray[np.int16]]:
        """Per layer, ``k``, (K, N), read from the core's registers.

        Raises
        ------
        TransportError
            If the core fails.
        """
        if self._counters is None:
            self._counters = self.read_counters()
        return self._counters

    def read_counters(self) -> list[NDArray[np.int16]]:
        """Read ``k`` of each layer, (K, N), through the core's registers.

        Raises
        ------
        TransportError
            If the core fails.
        """
        self.transport.settle()
        counters = [
            np.array(
                [
                    self.transport.read_counters(layer.index, neuron, layer.inputs)
                    for neuron in range(layer.neurons)
                ],
                dtype=np.int16,
            )
            for layer in self.config.layers
        ]
        self.transport.settle()  # the core that was read is the one that was trained
        return counters

    @property
    def snapshot(self) -> list[NDArray[np.uint8]]:
        """Per layer, ``W``, (K, N): between two batches, the signs of the counters."""
        return [(k >= 0).astype(np.uint8) for k in self.counters]

    @property
    def classifier(self) -> list[NDArray[np.uint8]]:
        """Per layer, ``P``, (C, K), which follows from the seed."""
        return [initial_classifier(layer, self.config.seed) for layer in self.config.layers]

    @property
    def streams(self) -> list[RandomStream]:
        """Per layer, the reinforcement stream, read from the core.

        Raises
        ------
        TransportError
            If the core fails.
        """
        self.transport.settle()
        histories = [self._read_history(layer) >> 1 for layer in self._layers]
        self.transport.settle()
        return [RandomStream.from_history(h & (1 << 64) - 1, h >> 64) for h in histories]

    def read_out(self) -> Network:
        """The golden model in the core's state, read through the registers.

        Raises
        ------
        TransportError
            If the core fails.
        """
        counters = self.read_counters()
        return Network.from_state(self.config, counters, [k >= 0 for k in counters], self.streams)

    def counts(self) -> CoreCounts:
        """The counts of the latest training, and the counters at a bound.

        Raises
        ------
        TransportError
            If the core fails.
        """
        before, now = self._before, self._read_counts()
        saturated = self._access(
            [(layer_address(layer, LayerRegister.SATURATED), None) for layer in self._layers]
        )
        return CoreCounts(
            samples=(now.samples - before.samples) & WORD,
            refused=(now.refused - before.refused) & WORD,
            errors=_since(before.errors, now.errors),
            updates=_since(before.updates, now.updates),
            saturated=tuple(saturated),
        )

    def _access(self, requests: Sequence[Access]) -> list[int]:
        """Read and write registers; a transport that loses an answer is not trusted."""
        values = self.transport.access(requests)
        if len(values) != len(requests):
            raise TransportError(
                f"the core at {self.transport.name} gave {len(values)} answers to "
                f"{len(requests)} requests"
            )
        return values

    def _read_counts(self) -> CoreCounts:
        """The count registers, without those that take a scan."""
        addresses: list[int] = [GlobalRegister.SAMPLES, GlobalRegister.REFUSED]
        for register in (LayerRegister.ERRORS, LayerRegister.UPDATES):
            addresses += [layer_address(layer, register) for layer in self._layers]
        samples, refused, *counts = self._access([(address, None) for address in addresses])
        count = len(self._layers)
        return CoreCounts(samples, refused, tuple(counts[:count]), tuple(counts[count:]))

    def _read_updates(self) -> tuple[int, ...]:
        addresses = [layer_address(layer, LayerRegister.UPDATES) for layer in self._layers]
        return tuple(self._access([(address, None) for address in addresses]))

    def _read_history(self, layer: int) -> int:
        """The four words of the history of a stream; bit 0 is unused."""
        words = self._access([(_stream_address(layer, word), None) for word in range(STREAM_WORDS)])
        return sum(word << 32 * index for index, word in enumerate(words))

    def _difference(self, layer: int, state: NetworkState) -> str | None:
        """The first value of a layer that is not the one of a state, in words."""
        wanted, got = np.asarray(state.counters[layer]), self.counters[layer]
        differing = np.argwhere(wanted != got)
        if len(differing):
            neuron, index = differing[0].tolist()
            return (
                f"the counter of layer {layer}, neuron {neuron}, input {index} is "
                f"{got[neuron, index]}, and {wanted[neuron, index]}"
            )
        history, wanted_history = self._read_history(layer), _history(state.streams[layer])
        if history != wanted_history:
            return (
                f"the reinforcement stream of layer {layer} is at {history:#x}, and "
                f"{wanted_history:#x}"
            )
        return None


def _since(before: Sequence[int], now: Sequence[int]) -> tuple[int, ...]:
    """Increases of counts that wrap at 2^32."""
    return tuple((new - old) & WORD for new, old in zip(now, before, strict=True))


def _loading(layer: int, state: NetworkState) -> list[Access]:
    """Writes that load a layer."""
    counter = layer_address(layer, LayerRegister.COUNTER)
    values: list[Any] = np.asarray(state.counters[layer]).reshape(-1).tolist()
    return [
        (layer_address(layer, LayerRegister.POSITION), 0),
        *((counter, value) for value in values),
        *_stream_writes(layer, state.streams[layer]),
    ]


def _stream_writes(layer: int, stream: RandomStream) -> list[Access]:
    history = _history(stream)
    return [
        (_stream_address(layer, word), history >> 32 * word & WORD) for word in range(STREAM_WORDS)
    ]


def _history(stream: RandomStream) -> int:
    """The four words that the registers of a stream hold."""
    low, high = stream.history
    return (low | high << 64) << 1


def _stream_address(layer: int, word: int) -> int:
    return layer_address(layer, LayerRegister(LayerRegister.STREAM_0 + word))
