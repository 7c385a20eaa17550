"""Training of one model of `metaplast compare` with one seed."""

import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ..errors import ConfigurationError
from ..network import Network
from ..trainer import Trainer
from .committee import CommitteeMachine
from .gate_counts import (
    adam_gates,
    binary_gates,
    committee_gates,
    sgd_gates,
    straight_through_gates,
)
from .rivals import Model, Rival

__all__ = ["Run", "Samples", "Split", "scaled_features", "train_model"]

ADAM_RATE = 0.001


@dataclass(frozen=True, eq=False, kw_only=True)
class Split:
    """Samples of one split, as bits and as features, with their labels.

    Parameters
    ----------
    bits : (n, N) uint8
        Encoded samples.
    labels : (n,) int64
        Their classes.
    features : (n, F) float32, optional
        The same samples as features (:func:`scaled_features`), for a model with float inputs.
    """

    bits: NDArray[np.uint8]
    labels: NDArray[np.int64]
    features: NDArray[np.float32] | None = None

    def first(self, samples: int) -> "Split":
        """The first samples of the split."""
        features = None if self.features is None else self.features[:samples]
        return Split(bits=self.bits[:samples], labels=self.labels[:samples], features=features)

    def floats(self, rival: Rival) -> NDArray[np.float32]:
        """The inputs of a float model: features, or bits as ±1."""
        if rival.float_input:
            assert self.features is not None
            return self.features
        signed = self.bits.astype(np.float32)
        signed *= 2
        signed -= 1
        return signed


@dataclass(frozen=True, eq=False, kw_only=True)
class Samples:
    """The samples that all models share; held-out and test split are optional."""

    train: Split
    held_out: Split | None = None
    test: Split | None = None


@dataclass(frozen=True, kw_only=True)
class Run:
    """The result of training one model with one seed.

    Attributes
    ----------
    seed : int
        The seed.
    held_out_accuracy, test_accuracy : float or None
        Accuracy after the last epoch, 0 to 1; None without such samples.
    gates : float
        Boolean gates of a training step (:mod:`.gate_counts`).
    seconds : float
        Time of all epochs.
    """

    seed: int
    held_out_accuracy: float | None
    test_accuracy: float | None
    gates: float
    seconds: float


def train_model(rival: Rival, samples: Samples, *, epochs: int, seed: int) -> Run:
    """Train a model, and measure it on held-out and test samples.

    Parameters
    ----------
    rival : Rival
        The model.
    samples : Samples
        All samples; the model trains on the first of the training split.
    epochs : int
        Passes over the training samples. At least 1.
    seed : int
        Seed of initial weights, sample order and reinforcement.

    Raises
    ------
    ConfigurationError
        If the weights of a float model do not stay finite.
    """
    train = samples.train.first(rival.samples)
    match rival.model:
        case Model.OURS | Model.COMMITTEE:
            trained = _train_binary(rival, train, epochs, seed)
        case Model.SGD | Model.ADAM:
            trained = _train_float(rival, train, epochs, seed)
        case Model.STRAIGHT_THROUGH:
            trained = _train_straight_through(rival, train, epochs, seed)

    def accuracy(split: Split | None) -> float | None:
        return None if split is None else float((trained.predict(split) == split.labels).mean())

    return Run(
        seed=seed,
        held_out_accuracy=accuracy(samples.held_out),
        test_accuracy=accuracy(samples.test),
        gates=trained.gates,
        seconds=trained.seconds,
    )


def scaled_features(x: NDArray[np.generic], *, like: NDArray[np.generic]) -> NDArray[np.float32]:
    """Scale features to the range that bits as ±1 have.

    Parameters
    ----------
    x : (n, F) numbers
        Samples.
    like : (m, F) numbers
        Training samples: the smallest value of a column becomes −1, the largest 1. A column with
        one value becomes 0.

    Returns
    -------
    (n, F) float32
    """
    low, high = like.min(axis=0).astype(np.float64), like.max(axis=0).astype(np.float64)
    reach = np.where(high > low, (high - low) / 2, np.inf)
    return ((x - (low + high) / 2) / reach).astype(np.float32)


@dataclass(frozen=True, eq=False, kw_only=True)
class _Trained:
    """A trained model: its predictions for a split, gates of a training step, seconds."""

    predict: Callable[[Split], NDArray[np.integer]]
    gates: float
    seconds: float


def _train_binary(rival: Rival, train: Split, epochs: int, seed: int) -> _Trained:
    config = replace(rival.config, seed=seed)
    ours = rival.model is Model.OURS
    network = Network(config) if ours else CommitteeMachine(config)
    trainer = Trainer(network)
    history = [trainer.train_epoch(train.bits, train.labels) for _ in range(epochs)]
    return _Trained(
        predict=lambda split: network.predict(split.bits),
        gates=binary_gates(config, history) if ours else committee_gates(config, history),
        seconds=sum(record.seconds for record in history),
    )


def _train_float(rival: Rival, train: Split, epochs: int, seed: int) -> _Trained:
    """Train scikit-learn's MLP in float32, without regularisation or early stopping."""
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.neural_network import MLPClassifier

    config = rival.config
    sgd = rival.model is Model.SGD
    mlp = MLPClassifier(
        hidden_layer_sizes=config.hidden,
        batch_size=min(config.batch, len(train.labels)),
        random_state=seed % (1 << 32),
        alpha=0.0,
        max_iter=epochs,
        tol=0.0,
        n_iter_no_change=epochs + 1,  # every model trains for the same epochs
        solver="sgd" if sgd else "adam",
        learning_rate_init=rival.rate if sgd else ADAM_RATE,
        momentum=0.0,
    )
    x = train.floats(rival)
    started = time.perf_counter()
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore", ConvergenceWarning)
        warnings.simplefilter("ignore", RuntimeWarning)  # weights that do not stay finite
        try:
            mlp.fit(x, train.labels)
        except ValueError as error:
            if "non-finite" not in str(error):
                raise
            raise ConfigurationError(
                f"{rival.model.label}: the weights did not stay finite with a learning rate of "
                f"{rival.rate:g} and seed {seed}; choose a lower --sgd-rate"
            ) from None
    gates = sgd_gates if sgd else adam_gates
    return _Trained(
        predict=lambda split: mlp.predict(split.floats(rival)),
        gates=gates(rival.sizes, batch=config.batch),
        seconds=time.perf_counter() - started,
    )


def _train_straight_through(rival: Rival, train: Split, epochs: int, seed: int) -> _Trained:
    import torch

    from .straight_through import StraightThroughNetwork

    torch.set_num_threads(1)
    network = StraightThroughNetwork(rival.sizes, seed=seed)
    started = time.perf_counter()
    for _ in range(epochs):
        network.train_epoch(train.bits, train.labels, batch=rival.config.batch)
    return _Trained(
        predict=lambda split: network.predict(split.bits),
        gates=straight_through_gates(rival.sizes, batch=rival.config.batch),
        seconds=time.perf_counter() - started,
    )
