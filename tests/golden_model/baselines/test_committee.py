"""The CP+R committee machine, against its description in plain loops."""

from typing import Any
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from metaplast.golden_model import (
    ConfigurationError,
    DataError,
    NetworkConfig,
    RandomStream,
    Trainer,
    network,
)
from metaplast.golden_model.baselines.committee import CommitteeMachine
from metaplast.golden_model.random_stream import classifier_id, reinforcement_id

from ...comparison import assert_same_array


class LiteralCommittee:
    """The machine, sample by sample and neuron by neuron."""

    def __init__(self, config: NetworkConfig):
        self.config = config
        (layer,) = config.layers
        self.K, self.N, self.group = layer.neurons, layer.inputs, layer.group
        self.G = self.K // self.group
        self.k = CommitteeMachine(config).counters[0].tolist()
        stream = RandomStream(config.seed, classifier_id(0))
        words = [stream.draws((config.classes + 31) // 32) for _ in range(self.G)]
        self.p = [
            [int(words[g][c // 32]) >> c % 32 & 1 for g in range(self.G)]
            for c in range(config.classes)
        ]
        self.stream = RandomStream(config.seed, reinforcement_id(0))
        self.w = [[int(k >= 0) for k in row] for row in self.k]

    def step(self, j: int, i: int, up: bool) -> None:
        highest = (1 << self.config.counter_bits - 1) - 1
        self.k[j][i] = min(max(self.k[j][i] + (1 if up else -1), -highest - 1), highest)

    def forward(self, x: list[int]) -> tuple[list[int], list[int], list[int], list[int]]:
        z = [2 * sum(int(a == b) for a, b in zip(x, row, strict=True)) - self.N for row in self.w]
        a = [int(value >= 0) for value in z]
        groups = [a[g * self.group : (g + 1) * self.group] for g in range(self.G)]
        v = [int(2 * sum(group) >= self.group) for group in groups]
        s = [sum(int(one == other) for one, other in zip(v, row, strict=True)) for row in self.p]
        return z, a, v, s

    def train_batch(self, x: np.ndarray, y: np.ndarray, events: int) -> list[tuple[int, bool]]:
        results, raised = [], False
        for sample, label in zip(x.tolist(), y.tolist(), strict=True):
            z, a, v, s = self.forward(sample)
            first, second = sorted(s, reverse=True)[:2]
            margin = int(np.floor(self.config.robustness * self.G))
            error = s.index(first) != label or 2 * (first - second) < margin
            results.append((s.index(first), error))
            if not error:
                continue
            raised = True
            for g in range(self.G):
                desired = self.p[label][g]
                if v[g] == desired:
                    continue
                wrong = [j for j in range(g * self.group, (g + 1) * self.group) if a[j] != desired]
                nearest = min(wrong, key=lambda j: abs(z[j]))
                for i in range(self.N):
                    self.step(nearest, i, up=sample[i] == desired)
        if raised:
            bk, bi = max(1, (self.K - 1).bit_length()), max(1, (self.N - 1).bit_length())
            for draw in map(int, self.stream.draws(events)):
                j, i = draw & (1 << bk) - 1, draw >> bk & (1 << bi) - 1
                if j < self.K and i < self.N:
                    self.step(j, i, up=self.k[j][i] >= 0)
            self.w = [[int(k >= 0) for k in row] for row in self.k]
        return results


@settings(max_examples=60)
@given(
    group=st.integers(1, 6),
    group_count=st.integers(1, 7),
    inputs=st.integers(1, 20),
    classes=st.integers(2, 40),
    counter_bits=st.integers(2, 10),
    robustness=st.floats(0, 1),
    seed=st.integers(0, (1 << 48) - 1),
    batch=st.integers(1, 9),
    events=st.integers(0, 60),
)
def test_is_its_description(
    group, group_count, inputs, classes, counter_bits, robustness, seed, batch, events
):
    config = NetworkConfig(
        inputs=inputs,
        hidden=(group * group_count,),
        groups=(group,),
        classes=classes,
        counter_bits=counter_bits,
        robustness=robustness,
        seed=seed,
    )
    draw = np.random.default_rng(seed)
    machine, literal = CommitteeMachine(config), LiteralCommittee(config)
    for _ in range(4):
        x = draw.integers(0, 2, (batch, inputs)).astype(np.uint8)
        y = draw.integers(0, classes, batch)
        assert machine.predict(x).tolist() == [
            (scores := literal.forward(sample)[3]).index(max(scores)) for sample in x.tolist()
        ]
        assert machine.local_predictions(x)[:, 0].tolist() == machine.predict(x).tolist()
        record = machine.train_batch(x, y, [events])
        results = literal.train_batch(x, y, events)
        assert record.predictions.tolist() == [[prediction] for prediction, _ in results]
        assert record.errors.tolist() == [[error] for _, error in results]
        assert record.events == [events if record.errors.any() else 0]
        assert_same_array("counters", literal.k, machine.counters[0])


def test_only_groups_whose_vote_is_wrong_learn():
    config = NetworkConfig(inputs=9, hidden=(15,), groups=(5,), classes=4, robustness=1.0)
    machine, literal = CommitteeMachine(config), LiteralCommittee(config)
    x = np.random.default_rng(4).integers(0, 2, (40, 9)).astype(np.uint8)
    y = np.arange(40) % 4
    votes = [literal.forward(sample)[2] for sample in x.tolist()]
    record = machine.train_batch(x, y, [0])
    wrong = np.array(votes) != np.array(literal.p)[y]
    assert (record.chosen[0] >= 0).tolist() == (wrong & record.errors).tolist()
    assert record.updates == [int((wrong & record.errors).sum())]


def test_learns():
    draw = np.random.default_rng(6)
    prototypes = draw.integers(0, 2, (4, 60))
    y = draw.integers(0, 4, 400)
    x = (prototypes[y] ^ (draw.random((400, 60)) < 0.1)).astype(np.uint8)
    config = NetworkConfig(inputs=60, hidden=(45,), groups=(5,), classes=4, batch=20)
    machine = CommitteeMachine(config)
    trainer = Trainer(machine)
    for _ in range(5):
        record = trainer.train_epoch(x[:300], y[:300])
    assert record.accuracy > 0.9
    assert (machine.predict(x[300:]) == y[300:]).mean() > 0.9


def test_one_layer_only():
    config = NetworkConfig(inputs=4, hidden=(4, 4), groups=(2, 2), classes=2)
    with pytest.raises(
        ConfigurationError, match=r"^a committee machine has one trained layer, not 2$"
    ):
        CommitteeMachine(config)


def test_shapes_are_checked():
    machine = CommitteeMachine(NetworkConfig(inputs=4, hidden=(6,), groups=(3,), classes=2))
    x, y = np.zeros((5, 4), dtype=np.uint8), np.zeros(5, dtype=np.int64)
    with pytest.raises(DataError, match=r"x must be of shape \(n, 4\), not \(5, 3\)"):
        machine.train_batch(x[:, 1:], y, [0])
    with pytest.raises(DataError, match=r"y must be of shape \(5,\), not \(4,\)"):
        machine.train_batch(x, y[1:], [0])
    with pytest.raises(DataError, match="labels must be from 0 to 1"):
        machine.train_batch(x, y + 2, [0])
    with pytest.raises(DataError, match=r"x must be of shape \(n, 4\), not \(5, 3\)"):
        machine.predict(x[:, 1:])


def test_no_samples():
    machine = CommitteeMachine(NetworkConfig(inputs=4, hidden=(6,), groups=(3,), classes=2))
    x, y = np.zeros((0, 4), dtype=np.uint8), np.zeros(0, dtype=np.int64)
    assert machine.predict(x).tolist() == []
    record = machine.train_batch(x, y, [3])
    assert record.predictions.shape == record.errors.shape == (0, 1)
    assert record.chosen[0].shape == (0, 2)
    assert record.events == [0]


@pytest.mark.parametrize("events", [[], [-1], [1, 2], [1.5], ["a"], [True], 3, None])
def test_events_must_fit_the_layer(events: Any):
    machine = CommitteeMachine(NetworkConfig(inputs=4, hidden=(6,), groups=(3,), classes=2))
    before = machine.counters[0].tolist()
    x = np.random.default_rng(2).integers(0, 2, (9, 4))
    with pytest.raises(ConfigurationError) as caught:
        machine.train_batch(x, np.arange(9) % 2, events)
    assert str(caught.value) == (
        f"events must name a count, an integer of at least 0, for the layer, not {events}"
    )
    assert machine.counters[0].tolist() == before


@pytest.mark.parametrize(("length", "elements"), [(3, 1 << 25), (512, 80), (512, 1)])
def test_slices_of_a_batch_change_nothing(length: int, elements: int):
    config = NetworkConfig(inputs=9, hidden=(15,), groups=(5,), classes=4)
    whole, sliced = CommitteeMachine(config), CommitteeMachine(config)
    x, y = np.random.default_rng(4).integers(0, 2, (40, 9)), np.arange(40) % 4
    expected = whole.train_batch(x, y, [7])
    with patch.object(network, "SLICE", length), patch.object(network, "SLICE_ELEMENTS", elements):
        with patch.object(sliced._layer, "train", wraps=sliced._layer.train) as train:
            record = sliced.train_batch(x, y, [7])
        assert_same_array("predictions", whole.predict(x), sliced.predict(x))
    longest = min(length, max(1, elements // 36))
    assert train.call_count == -(-40 // longest)
    assert record.predictions.tolist() == expected.predictions.tolist()
    assert record.chosen[0].tolist() == expected.chosen[0].tolist()
    assert_same_array("counters", whole.counters[0], sliced.counters[0])
