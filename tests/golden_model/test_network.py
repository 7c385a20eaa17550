"""The vectorised reading: equal to the literal one, batch after batch, in all that they record."""

import tracemalloc
from collections.abc import Callable, Sequence
from typing import Any
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from numpy.typing import NDArray

from metaplast.golden_model import (
    ConfigurationError,
    DataError,
    Network,
    NetworkConfig,
    RandomStream,
    ReferenceNetwork,
    network,
    reinforcement_events,
)
from metaplast.golden_model.network import Layer

from ..comparison import (
    assert_same_array,
    assert_same_layers,
    assert_same_record,
    assert_same_state,
)
from ..strategies import network_configs, network_states, samples, seeds

Samples = tuple[NDArray[np.uint8], NDArray[np.int64]]


def events_for(config: NetworkConfig, accuracy: float) -> list[int]:
    return [reinforcement_events(layer, config.reinforcement, accuracy) for layer in config.layers]


def random_samples(config: NetworkConfig, count: int, seed: int = 1) -> Samples:
    random = np.random.default_rng(seed)
    return (
        random.integers(0, 2, (count, config.inputs), dtype=np.uint8),
        random.integers(0, config.classes, count),
    )


def train_side_by_side(
    literal: ReferenceNetwork, fast: Network, x: Any, y: Any, events: Sequence[int]
) -> int:
    """Train both on all samples, batch by batch, comparing all there is; gives the error bits."""
    errors = 0
    for start in range(0, len(x), literal.config.batch):
        batch = slice(start, start + literal.config.batch)
        before = [stream.history for stream in fast.streams]
        record = fast.train_batch(x[batch], y[batch], events)
        assert_same_record(literal.train_batch(x[batch], y[batch], events), record)
        assert_same_state(literal, fast)

        raised = [bool(errors_of_layer.any()) for errors_of_layer in record.errors.T]
        assert record.events == [
            count if some else 0 for count, some in zip(events, raised, strict=True)
        ]
        for history, drawn, stream in zip(before, record.events, fast.streams, strict=True):
            expected = RandomStream.from_history(*history)
            expected.draws(drawn)
            assert stream.history == expected.history
        for k, w in zip(fast.counters, fast.snapshot, strict=True):
            assert_same_array("snapshot", k >= 0, w)
        errors += int(record.errors.sum())
    assert_same_array("predictions", literal.local_predictions(x), fast.local_predictions(x))
    assert_same_array("predictions", literal.predict(x), fast.predict(x))
    assert fast.scores(x).tolist() == [literal_scores(literal, bits) for bits in x.tolist()]
    return errors


def literal_scores(network: ReferenceNetwork, bits: list[int]) -> list[int]:
    """The last layer's local scores of a sample."""
    for layer in network.layers:
        _, bits, scores = layer.forward(bits)
    return scores


@given(st.data(), network_configs(), st.floats(0, 1))
def test_equals_the_literal_reading(
    data: st.DataObject, config: NetworkConfig, accuracy: float
) -> None:
    x, y = data.draw(samples(config))
    literal, fast = ReferenceNetwork(config), Network(config)
    assert_same_state(literal, fast)
    assert_same_layers("classifier", literal.classifier, fast.classifier)
    for share in (0.0, accuracy):
        train_side_by_side(literal, fast, x, y, events_for(config, share))


@given(st.data(), network_configs(), st.floats(0, 1))
def test_equals_the_literal_reading_with_counters_at_their_bounds(
    data: st.DataObject, config: NetworkConfig, accuracy: float
) -> None:
    state = data.draw(network_states(config)).arguments
    x, y = data.draw(samples(config))
    literal, fast = ReferenceNetwork.from_state(*state), Network.from_state(*state)
    train_side_by_side(literal, fast, x, y, events_for(config, accuracy))


@settings(max_examples=12)
@given(
    st.data(),
    network_configs(max_layers=2, max_inputs=100, max_groups=9, max_group=9, max_batch=80),
    st.integers(0, 1 << 32),
)
def test_equals_the_literal_reading_in_larger_shapes(
    data: st.DataObject, config: NetworkConfig, seed: int
) -> None:
    state = data.draw(network_states(config)).arguments
    literal, fast = ReferenceNetwork.from_state(*state), Network.from_state(*state)
    train_side_by_side(literal, fast, *random_samples(config, 80, seed), events_for(config, 0.5))


