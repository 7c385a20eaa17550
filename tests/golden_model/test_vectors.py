"""The conformance vectors: both readings reproduce every run in tests/data/vectors to the bit."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import ArrayLike, NDArray

from metaplast.golden_model import (
    Network,
    NetworkConfig,
    RandomStream,
    ReferenceNetwork,
    Trainer,
    epoch_order,
)
from metaplast.golden_model.reference import reference_order

from ..comparison import assert_same_array
from ..vectors import RUNS, Arrays, read

Reading = type[ReferenceNetwork] | type[Network]


def config_of(run: Arrays) -> NetworkConfig:
    return NetworkConfig(
        inputs=run["x"].shape[1],
        hidden=tuple(run["hidden"].tolist()),
        groups=tuple(run["groups"].tolist()),
        classes=int(run["classes"]),
        counter_bits=int(run["counter_bits"]),
        robustness=float(run["robustness"]),
        reinforcement=float(run["reinforcement"]),
        batch=int(run["batch"]),
        seed=int(run["seed"]),
        shuffle_block=int(run.get("shuffle_block", 1)),
    )


def train(reading: Reading, run: Arrays) -> Arrays:
    """All that a run's file says of its end, and its beginning, from a reading."""
    network = reading(config_of(run))
    results: Arrays = {}
    for layer, k in enumerate(network.counters):
        results[f"initial_counters_{layer}"] = k.copy()
        results[f"classifier_{layer}"] = network.classifier[layer].copy()
    trainer = Trainer(network)
    records = [trainer.train_epoch(run["x"], run["y"]) for _ in range(int(run["epochs"]))]
    for layer, (k, w) in enumerate(zip(network.counters, network.snapshot, strict=True)):
        results[f"counters_{layer}"], results[f"snapshot_{layer}"] = k, w
    results["accuracies"] = np.array([record.accuracy for record in records])
    results["predictions"] = network.predict(run["x"])
    return results


GIVEN = {
    *("x", "y", "hidden", "groups", "classes", "counter_bits"),
    *("robustness", "reinforcement", "batch", "epochs", "seed", "shuffle_block"),
}


def assert_reproduced(run: Arrays, results: Arrays) -> None:
    """Fail unless the results are all that the run's file holds, to the last bit."""
    assert results.keys() == run.keys() - GIVEN
    for name, array in results.items():
        assert_same_array(name, run[name], array)


def test_all_the_runs_are_here() -> None:
    assert RUNS == [
        "blocks_of_four",
        "group_of_one",
        "many_classes",
        "no_margin",
        "odd_shapes",
        "one_layer",
        "saturating",
        "three_layers",
        "tiny",
        "wide_counters",
    ]


@pytest.mark.parametrize("reading", [ReferenceNetwork, Network])
@pytest.mark.parametrize("name", RUNS)
def test_run(name: str, reading: Reading) -> None:
    run = read(name)
    assert_reproduced(run, train(reading, run))


@pytest.mark.parametrize("name", RUNS)
def test_a_flipped_bit_anywhere_in_an_expected_array_is_caught(name: str) -> None:
    run = read(name)
    results = train(Network, run)
    for array in results.keys() - {"accuracies"}:
        for place in (0, run[array].size // 2, -1):
            flipped = {**run, array: run[array].copy()}
            flipped[array].reshape(-1)[place] ^= 1
            with pytest.raises(AssertionError, match=f"^{array}: 1 of {run[array].size} differ"):
                assert_reproduced(flipped, results)
    nearly = {**run, "accuracies": np.nextafter(run["accuracies"], 1)}
    with pytest.raises(AssertionError, match=r"^accuracies: \d of \d differ"):
        assert_reproduced(nearly, results)
    with pytest.raises(AssertionError):
        assert_reproduced({**run, "counters_9": run["counters_0"]}, results)


@pytest.mark.parametrize(
    "change",
    [
        lambda run: run["x"].__setitem__((0, 0), 1 - run["x"][0, 0]),
        lambda run: run["y"].__setitem__(0, (run["y"][0] + 1) % 10),
        lambda run: run.update(seed=run["seed"] + 1),
        lambda run: run.update(batch=run["batch"] + 1),
        lambda run: run.update(reinforcement=run["reinforcement"] * 2),
        lambda run: run.update(robustness=run["robustness"] * 2),
        lambda run: run.update(counter_bits=run["counter_bits"] - 3),
    ],
)
def test_what_matters_changes_the_counters(change: Callable[[Arrays], Any]) -> None:
    run, changed = read("one_layer"), read("one_layer")
    change(changed)
    with pytest.raises(AssertionError, match=r"^counters_0: \d+ of \d+ differ"):
        assert_same_array(
            "counters_0", train(Network, run)["counters_0"], train(Network, changed)["counters_0"]
        )


def test_stream() -> None:
    expected = read("stream")
    stream = RandomStream(int(expected["seed"]), int(expected["id"]))
    draws = stream.draws(len(expected["draws"]))
    assert_same_array("draws", expected["draws"], draws)
    bits = np.unpackbits(draws.astype("<u4").view(np.uint8), bitorder="little")
    assert_same_array("bits", expected["bits"], bits)


@pytest.mark.parametrize("bit", [0, 511, 1023])
def test_a_flipped_bit_of_the_stream_is_caught(bit: int) -> None:
    expected = read("stream")
    draws = RandomStream(int(expected["seed"]), int(expected["id"])).draws(32)
    expected["draws"][bit // 32] ^= np.uint32(1 << bit % 32)
    with pytest.raises(AssertionError, match=r"^draws: 1 of 32 differ"):
        assert_same_array("draws", expected["draws"], draws)


def orders() -> list[tuple[NetworkConfig, int, NDArray[np.int64]]]:
    """Network, epoch and expected sample order of each case of block_order.npz."""
    arrays = read("block_order")
    config = config_of(read("tiny"))
    cases = []
    for index in range(len(arrays) // 2):
        seed, epoch, samples, block = arrays[f"case_{index}"].tolist()
        expected = arrays[f"order_{index}"]
        assert len(expected) == samples
        cases.append((replace(config, seed=seed, shuffle_block=block), epoch, expected))
    return cases


@pytest.mark.parametrize("order", [epoch_order, reference_order])
def test_block_order(order: Callable[[NetworkConfig, int, int], ArrayLike]) -> None:
    cases = orders()
    assert len(cases) == 5
    for config, epoch, expected in cases:
        assert_same_array("order", expected, order(config, epoch, len(expected)))


def test_another_block_size_is_caught() -> None:
    config, epoch, expected = orders()[3]
    with pytest.raises(AssertionError, match=r"^order: \d+ of 33 differ"):
        assert_same_array(
            "order", expected, epoch_order(replace(config, shuffle_block=7), epoch, 33)
        )
