"""A small trained model, and a comparison of models to the last bit, for the tests of files."""

from dataclasses import replace

import numpy as np

from metaplast.golden_model.config import NetworkConfig
from metaplast.golden_model.encoding import EncodingChoice, fit_encoder
from metaplast.golden_model.files.model_file import Model
from metaplast.golden_model.network import Network
from metaplast.golden_model.trainer import Trainer

NAMES = ("class_names", "labels", "feature_names", "label_name")
SAMPLES = 40
RANDOM = np.random.default_rng(12)
X = RANDOM.normal(size=(SAMPLES, 6)).round(2)
Y = (X[:, 0] > 0).astype(np.int64) + (X[:, 1] > 0)
ENCODER = fit_encoder(X, EncodingChoice(bits_per_feature=2, per_feature=True))
CONFIG = NetworkConfig(
    inputs=12, hidden=(8, 6), groups=(4, 3), classes=3, counter_bits=5, batch=7, seed=11
)


def train(trainer, epochs, encoder=ENCODER):
    """Train on, with records as the command line makes them."""
    bits = encoder.encode(X)
    return [
        replace(
            trainer.train_epoch(bits, Y),
            test_accuracy=0.5,
            layer_test_accuracy=(0.25, 0.5),
            validation_accuracy=None,
        )
        for _ in range(epochs)
    ]


def trained(epochs=3, config=CONFIG):
    trainer = Trainer(Network(config))
    history = train(trainer, epochs)
    return Model.from_trainer(
        trainer,
        ENCODER,
        history,
        data_name="mine",
        image_shape=(2, 3),
        class_names=["none", "one", "two"],
        labels=["n", 1, True],
        feature_names=["a", "b", "c", "d", "e", "f"],
        label_name="kind",
    )


MODEL = trained()


def assert_same(one, two):
    """Equal to the last bit, streams and all."""
    assert one.config == two.config
    for name in ("counters", "snapshot", "classifier"):
        for mine, other in zip(getattr(one, name), getattr(two, name), strict=True):
            assert mine.dtype == other.dtype
            assert np.array_equal(mine, other)
    assert [stream.history for stream in one.streams] == [s.history for s in two.streams]
    for name in ("epoch", "accuracy", "history", "data_name", "image_shape", *NAMES):
        assert getattr(one, name) == getattr(two, name)
    assert one.encoder == two.encoder


def names(directory):
    return sorted(path.name for path in directory.iterdir())