@given(st.data(), network_configs(), st.integers(1, 9), st.integers(1, 300))
def test_slices_of_a_batch_change_nothing(
    data: st.DataObject, config: NetworkConfig, length: int, elements: int
) -> None:
    x, y = data.draw(samples(config))
    events = events_for(config, 0)
    whole, sliced = Network(config), Network(config)
    expected = whole.train_batch(x, y, events)
    with (
        patch.object(network, "SLICE", length),
        patch.object(network, "SLICE_ELEMENTS", elements),
        patch.object(network, "EVENTS_AT_ONCE", elements),
    ):
        assert_same_record(expected, sliced.train_batch(x, y, events))
        assert_same_array("predictions", whole.predict(x), sliced.predict(x))
    assert_same_state(whole, sliced)


def test_slices_bound_the_working_memory() -> None:
    config = NetworkConfig(inputs=64, hidden=(256,), groups=(1,), classes=3, batch=65535)
    x, y = random_samples(config, network.SLICE)

    def peak() -> int:
        fast = Network(config)
        tracemalloc.start()
        try:
            fast.train_batch(x, y, [0])
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    at_once = peak()
    with patch.object(network, "SLICE_ELEMENTS", 1 << 16):
        assert peak() < at_once / 8


@pytest.mark.parametrize("count", [network.SLICE - 1, network.SLICE, 2 * network.SLICE + 1])
def test_a_batch_longer_than_a_slice_equals_the_literal_reading(count: int) -> None:
    config = NetworkConfig(
        inputs=7, hidden=(6, 4), groups=(3, 2), classes=3, counter_bits=4, batch=65535
    )
    x, y = random_samples(config, count)
    train_side_by_side(ReferenceNetwork(config), Network(config), x, y, events_for(config, 0))


@pytest.mark.parametrize(
    "changes",
    [
        {"inputs": 1, "hidden": (1,), "groups": (1,)},
        {"inputs": 1, "hidden": (1, 1, 1), "groups": (1, 1, 1), "classes": 256},
        {"inputs": 1, "hidden": (8,), "groups": (8,)},
        {"inputs": 16, "hidden": (1, 5), "groups": (1, 5)},
        {"groups": (1, 1)},
        {"groups": (12, 8)},
        {"classes": 2},
        {"classes": 33},
        {"classes": 256},
        {"robustness": 0},
        {"robustness": 1},
        {"reinforcement": 0},
        {"reinforcement": 300},
        {"counter_bits": 2},
        {"counter_bits": 2, "reinforcement": 300},
        {"counter_bits": 15},
        {"counter_bits": 16},
        {"batch": 1},
        {"batch": 40},
        {"batch": 41},
        {"seed": 0},
        {"seed": (1 << 48) - 1},
    ],
)
def test_equals_the_literal_reading_at_the_ends_of_ranges(changes: dict[str, Any]) -> None:
    values = {"inputs": 11, "hidden": (12, 8), "groups": (4, 2), "classes": 4, "batch": 9}
    config = NetworkConfig(**{**values, **changes})
    errors = train_side_by_side(
        ReferenceNetwork(config),
        Network(config),
        *random_samples(config, 40),
        events_for(config, 0),
    )
    assert errors > 0


@pytest.mark.parametrize("counter_bits", [2, 8, 15, 16])
def test_counters_at_both_bounds_saturate(counter_bits: int) -> None:
    config = NetworkConfig(
        inputs=30, hidden=(12,), groups=(3,), classes=4, counter_bits=counter_bits, reinforcement=9
    )
    (layer,) = config.layers
    k = np.where(np.random.default_rng(1).random((12, 30)) < 0.5, layer.lowest, layer.highest)
    state = config, [k], [(k >= 0).astype(np.uint8)], [RandomStream(1, 2)]
    literal, fast = ReferenceNetwork.from_state(*state), Network.from_state(*state)
    train_side_by_side(literal, fast, *random_samples(config, 50), events_for(config, 0))
    assert fast.counters[0].min() == layer.lowest
    assert fast.counters[0].max() == layer.highest


