"""Load the state of a network into a trainer core, and read it back."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...golden_model.config import NetworkConfig
from ...golden_model.network_state import NetworkState
from ...golden_model.random_stream import RandomStream
from ..registers.register_map import LayerRegister, Status, layer_address
from .initial_state import STREAM_WORDS, stream_address, stream_words, stream_writes
from .transport import Access, RefusedError, Transport, TransportError

__all__ = ["MAX_LOADS", "CoreState"]

MAX_LOADS = 3
"""Attempts to load a state into a core that does not keep it."""


class CoreState:
    """Counters and reinforcement streams of a trainer core, through its registers.

    Parameters
    ----------
    transport : Transport
        The connection to the core.
    config : NetworkConfig
        The core's network.
    """

    def __init__(self, transport: Transport, config: NetworkConfig):
        self._transport = transport
        self._config = config

    def load(
        self, state: NetworkState, read_counters: Callable[[], Sequence[NDArray[np.int16]]]
    ) -> None:
        """Load a state, read it back, and compare.

        A layer that differs from the state is loaded again, up to :data:`MAX_LOADS` times: a
        delayed request can have changed or lost the position at which counters are written.

        Parameters
        ----------
        state : NetworkState
            The state.
        read_counters : callable
            Reads ``k`` of each layer, (K, N), from the core.

        Raises
        ------
        TransportError
            If the core does not keep the state.
        """
        layers = range(len(self._config.layers))
        to_load = list(layers)
        for _ in range(MAX_LOADS):
            self._transport.settle()
            for layer in to_load:
                try:
                    self._transport.access_all(_layer_writes(layer, state))
                except RefusedError as error:
                    if error.status is not Status.POSITION:
                        raise
            counters = read_counters()
            differences = {
                layer: self._difference(layer, state, counters[layer]) for layer in layers
            }
            to_load = [layer for layer in layers if differences[layer]]
            if not to_load:
                return
        raise TransportError(
            f"the core at {self._transport.name} does not keep the state that is loaded into it: "
            f"after {MAX_LOADS} tries {differences[to_load[0]]} was loaded; if it is a board, "
            "flash its bitstream again (`metaplast flash`), and take another board if that does "
            "not help: its memory is broken"
        )

    def load_streams(self, streams: Sequence[RandomStream]) -> None:
        """Load the reinforcement stream of each layer."""
        for layer, stream in enumerate(streams):
            self._transport.access_all(stream_writes(layer, stream))

    def read_counters(self) -> list[NDArray[np.int16]]:
        """Read ``k`` of each layer, (K, N)."""
        self._transport.settle()
        counters = [
            np.array(
                [
                    self._transport.read_counters(layer.index, neuron, layer.inputs)
                    for neuron in range(layer.neurons)
                ],
                dtype=np.int16,
            )
            for layer in self._config.layers
        ]
        self._transport.settle()  # fails if the core was reset or replaced in between
        return counters

    def read_streams(self) -> list[RandomStream]:
        """Read the reinforcement stream of each layer."""
        self._transport.settle()
        histories = [_history(self._read_words(layer.index)) >> 1 for layer in self._config.layers]
        self._transport.settle()
        return [RandomStream.from_history(h & (1 << 64) - 1, h >> 64) for h in histories]

    def _read_words(self, layer: int) -> list[int]:
        """Read the registers with the history of a stream."""
        return self._transport.access_all(
            [(stream_address(layer, word), None) for word in range(STREAM_WORDS)]
        )

    def _difference(
        self, layer: int, state: NetworkState, counters: NDArray[np.int16]
    ) -> str | None:
        """Describe the first value of a layer that differs from a state."""
        expected = np.asarray(state.counters[layer])
        differing = np.argwhere(expected != counters)
        if len(differing):
            neuron, index = differing[0].tolist()
            return (
                f"the counter of layer {layer}, neuron {neuron}, input {index} is "
                f"{counters[neuron, index]}, and {expected[neuron, index]}"
            )
        words, expected_words = self._read_words(layer), stream_words(state.streams[layer])
        if words != expected_words:
            return (
                f"the reinforcement stream of layer {layer} is at {_history(words):#x}, and "
                f"{_history(expected_words):#x}"
            )
        return None


def _layer_writes(layer: int, state: NetworkState) -> list[Access]:
    """Writes that load the state of a layer."""
    counter = layer_address(layer, LayerRegister.COUNTER)
    values: list[Any] = np.asarray(state.counters[layer]).reshape(-1).tolist()
    return [
        (layer_address(layer, LayerRegister.POSITION), 0),
        *((counter, value) for value in values),
        *stream_writes(layer, state.streams[layer]),
    ]


def _history(words: Sequence[int]) -> int:
    """The history in four words of registers; bit 0 is unused."""
    return sum(word << 32 * index for index, word in enumerate(words))
