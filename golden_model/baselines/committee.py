"""The CP+R committee machine: a binary baseline with one trained layer.

C. Baldassi, *Generalization learning in a perceptron with binary synapses* (J. Stat. Phys. 136,
2009) has the rule CP+R for a binary perceptron: clipped perceptron steps of a hidden weight, and
random reinforcement of it. C. Baldassi et al., *Subdominant dense clusters allow for simple
learning …* (Phys. Rev. Lett. 115, 128101, 2015) makes a committee of perceptrons. arXiv:2412.00119
compares itself with that machine for many classes: groups of perceptrons vote by majority, and a
fixed random binary layer turns the votes into a score for each class.

Differences from one layer of :class:`~.network.Network`:

- The classifier takes a vote of each group, not each neuron's activation: ``v[g] = 1`` if at least
  half of the group's activations are 1, and ``s[c] = popcount(XNOR(v, P[c]))`` with ``P``
  of ``C × K/γ`` bits.
- Only a group whose vote is wrong learns: the wrong neuron of smallest ``|z|`` in it.
- The margin is a share of the groups, ``floor(r·K/γ)``.

Counters, streams, batches, commits and reinforcement are those of docs/algorithm.md, so that a
comparison shows the rule and nothing else. The original has hidden weights without bounds.
"""

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..batch_record import Batch, BatchRecord
from ..config import LayerConfig, NetworkConfig
from ..errors import ConfigurationError
from ..network import Layer, initial_classifier, initial_counters, slices
from ..random_stream import RandomStream, reinforcement_id
from ..samples import checked_bits, checked_events, checked_labels

__all__ = ["CommitteeMachine"]


class CommitteeLayer(Layer):
    """The trained layer of a committee machine: votes of groups, and scores of the votes.

    Parameters
    ----------
    config : LayerConfig
        The layer's shape; ``margin`` counts groups.
    seed : int
        The network's seed.
    """

    def __init__(self, config: LayerConfig, seed: int):
        of_votes = initial_classifier(replace(config, neurons=config.group_count, group=1), seed)
        counters = initial_counters(config, seed)
        super().__init__(
            config,
            # The desired activation of a neuron is the desired vote of its group.
            classifier=np.repeat(of_votes, config.group, axis=1),
            counters=counters,
            snapshot=counters >= 0,
            stream=RandomStream(seed, reinforcement_id(config.index)),
        )
        self._vote_weights = (2 * of_votes.astype(np.float32) - 1).T
        self._vote_offsets = (config.group_count - of_votes.sum(axis=1)).astype(np.float32)

    def votes(self, a: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Each group's majority, (n, K/γ); a tie is 1."""
        grouped = a.reshape(len(a), self.config.group_count, self.config.group)
        return 2 * np.count_nonzero(grouped, axis=2) >= self.config.group

    def scores(self, a: NDArray[np.bool_]) -> NDArray[np.floating]:
        """Scores of the classes by the groups' votes, (n, C)."""
        return self.votes(a).astype(np.float32) @ self._vote_weights + self._vote_offsets

    def _choose(
        self, z: NDArray[np.floating], a: NDArray[np.bool_], desired: NDArray[np.bool_]
    ) -> NDArray[np.int32]:
        chosen = super()._choose(z, a, desired)
        chosen[self.votes(a) == desired[:, :: self.config.group]] = -1
        return chosen


class CommitteeMachine:
    """The CP+R committee machine, which :class:`~.trainer.Trainer` trains like a network.

    Parameters
    ----------
    config : NetworkConfig
        One layer: ``K`` neurons in groups of ``γ``, which is best odd.

    Raises
    ------
    ConfigurationError
        If there is more than one layer.
    """

    def __init__(self, config: NetworkConfig):
        if len(config.layers) != 1:
            raise ConfigurationError(
                f"a committee machine has one trained layer, not {len(config.layers)}"
            )
        self.config = config
        layer = config.layers[0]
        margin = math.floor(config.robustness * layer.group_count)
        self._layer = CommitteeLayer(replace(layer, margin=margin), config.seed)

    @property
    def counters(self) -> list[NDArray[np.integer]]:
        """``k``: one array, (K, N), live."""
        return [self._layer.counters]

    @property
    def snapshot(self) -> list[NDArray[np.uint8]]:
        """``W``: one array, (K, N), a copy."""
        return [self._layer.snapshot]

    @property
    def streams(self) -> list[RandomStream]:
        """The reinforcement stream, live."""
        return [self._layer.stream]

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
            ``M_0``.

        Raises
        ------
        DataError
            If samples and labels do not fit each other or the network. The network is unchanged.
        ConfigurationError
            If events do not fit the network. The network is unchanged.
        """
        bits = checked_bits(x, self.config.inputs)
        labels = checked_labels(y, len(bits), self.config.classes)
        counts = checked_events(events, 1)

        predictions = np.empty((len(bits), 1), dtype=np.int64)
        errors = np.empty((len(bits), 1), dtype=np.bool_)
        chosen = np.empty((len(bits), self._layer.config.group_count), dtype=np.int32)
        for part in slices(self.config, len(bits)):
            _, predictions[part, 0], errors[part, 0], chosen[part] = self._layer.train(
                bits[part], labels[part]
            )
        return BatchRecord(
            predictions=predictions,
            errors=errors,
            chosen=[chosen],
            events=[self._layer.commit(counts[0])],
        )

    def predict(self, x: ArrayLike) -> NDArray[np.int64]:
        """The prediction for each encoded sample, (n,)."""
        bits = checked_bits(x, self.config.inputs)
        predictions = np.empty(len(bits), dtype=np.int64)
        for part in slices(self.config, len(bits)):
            _, a = self._layer.forward(bits[part].astype(self._layer._real))
            predictions[part] = self._layer.scores(a).argmax(axis=1)
        return predictions

    def local_predictions(self, x: ArrayLike) -> NDArray[np.int64]:
        """The prediction of the only layer for each encoded sample, (n, 1)."""
        return self.predict(x)[:, np.newaxis]
