"""Compare a training with a recorded run: find the first value that differs."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .datasets.data_set import RunParameters
from .network import Network

__all__ = ["first_difference"]


def first_difference(
    run: RunParameters, network: Network, accuracies: Sequence[float], x: NDArray[np.uint8]
) -> str | None:
    """Find the first result of a training that differs from the recorded one.

    Parameters
    ----------
    run : RunParameters
        The recorded run.
    network : Network
        The trained network.
    accuracies : sequence of float
        The training accuracy of each epoch, 0 to 1.
    x : (n, N) uint8
        The training samples as bits.

    Returns
    -------
    str or None
        The array, the index and both values, in words; None if all results are equal.
    """
    layers = range(len(network.config.layers))
    initial = Network(network.config)
    results: dict[str, Any] = {}
    for index in layers:
        results[f"initial_counters_{index}"] = initial.counters[index]
        results[f"classifier_{index}"] = network.classifier[index]
    results["accuracies"] = np.array(accuracies)
    for index in layers:
        results[f"counters_{index}"] = network.counters[index]
        results[f"snapshot_{index}"] = network.snapshot[index]
    results["predictions"] = network.predict(x)
    for name, values in results.items():
        recorded = run.expected.get(name)
        if recorded is None:
            continue
        unequal = np.argwhere(np.asarray(values) != recorded)
        if len(unequal):
            at = tuple(unequal[0].tolist())
            return (
                f"{name}[{', '.join(map(str, at))}] is {values[at]}, and {recorded[at]} was "
                f"recorded ({len(unequal)} of {recorded.size} values differ)"
            )
    return None
