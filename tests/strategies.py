"""Hypothesis strategies of networks and of data to train them on, shared by every room's tests.

Networks are small, as the literal reading and a simulator want them, and odd: sizes that are no
power of two, groups of one neuron and of all, any counter width, ties, margins from none to more
than can be had. Samples are drawn bit by bit, so that a counterexample shrinks to the bits that
matter.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

from metaplast.golden_model import LayerConfig, NetworkConfig, RandomStream

__all__ = ["NetworkState", "network_configs", "network_states", "samples", "seeds", "streams"]


def seeds() -> st.SearchStrategy[int]:
    """Seeds: small ones, and any of 48 bits."""
    return st.integers(0, 255) | st.integers(0, (1 << 48) - 1)


def streams() -> st.SearchStrategy[RandomStream]:
    """Streams that stand anywhere."""
    return st.integers(1, (1 << 127) - 1).map(
        lambda history: RandomStream.from_history(history & (1 << 64) - 1, history >> 64)
    )


@st.composite
def network_configs(
    draw: st.DrawFn,
    *,
    max_layers: int = 3,
    max_inputs: int = 20,
    max_groups: int = 4,
    max_group: int = 6,
    max_classes: int = 256,
    max_batch: int = 24,
) -> NetworkConfig:
    """Networks.

    Parameters
    ----------
    max_layers : int
        Most layers.
    max_inputs : int
        Largest ``N_0``.
    max_groups, max_group : int
        Most groups of a layer, and their largest size: ``K`` is at most the product.
    max_classes : int
        Largest ``C``; few are more frequent.
    max_batch : int
        Largest batch, but for batches larger than any data, which come too.
    """
    shapes = draw(
        st.lists(
            st.tuples(st.integers(1, max_groups), st.integers(1, max_group)),
            min_size=1,
            max_size=max_layers,
        )
    )
    few = min(5, max_classes)
    return NetworkConfig(
        inputs=draw(st.integers(1, max_inputs)),
        hidden=tuple(groups * group for groups, group in shapes),
        groups=tuple(group for _, group in shapes),
        classes=draw(st.integers(2, few) | st.integers(2, few) | st.integers(2, max_classes)),
        counter_bits=draw(st.integers(2, 16)),
        robustness=draw(st.sampled_from([0.0, 0.25, 1.0]) | st.floats(0, 1)),
        reinforcement=draw(st.sampled_from([0.0, 1.0, 40.0]) | st.floats(0, 4)),
        batch=draw(st.integers(1, max_batch) | st.just(65535)),
        seed=draw(seeds()),
    )


@st.composite
def samples(
    draw: st.DrawFn, config: NetworkConfig, *, min_size: int = 1, max_size: int = 40
) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Encoded samples (n, N) and labels (n,) for a network."""
    count = draw(st.integers(min_size, max_size))  # a list's own size would mostly be small
    sample = st.tuples(st.integers(0, (1 << config.inputs) - 1), st.integers(0, config.classes - 1))
    drawn = draw(st.lists(sample, min_size=count, max_size=count))
    x = [[word >> i & 1 for i in range(config.inputs)] for word, _ in drawn]
    return (
        np.array(x, dtype=np.uint8).reshape(-1, config.inputs),
        np.array([label for _, label in drawn], dtype=np.int64),
    )


@dataclass(frozen=True, eq=False)
class NetworkState:
    """The arguments of ``from_state``."""

    config: NetworkConfig
    counters: list[NDArray[Any]]
    snapshot: list[NDArray[np.uint8]]
    streams: list[RandomStream]

    @property
    def arguments(self) -> tuple[Any, ...]:
        """In order."""
        return self.config, self.counters, self.snapshot, self.streams


@st.composite
def network_states(draw: st.DrawFn, config: NetworkConfig) -> NetworkState:
    """States in the middle of a training, with many counters at a bound, at zero, or next to it."""
    random = np.random.default_rng(draw(st.integers(0, (1 << 32) - 1)))
    counters = [_counters(random, layer) for layer in config.layers]
    return NetworkState(
        config,
        counters,
        [(k >= 0).astype(np.uint8) for k in counters],
        [draw(streams()) for _ in config.layers],
    )


def _counters(random: np.random.Generator, layer: LayerConfig) -> NDArray[np.int32]:
    low, high = layer.lowest, layer.highest
    edges = np.array([low, low + 1, low + 2, -2, -1, 0, 1, high - 2, high - 1, high])
    shape = layer.neurons, layer.inputs
    near, anywhere = random.choice(edges, shape), random.integers(low, high, shape, endpoint=True)
    return np.where(random.random(shape) < 0.8, near.clip(low, high), anywhere).astype(np.int32)
