"""RemoteCore: a network in a trainer core, trained over a transport.

It is a :class:`~metaplast.golden_model.trainer.TrainableNetwork`, like the golden model. The core
can be a simulated core, a virtual board or a real board.
"""

import math
from collections import deque
from collections.abc import Iterable, Iterator, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ...golden_model.batch_record import Batch, BatchRecord
from ...golden_model.config import NetworkConfig
from ...golden_model.network import Network, initial_classifier
from ...golden_model.network_state import NetworkState
from ...golden_model.random_stream import RandomStream
from ...golden_model.samples import checked_bits
from ..planning.universal import PlacedNetwork
from ..registers.register_map import GlobalRegister, LayerRegister, layer_address
from .core_records import CoreBatch, CoreCounts, LostBatchesError
from .core_state import CoreState
from .initial_state import initial_state
from .network_setup import set_up
from .transport import Access, BatchCounts, SampleResults, Transport, TransportError

__all__ = ["RemoteCore"]

WORD = 0xFFFFFFFF

SAMPLES_PER_SEND = 1024
"""Samples of a prediction that are sent in one call of the transport."""


class RemoteCore:
    """A network in a trainer core, with the interface that :class:`.Trainer` needs.

    The core starts in the initial state of the network's seed.

    Parameters
    ----------
    transport : Transport
        The connection to the core.
    config : NetworkConfig
        The core's network.
    input_width : int
        Input bits that enter the core in a cycle.
    start : NetworkState, optional
        A state to load; by default the initial state of the seed.
    placed : PlacedNetwork, optional
        The network on a universal trainer, which is set up; by default the core has one network.

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
        placed: PlacedNetwork | None = None,
    ):
        self.transport = transport
        self.input_width = input_width
        if placed is not None:
            self.set_network(placed, start=start)
        else:
            self._begin(config, start)

    def close(self) -> None:
        """Close the connection to the core."""
        self.transport.close()

    # Set-up

    def set_network(self, placed: PlacedNetwork, *, start: NetworkState | None = None) -> None:
        """Set up a network on the universal trainer; the one before is lost.

        Parameters
        ----------
        placed : PlacedNetwork
            The network on the trainer; the trainer is idle.
        start : NetworkState, optional
            A state to load; by default the initial state of the seed.

        Raises
        ------
        TransportError
            If the core does not answer, or does not keep the state that is loaded.
        """
        self._access(set_up(placed))
        self._begin(placed.config, start)

    def _begin(self, config: NetworkConfig, start: NetworkState | None) -> None:
        self.config = config
        self._state = CoreState(self.transport, config)
        self._layers = range(len(config.layers))
        self._check_network()
        self.reset()
        if start is not None:
            self.load_state(start)

    def _check_network(self) -> None:
        """Raise an error if the core has another network."""
        config = self.config
        expected = {
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
        for (name, values), registers in zip(expected.items(), addresses, strict=True):
            found = self._access([(register, None) for register in registers])
            if found != values:
                raise TransportError(
                    f"the core at {self.transport.name} has another network: its {name} are "
                    f"{', '.join(map(str, found))}, not {', '.join(map(str, values))}"
                )

    def reset(self) -> None:
        """Write batch size and margins, and draw the initial state of the seed in the core."""
        config = self.config
        self._events: list[int] | None = None  # in the core's registers
        self._infers = False
        self._whole = True
        self._counters: list[NDArray[np.int16]] | None = None
        self._received: list[SampleResults] = []
        self._ends: list[BatchCounts] = []
        self._access(
            [
                (GlobalRegister.MODE, 0),
                (GlobalRegister.BATCH, config.batch),
                *(
                    (layer_address(layer.index, LayerRegister.MARGIN), layer.margin)
                    for layer in config.layers
                ),
            ]
        )
        for writes in initial_state(config):
            self._access(writes)
            self.transport.settle()
        self._before = self._read_counts()

    def load_state(self, state: NetworkState) -> None:
        """Load counters and streams into the core, and read them back.

        ``W`` becomes the sign of the counters. A layer that differs is loaded again, up to three
        times.

        Parameters
        ----------
        state : NetworkState
            The state, between two batches.

        Raises
        ------
        TransportError
            If the core does not keep the state.
        """
        self._state.load(state, self._read_back)

    def _read_back(self) -> Sequence[NDArray[np.int16]]:
        """Read the counters again, in the way of :attr:`counters`."""
        self._counters = None
        return self.counters

    def load_streams(self, streams: Sequence[RandomStream]) -> None:
        """Load the reinforcement stream of each layer."""
        self._state.load_streams(streams)

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
            If the core fails, or an earlier training ended within a batch.
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
        """Train on batches without waiting between them."""
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
        """Train on samples without ending the batch, and wait for their results.

        The core is then within a batch: its state can be read, and the core can be reset.

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
        """The results of all samples that were sent; the core is idle."""
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
        """Send samples in words of ``input_width`` bits."""
        words = math.ceil(self.config.inputs / self.input_width)
        bits = np.zeros((len(x), words * self.input_width), dtype=np.uint8)
        bits[:, : self.config.inputs] = x
        last = np.zeros(len(x), dtype=np.bool_)
        last[-1:] = ends
        self.transport.send(bits.reshape(len(x), words, self.input_width), np.asarray(y), last)

    def _ended(self, sizes: deque[int], events: Sequence[int]) -> Iterator[BatchRecord]:
        """Records of the batches whose results and counts have arrived."""
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
                f"the core at {self.transport.name} was left within a batch: train it again from "
                "the start, or continue with a saved model (`metaplast train --continue`)"
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
        """Predictions of the core, (n, N) of 0 and 1 → (n,), without training.

        Raises
        ------
        DataError
            If the samples are not bits of the network's inputs.
        TransportError
            If the core fails.
        """
        return self.local_predictions(x)[:, -1]

    def local_predictions(self, x: ArrayLike) -> NDArray[np.int64]:
        """Predictions of each layer of the core, (n, N) of 0 and 1 → (n, L), without training.

        Raises
        ------
        DataError
            If the samples are not bits of the network's inputs.
        TransportError
            If the core fails.
        """
        bits = checked_bits(x, self.config.inputs)
        if not self._whole:  # drop results of the training that ended within a batch
            self.transport.settle()
            self.transport.receive()
        self._set_mode(infer=True)
        for start in range(0, len(bits), SAMPLES_PER_SEND):
            part = bits[start : start + SAMPLES_PER_SEND]
            self._send(part, np.zeros(len(part), dtype=np.int64), ends=False)
        self.transport.settle()
        return self._results_of(len(bits)).predictions

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
        return self._state.read_counters()

    @property
    def snapshot(self) -> list[NDArray[np.uint8]]:
        """Per layer, ``W``, (K, N): between two batches, the signs of the counters."""
        return [(k >= 0).astype(np.uint8) for k in self.counters]

    @property
    def classifier(self) -> list[NDArray[np.uint8]]:
        """Per layer, ``P``, (C, K), computed from the seed."""
        return [initial_classifier(layer, self.config.seed) for layer in self.config.layers]

    @property
    def streams(self) -> list[RandomStream]:
        """Per layer, the reinforcement stream, read from the core.

        Raises
        ------
        TransportError
            If the core fails.
        """
        return self._state.read_streams()

    def read_out(self) -> Network:
        """A golden model in the state of the core, read through the registers.

        Raises
        ------
        TransportError
            If the core fails.
        """
        counters = self.read_counters()
        return Network.from_state(self.config, counters, [k >= 0 for k in counters], self.streams)

    def counts(self) -> CoreCounts:
        """The counts since the latest training began, and the counters at a bound.

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
            right=_since(before.right, now.right),
            saturated=tuple(saturated),
        )

    def _access(self, requests: Sequence[Access]) -> list[int]:
        return self.transport.access_all(requests)

    def _read_counts(self) -> CoreCounts:
        """Read the count registers, except SATURATED, which takes a scan."""
        addresses: list[int] = [GlobalRegister.SAMPLES, GlobalRegister.REFUSED]
        for layer in self._layers:
            for register in (LayerRegister.ERRORS, LayerRegister.UPDATES, LayerRegister.RIGHT):
                addresses.append(layer_address(layer, register))
        samples, refused, *counts = self._access([(address, None) for address in addresses])
        return CoreCounts(
            samples,
            refused,
            errors=tuple(counts[0::3]),
            updates=tuple(counts[1::3]),
            right=tuple(counts[2::3]),
        )

    def _read_updates(self) -> tuple[int, ...]:
        addresses = [layer_address(layer, LayerRegister.UPDATES) for layer in self._layers]
        return tuple(self._access([(address, None) for address in addresses]))


def _since(before: Sequence[int], now: Sequence[int]) -> tuple[int, ...]:
    """Increases of counts that wrap at 2^32."""
    return tuple((new - old) & WORD for new, old in zip(now, before, strict=True))
