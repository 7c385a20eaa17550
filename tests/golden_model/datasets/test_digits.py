"""The embedded digits."""

import hashlib

import numpy as np
from sklearn.datasets import load_digits

from metaplast.golden_model.datasets import load


def test_digits_are_split_as_documented():
    data = load("digits")
    assert data.name == "digits"
    assert data.x_train.shape == (1437, 64)
    assert data.y_train.shape == (1437,)
    assert data.x_test is not None
    assert data.y_test is not None
    assert data.x_test.shape == (360, 64)
    assert data.y_test.shape == (360,)
    assert data.x_train.dtype == data.x_test.dtype == np.uint8
    assert data.image_shape == (8, 8)
    assert data.classes == 10
    assert data.class_names == tuple("0123456789")
    assert data.x_train.max() == 16
    assert set(data.y_train) == set(data.y_test) == set(range(10))


def test_digits_are_those_of_the_archive():
    data = load("digits")
    assert data.x_test is not None
    assert data.y_test is not None
    x = np.concatenate([data.x_train, data.x_test])
    y = np.concatenate([data.y_train, data.y_test]).astype(np.uint8)
    assert (
        hashlib.sha256(x.tobytes() + y.tobytes()).hexdigest()
        == "87ff0c9e40dc7e2c0e34e7257799c2e3f3aec1a016363bb11cad869ec428a826"
    )
    theirs = load_digits()
    assert np.array_equal(x, theirs.data)
    assert np.array_equal(y, theirs.target)
