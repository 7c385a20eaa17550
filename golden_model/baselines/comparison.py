"""Compare the network with other learners on the same bits: accuracy, memory, gates, time."""

import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace
from importlib.util import find_spec
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import BatchRecord, EpochRecord, Network, NetworkConfig, Trainer
from ..trainer import TrainableNetwork
from .committee import CommitteeMachine
from .gate_counts import (
    adam_gates,
    binary_gates,
    committee_gates,
    sgd_gates,
    straight_through_gates,
)

__all__ = ["ComparedModel", "compare_models"]

COMMITTEE_GROUP = 5
"""Neurons of a group of the committee machine: odd, so that a vote is never a tie, and the size
that the paper's authors use."""

FLOAT_BITS = 32
SGD_RATE = 0.1


@dataclass(frozen=True, kw_only=True)
class ComparedModel:
    """The results of one model.

    Attributes
    ----------
    model : str
        Its name.
    test_accuracy : float
        Accuracy on the test split after the last epoch, 0 to 1.
    parameter_bits : int
        Memory of the parameters that a prediction reads.
    state_bits : int
        Memory that the training keeps from sample to sample: parameters, hidden weights,
        gradients, the optimiser's averages.
    gates : float
        Boolean gates of a training step (:mod:`.gate_counts`).
    seconds : float
        Time of all epochs.
    """

    model: str
    test_accuracy: float
    parameter_bits: int
    state_bits: int
    gates: float
    seconds: float


@dataclass(frozen=True, eq=False, kw_only=True)
class _Comparison:
    """The network, the samples and the epochs that all models share."""

    config: NetworkConfig
    x: NDArray[np.uint8]
    y: NDArray[np.int64]
    x_test: NDArray[np.uint8]
    y_test: NDArray[np.int64]
    epochs: int
    on_progress: Callable[[int], None]

    @property
    def sizes(self) -> tuple[int, ...]:
        """Inputs, neurons of each hidden layer, classes."""
        return (self.config.inputs, *self.config.hidden, self.config.classes)

    def accuracy(self, predicted: NDArray[np.integer]) -> float:
        """Share of the test samples that are predicted right."""
        return float((predicted == self.y_test).mean())


def compare_models(
    config: NetworkConfig,
    x: NDArray[np.uint8],
    y: NDArray[np.int64],
    x_test: NDArray[np.uint8],
    y_test: NDArray[np.int64],
    *,
    epochs: int,
    on_start: Callable[[str], None],
    on_progress: Callable[[int], None],
) -> tuple[list[ComparedModel], list[str]]:
    """Train the network and every other model whose package is installed.

    The others are the CP+R committee machine (one trained binary layer), the same network with
    float weights trained by SGD and by Adam (scikit-learn), and a binary network trained with
    straight-through gradients (PyTorch).

    Parameters
    ----------
    config : NetworkConfig
        The network.
    x, x_test : (n, N) uint8
        Training and test samples as bits.
    y, y_test : (n,) int64
        Their classes.
    epochs : int
        Epochs of each model.
    on_start : callable
        Called with the name of each model before it is trained.
    on_progress : callable
        Called with the number of samples that the model was trained on so far, of
        ``epochs * n``; not called by the float models.

    Returns
    -------
    models : list of ComparedModel
        The results, in a fixed order.
    not_run : list of str
        A line for each model whose package is not installed, with the command that installs it.
    """
    comparison = _Comparison(
        config=config,
        x=x,
        y=y,
        x_test=x_test,
        y_test=y_test,
        epochs=epochs,
        on_progress=on_progress,
    )
    models: list[ComparedModel] = []
    not_run: list[str] = []
    for name, package, remedy, train in CONTENDERS:
        if package and not _installed(package):
            not_run.append(f"{name}: not run, {package} is not installed ({remedy})")
            continue
        on_start(name)
        models.append(train(name, comparison))
    return models, not_run


def _installed(package: str) -> bool:
    return find_spec(package) is not None


def _network(name: str, comparison: _Comparison) -> ComparedModel:
    config = comparison.config
    network = Network(config)
    history, seconds = _train_binary(network, comparison)
    weights = sum(layer.weights for layer in config.layers)
    classifiers = sum(layer.neurons * layer.classes for layer in config.layers)
    last = config.layers[-1]
    return ComparedModel(
        model=name,
        test_accuracy=comparison.accuracy(network.predict(comparison.x_test)),
        parameter_bits=weights + last.neurons * last.classes,
        state_bits=weights * (config.counter_bits + 1) + classifiers,
        gates=binary_gates(config, history),
        seconds=seconds,
    )


