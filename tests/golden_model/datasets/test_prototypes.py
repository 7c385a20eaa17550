"""The synthetic task."""

import hashlib

import numpy as np
import pytest

from metaplast.golden_model.datasets import load
from metaplast.golden_model.datasets.prototypes import prototypes
from metaplast.golden_model.errors import ConfigurationError


def test_the_built_in_set_is_the_papers():
    data = load("prototypes")
    assert data.name == "prototypes"
    assert data.x_test is not None
    assert data.y_test is not None
    assert data.x_train.shape == (10_000, 1000)
    assert data.x_test.shape == (2_000, 1000)
    assert data.x_train.dtype == np.uint8
    assert data.classes == 10
    assert data.image_shape is None
    assert set(np.unique(data.x_train)) == {0, 1}
    assert np.bincount(data.y_train).tolist() == [1000] * 10
    assert np.bincount(data.y_test).tolist() == [200] * 10


def test_the_built_in_set_never_changes():
    data = load("prototypes")
    assert data.x_test is not None
    assert (
        hashlib.sha256(data.x_train.tobytes() + data.x_test.tobytes()).hexdigest()
        == "9e358e4a4da2bfccfcf1b7b2315bc06627d0cf402952189d2a8198a9c5f1a989"
    )


def test_without_flips_samples_are_the_prototypes():
    data = prototypes(classes=3, bits=50, probability=0, train=9, test=6)
    assert data.x_test is not None
    assert np.array_equal(data.x_train[:3], data.x_train[3:6])
    assert np.array_equal(data.x_train[:6], data.x_test)
    flipped = prototypes(classes=3, bits=50, probability=1, train=9, test=6)
    assert np.array_equal(flipped.x_train, 1 - data.x_train)


def test_the_given_share_of_bits_is_flipped():
    still = prototypes(classes=2, bits=500, probability=0, train=400, test=1, seed=4)
    noisy = prototypes(classes=2, bits=500, probability=0.3, train=400, test=1, seed=4)
    assert abs(np.mean(still.x_train != noisy.x_train) - 0.3) < 0.01


def test_another_seed_gives_other_data():
    one, two = (prototypes(train=10, test=1, seed=seed) for seed in (1, 2))
    assert not np.array_equal(one.x_train, two.x_train)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"classes": 1}, "classes must be an integer of at least 2, not 1"),
        ({"classes": 257}, "classes must be from 2 to 256, not 257"),
        ({"bits": 0}, "bits must be an integer of at least 1, not 0"),
        ({"train": 9}, "train must be an integer of at least 10, not 9"),
        ({"test": 1.5}, r"test must be an integer of at least 1, not 1\.5"),
        ({"seed": -1}, "seed must be an integer of at least 0, not -1"),
        ({"seed": True}, "seed must be an integer of at least 0, not True"),
        ({"probability": 1.1}, r"probability must be from 0 to 1, not 1\.1"),
        ({"probability": "x"}, "probability must be a number, not 'x'"),
        ({"probability": None}, "probability must be a number, not None"),
        ({"probability": float("nan")}, "probability must be from 0 to 1, not nan"),
    ],
)
def test_refuses_parameters_out_of_range(options, message):
    with pytest.raises(ConfigurationError, match=message):
        prototypes(**options)