@pytest.mark.parametrize("counter_bits", [2, 16])
def test_very_many_events_drive_every_counter_to_its_bound(counter_bits: int) -> None:
    config = NetworkConfig(
        inputs=2, hidden=(2,), groups=(1,), classes=2, robustness=1, counter_bits=counter_bits
    )
    (layer,) = config.layers
    x, y = random_samples(config, 9)
    without, fast = Network(config), Network(config)
    without.train_batch(x, y, [0])
    assert fast.train_batch(x, y, [3_000_000]).events == [3_000_000]
    ends = np.where(without.counters[0] >= 0, layer.highest, layer.lowest)
    assert_same_array("counters", ends, fast.counters[0])


def test_a_batch_without_an_error_draws_nothing_and_changes_nothing() -> None:
    config = NetworkConfig(
        inputs=12, hidden=(9, 6), groups=(3, 2), classes=2, robustness=0, batch=4, seed=3
    )
    x, y = random_samples(config, 1)
    x, y = np.repeat(x, 4, axis=0), np.repeat(1 - Network(config).predict(x), 4)
    literal, fast = ReferenceNetwork(config), Network(config)
    drawn: list[list[int]] = []
    while not drawn or any(drawn[-1]):
        before = Network.from_state(config, fast.counters, fast.snapshot, fast.streams)
        train_side_by_side(literal, fast, x, y, [5, 7])
        record = before.train_batch(x, y, [5, 7])
        assert_same_state(before, fast)
        drawn.append(record.events)
        assert len(drawn) < 50, "the sample is never learnt"
    assert drawn[0][-1] == 7

    before = Network.from_state(config, fast.counters, fast.snapshot, fast.streams)
    record = fast.train_batch(x, y, [5, 7])
    assert not record.errors.any()
    assert record.events == record.updates == [0, 0]
    assert_same_state(before, fast)


def test_layers_commit_each_on_its_own() -> None:
    # Some batch raises errors in one layer alone: the other then stands still.
    config = NetworkConfig(
        inputs=12, hidden=(9, 6), groups=(3, 2), classes=2, robustness=0, batch=1, seed=3
    )
    fast = Network(config)
    x, y = random_samples(config, 60)
    seen = set()
    for start in range(60):
        before = [k.copy() for k in fast.counters]
        record = fast.train_batch(x[start : start + 1], y[start : start + 1], [2, 3])
        stands = tuple(count == 0 for count in record.events)
        for layer in np.flatnonzero(stands):
            assert_same_array("counters", before[layer], fast.counters[layer])
        seen.add(stands)
    assert seen == {(False, False), (False, True), (True, False), (True, True)}


def test_no_events_still_take_the_snapshot() -> None:
    config = NetworkConfig(inputs=8, hidden=(6,), groups=(2,), classes=3, robustness=1)
    trained = Network(config)
    before = [stream.history for stream in trained.streams]
    for _ in range(9):
        record = trained.train_batch(*random_samples(config, 20), [0])
        assert record.events == [0]
        assert record.updates[0] > 0
    assert [stream.history for stream in trained.streams] == before
    assert_same_array("snapshot", trained.counters[0] >= 0, trained.snapshot[0])
    assert (trained.snapshot[0] != Network(config).snapshot[0]).any()


@pytest.mark.parametrize(("counter_bits", "kind"), [(2, np.int16), (15, np.int16), (16, np.int32)])
def test_types(counter_bits: int, kind: type) -> None:
    config = NetworkConfig(
        inputs=5, hidden=(4, 2), groups=(2, 1), classes=3, counter_bits=counter_bits
    )
    fast = Network(config)
    record = fast.train_batch(*random_samples(config, 3), [1, 1])
    assert [k.dtype for k in fast.counters] == [kind, kind]
    assert [w.dtype for w in fast.snapshot] == [np.uint8, np.uint8]
    assert [p.dtype for p in fast.classifier] == [np.uint8, np.uint8]
    assert record.predictions.dtype == np.int64
    assert record.errors.dtype == np.bool_
    assert [chosen.dtype for chosen in record.chosen] == [np.int32, np.int32]
    assert fast.predict(random_samples(config, 3)[0]).dtype == np.int64


CONFIG = NetworkConfig(inputs=10, hidden=(6, 4), groups=(3, 2), classes=3, batch=8)


