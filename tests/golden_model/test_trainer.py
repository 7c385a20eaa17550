"""The training loop: records, accuracy, continued training, refusals, and how its time grows."""

import json
import math
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from numpy.typing import NDArray

from metaplast.golden_model import (
    BatchRecord,
    ConfigurationError,
    DataError,
    EpochRecord,
    Network,
    NetworkConfig,
    RandomStream,
    ReferenceNetwork,
    Trainer,
    epoch_order,
    reinforcement_events,
)

from ..comparison import assert_same_array, assert_same_epoch, assert_same_state
from ..strategies import network_configs, samples
from . import growth

CONFIG = NetworkConfig(inputs=10, hidden=(6, 4), groups=(3, 2), classes=3, batch=7, seed=4)


def random_samples(count: int, seed: int = 1) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    random = np.random.default_rng(seed)
    return random.integers(0, 2, (count, 10), dtype=np.uint8), random.integers(0, 3, count)


@settings(max_examples=40)
@given(st.data(), network_configs())
def test_both_readings_train_alike(data: st.DataObject, config: NetworkConfig) -> None:
    x, y = data.draw(samples(config))
    literal, fast = Trainer(ReferenceNetwork(config)), Trainer(Network(config))
    for _ in range(3):
        assert_same_epoch(literal.train_epoch(x, y), fast.train_epoch(x, y))
        assert_same_state(literal.network, fast.network)  # type: ignore[arg-type]


@given(st.data(), network_configs(), st.integers(0, 4))
def test_going_on_equals_never_having_stopped(
    data: st.DataObject, config: NetworkConfig, stop: int
) -> None:
    x, y = data.draw(samples(config))
    whole, first = Trainer(Network(config)), Trainer(Network(config))
    expected = [whole.train_epoch(x, y) for _ in range(4)]
    for epoch in range(stop):
        assert_same_epoch(expected[epoch], first.train_epoch(x, y))

    saved = first.network
    assert isinstance(saved, Network)
    streams = [RandomStream.from_history(*stream.history) for stream in saved.streams]
    network = Network.from_state(config, saved.counters, saved.snapshot, streams)
    second = Trainer(network, epoch=first.epoch, accuracy=first.accuracy)
    for epoch in range(stop, 4):
        assert_same_epoch(expected[epoch], second.train_epoch(x, y))
    assert_same_state(whole.network, network)  # type: ignore[arg-type]
    assert (second.epoch, second.accuracy) == (whole.epoch, whole.accuracy)


@pytest.mark.parametrize("change", [{"epoch": 3}, {"accuracy": 0.0}])
def test_going_on_with_another_epoch_or_accuracy_is_another_training(
    change: dict[str, Any],
) -> None:
    whole, other = Trainer(Network(CONFIG)), Trainer(Network(CONFIG))
    for each in (whole, other):
        each.train_epoch(*random_samples(50))
        each.train_epoch(*random_samples(50))
    assert other.accuracy > 0.2
    assert isinstance(other.network, Network)
    other = Trainer(other.network, **{"epoch": 2, "accuracy": other.accuracy, **change})
    whole.train_epoch(*random_samples(50))
    other.train_epoch(*random_samples(50))
    with pytest.raises(AssertionError, match="differ"):
        assert_same_state(whole.network, other.network)  # type: ignore[arg-type]


@given(st.data(), network_configs())
def test_an_epochs_record_sums_up_its_batches(data: st.DataObject, config: NetworkConfig) -> None:
    x, y = data.draw(samples(config))
    trained = Trainer(Network(config))
    for epoch in range(2):
        accuracy = trained.accuracy
        batches: list[tuple[int, BatchRecord]] = []
        record = trained.train_epoch(x, y, lambda done, batch: batches.append((done, batch)))  # noqa: B023

        labels = y[epoch_order(config, epoch, len(y))]
        predictions = np.concatenate([batch.predictions for _, batch in batches])
        errors = np.concatenate([batch.errors for _, batch in batches])
        right = (predictions == labels[:, np.newaxis]).sum(axis=0).tolist()
        assert [done for done, _ in batches] == [
            min(done, len(y)) for done in range(config.batch, len(y) + config.batch, config.batch)
        ]
        assert record == EpochRecord(
            epoch=epoch,
            samples=len(y),
            accuracy=right[-1] / len(y),
            layer_accuracy=tuple(count / len(y) for count in right),
            error_rate=tuple(count / len(y) for count in errors.sum(axis=0).tolist()),
            updates=tuple(map(sum, zip(*(batch.updates for _, batch in batches), strict=True))),
            events=tuple(
                reinforcement_events(layer, config.reinforcement, accuracy)
                for layer in config.layers
            ),
            saturated=tuple(
                sum(value in (layer.lowest, layer.highest) for value in k.flat)
                for k, layer in zip(trained.network.counters, config.layers, strict=True)
            ),
            seconds=record.seconds,
        )
        assert record.seconds > 0
        assert trained.accuracy == record.accuracy
        assert trained.epoch == epoch + 1


