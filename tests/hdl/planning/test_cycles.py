"""Estimates from average rates, compared with the exact model."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, strategies as st
from numpy.typing import NDArray

from metaplast.golden_model import (
    ConfigurationError,
    Network,
    NetworkConfig,
    Trainer,
    datasets,
)
from metaplast.golden_model.encoding import fit_encoder
from metaplast.hdl.planning.cycle_model import CycleModel
from metaplast.hdl.planning.cycles import (
    Workload,
    estimate_cycles,
    mean_cycles,
    synthetic_errors,
    synthetic_samples,
)
from metaplast.hdl.planning.plan import (
    FoldedNetwork,
    LayerPlan,
    MemoryKind,
    NetworkPlan,
)

FASHION = NetworkConfig(
    inputs=784, hidden=(128,), groups=(32,), classes=10, reinforcement=1.0, batch=100
)
ULTRAPLUS = NetworkPlan(
    (
        LayerPlan(
            simd=400, update_width=8, input_width=16, sample_buffers=5, memory=MemoryKind.SPRAM
        ),
    )
)


@pytest.fixture(scope="module")
def digits() -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    data = datasets.load("digits")
    return fit_encoder(data.x_train).encode(data.x_train), data.y_train


@pytest.mark.parametrize(
    ("hidden", "groups", "plan"),
    [
        (
            (128,),
            (32,),
            LayerPlan(pe=2, simd=64, update_width=8, input_width=32, memory=MemoryKind.SPRAM),
        ),
        (
            (128,),
            (32,),
            LayerPlan(banks=4, pe=2, simd=64, update_width=16, input_width=64, draws_per_cycle=2),
        ),
        (
            (128,),
            (4,),
            LayerPlan(banks=4, pe=4, simd=64, update_width=8, input_width=8, draws_per_cycle=2),
        ),
        ((60,), (1,), LayerPlan(banks=2, pe=1, simd=64, update_width=4, input_width=64)),
        ((128, 64), (32, 16), LayerPlan(pe=4, simd=64, update_width=8, input_width=32)),
    ],
)
def test_an_estimate_from_averages_is_within_three_percent(
    digits: Any, hidden: tuple[int, ...], groups: tuple[int, ...], plan: LayerPlan
) -> None:
    x, y = digits
    config = NetworkConfig(inputs=64, hidden=hidden, groups=groups, classes=10)
    plans = NetworkPlan((plan,) * len(hidden))
    trainer, accuracy = Trainer(Network(config)), 0.0
    model = CycleModel.of(FoldedNetwork(config, plans))
    for _ in range(4):
        start = model.idle
        record = trainer.train_epoch(x, y, lambda _, batch: model.train(batch))
        exact = (model.idle - start) / len(x)
        model.wait(model.idle)
        workload = Workload(
            chosen=tuple(updates / len(x) for updates in record.updates),
            errors=record.error_rate,
            accuracy=accuracy,
        )
        estimate = estimate_cycles(FoldedNetwork(config, plans), workload)
        assert abs(estimate.total / exact - 1) < 0.03
        accuracy = record.accuracy


def test_the_parts_of_an_estimate() -> None:
    estimate = estimate_cycles(FoldedNetwork(FASHION, ULTRAPLUS), Workload(chosen=(1.91,)))
    (layer,) = estimate.layers
    assert (layer.load, layer.forward) == (49, 25 + 128 + 25 + 128)
    # Many of the 191 updates of neurons in a batch are of the same neuron.
    assert layer.scan == pytest.approx((128 + 86.5 * 97) / 100, abs=1)
    assert layer.events == pytest.approx(3735 * (1 + 784 / 1024) / 100, rel=0.01)
    assert layer.commit == layer.events + layer.scan
    assert layer.update == pytest.approx(1.91 * 196 + 3, abs=2)
    assert estimate.total == layer.total
    assert layer.update + layer.commit < layer.total < 620


def test_layers_train_in_parallel() -> None:
    config = NetworkConfig(inputs=64, hidden=(64, 64, 64), groups=(16,) * 3, classes=10)
    plans = NetworkPlan((LayerPlan(pe=4, simd=64, update_width=8, input_width=64),) * 3)
    estimate = estimate_cycles(FoldedNetwork(config, plans))
    slowest = max(layer.total for layer in estimate.layers)
    assert slowest <= estimate.total < 1.05 * slowest


@pytest.mark.parametrize("batch", [1, 3, 65535])
def test_any_batch_can_be_estimated(batch: int) -> None:
    config = replace(FASHION, batch=batch)
    (layer,) = estimate_cycles(FoldedNetwork(config, ULTRAPLUS), Workload(chosen=(4,))).layers
    # Every sample has an error: updates and commits follow each other, and the forward pass of a
    # batch's first sample goes on beside the events of the commit before.
    assert layer.total == pytest.approx(layer.update + layer.commit, rel=0.01)
    assert mean_cycles(FoldedNetwork(config, ULTRAPLUS), Workload(chosen=(4,))) == layer.total
    scan = 128 + 97 * min(4 * batch, 128)
    assert layer.commit == pytest.approx((3735 * 1.766 + scan) / batch, rel=0.02)


def test_samples_without_errors_take_their_forward_pass() -> None:
    config = replace(FASHION, reinforcement=0.0)
    (layer,) = estimate_cycles(FoldedNetwork(config, ULTRAPLUS), Workload(chosen=(0,))).layers
    assert (layer.update, layer.events, layer.scan) == (1, 0, 0)
    assert layer.forward <= layer.total < layer.forward + 1


@given(st.floats(0, 1), st.floats(0, 1), st.integers(1, 400))
def test_synthetic_samples_have_the_requested_shares(
    errors: float, found: float, samples: int
) -> None:
    (layer,) = NetworkConfig(inputs=4, hidden=(10,), groups=(2,), classes=2).layers
    raised, chosen = synthetic_samples(layer, errors, found, samples)
    assert raised.shape == (samples,)
    assert chosen.shape == (samples, 5)
    assert (chosen[~raised] < 0).all()
    assert raised.sum() == round(errors * samples)
    assert (chosen >= 0).sum() == round(found * 5 * raised.sum())
    assert (chosen // 2 == np.where(chosen >= 0, np.arange(5), -1)).all()


def test_errors_decline_in_a_first_epoch() -> None:
    declining = synthetic_errors(1000, 0.4, declining=True)
    steady = synthetic_errors(1000, 0.4)
    assert declining.sum() == steady.sum() == 400
    assert declining[:100].mean() == pytest.approx(0.6, abs=0.1)
    assert declining[500:].mean() == pytest.approx(0.36, abs=0.04)
    assert synthetic_errors(10, 1.0, declining=True).all()


def test_missing_rates_of_a_workload_are_computed() -> None:
    config = NetworkConfig(inputs=4, hidden=(8, 4), groups=(2, 2), classes=2)
    first, second = config.layers
    assert Workload().of(first, 2) == (0.5, 0.75)
    assert Workload(errors=(0.25,)).of(first, 2) == (0.25, 0.75)
    assert Workload(chosen=(1.5,)).of(first, 2) == (0.5, 0.75)
    assert Workload(chosen=(1.5,)).of(second, 2) == (1.0, 0.75)
    assert Workload(chosen=(4, 0.5)).of(first, 2) == (1.0, 1.0)
    assert Workload(chosen=(4, 0.75)).of(second, 2) == (0.5, 0.75)
    assert Workload(chosen=(0.5, 0.5), errors=(0.5, 1)).of(first, 2) == (0.5, 0.25)
    assert Workload(chosen=(0,), errors=(0,)).of(first, 2) == (0, 0.75)


def test_a_workload_must_suit_the_network() -> None:
    config = NetworkConfig(inputs=4, hidden=(8, 4), groups=(2, 2), classes=2)
    first, second = config.layers
    with pytest.raises(
        ConfigurationError,
        match=r"^chosen must be a number for each of the 2 layers, or one for all, not 3$",
    ):
        Workload(chosen=(1, 1, 1)).of(first, 2)
    with pytest.raises(ConfigurationError, match=r"^errors must be a number for each of the 2 "):
        Workload(errors=(1, 1, 1)).of(first, 2)
    with pytest.raises(
        ConfigurationError,
        match=r"^chosen must be from 0 to 2 in layer 1, not 2.5: a sample with an error updates "
        r"at most one neuron of each of 2 groups$",
    ):
        Workload(chosen=(2.5,)).of(second, 2)
    with pytest.raises(ConfigurationError, match=r"^chosen must be from 0 to 0.5 in layer 1,"):
        Workload(chosen=(1.5,), errors=(0.75, 0.25)).of(second, 2)
    with pytest.raises(ConfigurationError, match=r"^accuracy must be from 0 to 1, not 1.5$"):
        Workload(accuracy=1.5)
    with pytest.raises(ConfigurationError, match=r"^errors must be from 0 to 1, not -1$"):
        Workload(errors=(0, -1))