@pytest.mark.parametrize(
    "change",
    [
        lambda x: x.astype(np.bool_),
        lambda x: x.astype(np.int64),
        lambda x: x.astype(np.float32),
        lambda x: np.asfortranarray(x),
        lambda x: np.repeat(x, 2, axis=0)[::2],
        lambda x: np.repeat(x, 3, axis=1)[:, ::3],
        lambda x: x[::-1].copy()[::-1],
        lambda x: x.tolist(),
        lambda x: np.asfortranarray(x.astype(np.bool_)),
    ],
)
def test_samples_may_be_of_any_type_and_layout(change: Callable[[Any], Any]) -> None:
    x, y = random_samples(CONFIG, 20)
    plain, other = Network(CONFIG), Network(CONFIG)
    changed = change(x)
    assert_same_record(plain.train_batch(x, y, [4, 5]), other.train_batch(changed, y, [4, 5]))
    assert_same_state(plain, other)
    assert_same_array("predictions", plain.predict(x), other.predict(changed))
    assert_same_array("samples", x, changed)


@pytest.mark.parametrize("kind", [np.uint8, np.int8, np.uint64, np.int32, list])
def test_labels_may_be_of_any_integer_type(kind: Callable[[Any], Any]) -> None:
    x, y = random_samples(CONFIG, 20)
    plain, other = Network(CONFIG), Network(CONFIG)
    changed = y.tolist() if kind is list else y.astype(kind)  # type: ignore[call-overload]
    assert_same_record(plain.train_batch(x, y, [4, 5]), other.train_batch(x, changed, [4, 5]))
    assert_same_state(plain, other)


def test_no_samples_change_nothing() -> None:
    fast = Network(CONFIG)
    record = fast.train_batch(np.empty((0, 10), np.uint8), [], [4, 5])
    literal_record = ReferenceNetwork(CONFIG).train_batch(np.empty((0, 10)), np.array([]), [4, 5])
    assert_same_record(literal_record, record)
    assert_same_state(Network(CONFIG), fast)
    assert fast.predict(np.empty((0, 10))).shape == (0,)
    assert fast.local_predictions(np.empty((0, 10))).shape == (0, 2)
    assert fast.scores(np.empty((0, 10))).shape == (0, CONFIG.classes)


def test_predicting_changes_nothing() -> None:
    fast = Network(CONFIG)
    fast.predict(random_samples(CONFIG, 30)[0])
    assert_same_state(Network(CONFIG), fast)


@pytest.mark.parametrize(
    ("x", "message"),
    [
        (np.zeros((3, 9)), "x must be of shape (n, 10), not (3, 9)"),
        (np.zeros(10), "x must be of shape (n, 10), not (10,)"),
        (np.zeros((2, 5, 10)), "x must be of shape (n, 10), not (2, 5, 10)"),
        ([], "x must be of shape (n, 10), not (0,)"),
        ([[1, 0], [1]], "samples must all have the same number of features"),
        (np.full((3, 10), 2, np.uint8), "x must be of 0 and 1, not 2; encode the samples first"),
        (np.eye(3, 10) * -1, "x must be of 0 and 1, not -1.0; encode the samples first"),
        (np.eye(3, 10) / 2, "x must be of 0 and 1, not 0.5; encode the samples first"),
        (np.eye(3, 10) * 256, "x must be of 0 and 1, not 256.0; encode the samples first"),
        (np.full((3, 10), np.nan), "x must be of 0 and 1, not nan; encode the samples first"),
        (np.full((3, 10), "1"), "x must be of 0 and 1, not of type <U1"),
        (np.full((3, 10), 1, object), "x must be of 0 and 1, not of type object"),
    ],
)
def test_samples_that_do_not_fit_are_refused(x: Any, message: str) -> None:
    fast = Network(CONFIG)
    for attempt in (
        lambda: fast.predict(x),
        lambda: fast.local_predictions(x),
        lambda: fast.scores(x),
        lambda: fast.train_batch(x, [0] * len(x), [1, 1]),
    ):
        with pytest.raises(DataError) as error:
            attempt()
        assert str(error.value) == message
    assert_same_state(Network(CONFIG), fast)


