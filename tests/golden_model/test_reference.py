"""The literal reading, against examples worked out by hand from docs/algorithm.md, 2 to 6."""

from typing import Any

import numpy as np
import pytest

from metaplast.golden_model import (
    LayerConfig,
    Network,
    NetworkConfig,
    RandomStream,
    ReferenceNetwork,
)
from metaplast.golden_model.reference import ReferenceLayer

from ..comparison import assert_same_array, assert_same_record, assert_same_state

LABEL = 1


class Draws:
    """A stream that gives the draws it is told to."""

    def __init__(self, *values: int):
        self.values = list(values)

    def draws(self, count: int) -> list[int]:
        given, self.values = self.values[:count], self.values[count:]
        assert len(given) == count
        return given


def layer(
    *,
    k: list[list[int]],
    p: list[list[int]],
    group: int = 1,
    counter_bits: int = 8,
    margin: int = 0,
) -> ReferenceLayer:
    """A layer of counters ``k`` (K × N) and classifier ``p`` (C × K), committed."""
    made = ReferenceLayer(
        LayerConfig(
            index=0,
            inputs=len(k[0]),
            neurons=len(k),
            group=group,
            classes=len(p),
            counter_bits=counter_bits,
            margin=margin,
        ),
        seed=1,
    )
    made.k, made.p = [list(row) for row in k], p
    made.take_snapshot()
    return made


def test_forward() -> None:
    # Neurons: two of three inputs agree (z = 1), none (−3), all (3), one (−1).
    made = layer(
        k=[[0, -1, -5], [-1, 2, -128], [0, -1, 127], [-1, -1, -1]],
        p=[[1, 0, 1, 0], [1, 1, 1, 1], [0, 1, 0, 1]],
    )
    assert made.w == [[1, 0, 0], [0, 1, 0], [1, 0, 1], [0, 0, 0]]
    z, a, s = made.forward([1, 0, 1])
    assert z == [1, -3, 3, -1]
    assert a == [1, 0, 1, 0]
    assert s == [4, 2, 0]


def test_an_even_neuron_on_the_fence_says_one() -> None:
    z, a, _ = layer(k=[[0, 0], [0, -1], [-1, -1]], p=[[0, 0, 0], [1, 1, 1]]).forward([1, 1])
    assert z == [2, 0, -2]
    assert a == [1, 1, 0]


@pytest.mark.parametrize(
    ("margin", "s", "error"),
    [
        (0, [3, 5, 1], False),
        (0, [5, 3, 1], True),  # wrong
        (0, [5, 5, 1], True),  # a tie is the lower class's
        (0, [1, 5, 5], False),  # and that is the label
        (1, [1, 5, 5], True),  # but by too little
        (4, [3, 5, 1], False),  # twice the lead of 2 is just enough
        (5, [3, 5, 1], True),
        (4, [5, 3, 5], True),
    ],
)
def test_error(margin: int, s: list[int], error: bool) -> None:
    made = layer(k=[[0]] * 5, p=[[0] * 5] * 3, margin=margin)
    assert made.error(s, LABEL) is error


@pytest.mark.parametrize(
    ("z", "chosen"),
    [
        # Of d = 1 1 1 | 0 0 0, in groups of three:
        ([5, 3, 1, -5, -3, -1], [-1, -1]),  # nothing is wrong
        ([-5, 3, 1, -5, -3, 1], [0, 5]),  # the wrong one is chosen, however far
        ([-5, -3, -1, 5, 3, 1], [2, 5]),  # of several, the nearest
        ([-3, -5, -3, 3, 1, 1], [0, 4]),  # of equals, the first
        ([-5, -3, 0, 0, -3, -1], [1, 3]),  # a neuron on the fence says 1
    ],
)
def test_choose(z: list[int], chosen: list[int]) -> None:
    made = layer(k=[[0]] * 6, p=[[0, 0, 0, 1, 1, 1], [1, 1, 1, 0, 0, 0]], group=3)
    assert made.choose(z, [int(value >= 0) for value in z], LABEL) == chosen


def test_update_steps_towards_the_desired_activation_and_saturates() -> None:
    made = layer(
        k=[[-128, 127, 5, -5], [-128, 127, 5, -5], [0, 0, 0, 0]],
        p=[[0, 0, 0], [1, 0, 1]],
    )
    before = made.w
    made.update([0, 1, 0, 1], LABEL, [0, 1, -1])
    assert made.k == [[-128, 127, 4, -4], [-127, 126, 6, -6], [0, 0, 0, 0]]
    assert made.w is before, "the snapshot waits for the commit"


def test_saturation_is_per_sample_in_sample_order() -> None:
    up, down = ([1], LABEL, [0]), ([0], LABEL, [0])
    for order, end in [([up, down], 126), ([down, up], 127), ([up, up, down, down], 125)]:
        made = layer(k=[[127]], p=[[0], [1]])
        for x, y, chosen in order:
            made.update(x, y, chosen)
        assert made.k == [[end]]


def test_commit_without_an_error_draws_nothing_and_changes_nothing() -> None:
    made = layer(k=[[0, 0]], p=[[0], [1]])
    made.k = [[-1, 5]]
    made.stream = Draws()  # type: ignore[assignment]
    assert made.commit(3) == 0
    assert (made.k, made.w) == ([[-1, 5]], [[1, 1]])


