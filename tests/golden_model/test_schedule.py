"""The schedule of training: reinforcement events of a commit, sample order of an epoch."""

import math
from decimal import Decimal, localcontext
from typing import Any

import numpy as np
import pytest
from hypothesis import given, strategies as st
from numpy.typing import NDArray

from metaplast.golden_model import (
    ConfigurationError,
    NetworkConfig,
    RandomStream,
    epoch_order,
    reference,
    reinforcement_events,
    schedule,
)
from metaplast.golden_model.config import LayerConfig
from metaplast.golden_model.reference import reference_order

from ..comparison import assert_same_array
from ..strategies import seeds


def layer(inputs: int, neurons: int) -> LayerConfig:
    config = NetworkConfig(inputs=inputs, hidden=(neurons,), groups=(1,), classes=2)
    return config.layers[0]


@pytest.mark.parametrize(
    ("inputs", "neurons", "reinforcement", "accuracy", "events"),
    [
        # p_r·sqrt(1 − acc)·sqrt(2/(π·N))·2^(bk+bi), worked out to 50 digits elsewhere:
        (784, 128, 1.0, 0.0, 3735),  # 3735.01
        (784, 256, 1.0, 0.8375, 3011),  # 3011.26
        (2352, 256, 0.5, 0.25, 7470),  # 7470.02
        (1000, 200, 1.0, 0.0, 6614),  # 6614.24
        (128, 64, 1.0, 0.99, 58),  # 57.77
        (64, 32, 2.0, 0.9, 129),  # 129.18
        (1, 1, 1.0, 0.0, 3),  # 3.19: a lone neuron and a lone input take a bit each
        (3, 5, 0.1, 0.5, 1),  # 1.04
        (3, 5, 0.04, 0.5, 0),  # 0.42
        (784, 128, 0.0, 0.0, 0),
        (784, 128, 1.0, 1.0, 0),
    ],
)
def test_reinforcement_events(
    inputs: int, neurons: int, reinforcement: float, accuracy: float, events: int
) -> None:
    assert reinforcement_events(layer(inputs, neurons), reinforcement, accuracy) == events


@given(st.integers(1, 1 << 14), st.integers(1, 1 << 14), st.floats(0, 3), st.floats(0, 1))
def test_reinforcement_events_are_the_rounded_formula(
    inputs: int, neurons: int, reinforcement: float, accuracy: float
) -> None:
    with localcontext() as context:
        context.prec = 50
        pi = Decimal("3.14159265358979323846264338327950288419716939937511")
        bits = max(1, math.ceil(math.log2(neurons))) + max(1, math.ceil(math.log2(inputs)))
        exact = Decimal(reinforcement) * (1 - Decimal(accuracy)).sqrt()
        exact *= (2 / (pi * inputs)).sqrt() * 2**bits
        got = reinforcement_events(layer(inputs, neurons), reinforcement, accuracy)
        # Double arithmetic may round the other way only where the formula is on the fence.
        assert abs(got - exact) <= Decimal("0.5") + exact * Decimal("1e-15")


@pytest.mark.parametrize("reinforcement", [1e9, 1e300, 1.7e308])
def test_a_reinforcement_too_strong_to_count_is_refused(reinforcement: float) -> None:
    expected = reinforcement * math.sqrt(2 / (math.pi * 10)) * 128
    with pytest.raises(ConfigurationError) as error:
        reinforcement_events(layer(10, 6), reinforcement, 0)
    assert str(error.value) == (
        f"a reinforcement of {reinforcement:g} takes {expected:.3g} events a commit in layer 0, "
        f"and at most {2 ** (3 + 4 // 2 + 11) - 1} can be counted; make it smaller"
    )


