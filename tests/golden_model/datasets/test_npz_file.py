"""`.npz` files: the user's own data, samples to predict, recorded runs."""

import re

import numpy as np
import pytest

from metaplast.golden_model.datasets import load, load_features
from metaplast.golden_model.errors import DataError

from ...vectors import RUNS, VECTORS

X = np.arange(12).reshape(4, 3)
Y = np.array([0, 2, 1, 2])


@pytest.fixture
def path(tmp_path):
    return tmp_path / "mine.npz"


def test_reads_the_users_arrays(path):
    np.savez(path, x_train=X, y_train=Y, x_test=X[:2], y_test=Y[:2], notes=np.array([None]))
    data = load(path)
    assert data.name == str(path)
    assert data.classes == 3
    assert data.x_train.tolist() == X.tolist()
    assert data.y_train.tolist() == Y.tolist()
    assert data.x_test is not None
    assert data.x_test.tolist() == X[:2].tolist()
    assert data.run is None


def test_a_test_split_and_classes_are_optional(path):
    np.savez(path, x_train=X.reshape(4, 3, 1), y_train=Y.astype(float), classes=5)
    data = load(str(path))
    assert data.x_test is None
    assert data.classes == 5
    assert data.image_shape == (3, 1)


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"x_train": X}, "lacks y_train; a data set's .npz file holds x_train and y_train"),
        ({"y_train": Y}, "lacks x_train; "),
        ({"x": X, "y": Y}, "lacks x_train and y_train; "),
        ({"x_train": X, "y_train": Y, "x_test": X}, ": x_test comes without y_test"),
        ({"x_train": X, "y_train": Y, "classes": [3]}, ": classes must be an integer, not [3]"),
        ({"x_train": X, "y_train": Y + 0.5}, ": y_train[0] is 0.5; labels are integers, text or"),
        (
            {"x_train": np.where(X == 0, np.nan, X), "y_train": Y},
            ": x_train[0, 0] is nan; features must be finite",
        ),
        (
            {"x_train": np.array([[None]]), "y_train": Y},
            "holds x_train as Python objects, which are not read",
        ),
    ],
)
def test_refuses_what_is_no_data_set(path, arrays, message):
    np.savez(path, **arrays)
    with pytest.raises(DataError, match=re.escape(message)):
        load(path)


def test_refuses_a_truncated_file(path):
    np.savez(path, x_train=X, y_train=Y)
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(DataError, match=r"mine\.npz is truncated or damaged"):
        load(path)


@pytest.mark.parametrize("name", RUNS)
def test_reads_recorded_runs(name):
    recorded = VECTORS / f"{name}.npz"
    data = load(recorded)
    with np.load(recorded) as file:
        assert np.array_equal(data.x_train, file["x"])
        assert np.array_equal(data.y_train, file["y"])
        assert data.x_train.dtype == np.uint8
        assert data.y_train.dtype == np.int64
        assert data.x_test is None
        run = data.run
        assert run is not None
        assert data.classes == run.classes == int(file["classes"])
        for field in ("hidden", "groups"):
            assert list(getattr(run, field)) == file[field].tolist()
        for field in ("counter_bits", "robustness", "reinforcement", "batch", "epochs", "seed"):
            assert getattr(run, field) == file[field].item()
        inputs = {"x", "y", "hidden", "groups", "classes", "counter_bits", "robustness"}
        assert run.shuffle_block == (4 if name == "blocks_of_four" else 1)
        inputs |= {"reinforcement", "batch", "epochs", "seed", "shuffle_block"}
        assert run.expected.keys() == set(file.files) - inputs
        for result, values in run.expected.items():
            assert np.array_equal(values, file[result])
    config = run.config(data.features)
    assert config.inputs == data.features
    assert config.hidden == run.hidden
    assert config.seed == run.seed
    assert config.batch == run.batch
    assert config.shuffle_block == run.shuffle_block


def test_there_are_runs_to_read():
    assert len(RUNS) == 10


def run_arrays():
    with np.load(VECTORS / "tiny.npz") as file:
        return dict(file)


def test_a_run_needs_no_results_and_may_hold_one_class(path):
    arrays = {name: values for name, values in run_arrays().items() if "_0" not in name}
    del arrays["accuracies"], arrays["predictions"]
    arrays["y"] = np.zeros_like(arrays["y"])
    np.savez(path, **arrays)
    run = load(path).run
    assert run is not None
    assert run.expected == {}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"seed": None}, ": a recorded run also holds seed, missing here"),
        ({"y": None, "batch": None}, ": a recorded run also holds y and batch, missing here"),
        ({"x": 2 * np.ones((16, 8), int)}, ": x of a recorded run must hold encoded samples, bits"),
        ({"x": np.ones((15, 8), int)}, ": x holds 15 samples and y 16 labels"),
        ({"y": np.full(16, 2)}, ": y[0] is 2, and classes is 2; labels must be below"),
        ({"classes": np.array(1)}, ": classes must be from 2 to 256, not 1"),
        ({"hidden": np.array(4)}, ": hidden must be a list of integers, not 4"),
        ({"groups": np.array([2.0])}, ": groups must be a list of integers, not [2.0]"),
        ({"groups": np.array([3])}, ": groups of 3 do not divide the 4 neurons of layer 0"),
        ({"batch": np.array([1])}, ": batch must be one integer, not [1]"),
        ({"shuffle_block": np.array(0.5)}, ": shuffle_block must be one integer, not 0.5"),
        ({"shuffle_block": np.array(0)}, ": shuffle_block must be from 1 to 65535, not 0"),
        ({"robustness": np.array("1")}, ": robustness must be one number, not '1'"),
        ({"robustness": np.array(2.0)}, ": robustness must be from 0 to 1, not 2.0"),
        ({"epochs": np.array(0)}, ": epochs must be from 1 to 32768, not 0"),
        ({"counters_0": np.zeros((4, 7))}, ": counters_0 must be of shape (4, 8) for this run"),
        ({"classifier_0": np.zeros((4, 2))}, ": classifier_0 must be of shape (2, 4) for this run"),
        ({"accuracies": np.zeros(3)}, ": accuracies must be of shape (2,) for this run, not (3,)"),
        ({"predictions": np.zeros(3)}, ": predictions must be of shape (16,) for this run"),
        (
            {"snapshot_1": np.zeros((4, 8))},
            ": snapshot_1 is recorded for a layer that the run does not have",
        ),
        (
            {"predictions": np.full(16, "a")},
            ": predictions must hold numbers, not values of type <U1",
        ),
    ],
)
def test_refuses_runs_that_do_not_fit_together(path, changes, message):
    arrays = run_arrays() | changes
    np.savez(path, **{name: values for name, values in arrays.items() if values is not None})
    with pytest.raises(DataError, match=re.escape(f"mine.npz{message}")):
        load(path)


def test_samples_to_predict_are_x_or_else_x_test(path):
    np.savez(path, x_test=X, x_train=X[:1], y_train=Y)
    assert load_features(path).tolist() == X.tolist()
    np.savez(path, x_test=X, x=X[:2].reshape(2, 3, 1))
    assert load_features(path, features=3).tolist() == X[:2].tolist()
    np.savez(path, x_train=X, y_train=Y)
    with pytest.raises(DataError, match="holds neither x nor x_test"):
        load_features(path)
    np.savez(path, x=[[1, np.inf]])
    with pytest.raises(DataError, match=r"mine\.npz: x\[0, 1\] is inf"):
        load_features(path)
    np.savez(path, x=X)
    with pytest.raises(DataError, match=r"mine\.npz has 3 features a sample; there should be 4"):
        load_features(path, features=4)
