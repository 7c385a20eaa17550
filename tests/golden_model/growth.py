"""How training time grows with samples, neurons and inputs; as a script, prints it as JSON.

Run it with one BLAS thread, or the threads' waiting for each other is measured as well. Times are
of the processor, not the clock, and the least of several rounds, in which the cases take turns:
another program on the machine can make a round slower, not faster.
"""

import json
import time
from collections.abc import Callable

import numpy as np

from metaplast.golden_model import Network, NetworkConfig, Trainer

BASE = {"samples": 800, "neurons": 128, "inputs": 512}
FACTOR = 4
ROUNDS = 8

# What caches may add where a network four times as large no longer fits one of them.
ALLOWANCE = 1.3


def epoch_seconds(samples: int, neurons: int, inputs: int) -> float:
    """Processor time of a first epoch on noisy prototypes of ten classes."""
    random = np.random.default_rng(1)
    y = random.integers(0, 10, samples)
    x = random.integers(0, 2, (10, inputs))[y] ^ (random.random((samples, inputs)) < 0.44)
    x = x.astype(np.uint8)
    config = NetworkConfig(inputs=inputs, hidden=(neurons,), groups=(16,), classes=10)
    trainer = Trainer(Network(config))
    started = time.process_time()
    trainer.train_epoch(x, y)
    return time.process_time() - started


def growth(seconds: Callable[..., float], rounds: int = ROUNDS) -> dict[str, float]:
    """By which factor time grows when samples, neurons or inputs grow by FACTOR."""
    cases = {"": BASE, **{name: {**BASE, name: FACTOR * BASE[name]} for name in BASE}}
    least = dict.fromkeys(cases, float("inf"))
    for _ in range(rounds):
        for name, sizes in cases.items():
            least[name] = min(least[name], seconds(**sizes))
    return {name: least[name] / least[""] for name in BASE}


def assert_linear(grown: dict[str, float]) -> None:
    """Fail where time grew faster than what it depends on."""
    for name, factor in grown.items():
        assert factor <= FACTOR * ALLOWANCE, (
            f"with {FACTOR} times the {name}, training takes {factor:.2f} times as long"
        )


if __name__ == "__main__":
    print(json.dumps(growth(epoch_seconds)))