def _committee(name: str, comparison: _Comparison) -> ComparedModel:
    neurons = -(-comparison.config.hidden[0] // COMMITTEE_GROUP) * COMMITTEE_GROUP
    config = replace(comparison.config, hidden=(neurons,), groups=(COMMITTEE_GROUP,))
    machine = CommitteeMachine(config)
    history, seconds = _train_binary(machine, comparison)
    (layer,) = config.layers
    classifier = layer.group_count * layer.classes
    return ComparedModel(
        model=name,
        test_accuracy=comparison.accuracy(machine.predict(comparison.x_test)),
        parameter_bits=layer.weights + classifier,
        state_bits=layer.weights * (config.counter_bits + 1) + classifier,
        gates=committee_gates(config, history),
        seconds=seconds,
    )


def _train_binary(
    network: TrainableNetwork, comparison: _Comparison
) -> tuple[list[EpochRecord], float]:
    trainer = Trainer(network)
    history: list[EpochRecord] = []
    for epoch in range(comparison.epochs):
        before = epoch * len(comparison.x)

        def on_batch(done: int, record: BatchRecord, before: int = before) -> None:
            comparison.on_progress(before + done)

        history.append(trainer.train_epoch(comparison.x, comparison.y, on_batch))
    return history, sum(record.seconds for record in history)


def _sgd(name: str, comparison: _Comparison) -> ComparedModel:
    accuracy, seconds, parameters = _train_float(
        comparison, solver="sgd", learning_rate_init=SGD_RATE, momentum=0.0
    )
    return ComparedModel(
        model=name,
        test_accuracy=accuracy,
        parameter_bits=FLOAT_BITS * parameters,
        state_bits=2 * FLOAT_BITS * parameters,
        gates=sgd_gates(comparison.sizes, batch=comparison.config.batch),
        seconds=seconds,
    )


def _adam(name: str, comparison: _Comparison) -> ComparedModel:
    accuracy, seconds, parameters = _train_float(comparison, solver="adam")
    return ComparedModel(
        model=name,
        test_accuracy=accuracy,
        parameter_bits=FLOAT_BITS * parameters,
        state_bits=4 * FLOAT_BITS * parameters,
        gates=adam_gates(comparison.sizes, batch=comparison.config.batch),
        seconds=seconds,
    )


def _train_float(comparison: _Comparison, **options: Any) -> tuple[float, float, int]:
    """Train scikit-learn's MLP on the bits as ±1 in float32: accuracy, seconds, parameters."""
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.neural_network import MLPClassifier

    config = comparison.config
    mlp = MLPClassifier(
        hidden_layer_sizes=config.hidden,
        batch_size=min(config.batch, len(comparison.x)),
        random_state=config.seed % (1 << 32),
        alpha=0.0,
        max_iter=comparison.epochs,
        tol=0.0,
        n_iter_no_change=comparison.epochs + 1,  # every model trains for the same epochs
        **options,
    )
    x = _signed(comparison.x)
    started = time.perf_counter()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        mlp.fit(x, comparison.y)
    seconds = time.perf_counter() - started
    parameters = sum(weights.size for weights in (*mlp.coefs_, *mlp.intercepts_))
    return comparison.accuracy(mlp.predict(_signed(comparison.x_test))), seconds, parameters


def _straight_through(name: str, comparison: _Comparison) -> ComparedModel:
    from .straight_through import StraightThroughNetwork

    config, sizes = comparison.config, comparison.sizes
    network = StraightThroughNetwork(sizes, seed=config.seed)
    started = time.perf_counter()
    for epoch in range(comparison.epochs):
        network.train_epoch(comparison.x, comparison.y, batch=config.batch)
        comparison.on_progress((epoch + 1) * len(comparison.x))
    seconds = time.perf_counter() - started
    weights = sum(a * b for a, b in pairwise(sizes))
    return ComparedModel(
        model=name,
        test_accuracy=comparison.accuracy(network.predict(comparison.x_test)),
        parameter_bits=weights,
        state_bits=weights * (1 + 4 * FLOAT_BITS),
        gates=straight_through_gates(sizes, batch=config.batch),
        seconds=seconds,
    )


def _signed(x: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Bits as ±1."""
    signed = x.astype(np.float32)
    signed *= 2
    signed -= 1
    return signed


CONTENDERS: tuple[tuple[str, str, str, Callable[[str, _Comparison], ComparedModel]], ...] = (
    ("local binary errors (ours)", "", "", _network),
    ("CP+R committee, one layer", "", "", _committee),
    ("float MLP, SGD", "sklearn", "pip install 'metaplast[sklearn]'", _sgd),
    ("float MLP, Adam", "sklearn", "pip install 'metaplast[sklearn]'", _adam),
    ("binary MLP, straight-through", "torch", "pip install torch", _straight_through),
)
"""The models: name, package that it needs, command that installs the package, training."""
