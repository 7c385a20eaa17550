"""The schedule of training: sample order of an epoch, reinforcement events of a commit."""

import math

import numpy as np
from numpy.typing import NDArray

from .config import LayerConfig, NetworkConfig, checked_number
from .errors import ConfigurationError
from .random_stream import RandomStream, order_id

__all__ = ["epoch_order", "reinforcement_events"]


def epoch_order(config: NetworkConfig, epoch: int, samples: int) -> NDArray[np.int64]:
    """Sample order of an epoch: a permutation of the samples (docs/algorithm.md, 6).

    Parameters
    ----------
    config : NetworkConfig
        The network, with its seed and its shuffle block ``S``.
    epoch : int
        Number of the epoch, 0 to 32767.
    samples : int
        Number of training samples. At least 0.

    Returns
    -------
    (samples,) int64

    Raises
    ------
    ConfigurationError
        If the epoch is out of range.
    """
    size = config.shuffle_block
    blocks = -(-samples // size)
    draws = RandomStream(config.seed, order_id(epoch)).draws(blocks)
    order = np.argsort(draws, kind="stable")
    if size == 1:
        return order
    indices = (order[:, np.newaxis] * size + np.arange(size)).reshape(-1)
    return indices[indices < samples]


def reinforcement_events(layer: LayerConfig, reinforcement: float, accuracy: float) -> int:
    """Reinforcement events ``M_l`` of a commit (docs/algorithm.md, 5).

    Parameters
    ----------
    layer : LayerConfig
        The layer.
    reinforcement : float
        ``p_r``. At least 0.
    accuracy : float
        Training accuracy of the previous epoch, 0 to 1; 0 in the first.

    Raises
    ------
    ConfigurationError
        If reinforcement or accuracy is out of range, or the number of events exceeds the layer's
        :attr:`~.LayerConfig.max_events`.
    """
    reinforcement = checked_number("reinforcement", reinforcement, 0.0, math.inf)
    accuracy = checked_number("accuracy", accuracy, 0.0, 1.0)
    expected = (
        reinforcement
        * math.sqrt(1 - accuracy)
        * math.sqrt(2 / (math.pi * layer.inputs))
        * 2 ** (layer.neuron_bits + layer.input_bits)
    )
    if expected + 1 / 2 >= layer.max_events + 1:
        raise ConfigurationError(
            f"a reinforcement of {reinforcement:g} takes {expected:.3g} events a commit in layer "
            f"{layer.index}, and at most {layer.max_events} can be counted; make it smaller"
        )
    return math.floor(expected + 1 / 2)