@pytest.mark.parametrize(
    ("y", "message"),
    [
        ([0, 1], "y must be of shape (3,), not (2,)"),
        ([[0], [1], [2]], "y must be of shape (3,), not (3, 1)"),
        (1, "y must be of shape (3,), not ()"),
        ([0, [1, 2], 2], "y must be of shape (3,), not ragged"),
        ([0, 1, 3], "labels must be from 0 to 2, not 0 to 3"),
        ([0, -1, 2], "labels must be from 0 to 2, not -1 to 2"),
        ([0, 1, 1.5], "labels must be integers, not of type float64"),
        ([True, False, True], "labels must be integers, not of type bool"),
        (["0", "1", "2"], "labels must be integers, not of type <U1"),
        (
            np.array([0, 1, 2**64 - 1], np.uint64),
            "labels must be from 0 to 2, not 0 to 18446744073709551615",
        ),
    ],
)
def test_labels_that_do_not_fit_are_refused(y: Any, message: str) -> None:
    fast = Network(CONFIG)
    with pytest.raises(DataError) as error:
        fast.train_batch(random_samples(CONFIG, 3)[0], y, [1, 1])
    assert str(error.value) == message
    assert_same_state(Network(CONFIG), fast)


@pytest.mark.parametrize(
    "events",
    [[], [1], [1, 2, 3], [1, -1], [1, 1.5], [1, "a"], [1, True], [1, [2]], 3, None, "ab"],
)
def test_events_that_do_not_fit_are_refused(events: Any) -> None:
    fast = Network(CONFIG)
    with pytest.raises(ConfigurationError) as error:
        fast.train_batch(*random_samples(CONFIG, 3), events)
    assert str(error.value) == (
        "events must name a count, an integer of at least 0, for each of the 2 layers, not "
        f"{events!r}"
    )
    assert_same_state(Network(CONFIG), fast)


def test_events_may_be_an_array() -> None:
    x, y = random_samples(CONFIG, 30)
    plain, other = Network(CONFIG), Network(CONFIG)
    expected = plain.train_batch(x, y, [7, 9])
    assert other.train_batch(x, y, np.array([7, 9], np.uint8)).events == expected.events == [7, 9]
    assert_same_state(plain, other)


@given(st.data(), network_configs(), seeds())
def test_a_network_goes_on_from_its_state(
    data: st.DataObject, config: NetworkConfig, seed: int
) -> None:
    events = events_for(config, 0.5)
    whole = Network.from_state(*data.draw(network_states(config)).arguments)
    whole.train_batch(*data.draw(samples(config)), events)
    second = Network.from_state(config, whole.counters, whole.snapshot, whole.streams)
    assert_same_state(whole, second)
    more = random_samples(config, 20, seed)
    assert_same_record(whole.train_batch(*more, events), second.train_batch(*more, events))
    assert_same_state(whole, second)


def state() -> tuple[Any, ...]:
    fast = Network(CONFIG)
    fast.train_batch(*random_samples(CONFIG, 20), [4, 5])
    return CONFIG, fast.counters, fast.snapshot, fast.streams


def test_a_state_is_copied() -> None:
    given_state, kept = state(), state()
    fast = Network.from_state(*given_state)
    fast.train_batch(*random_samples(CONFIG, 20), [4, 5])
    assert_same_state(Network.from_state(*kept), Network.from_state(*given_state))


@pytest.mark.parametrize(
    "change",
    [
        lambda k: k.astype(np.int64),
        lambda k: k.astype(np.int8),
        np.asfortranarray,
        lambda k: k.T.copy().T,
        lambda k: k.tolist(),
    ],
)
def test_a_state_may_be_of_any_type_and_layout(change: Callable[[Any], Any]) -> None:
    # Reinforcement goes by flat addresses: it must reach the very counters in any layout.
    config, counters, snapshot, streams = state()
    plain = Network.from_state(config, counters, snapshot, streams)
    other = Network.from_state(
        config, [change(k) for k in counters], [change(w) for w in snapshot], streams
    )
    more = random_samples(CONFIG, 20, 2)
    assert_same_record(plain.train_batch(*more, [400, 500]), other.train_batch(*more, [400, 500]))
    assert_same_state(plain, other)


