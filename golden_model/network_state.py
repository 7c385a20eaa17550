"""The state of a network: counters, snapshot, reinforcement streams."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from .random_stream import RandomStream

__all__ = ["NetworkState", "StoredState"]


class NetworkState(Protocol):
    """State that training changes, of a golden network, a core, a board or a saved model."""

    @property
    def counters(self) -> Sequence[NDArray[Any]]:
        """Per layer, the hidden weights ``k``, (K, N) integers."""

    @property
    def snapshot(self) -> Sequence[NDArray[Any]]:
        """Per layer, the binary weights ``W``, (K, N) of 0 and 1."""

    @property
    def streams(self) -> Sequence[RandomStream]:
        """Per layer, the reinforcement stream, at its present position."""


@dataclass(frozen=True, eq=False)
class StoredState:
    """A copy of a :class:`NetworkState`, which later training does not change.

    Attributes
    ----------
    counters, snapshot, streams : list
        As in :class:`NetworkState`.
    """

    counters: list[NDArray[np.int16]]
    snapshot: list[NDArray[np.uint8]]
    streams: list[RandomStream]

    @classmethod
    def copy_of(cls, state: NetworkState) -> "StoredState":
        """Copy a state."""
        return cls(
            [k.astype(np.int16) for k in state.counters],
            [w.astype(np.uint8) for w in state.snapshot],
            [RandomStream.from_history(*stream.history) for stream in state.streams],
        )
