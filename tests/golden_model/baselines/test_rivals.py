"""Memory of each model of a comparison, and its shape at another width, by hand."""

import pytest

from metaplast.golden_model.baselines import comparison
from metaplast.golden_model.baselines.rivals import Model, widened

from .models import network, rival

# 24–12–3, 120 samples of 24 bits, batch 10: parameters, training state, memory in bits.
FLOATS = 24 * 12 + 12 + 12 * 3 + 3
QUANTITIES = {
    Model.OURS: (288 + 12 * 3, 288 * 9 + 12 * 3, 2880 + 288 * 8 + 10 * 12),
    Model.COMMITTEE: (360 + 3 * 3, 360 * 9 + 3 * 3, 2880 + 360 * 8 + 10 * 15),
    Model.SGD: (32 * FLOATS, 64 * FLOATS, 2880 + 32 * (FLOATS + 10 * 15)),
    Model.ADAM: (32 * FLOATS, 128 * FLOATS, 2880 + 32 * (FLOATS + 10 * 15)),
    Model.STRAIGHT_THROUGH: (324, 324 * 129, 2880 + 32 * (324 + 10 * 15)),
}


@pytest.fixture(autouse=True)
def every_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(comparison, "_installed", lambda package: True)


@pytest.mark.parametrize("model", Model)
def test_memory_of_each_model(model: Model) -> None:
    one = rival(network(12), model)
    assert QUANTITIES[model] == (one.parameter_bits, one.training_state_bits, one.memory_bits)


def test_a_deep_network_keeps_every_classifier_to_train_and_the_last_to_predict() -> None:
    ours = rival(network(12, 8), Model.OURS)
    assert ours.parameter_bits == 24 * 12 + 12 * 8 + 8 * 3
    assert ours.training_state_bits == (24 * 12 + 12 * 8) * 9 + 12 * 3 + 8 * 3
    assert ours.memory_bits == 2880 + (24 * 12 + 12 * 8) * 8 + 10 * (12 + 8)


def test_features_take_32_bits() -> None:
    sgd = rival(network(12), Model.SGD, sgd_features=True)
    assert sgd.sizes == (6, 12, 3)
    assert sgd.memory_bits == 120 * 6 * 32 + 32 * (6 * 12 + 12 + 12 * 3 + 3 + 10 * 15)
    assert not rival(network(12), Model.ADAM, sgd_features=True).float_input


def test_a_float_model_has_one_output_for_two_classes() -> None:
    assert rival(network(12, classes=2), Model.SGD).sizes == (24, 12, 1)
    assert rival(network(12, classes=2), Model.STRAIGHT_THROUGH).sizes == (24, 12, 2)


def test_width() -> None:
    sgd = rival(network(8, 4, 2), Model.SGD)
    assert widened(sgd, 3).sizes == (24, 3, 2, 1, 3)  # 1.5 is rounded up, 0.75 too
    assert widened(sgd, 1).sizes == (24, 1, 1, 1, 3)
    assert widened(sgd, 8) == sgd
    committee = widened(rival(network(8), Model.COMMITTEE, committee_group=11), 4)
    assert (committee.config.hidden, committee.config.groups) == ((44,), (11,))