def test_an_epoch_is_its_batches_in_its_order() -> None:
    # CONFIG's batches of 7 leave a short one at the end, which is committed too.
    x, y = random_samples(40)
    trained, by_hand = Trainer(Network(CONFIG)), Network(CONFIG)
    draws = RandomStream(CONFIG.seed, 0x8000).draws(40).tolist()
    order = sorted(range(40), key=lambda i: (draws[i], i))
    events = [reinforcement_events(layer, CONFIG.reinforcement, 0) for layer in CONFIG.layers]
    for start in range(0, 40, 7):
        batch = order[start : start + 7]
        by_hand.train_batch(x[batch], y[batch], events)
    trained.train_epoch(x, y)
    assert_same_state(by_hand, trained.network)  # type: ignore[arg-type]


@pytest.mark.parametrize("shuffle_block", [3, 40, 65535])
def test_an_epoch_takes_the_samples_block_by_block(shuffle_block: int) -> None:
    x, y = random_samples(40)
    config = replace(CONFIG, shuffle_block=shuffle_block)
    trained, by_hand = Trainer(Network(config)), Network(config)
    order = epoch_order(config, 0, 40)
    events = [reinforcement_events(layer, CONFIG.reinforcement, 0) for layer in CONFIG.layers]
    for start in range(0, 40, 7):
        batch = order[start : start + 7]
        by_hand.train_batch(x[batch], y[batch], events)
    trained.train_epoch(x, y)
    assert_same_state(by_hand, trained.network)


@pytest.mark.parametrize(
    "change",
    [
        lambda x, y: (x.astype(np.bool_), y.astype(np.uint8)),
        lambda x, y: (x.astype(np.float64), y.astype(np.int16)),
        lambda x, y: (np.asfortranarray(x), np.repeat(y, 2)[::2]),
        lambda x, y: (x.tolist(), y.tolist()),
    ],
)
def test_samples_and_labels_may_be_of_any_type_and_layout(
    change: Callable[[Any, Any], Any],
) -> None:
    plain, other = Trainer(Network(CONFIG)), Trainer(Network(CONFIG))
    x, y = random_samples(30)
    assert_same_epoch(plain.train_epoch(x, y), other.train_epoch(*change(x, y)))
    assert_same_state(plain.network, other.network)  # type: ignore[arg-type]


def test_read_only_data_are_only_read() -> None:
    x, y = random_samples(30)
    for array in (x, y):
        array.setflags(write=False)
    Trainer(Network(CONFIG)).train_epoch(x, y)


X, Y = random_samples(30)


@pytest.mark.parametrize(
    ("x", "y", "message"),
    [
        (X[:0], Y[:0], "there are no samples to train on"),
        (X, Y[:29], "y must be of shape (30,), not (29,)"),
        (X[:29], Y, "y must be of shape (29,), not (30,)"),
        (X, np.eye(30, dtype=int)[:, :3], "y must be of shape (30,), not (30, 3)"),
        (X[:, :9], Y, "x must be of shape (n, 10), not (30, 9)"),
        (
            X | 3 * np.eye(30, 10, -20, np.uint8),
            Y,
            "x must be of 0 and 1, not 3; encode the samples first",
        ),
        (X, Y + 2 * (np.arange(30) == 29), "labels must be from 0 to 2, not 0 to 4"),
        (X, Y - 9 * (np.arange(30) == 29), "labels must be from 0 to 2, not -7 to 2"),
        (X, Y / 2, "labels must be integers, not of type float64"),
        ([[1, 0], [1]], Y, "samples must all have the same number of features"),
        (X, [[1], [1, 2]], "y must be of shape (30,), not ragged"),
    ],
)
def test_data_that_do_not_fit_are_refused_before_anything_changes(
    x: Any, y: Any, message: str
) -> None:
    trained = Trainer(Network(CONFIG))
    with pytest.raises(DataError) as error:
        trained.train_epoch(x, y)
    assert str(error.value) == message
    assert (trained.epoch, trained.accuracy) == (0, 0.0)
    assert_same_state(Network(CONFIG), trained.network)  # type: ignore[arg-type]


@pytest.mark.parametrize("reinforcement", [1e9, 1e300, 1.7e308])
def test_a_reinforcement_too_strong_to_count_is_refused_before_anything_changes(
    reinforcement: float,
) -> None:
    network = Network(replace(CONFIG, reinforcement=reinforcement))
    with pytest.raises(ConfigurationError, match="make it smaller"):
        Trainer(network).train_epoch(*random_samples(9))
    assert_same_state(Network(CONFIG), network)