def test_commit_reinforces_then_takes_the_snapshot() -> None:
    # K = 3 takes two bits, N = 5 three: a draw is ….iii.jj.
    made = layer(k=[[0, -1, 5, 127, -128], [-1] * 5, [0] * 5], p=[[0] * 3, [1] * 3])
    made.update([0, 1, 1, 1, 1], LABEL, [-1, -1, 2])  # to −1, 1, 1, 1, 1, not committed yet
    made.error_raised = True
    draws = Draws(
        0b000_00,  # 0 → 1
        0b001_00,  # −1 → −2
        0b010_00 | 0xFFFFFFE0,  # 5 → 6: the bits above do not matter
        0b011_00,  # 127 is the upper bound
        0b100_00,  # −128 the lower
        0b101_00,  # there is no input 5
        0b000_11,  # nor neuron 3
        0b000_10,  # −1 → −2, of the counter that crossed zero
        0b000_10,  # → −3
        0b111_11,  # the last event; one more draw stays
        0xABCD,
    )
    made.stream = draws  # type: ignore[assignment]
    assert made.commit(10) == 10
    assert draws.values == [0xABCD]
    assert made.k == [[1, -2, 6, 127, -128], [-1] * 5, [-3, 1, 1, 1, 1]]
    assert made.w == [[1, 0, 1, 1, 0], [0] * 5, [0, 1, 1, 1, 1]]
    assert made.commit(10) == 0, "the error is forgotten with the batch"


@pytest.mark.parametrize(
    ("counter_bits", "q"), [(2, 1), (3, 1), (4, 2), (5, 3), (8, 6), (9, 6), (16, 6)]
)
def test_initial_counters(counter_bits: int, q: int) -> None:
    config = NetworkConfig(
        inputs=40, hidden=(9, 6), groups=(1, 1), classes=2, counter_bits=counter_bits, seed=77
    )
    for index, k in enumerate(ReferenceNetwork(config).counters):
        low = RandomStream(77, 8 * index).draws(k.size).astype(np.int64) % 2**q
        assert_same_array("k", np.where(low < 2 ** (q - 1), low, low - 2**q).reshape(k.shape), k)
        assert set(np.unique(k)) <= set(range(-(2 ** (q - 1)), 2 ** (q - 1)))
    assert_same_state(ReferenceNetwork(config), Network(config))


@pytest.mark.parametrize("classes", [2, 31, 32, 33, 64, 65, 256])
def test_initial_classifier(classes: int) -> None:
    config = NetworkConfig(inputs=4, hidden=(7, 5), groups=(7, 5), classes=classes, seed=78)
    words = -(-classes // 32)
    for index, (p, fast) in enumerate(
        zip(ReferenceNetwork(config).classifier, Network(config).classifier, strict=True)
    ):
        draws = RandomStream(78, 8 * index + 1).draws(config.hidden[index] * words).tolist()
        expected = [
            [draws[j * words + c // 32] >> c % 32 & 1 for j in range(config.hidden[index])]
            for c in range(classes)
        ]
        assert_same_array("P", expected, p)
        assert_same_array("P", expected, fast)
        assert fast.dtype == np.uint8


def test_the_reinforcement_streams_are_the_seeds() -> None:
    config = NetworkConfig(inputs=4, hidden=(7, 5), groups=(7, 5), classes=2, seed=79)
    for kind in (ReferenceNetwork, Network):
        for index, stream in enumerate(kind(config).streams):
            assert stream.history == RandomStream(79, 8 * index + 2).history


def two_layers() -> ReferenceNetwork:
    return ReferenceNetwork(
        NetworkConfig(inputs=6, hidden=(4, 2), groups=(2, 2), classes=3, batch=5, seed=5)
    )


def batch(samples: int) -> tuple[Any, Any]:
    random = np.random.default_rng(samples)
    return random.integers(0, 2, (samples, 6)), random.integers(0, 3, samples)


def test_the_second_layer_sees_the_first_ones_activations() -> None:
    network = two_layers()
    x, _ = batch(20)
    for sample, (first, second) in zip(x.tolist(), network.local_predictions(x), strict=True):
        _, a, s = network.layers[0].forward(sample)
        _, _, t = network.layers[1].forward(a)
        assert (first, second) == (s.index(max(s)), t.index(max(t)))
    assert_same_array("predictions", network.local_predictions(x)[:, -1], network.predict(x))


def test_predicting_changes_nothing() -> None:
    network = two_layers()
    network.predict(batch(9)[0])
    assert_same_state(two_layers(), network)


def test_a_network_goes_on_from_its_state() -> None:
    whole = two_layers()
    whole.train_batch(*batch(5), [7, 3])
    second = ReferenceNetwork.from_state(
        whole.config, whole.counters, whole.snapshot, whole.streams
    )
    assert_same_state(whole, second)
    assert_same_record(whole.train_batch(*batch(6), [7, 3]), second.train_batch(*batch(6), [7, 3]))
    assert_same_state(whole, second)


def test_no_samples_give_empty_records_of_the_right_shapes() -> None:
    network = two_layers()
    record = network.train_batch(np.empty((0, 6), np.uint8), np.empty(0, int), [7, 3])
    assert record.predictions.shape == record.errors.shape == (0, 2)
    assert [chosen.shape for chosen in record.chosen] == [(0, 2), (0, 1)]
    assert record.events == record.updates == [0, 0]
    assert network.local_predictions(np.empty((0, 6))).shape == (0, 2)
    assert network.predict(np.empty((0, 6))).shape == (0,)
    assert_same_state(two_layers(), network)
