"""Files of encoded data sets."""

import json

import numpy as np
import pytest

from metaplast.golden_model import datasets
from metaplast.golden_model.datasets import DataSet
from metaplast.golden_model.encoding import EncodingChoice, fit_encoder
from metaplast.golden_model.errors import DataError
from metaplast.golden_model.files import save_encoded

DRAW = np.random.default_rng(3)
X, Y = DRAW.normal(size=(30, 4)), np.array(["a", "b", "c"])[np.arange(30) % 3]


def test_the_file_is_as_documented(tmp_path):
    data = DataSet.from_arrays("mine", X[:20], Y[:20], X[20:], Y[20:])
    encoder = fit_encoder(data.x_train, EncodingChoice(bits_per_feature=2, per_feature=True))
    save_encoded(tmp_path / "bits.npz", data, encoder)
    with np.load(tmp_path / "bits.npz", allow_pickle=False) as file:
        arrays = dict(file)
    assert {name: values.dtype.kind for name, values in arrays.items()} == {
        "x_train": "u",
        "y_train": "i",
        "x_test": "u",
        "y_test": "i",
        "classes": "i",
        "labels": "U",
        "class_names": "U",
        "sources": "i",
        "encoder": "U",
    }
    assert np.array_equal(arrays["x_test"], encoder.encode(X[20:]))
    assert np.array_equal(arrays["labels"][arrays["y_test"]], Y[20:])
    assert np.array_equal(arrays["sources"], encoder.sources)
    assert json.loads(str(arrays["encoder"])) == encoder.to_dict()
    loaded = datasets.load(tmp_path / "bits.npz")
    assert (loaded.classes, loaded.features) == (3, encoder.outputs)
    assert np.array_equal(loaded.y_train, data.y_train)


def test_without_a_test_split_and_names(tmp_path):
    data = DataSet.from_arrays("mine", X, np.arange(30) % 2)
    arrays = save_encoded(tmp_path / "bits.npz", data, fit_encoder(X))
    assert not {"x_test", "y_test", "class_names"} & arrays.keys()


def test_refused(tmp_path):
    data = DataSet.from_arrays("mine", X, Y)
    with pytest.raises(DataError, match=r"bits\.txt must end with \.npz"):
        save_encoded(tmp_path / "bits.txt", data, fit_encoder(X))
    with pytest.raises(DataError, match=r"cannot write .*: No such file or directory"):
        save_encoded(tmp_path / "no" / "bits.npz", data, fit_encoder(X))
