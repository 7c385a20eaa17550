"""Writes of registers that give a trainer core the initial state of a seed."""

from ...golden_model.config import NetworkConfig
from ...golden_model.random_stream import (
    RandomStream,
    classifier_id,
    initial_counters_id,
    reinforcement_id,
)
from ..registers.register_map import GlobalRegister, LayerRegister, layer_address

__all__ = ["STREAM_WORDS", "initial_state", "stream_address", "stream_words", "stream_writes"]

STREAM_WORDS = 4
"""Registers of the history of a stream."""

WORD = 0xFFFFFFFF

Write = tuple[int, int]
"""The address of a register, and the value to write."""

COUNTERS, CLASSIFIER = 1, 2
"""Values of INITIAL: what is drawn from the random stream."""


def stream_words(stream: RandomStream) -> list[int]:
    """Contents of the registers STREAM_0 to STREAM_3 for a random stream."""
    low, high = stream.history
    history = (low | high << 64) << 1
    return [history >> 32 * word & WORD for word in range(STREAM_WORDS)]


def stream_address(layer: int, word: int) -> int:
    """Address of the register with a word, 0 to 3, of the history of a layer's stream."""
    return layer_address(layer, LayerRegister(LayerRegister.STREAM_0 + word))


def stream_writes(layer: int, stream: RandomStream) -> list[Write]:
    """Writes that load a random stream into a layer."""
    return [(stream_address(layer, word), value) for word, value in enumerate(stream_words(stream))]


def initial_state(config: NetworkConfig) -> list[list[Write]]:
    """Writes that draw the initial state of the network's seed, and clear the counts.

    Write each list, and wait until the core is not busy before the next one.

    Parameters
    ----------
    config : NetworkConfig
        The network, with its seed. A universal trainer has it set up.

    Returns
    -------
    list of list of (int, int)
        Addresses and values: for each layer, two drawings; at last the streams of the
        reinforcement, and RESET.
    """
    drawings, last = [], []
    for layer in range(len(config.layers)):
        initial = layer_address(layer, LayerRegister.INITIAL)
        for stream_id, kind in (
            (initial_counters_id(layer), COUNTERS),
            (classifier_id(layer), CLASSIFIER),
        ):
            stream = RandomStream(config.seed, stream_id)
            drawings.append([*stream_writes(layer, stream), (initial, kind)])
        last += stream_writes(layer, RandomStream(config.seed, reinforcement_id(layer)))
    return [*drawings, [*last, (GlobalRegister.RESET, 1)]]
