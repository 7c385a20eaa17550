"""The network in NumPy: forward pass, local errors, counter updates, commit.

Fast, and equal to :mod:`~.reference` to the last bit, because:

- Within a batch ``W`` does not change, so the forward pass is a matrix product. In 0 and 1 it is
  ``z = 4·x·w − 2·Σx − 2·Σw + N``, exact in float32 up to 2^22 inputs (and float64 beyond).
- Few neurons are chosen. All chosen neurons are stepped at once: the first step of each neuron,
  then the second of each, and so on, with saturation after each. This keeps the sample order of
  each neuron, and a neuron's steps change no other neuron's counters.
- A reinforcement event never moves a counter across zero, so events on one counter add up and
  saturate once.
"""

from collections.abc import Iterable, Iterator, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .batch_record import Batch, BatchRecord
from .config import LayerConfig, NetworkConfig
from .errors import ConfigurationError
from .random_stream import RandomStream, classifier_id, initial_counters_id, reinforcement_id
from .samples import checked_bits, checked_events, checked_labels

__all__ = [
    "Layer",
    "Network",
    "draw_classifier",
    "draw_counters",
    "initial_classifier",
    "initial_counters",
    "slices",
]

Bits = NDArray[np.uint8]
Counters = NDArray[np.signedinteger]

# A batch is processed in slices of at most this many samples, and of so few that no working array
# has more than SLICE_ELEMENTS elements.
SLICE = 512
SLICE_ELEMENTS = 1 << 25

# Reinforcement events drawn and applied at once.
EVENTS_AT_ONCE = 1 << 20


def initial_counters(config: LayerConfig, seed: int) -> Counters:
    """Initial counters ``k`` of a layer from the seed, (K, N) (docs/algorithm.md, 6)."""
    return draw_counters(config, RandomStream(seed, initial_counters_id(config.index)))


def draw_counters(config: LayerConfig, stream: RandomStream) -> Counters:
    """Draw the initial counters ``k`` of a layer from a stream, (K, N)."""
    q = config.initial_bits
    draws = stream.draws(config.weights)
    low = (draws & np.uint32((1 << q) - 1)).astype(_counter_type(config))
    low -= (low >> q - 1) << q
    return low.reshape(config.neurons, config.inputs)


def initial_classifier(config: LayerConfig, seed: int) -> Bits:
    """Local classifier ``P`` of a layer from the seed, (C, K) of 0 and 1 (docs/algorithm.md, 6)."""
    return draw_classifier(config, RandomStream(seed, classifier_id(config.index)))


def draw_classifier(config: LayerConfig, stream: RandomStream) -> Bits:
    """Draw the local classifier ``P`` of a layer from a stream, (C, K) of 0 and 1."""
    words = (config.classes + 31) // 32
    draws = stream.draws(config.neurons * words)
    bits = np.unpackbits(draws.astype("<u4").view(np.uint8), bitorder="little")
    return np.ascontiguousarray(bits.reshape(config.neurons, 32 * words)[:, : config.classes].T)


