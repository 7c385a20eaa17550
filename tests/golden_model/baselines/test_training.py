"""Training of one model with one seed."""

from dataclasses import replace

import numpy as np
import pytest

from metaplast.golden_model import ConfigurationError, Network, Trainer
from metaplast.golden_model.baselines.committee import CommitteeMachine
from metaplast.golden_model.baselines.gate_counts import (
    adam_gates,
    binary_gates,
    committee_gates,
    sgd_gates,
)
from metaplast.golden_model.baselines.rivals import Model
from metaplast.golden_model.baselines.training import (
    Samples,
    Split,
    scaled_features,
    train_model,
)

from .models import network, rival, toy_samples


def test_features_are_scaled_by_the_training_samples() -> None:
    train = np.array([[0, 5, 7], [10, 6, 7]], dtype=np.uint8)
    scaled = scaled_features(np.array([[0, 5, 7], [10, 6, 7], [5, 7, 9]]), like=train)
    assert scaled.dtype == np.float32
    assert scaled.tolist() == [[-1, -1, 0], [1, 1, 0], [0, 3, 0]]


@pytest.mark.parametrize("model", [Model.OURS, Model.COMMITTEE])
def test_a_binary_model_is_trained_as_the_trainer_does(model: Model) -> None:
    samples = toy_samples()
    one = rival(network(12), model, samples=100)
    run = train_model(one, samples, epochs=2, seed=3)

    config = replace(one.config, seed=3)
    machine = Network(config) if model is Model.OURS else CommitteeMachine(config)
    trainer = Trainer(machine)
    x, y = samples.train.bits[:100], samples.train.labels[:100]
    history = [trainer.train_epoch(x, y) for _ in range(2)]
    for split, accuracy in (
        (samples.held_out, run.held_out_accuracy),
        (samples.test, run.test_accuracy),
    ):
        assert split is not None
        assert accuracy == np.mean(machine.predict(split.bits) == split.labels)
    gates = binary_gates if model is Model.OURS else committee_gates
    assert (run.seed, run.gates) == (3, gates(config, history))
    assert run.seconds > 0


@pytest.mark.parametrize("features", [False, True])
@pytest.mark.parametrize("classes", [2, 3])
def test_a_float_model_is_scikit_learns(classes: int, features: bool) -> None:
    neural_network = pytest.importorskip("sklearn.neural_network")
    samples = toy_samples(classes)
    config = network(12, 8, classes=classes)
    one = rival(config, Model.SGD, sgd_rate=0.3, sgd_features=features)
    run = train_model(one, samples, epochs=3, seed=4)

    mlp = neural_network.MLPClassifier(
        (12, 8),
        solver="sgd",
        learning_rate_init=0.3,
        momentum=0.0,
        alpha=0.0,
        batch_size=10,
        random_state=4,
        max_iter=3,
    )

    def inputs(split: Split | None) -> np.ndarray:
        assert split is not None
        return split.features if features else (2 * split.bits - 1.0).astype(np.float32)

    with pytest.warns(UserWarning, match="Maximum iterations"):
        mlp.fit(inputs(samples.train), samples.train.labels)
    weights = sum(array.size for array in (*mlp.coefs_, *mlp.intercepts_))
    assert one.parameter_bits == 32 * weights
    assert run.test_accuracy == mlp.score(inputs(samples.test), samples.test.labels)
    assert run.held_out_accuracy == mlp.score(inputs(samples.held_out), samples.held_out.labels)
    assert run.gates == sgd_gates(one.sizes, batch=10)


def test_adam_learns_without_other_splits() -> None:
    pytest.importorskip("sklearn")
    samples = toy_samples()
    run = train_model(rival(network(12), Model.ADAM), samples, epochs=30, seed=1)
    assert run.test_accuracy is not None
    assert run.test_accuracy > 0.8
    assert run.gates == adam_gates((24, 12, 3), batch=10)
    alone = Samples(train=samples.train)
    run = train_model(rival(network(12), Model.ADAM, samples=5), alone, epochs=1, seed=1)
    assert (run.held_out_accuracy, run.test_accuracy) == (None, None)


def test_straight_through_learns() -> None:
    pytest.importorskip("torch")
    run = train_model(rival(network(12), Model.STRAIGHT_THROUGH), toy_samples(), epochs=9, seed=1)
    assert run.test_accuracy is not None
    assert run.test_accuracy > 0.8


def test_a_rate_that_is_too_high() -> None:
    pytest.importorskip("sklearn")
    one = rival(network(12, 12, 12), Model.SGD, sgd_rate=1e30)
    with pytest.raises(ConfigurationError) as caught:
        train_model(one, toy_samples(), epochs=3, seed=2)
    assert str(caught.value) == (
        "float MLP, SGD: the weights did not stay finite with a learning rate of 1e+30 and seed 2; "
        "choose a lower --sgd-rate"
    )
