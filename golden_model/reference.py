"""Reference implementation of the algorithm in plain Python loops (docs/algorithm.md, 2 to 6).

It is written to be read. :class:`~.network.Network` computes the same with NumPy, fast; tests
compare the two.
"""

from collections.abc import Iterable, Iterator, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .batch_record import Batch, BatchRecord
from .config import LayerConfig, NetworkConfig
from .random_stream import (
    RandomStream,
    classifier_id,
    initial_counters_id,
    order_id,
    reinforcement_id,
)

__all__ = ["ReferenceLayer", "ReferenceNetwork", "reference_order"]


class ReferenceLayer:
    """One layer: counters ``k``, snapshot ``w``, local classifier ``p``.

    Parameters
    ----------
    config : LayerConfig
        The layer's shape.
    seed : int
        The network's seed.
    """

    def __init__(self, config: LayerConfig, seed: int):
        self.config = config
        K, N, C, q = config.neurons, config.inputs, config.classes, config.initial_bits

        stream = RandomStream(seed, initial_counters_id(config.index))
        self.k = []
        for _ in range(K):
            row = []
            for draw in stream.draws(N):
                low = int(draw) & ((1 << q) - 1)
                row.append(low - (1 << q) if low >> (q - 1) else low)
            self.k.append(row)

        stream = RandomStream(seed, classifier_id(config.index))
        self.p = [[0] * K for _ in range(C)]
        for j in range(K):
            draws = stream.draws((C + 31) // 32)
            for c in range(C):
                self.p[c][j] = int(draws[c // 32]) >> (c % 32) & 1

        self.stream = RandomStream(seed, reinforcement_id(config.index))
        self.take_snapshot()
        self.error_raised = False

    def take_snapshot(self) -> None:
        """``W[j][i] = (k[j][i] ≥ 0)``."""
        self.w = [[int(k >= 0) for k in row] for row in self.k]

    def forward(self, x: list[int]) -> tuple[list[int], list[int], list[int]]:
        """Pre-activations ``z``, activations ``a`` and local scores ``s`` (section 2)."""
        z = []
        for j in range(self.config.neurons):
            n = sum(int(x_i == w_i) for x_i, w_i in zip(x, self.w[j], strict=True))
            z.append(2 * n - self.config.inputs)
        a = [int(z_j >= 0) for z_j in z]
        s = []
        for c in range(self.config.classes):
            s.append(sum(int(a_j == p_j) for a_j, p_j in zip(a, self.p[c], strict=True)))
        return z, a, s

    def error(self, s: list[int], y: int) -> bool:
        """The local error bit (section 3)."""
        first, second = sorted(s, reverse=True)[:2]
        return s.index(first) != y or 2 * (first - second) < self.config.margin

    def choose(self, z: list[int], a: list[int], y: int) -> list[int]:
        """In each group the wrong neuron of smallest ``|z|``, or −1 (section 4)."""
        d = self.p[y]
        chosen = []
        for g in range(self.config.group_count):
            best = -1
            for j in range(g * self.config.group, (g + 1) * self.config.group):
                if a[j] != d[j] and (best < 0 or abs(z[j]) < abs(z[best])):
                    best = j
            chosen.append(best)
        return chosen

    def update(self, x: list[int], y: int, chosen: list[int]) -> None:
        """Step every counter of each chosen neuron towards the desired activation (section 4)."""
        for j in chosen:
            if j < 0:
                continue
            desired = self.p[y][j]
            for i in range(self.config.inputs):
                self._step(j, i, up=x[i] == desired)

    def commit(self, events: int) -> int:
        """Reinforce, then take the snapshot; return the number of draws (section 5)."""
        if not self.error_raised:
            return 0
        self.error_raised = False
        bk, bi = self.config.neuron_bits, self.config.input_bits
        for draw in self.stream.draws(events):
            j = int(draw) & ((1 << bk) - 1)
            i = int(draw) >> bk & ((1 << bi) - 1)
            if j < self.config.neurons and i < self.config.inputs:
                self._step(j, i, up=self.k[j][i] >= 0)
        self.take_snapshot()
        return events

    def _step(self, j: int, i: int, *, up: bool) -> None:
        step = 1 if up else -1
        self.k[j][i] = min(max(self.k[j][i] + step, self.config.lowest), self.config.highest)


class ReferenceNetwork:
    """Reference network in plain loops, with the interface of :class:`~.network.Network`.

    Parameters
    ----------
    config : NetworkConfig
        The network.
    """

    def __init__(self, config: NetworkConfig):
        self.config = config
        self.layers = [ReferenceLayer(layer, config.seed) for layer in config.layers]

    @classmethod
    def from_state(
        cls,
        config: NetworkConfig,
        counters: Sequence[ArrayLike],
        snapshot: Sequence[ArrayLike],
        streams: Sequence[RandomStream],
    ) -> "ReferenceNetwork":
        """Make a network that continues from a saved state, which is copied, not checked."""
        network = cls(config)
        for layer, k, w, stream in zip(network.layers, counters, snapshot, streams, strict=True):
            layer.k = np.asarray(k).tolist()
            layer.w = np.asarray(w).tolist()
            layer.stream = RandomStream.from_history(*stream.history)
        return network

    @property
    def counters(self) -> list[NDArray[np.integer]]:
        """Per layer, ``k``: (K, N) int32."""
        return [np.array(layer.k, dtype=np.int32) for layer in self.layers]

    @property
    def snapshot(self) -> list[NDArray[np.uint8]]:
        """Per layer, ``W``: (K, N), 0 or 1."""
        return [np.array(layer.w, dtype=np.uint8) for layer in self.layers]

    @property
    def classifier(self) -> list[NDArray[np.uint8]]:
        """Per layer, ``P``: (C, K), 0 or 1."""
        return [np.array(layer.p, dtype=np.uint8) for layer in self.layers]

    @property
    def streams(self) -> list[RandomStream]:
        """Per layer, the reinforcement stream."""
        return [layer.stream for layer in self.layers]

    def train_batches(
        self, batches: Iterable[Batch], events: Sequence[int]
    ) -> Iterator[BatchRecord]:
        """Train on batches, one after the other; see :class:`.TrainableNetwork`."""
        for x, y in batches:
            yield self.train_batch(x, y, events)

    def train_batch(self, x: ArrayLike, y: ArrayLike, events: Sequence[int]) -> BatchRecord:
        """Train on a batch, sample by sample, and commit.

        Parameters
        ----------
        x : (n, N) of 0 and 1
            Encoded samples.
        y : (n,) int
            Labels, 0 to C − 1.
        events : sequence of int
            ``M_l`` for each layer.
        """
        predictions: list[list[int]] = []
        errors: list[list[bool]] = []
        chosen: list[list[list[int]]] = [[] for _ in self.layers]
        for sample, label in zip(np.asarray(x).tolist(), np.asarray(y).tolist(), strict=True):
            predictions.append([])
            errors.append([])
            for layer, choices in zip(self.layers, chosen, strict=True):
                z, a, s = layer.forward(sample)
                error = layer.error(s, label)
                choice = [-1] * layer.config.group_count
                if error:
                    layer.error_raised = True
                    choice = layer.choose(z, a, label)
                    layer.update(sample, label, choice)
                predictions[-1].append(s.index(max(s)))
                errors[-1].append(error)
                choices.append(choice)
                sample = a
        return BatchRecord(
            predictions=np.array(predictions, dtype=np.int64).reshape(-1, len(self.layers)),
            errors=np.array(errors, dtype=np.bool_).reshape(-1, len(self.layers)),
            chosen=[
                np.array(choices, dtype=np.int32).reshape(-1, layer.config.group_count)
                for layer, choices in zip(self.layers, chosen, strict=True)
            ],
            events=[layer.commit(count) for layer, count in zip(self.layers, events, strict=True)],
        )

    def local_predictions(self, x: ArrayLike) -> NDArray[np.int64]:
        """Each layer's prediction for each sample, (n, L)."""
        predictions: list[list[int]] = []
        for sample in np.asarray(x).tolist():
            predictions.append([])
            for layer in self.layers:
                _, a, s = layer.forward(sample)
                predictions[-1].append(s.index(max(s)))
                sample = a
        return np.array(predictions, dtype=np.int64).reshape(-1, len(self.layers))

    def predict(self, x: ArrayLike) -> NDArray[np.int64]:
        """The network's prediction for each sample, (n,)."""
        return self.local_predictions(x)[:, -1]


def reference_order(config: NetworkConfig, epoch: int, samples: int) -> list[int]:
    """Sample order of an epoch in plain loops (section 6); see :func:`.epoch_order`."""
    S = config.shuffle_block
    blocks: list[list[int]] = []
    for index in range(samples):
        if index % S == 0:
            blocks.append([])
        blocks[-1].append(index)
    draws = [int(draw) for draw in RandomStream(config.seed, order_id(epoch)).draws(len(blocks))]
    order = []
    for b in sorted(range(len(blocks)), key=lambda b: (draws[b], b)):
        order.extend(blocks[b])
    return order