def test_an_epoch_beyond_the_last_is_refused() -> None:
    trained = Trainer(Network(CONFIG), epoch=32768)
    with pytest.raises(ConfigurationError, match=r"^an epoch must be from 0 to 32767, not 32768$"):
        trained.train_epoch(X, Y)
    assert trained.epoch == 32768
    assert_same_state(Network(CONFIG), trained.network)  # type: ignore[arg-type]


def test_the_last_epoch_can_be_trained() -> None:
    assert Trainer(Network(CONFIG), epoch=32767).train_epoch(X, Y).epoch == 32767


@pytest.mark.parametrize(
    ("epoch", "rule"),
    [
        (-1, "must be from 0 to 32768"),
        (32769, "must be from 0 to 32768"),
        (1.5, "must be an integer"),
        ("a", "must be an integer"),
        (True, "must be an integer"),
    ],
)
def test_an_epoch_that_cannot_be_is_refused(epoch: Any, rule: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        Trainer(Network(CONFIG), epoch=epoch)
    assert str(caught.value) == f"epoch {rule}, not {epoch!r}"


@pytest.mark.parametrize("accuracy", ["x", None, True, [0.5]])
def test_an_accuracy_that_is_no_number_is_refused(accuracy: Any) -> None:
    with pytest.raises(ConfigurationError) as caught:
        Trainer(Network(CONFIG), accuracy=accuracy)
    assert str(caught.value) == f"accuracy must be a number, not {accuracy!r}"


def test_epoch_and_accuracy_may_be_numpys() -> None:
    plain = Trainer(Network(CONFIG), epoch=3, accuracy=0.25)
    other = Trainer(Network(CONFIG), epoch=np.int64(3), accuracy=np.float32(0.25))
    assert (type(other.epoch), type(other.accuracy)) == (int, float)
    assert_same_epoch(plain.train_epoch(X, Y), other.train_epoch(X, Y))
    config = replace(CONFIG, seed=np.int32(70_000), shuffle_block=np.int8(3))
    expected = epoch_order(replace(CONFIG, seed=70_000, shuffle_block=3), 2, 50)
    assert_same_array("order", expected, epoch_order(config, np.int64(2), np.int64(50)))


@pytest.mark.parametrize("accuracy", [-0.01, 1.01, math.nan])
def test_an_accuracy_that_cannot_be_is_refused(accuracy: float) -> None:
    with pytest.raises(ConfigurationError, match=f"^accuracy must be from 0 to 1, not {accuracy}$"):
        Trainer(Network(CONFIG), accuracy=accuracy)


def test_an_epochs_record_survives_json() -> None:
    record = Trainer(Network(CONFIG)).train_epoch(X, Y)
    measured = replace(
        record,
        test_accuracy=0.5,
        validation_accuracy=0.25,
        layer_test_accuracy=(0.75, 0.5),
        layer_validation_accuracy=(1.0, 0.25),
    )
    for each in (record, measured):
        assert EpochRecord.from_dict(json.loads(json.dumps(each.to_dict()))) == each


def test_an_epochs_record_from_a_newer_writer_or_without_later_accuracies_is_read() -> None:
    record = Trainer(Network(CONFIG)).train_epoch(X, Y)
    values = record.to_dict()
    for name in ("test_accuracy", "validation_accuracy"):
        del values[name], values[f"layer_{name}"]
    assert EpochRecord.from_dict({**values, "colour": "blue"}) == record


def test_an_epochs_record_that_lacks_a_value_is_refused() -> None:
    values = Trainer(Network(CONFIG)).train_epoch(X, Y).to_dict()
    del values["samples"], values["events"]
    with pytest.raises(DataError, match=r"^the record of an epoch lacks samples, events$"):
        EpochRecord.from_dict(values)


def test_training_time_grows_no_faster_than_linearly() -> None:
    one_thread = {f"{library}_NUM_THREADS": "1" for library in ("OMP", "OPENBLAS", "MKL")}
    measured = subprocess.run(
        [sys.executable, growth.__file__],
        env={**os.environ, **one_thread},
        capture_output=True,
        text=True,
        check=True,
    )
    growth.assert_linear(json.loads(measured.stdout))


@pytest.mark.parametrize("name", growth.BASE)
def test_a_time_that_grows_faster_is_caught(name: str) -> None:
    def seconds(**sizes: int) -> float:
        return sizes["samples"] * sizes["neurons"] * sizes["inputs"] * power(sizes[name])

    def power(size: int) -> float:
        return size**exponent

    exponent = 0.0
    growth.assert_linear(growth.growth(seconds))
    exponent = 0.25
    with pytest.raises(
        AssertionError, match=f"^with 4 times the {name}, training takes 5.66 times"
    ):
        growth.assert_linear(growth.growth(seconds))
