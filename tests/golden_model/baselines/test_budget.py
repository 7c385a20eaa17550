"""Models sized by a budget, against sizes by hand."""

from dataclasses import replace

import pytest

from metaplast.golden_model.baselines import comparison
from metaplast.golden_model.baselines.budget import Budget, sized
from metaplast.golden_model.baselines.rivals import Model, widened

from .models import chosen, network, rival


@pytest.fixture(autouse=True)
def every_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(comparison, "_installed", lambda package: True)


# The network is 24–64–3: 1,536 weights, and a classifier of 192 bits.
@pytest.mark.parametrize(
    ("model", "budget", "sizes"),
    [
        # 123 bits a group, of 1,728
        (Model.COMMITTEE, Budget.PARAMETERS, (24, 70, 3)),
        # 32 · (28·w + 3), of 1,728
        (Model.SGD, Budget.PARAMETERS, (24, 1, 3)),
        # 27 a neuron, of 1,728: exactly 64
        (Model.STRAIGHT_THROUGH, Budget.PARAMETERS, (24, 64, 3)),
        # 5·24·9 + 3 a group, of 14,016
        (Model.COMMITTEE, Budget.TRAINING_STATE, (24, 60, 3)),
        # 64 · (28·w + 3) and 128 · (28·w + 3), of 14,016
        (Model.SGD, Budget.TRAINING_STATE, (24, 7, 3)),
        (Model.ADAM, Budget.TRAINING_STATE, (24, 3, 3)),
        # 129·27 a neuron, of 14,016
        (Model.STRAIGHT_THROUGH, Budget.TRAINING_STATE, (24, 4, 3)),
        # 2,880 + (5·24·8 + 10·5) a group, of 2,880 + 12,288 + 640
        (Model.COMMITTEE, Budget.MEMORY, (24, 60, 3)),
    ],
)
def test_width(model: Model, budget: Budget, sizes: tuple[int, ...]) -> None:
    one = rival(network(64), model, equal=budget)
    assert (one.sizes, one.samples) == (sizes, 120)


@pytest.mark.parametrize("budget", Budget)
@pytest.mark.parametrize("model", [Model.COMMITTEE, Model.SGD, Model.ADAM, Model.STRAIGHT_THROUGH])
def test_the_next_larger_form_is_beyond_the_budget(model: Model, budget: Budget) -> None:
    config = network(90, 40, 50)
    limit = budget.bits(rival(config, Model.OURS, samples=50_000))
    one = rival(config, model, samples=50_000, equal=budget)
    if budget is Budget.MEMORY and not model.binary:
        larger = replace(one, samples=one.samples + 1)
    else:
        first = one.config.hidden[0]
        width = first // 5 if model is Model.COMMITTEE else first
        assert widened(one, width).sizes == one.sizes
        larger = widened(rival(config, model, samples=50_000), width + 1)
    assert budget.bits(one) <= limit < budget.bits(larger)


@pytest.mark.parametrize(
    ("model", "features", "samples"),
    [
        # 32 · (24·64 + 64 + 64·3 + 3 + 10·67) = 78,880, and 24 a sample, of 252,928
        (Model.SGD, False, 7252),
        (Model.ADAM, False, 7252),
        # 32 · (24·64 + 64·3 + 10·67) = 76,736
        (Model.STRAIGHT_THROUGH, False, 7341),
        # 32 · (6·64 + 64 + 64·3 + 3 + 10·67) = 42,016, and 6·32 a sample
        (Model.SGD, True, 1098),
    ],
)
def test_with_equal_memory_a_float_model_trains_on_fewer_samples(
    model: Model, features: bool, samples: int
) -> None:
    one = rival(network(64), model, samples=10_000, equal=Budget.MEMORY, sgd_features=features)
    assert (one.config.hidden, one.samples) == ((64,), samples)


def test_a_budget_never_adds_samples() -> None:
    one = rival(network(64, 64), Model.SGD, samples=10_000, equal=Budget.MEMORY)
    assert one.samples < 10_000
    narrow = replace(one, samples=50, config=replace(one.config, hidden=(1,), groups=(1,)))
    assert sized(narrow, Budget.MEMORY, 1 << 30).samples == 50


def test_a_model_that_is_too_large_is_named_with_the_reason() -> None:
    rivals, (reason,) = chosen(network(12), Model.SGD, equal=Budget.PARAMETERS)
    assert not rivals
    assert reason == (
        "float MLP, SGD: not run, its smallest form, 24–1–3, has 992 bits of parameters, and the "
        "limit is 324"
    )
    rivals, (reason,) = chosen(network(64), Model.ADAM, equal=Budget.MEMORY)
    assert not rivals
    assert reason == (
        "float MLP, Adam: not run, its hidden weights and activations take 78,880 bits and a "
        "sample 24, so the limit of 15,808 leaves less than a sample for each of the 3 classes"
    )


def test_ours_is_never_sized() -> None:
    for budget in Budget:
        assert rival(network(64), Model.OURS, equal=budget) == rival(network(64), Model.OURS)