@pytest.mark.parametrize("neurons", [1, 2, 3, 24, 65, 4096])
def test_a_layer_counts_the_events_of_any_usual_reinforcement(neurons: int) -> None:
    for inputs in (1, 2, 3, 4, 5, 8, 9, 33, 64, 65, 784, 4096, 4097, 100_000):
        config = layer(inputs, neurons)
        if config.max_events < (1 << 32) - 1:
            assert reinforcement_events(config, 1000.0, 0.0) <= config.max_events
            with pytest.raises(ConfigurationError, match="and at most"):
                reinforcement_events(config, 4000.0, 0.0)
        else:
            assert config.max_events == (1 << 32) - 1


@pytest.mark.parametrize(
    ("reinforcement", "accuracy", "message"),
    [
        (1.0, 2.0, "accuracy must be from 0 to 1, not 2.0"),
        (1.0, -0.5, "accuracy must be from 0 to 1, not -0.5"),
        (1.0, math.nan, "accuracy must be from 0 to 1, not nan"),
        (1.0, "x", "accuracy must be a number, not 'x'"),
        (-1.0, 0.0, "reinforcement must be finite and at least 0, not -1.0"),
        (math.nan, 0.0, "reinforcement must be finite and at least 0, not nan"),
        (math.inf, 0.0, "reinforcement must be finite and at least 0, not inf"),
        (None, 0.0, "reinforcement must be a number, not None"),
    ],
)
def test_what_no_events_follow_from_is_refused(
    reinforcement: Any, accuracy: Any, message: str
) -> None:
    with pytest.raises(ConfigurationError) as caught:
        reinforcement_events(layer(10, 6), reinforcement, accuracy)
    assert str(caught.value) == message


def test_the_most_events_that_can_be_counted() -> None:
    widest = layer(1 << 16, 1 << 16)
    scale = math.sqrt(2 / (math.pi * (1 << 16))) * 2.0**32
    assert reinforcement_events(widest, (2.0**32 - 1) / scale, 0) == (1 << 32) - 1
    with pytest.raises(ConfigurationError):
        reinforcement_events(widest, (2.0**32 - 0.25) / scale, 0)


def network(seed: int, shuffle_block: int = 1) -> NetworkConfig:
    return NetworkConfig(
        inputs=1, hidden=(1,), groups=(1,), classes=2, seed=seed, shuffle_block=shuffle_block
    )


@given(
    seeds(),
    st.integers(0, 32767),
    st.integers(0, 300),
    st.integers(1, 20) | st.sampled_from([299, 300, 65535]),
)
def test_epoch_order_is_that_of_the_plain_loops(
    seed: int, epoch: int, count: int, shuffle_block: int
) -> None:
    config = network(seed, shuffle_block)
    order = epoch_order(config, epoch, count)
    assert order.dtype == np.int64
    assert_same_array("order", reference_order(config, epoch, count), order)


@given(seeds(), st.integers(0, 32767), st.integers(0, 300))
def test_without_blocks_every_sample_is_drawn_for(seed: int, epoch: int, count: int) -> None:
    draws = RandomStream(seed, 0x8000 + epoch).draws(count).tolist()
    expected = sorted(range(count), key=lambda i: (draws[i], i))
    assert_same_array("order", expected, epoch_order(network(seed), epoch, count))


def test_equal_draws_keep_their_blocks_order(monkeypatch: pytest.MonkeyPatch) -> None:
    values = np.random.default_rng(1).integers(0, 5, 1000, dtype=np.uint32)

    class FewDraws(RandomStream):
        def draws(self, count: int) -> NDArray[np.uint32]:
            return values[:count]

    monkeypatch.setattr(schedule, "RandomStream", FewDraws)
    monkeypatch.setattr(reference, "RandomStream", FewDraws)
    expected = sorted(range(1000), key=lambda i: (values[i], i))
    assert_same_array("order", expected, epoch_order(network(1), 0, 1000))
    assert_same_array("order", expected, reference_order(network(1), 0, 1000))
    assert_same_array(
        "order", reference_order(network(1, 7), 0, 1000), epoch_order(network(1, 7), 0, 1000)
    )


def test_epochs_differ_in_their_order() -> None:
    orders = {tuple(epoch_order(network(1, 2), epoch, 50)) for epoch in range(5)}
    assert len(orders) == 5