def slices(config: NetworkConfig, samples: int) -> Iterator[slice]:
    """Cut samples into slices small enough for the working arrays."""
    widest = max(
        max(layer.inputs * (1 + layer.group_count), layer.neurons) for layer in config.layers
    )
    length = max(1, min(SLICE, SLICE_ELEMENTS // widest))
    for start in range(0, samples, length):
        yield slice(start, start + length)


def _counter_type(config: LayerConfig) -> np.dtype[np.signedinteger]:
    # A value one step beyond a bound must be representable.
    return np.dtype(np.int16) if config.counter_bits < 16 else np.dtype(np.int32)


class Layer:
    """One layer: its state, forward pass, updates and commit on a batch.

    Parameters
    ----------
    config : LayerConfig
        The layer's shape.
    classifier : (C, K) of 0 and 1
        ``P``.
    counters : (K, N) int
        ``k``; used in place, not copied.
    snapshot : (K, N) of 0 and 1
        ``W``.
    stream : RandomStream
        The reinforcement stream, at its present position.
    """

    def __init__(
        self,
        config: LayerConfig,
        *,
        classifier: Bits,
        counters: Counters,
        snapshot: NDArray[np.bool_] | Bits,
        stream: RandomStream,
    ):
        self.config = config
        self.classifier = classifier
        self.counters = counters
        self.stream = stream
        # The largest intermediate integer is 4·N in the forward pass and 2·K in the scores.
        exact = max(config.inputs, config.neurons) <= 1 << 22
        self._real: np.dtype[np.floating] = np.dtype(np.float32 if exact else np.float64)
        self._desired = np.ascontiguousarray(classifier.T).astype(np.bool_).T
        self._class_weights = (2 * classifier.astype(self._real) - 1).T
        self._class_offsets = (config.neurons - classifier.sum(axis=1)).astype(self._real)
        self._signs = np.empty(counters.shape, dtype=np.bool_)
        self._weights = np.empty(counters.shape, dtype=self._real)
        self._set_snapshot(snapshot.astype(np.bool_))
        self._error_raised = False

    @property
    def snapshot(self) -> Bits:
        """``W``, (K, N) of 0 and 1."""
        return self._signs.astype(np.uint8)

    def _set_snapshot(self, signs: NDArray[np.bool_]) -> None:
        np.copyto(self._signs, signs)
        np.copyto(self._weights, self._signs)
        self._weight_sums = self._weights.sum(axis=1)

    def forward(self, x: NDArray[np.floating]) -> tuple[NDArray[np.floating], NDArray[np.bool_]]:
        """Pre-activations ``z`` and activations ``a``, both (n, K), of bits ``x`` (n, N)."""
        z = x @ self._weights.T
        z *= 4
        z -= 2 * self._weight_sums
        z += (self.config.inputs - 2 * x.sum(axis=1))[:, np.newaxis]
        return z, z >= 0

    def scores(self, a: NDArray[np.bool_]) -> NDArray[np.floating]:
        """Local scores ``s``, (n, C)."""
        return a.astype(self._real) @ self._class_weights + self._class_offsets

    def train(
        self, x: Bits, y: NDArray[np.int64]
    ) -> tuple[NDArray[np.bool_], NDArray[np.int64], NDArray[np.bool_], NDArray[np.int32]]:
        """Update the counters for some of a batch's samples, in order.

        Returns activations (n, K), predictions (n,), error bits (n,) and the chosen neurons
        (n, groups), −1 for none.
        """
        z, a = self.forward(x.astype(self._real))
        scores = self.scores(a)
        rows = np.arange(len(y))
        predictions = scores.argmax(axis=1)
        first = scores[rows, predictions]
        scores[rows, predictions] = -1
        lead = 2 * (first - scores.max(axis=1))
        errors = (predictions != y) | (lead < self.config.margin)

        chosen = np.full((len(y), self.config.group_count), -1, dtype=np.int32)
        wrong_samples = np.flatnonzero(errors)
        if len(wrong_samples):
            self._error_raised = True
            desired = self._desired[y[wrong_samples]]
            chosen[wrong_samples] = self._choose(z[wrong_samples], a[wrong_samples], desired)
            self._update(x, y, chosen)
        return a, predictions, errors, chosen

    def _choose(
        self, z: NDArray[np.floating], a: NDArray[np.bool_], desired: NDArray[np.bool_]
    ) -> NDArray[np.int32]:
        """Per sample and group, the wrong neuron of smallest ``|z|``, or −1."""
        distance = np.abs(z)
        np.copyto(distance, np.inf, where=a == desired)
        distance = distance.reshape(len(z), self.config.group_count, self.config.group)
        nearest = distance.argmin(axis=2)
        found = np.take_along_axis(distance, nearest[:, :, np.newaxis], axis=2)[:, :, 0] < np.inf
        nearest += np.arange(self.config.group_count) * self.config.group
        return np.where(found, nearest, -1).astype(np.int32)

    def _update(self, x: Bits, y: NDArray[np.int64], chosen: NDArray[np.int32]) -> None:
        """Step the counters of the chosen neurons, each neuron's samples in order."""
        samples, groups = np.nonzero(chosen >= 0)
        neurons = chosen[samples, groups]
        # The turn of a choice is how many earlier samples chose the same neuron.
        by_neuron = np.argsort(neurons, kind="stable")
        ordered = neurons[by_neuron]
        starts = np.flatnonzero(np.diff(ordered, prepend=-1))
        lengths = np.diff(starts, append=len(ordered))
        turns = np.arange(len(ordered)) - np.repeat(starts, lengths)
        by_turn = by_neuron[np.argsort(turns, kind="stable")]
        samples, neurons = samples[by_turn], neurons[by_turn]

        kind = self.counters.dtype
        signs = np.array([-1, 1], dtype=kind)
        steps = (2 * x.astype(kind) - 1)[samples]
        steps *= signs[self.classifier[y[samples], neurons]][:, np.newaxis]
        stop = 0
        for count in np.bincount(turns):
            start, stop = stop, stop + count
            turn = neurons[start:stop]
            counters = self.counters[turn]
            counters += steps[start:stop]
            np.maximum(counters, self.config.lowest, out=counters)
            np.minimum(counters, self.config.highest, out=counters)
            self.counters[turn] = counters

    def commit(self, events: int) -> int:
        """Reinforce and take the snapshot, if an error was raised; return the number of draws."""
        if not self._error_raised:
            return 0
        self._error_raised = False
        for done in range(0, events, EVENTS_AT_ONCE):
            self._reinforce(self.stream.draws(min(EVENTS_AT_ONCE, events - done)))
        self._set_snapshot(self.counters >= 0)
        return events

    def _reinforce(self, draws: NDArray[np.uint32]) -> None:
        config = self.config
        neurons = draws & np.uint32((1 << config.neuron_bits) - 1)
        inputs = draws >> np.uint32(config.neuron_bits) & np.uint32((1 << config.input_bits) - 1)
        inside = (neurons < config.neurons) & (inputs < config.inputs)
        # The products of two in-range indices stay below 2^32.
        weights = neurons[inside] * np.uint32(config.inputs) + inputs[inside]
        if not len(weights):
            return
        weights.sort()
        starts = np.flatnonzero(np.diff(weights, prepend=~weights[:1]))
        counts = np.diff(starts, append=len(weights)).astype(np.int32)
        weights = weights[starts]
        flat = self.counters.reshape(-1)
        counters = flat[weights].astype(np.int32)
        counters += np.where(counters >= 0, counts, -counts)
        np.maximum(counters, config.lowest, out=counters)
        np.minimum(counters, config.highest, out=counters)
        flat[weights] = counters


class Network:
    """A binary multi-layer perceptron that trains by local error signals, in NumPy.

    Parameters
    ----------
    config : NetworkConfig
        The network; its seed gives initial counters and classifiers.
    """

    def __init__(self, config: NetworkConfig):
        self.config = config
        self._layers = []
        for layer in config.layers:
            counters = initial_counters(layer, config.seed)
            self._layers.append(
                Layer(
                    layer,
                    classifier=initial_classifier(layer, config.seed),
                    counters=counters,
                    snapshot=counters >= 0,
                    stream=RandomStream(config.seed, reinforcement_id(layer.index)),
                )
            )

    @classmethod
    def from_state(
        cls,
        config: NetworkConfig,
        counters: Sequence[ArrayLike],
        snapshot: Sequence[ArrayLike],
        streams: Sequence[RandomStream],
    ) -> "Network":
        """Make a network that continues from a saved state.

        Parameters
        ----------
        config : NetworkConfig
            The network.
        counters, snapshot : sequence of (K, N) arrays
            ``k`` and ``W`` of each layer; copied.
        streams : sequence of RandomStream
            The reinforcement streams at their positions.

        Raises
        ------
        ConfigurationError
            If a layer is missing, or has a wrong shape or a value out of range.
        """
        network = cls.__new__(cls)
        network.config = config
        network._layers = []
        if not len(counters) == len(snapshot) == len(streams) == len(config.layers):
            raise ConfigurationError(
                f"the state must have {len(config.layers)} layers, not "
                f"{len(counters)} of counters, {len(snapshot)} of snapshots and "
                f"{len(streams)} of streams"
            )
        for layer, k, w, stream in zip(config.layers, counters, snapshot, streams, strict=True):
            k, w = np.asarray(k), np.asarray(w)
            for name, array in (("counters", k), ("snapshot", w)):
                if array.dtype.kind not in "iub":
                    raise ConfigurationError(
                        f"{name} of layer {layer.index} must be integers, not {array.dtype}"
                    )
                if array.shape != (layer.neurons, layer.inputs):
                    raise ConfigurationError(
                        f"{name} of layer {layer.index} must be "
                        f"{(layer.neurons, layer.inputs)}, not {array.shape}"
                    )
            if k.min() < layer.lowest or k.max() > layer.highest:
                raise ConfigurationError(
                    f"counters of layer {layer.index} must be from {layer.lowest} to "
                    f"{layer.highest}, not {k.min()} to {k.max()}"
                )
            if not np.isin(w, (0, 1)).all():
                raise ConfigurationError(f"snapshot of layer {layer.index} must be of 0 and 1")
            network._layers.append(
                Layer(
                    layer,
                    classifier=initial_classifier(layer, config.seed),
                    counters=k.astype(_counter_type(layer), order="C"),
                    snapshot=w,
                    stream=RandomStream.from_history(*stream.history),
                )
            )
        return network

    @property
    def counters(self) -> list[Counters]:
        """Per layer, ``k``: (K, N), the live array."""
        return [layer.counters for layer in self._layers]

    @property
    def snapshot(self) -> list[Bits]:
        """Per layer, ``W``: (K, N), 0 or 1, a copy."""
        return [layer.snapshot for layer in self._layers]

    @property
    def classifier(self) -> list[Bits]:
        """Per layer, ``P``: (C, K), 0 or 1."""
        return [layer.classifier for layer in self._layers]

    @property
    def streams(self) -> list[RandomStream]:
        """Per layer, the reinforcement stream, live."""
        return [layer.stream for layer in self._layers]

    def train_batches(
        self, batches: Iterable[Batch], events: Sequence[int]
    ) -> Iterator[BatchRecord]:
        """Train on batches, one after the other; see :class:`.TrainableNetwork`."""
        for x, y in batches:
            yield self.train_batch(x, y, events)

    def train_batch(self, x: ArrayLike, y: ArrayLike, events: Sequence[int]) -> BatchRecord:
        """Train on a batch and commit.

        Parameters
        ----------
        x : (n, N) of 0 and 1
            Encoded samples, in order.
        y : (n,) int
            Labels, 0 to C − 1.
        events : sequence of int
            ``M_l`` for each layer.

        Returns
        -------
        BatchRecord
            Predictions, error bits and updates.

        Raises
        ------
        DataError
            If samples and labels do not fit each other or the network. The network is unchanged.
        ConfigurationError
            If events do not fit the network. The network is unchanged.
        """
        bits = checked_bits(x, self.config.inputs)
        labels = checked_labels(y, len(bits), self.config.classes)
        counts = checked_events(events, len(self._layers))

        predictions = np.empty((len(bits), len(self._layers)), dtype=np.int64)
        errors = np.empty((len(bits), len(self._layers)), dtype=np.bool_)
        chosen = [
            np.empty((len(bits), layer.config.group_count), dtype=np.int32)
            for layer in self._layers
        ]
        for part in slices(self.config, len(bits)):
            x_part = bits[part]
            for index, layer in enumerate(self._layers):
                a, predictions[part, index], errors[part, index], chosen[index][part] = layer.train(
                    x_part, labels[part]
                )
                x_part = a.view(np.uint8)
        return BatchRecord(
            predictions=predictions,
            errors=errors,
            chosen=chosen,
            events=[layer.commit(count) for layer, count in zip(self._layers, counts, strict=True)],
        )

    def local_predictions(self, x: ArrayLike) -> NDArray[np.int64]:
        """Each layer's prediction for each encoded sample, (n, L), from one forward pass."""
        bits = checked_bits(x, self.config.inputs)
        predictions = np.empty((len(bits), len(self._layers)), dtype=np.int64)
        for part, index, scores in self._local_scores(bits):
            predictions[part, index] = scores.argmax(axis=1)
        return predictions

    def scores(self, x: ArrayLike) -> NDArray[np.int64]:
        """Local scores ``s`` of the last layer for each encoded sample, (n, C), from 0 to ``K``."""
        bits = checked_bits(x, self.config.inputs)
        last = np.empty((len(bits), self.config.classes), dtype=np.int64)
        for part, index, scores in self._local_scores(bits):
            if index == len(self._layers) - 1:
                last[part] = scores
        return last

    def _local_scores(self, bits: Bits) -> Iterator[tuple[slice, int, NDArray[np.floating]]]:
        """Forward pass: samples, layer, and the layer's local scores of these samples."""
        for part in slices(self.config, len(bits)):
            x_part = bits[part]
            for index, layer in enumerate(self._layers):
                _, a = layer.forward(x_part.astype(layer._real))
                yield part, index, layer.scores(a)
                x_part = a.view(np.uint8)

    def predict(self, x: ArrayLike) -> NDArray[np.int64]:
        """The network's prediction for each encoded sample, (n,)."""
        return self.local_predictions(x)[:, -1]