def with_first(arrays: list[NDArray[Any]], value: Any) -> list[NDArray[Any]]:
    changed = arrays[0].astype(np.result_type(arrays[0], np.asarray(value)))
    changed[0, 0] = value
    return [changed, *arrays[1:]]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            lambda k, w, s: (k[:1], w, s),
            "the state must have 2 layers, not 1 of counters, 2 of snapshots and 2 of streams",
        ),
        (
            lambda k, w, s: (k, w, [*s, s[0]]),
            "the state must have 2 layers, not 2 of counters, 2 of snapshots and 3 of streams",
        ),
        (
            lambda k, w, s: ([k[0].T, k[1]], w, s),
            "counters of layer 0 must be (6, 10), not (10, 6)",
        ),
        (
            lambda k, w, s: (k, [w[0], w[1][0]], s),
            "snapshot of layer 1 must be (4, 6), not (6,)",
        ),
        (
            lambda k, w, s: ([np.full((6, 10), 128), k[1]], w, s),
            "counters of layer 0 must be from -128 to 127, not 128 to 128",
        ),
        (
            lambda k, w, s: ([np.full((6, 10), -129), k[1]], w, s),
            "counters of layer 0 must be from -128 to 127, not -129 to -129",
        ),
        (
            lambda k, w, s: (with_first(k, np.float64(0.5)), w, s),
            "counters of layer 0 must be integers, not float64",
        ),
        (
            lambda k, w, s: (k, with_first(w, np.float64(np.nan)), s),
            "snapshot of layer 0 must be integers, not float64",
        ),
        (
            lambda k, w, s: (k, with_first(w, np.uint8(2)), s),
            "snapshot of layer 0 must be of 0 and 1",
        ),
        (
            lambda k, w, s: (k, with_first(w, np.int8(-1)), s),
            "snapshot of layer 0 must be of 0 and 1",
        ),
    ],
)
def test_a_state_that_cannot_be_is_refused(change: Callable[..., Any], message: str) -> None:
    config, *arrays = state()
    with pytest.raises(ConfigurationError) as error:
        Network.from_state(config, *change(*arrays))
    assert str(error.value) == message


@pytest.mark.parametrize("inputs", [(1 << 22) - 1, 1 << 22, (1 << 22) + 1])
def test_pre_activations_are_exact_beyond_what_float32_holds(inputs: int) -> None:
    random = np.random.default_rng(1)
    config = NetworkConfig(inputs=inputs, hidden=(1,), groups=(1,), classes=2)
    w = random.integers(0, 2, (1, inputs), dtype=np.uint8)
    tested = Network.from_state(config, [w.astype(np.int16) - 1], [w], [RandomStream(1, 2)])
    x = np.concatenate([w, 1 - w, random.integers(0, 2, (2, inputs), dtype=np.uint8)])
    x[3, : inputs // 2] = w[0, : inputs // 2]
    (layer,) = tested._layers
    z, a = layer.forward(x.astype(layer._real))
    expected = 2 * (x == w).sum(axis=1) - inputs
    assert_same_array("z", expected[:, np.newaxis], z)
    assert_same_array("a", expected[:, np.newaxis] >= 0, a)
    assert expected[0] == inputs == -expected[1]


@pytest.mark.parametrize("all_ones", [False, True])
def test_pre_activations_of_full_weights_are_exact(all_ones: bool) -> None:
    inputs = 1 << 22
    config = NetworkConfig(inputs=inputs, hidden=(1,), groups=(1,), classes=2)
    w = np.full((1, inputs), all_ones, np.uint8)
    tested = Network.from_state(config, [w.astype(np.int16) - 1], [w], [RandomStream(1, 2)])
    x = np.ones((2, inputs), np.uint8)
    x[1, 0] = 0
    (layer,) = tested._layers
    z, _ = layer.forward(x.astype(layer._real))
    assert_same_array("z", 2 * (x == w).sum(axis=1, keepdims=True) - inputs, z)


@pytest.mark.parametrize(("neurons", "kind"), [(1 << 22, np.float32), ((1 << 22) + 1, np.float64)])
def test_scores_of_very_many_neurons_are_exact(neurons: int, kind: type) -> None:
    (config,) = NetworkConfig(inputs=1, hidden=(neurons,), groups=(1,), classes=2).layers
    random = np.random.default_rng(1)
    p = random.integers(0, 2, (2, neurons), dtype=np.uint8)
    k = np.zeros((neurons, 1), np.int16)
    layer = Layer(config, classifier=p, counters=k, snapshot=k >= 0, stream=RandomStream(1, 2))
    a = np.stack([p[0], 1 - p[1], p[0] ^ (np.arange(neurons) % 7 == 0)]).astype(np.bool_)
    scores = layer.scores(a)
    assert scores.dtype == kind
    assert_same_array("s", (a[:, np.newaxis] == p).sum(axis=2), scores)
