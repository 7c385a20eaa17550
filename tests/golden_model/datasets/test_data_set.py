"""What makes arrays a data set, and what each broken rule says."""

import numpy as np
import pytest

from metaplast.golden_model.datasets.data_set import (
    DataSet,
    checked_classes,
    checked_features,
    checked_labels,
)
from metaplast.golden_model.errors import DataError

X = np.arange(12).reshape(4, 3)
Y = np.array([0, 2, 1, 2])
ALIKE = "must all have the same number of features"


def test_takes_arrays():
    data = DataSet.from_arrays("mine", X, Y, X[:2], Y[:2])
    assert data.name == "mine"
    assert data.classes == 3
    assert data.features == 3
    assert data.image_shape is None
    assert data.class_names is None
    assert data.run is None
    assert np.array_equal(data.x_train, X)
    assert data.y_train.dtype == np.int64
    assert data.y_train.tolist() == [0, 2, 1, 2]
    assert data.x_test is not None
    assert data.x_test.tolist() == X[:2].tolist()
    assert data.y_test is not None
    assert data.y_test.tolist() == [0, 2]


def test_a_test_split_is_optional():
    data = DataSet.from_arrays("mine", X, Y)
    assert data.x_test is None
    assert data.y_test is None


def test_classes_are_the_highest_label_plus_one_or_what_is_given():
    assert DataSet.from_arrays("mine", X, [0, 1, 0, 1]).classes == 2
    assert DataSet.from_arrays("mine", X, [0, 1, 0, 255]).classes == 256
    assert DataSet.from_arrays("mine", X, [0, 1, 0, 1], classes=np.int64(7)).classes == 7


def test_declared_classes_may_be_missing_from_the_training_split():
    data = DataSet.from_arrays("mine", X, [0, 1, 0, 1], X, [0, 1, 2, 3], classes=4)
    assert data.y_test is not None
    assert data.y_test.tolist() == [0, 1, 2, 3]


def test_images_are_flattened_and_their_shape_is_kept():
    images = np.arange(24, dtype=np.uint8).reshape(4, 2, 3)
    data = DataSet.from_arrays("mine", images, Y, images.reshape(4, 6), Y)
    assert data.image_shape == (2, 3)
    assert data.x_train.tolist() == images.reshape(4, 6).tolist()
    assert data.x_train.dtype == np.uint8
    assert data.x_train.flags.c_contiguous


def test_values_stay_in_their_type_and_truth_becomes_bits():
    for dtype in (np.uint8, np.int32, np.float32, np.float64):
        assert DataSet.from_arrays("mine", X.astype(dtype), Y).x_train.dtype == dtype
    data = DataSet.from_arrays("mine", X > 4, Y)
    assert data.x_train.dtype == np.uint8
    assert data.x_train.tolist() == (X > 4).astype(int).tolist()


def test_labels_may_be_whole_numbers_of_any_type():
    for dtype in (bool, np.uint8, np.int16, np.uint64, np.float32, np.float64):
        labels = checked_labels(np.array([0, 1], dtype=dtype), name="y")
        assert labels.dtype == np.int64
        assert labels.tolist() == [0, 1]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"y_train": [0, -1, 1, 2]}, r"y_train\[1\] is -1; labels must be 0 or more"),
        ({"y_train": [0, 1, 2.5, 1]}, r"y_train\[2\] is 2.5; labels must be whole numbers"),
        ({"y_train": [0, 1, 1, np.nan]}, r"y_train\[3\] is nan; labels must be whole numbers"),
        ({"y_train": [0, 1, 1, np.inf]}, r"y_train\[3\] is inf; labels must be at most 255"),
        ({"y_train": [0, 1, 1, 256]}, r"y_train\[3\] is 256; labels must be at most 255"),
        ({"y_train": list("abab")}, "y_train must hold integers, not values of type <U1"),
        ({"y_train": [[0], [1], [0], [1]]}, r"y_train must hold a label a sample, .*\(4, 1\)"),
        ({"y_train": [3, 3, 3, 3]}, "y_train holds one class only, 3; learning needs two or more"),
        ({"y_train": [0, 0, 0, 0]}, "y_train holds one class only, 0"),
        ({"y_train": [0, 1]}, "x_train holds 4 samples and y_train 2 labels"),
        ({"x_train": X[:0], "y_train": []}, "x_train holds no samples"),
        ({"x_train": X[:, :0]}, r"x_train holds samples without features, of shape \(4, 0\)"),
        ({"x_train": X[0]}, r"x_train must be of shape .* not \(3,\)"),
        ({"x_train": X.reshape(1, 4, 3, 1)}, r"x_train must be of shape .* not \(1, 4, 3, 1\)"),
        ({"x_train": X * 1j}, "x_train must hold real numbers, not values of type complex128"),
        ({"x_train": X.astype(object)}, "x_train must hold real numbers, not values of type obj"),
        ({"x_train": X.astype(str)}, "x_train must hold real numbers, not values of type <U"),
        (
            {"x_train": np.where(X == 7, np.nan, X)},
            r"x_train\[2, 1\] is nan; features must be finite",
        ),
        (
            {"x_test": np.where(X == 3, -np.inf, X)},
            r"x_test\[1, 0\] is -inf; features must be finite",
        ),
        ({"y_test": None}, "x_test comes without y_test; give both or neither"),
        ({"x_test": None}, "y_test comes without x_test; give both or neither"),
        ({"x_test": X[:, :2]}, "x_test has 2 features a sample and x_train 3"),
        ({"x_test": X[:2]}, "x_test holds 2 samples and y_test 4 labels"),
        ({"x_test": X[:0], "y_test": []}, "x_test holds no samples"),
        (
            {"x_train": X.reshape(4, 1, 3), "x_test": X.reshape(4, 3, 1)},
            r"x_test has images of shape \(3, 1\) and x_train of \(1, 3\)",
        ),
        ({"y_test": [0, 1, 2, 3]}, r"y_test\[3\] is 3, and no training sample has this label"),
        ({"y_test": [0, -2, 2, 1]}, r"y_test\[1\] is -2; labels must be 0 or more"),
        ({"y_test": [0, 0.5, 2, 1]}, r"y_test\[1\] is 0.5; labels must be whole numbers"),
        (
            {"y_train": [0, 2, 2, 0], "y_test": [0, 2, 1, 0]},
            (
                r"y_test\[2\] is 1, and no training sample has this label; leave such samples "
                "out, or add the number of classes to the file as `classes`"
            ),
        ),
        (
            {"classes": 3, "y_test": [0, 1, 2, 3]},
            r"y_test\[3\] is 3, and classes is 3; labels must be below",
        ),
        ({"classes": 2}, "y_train holds label 2, and classes is 2; labels must be below"),
        ({"classes": 257}, "classes must be from 2 to 256, not 257"),
        ({"classes": 2.5}, "classes must be an integer, not 2.5"),
        ({"class_names": ("a",)}, r"class_names must name the 3 classes, not \('a',\)"),
        ({"class_names": ("a", "b", "c", "d")}, "class_names must name the 3 classes, not "),
    ],
)
def test_refuses_what_breaks_a_rule(changes, message):
    arrays = {"x_train": X, "y_train": Y, "x_test": X, "y_test": Y} | changes
    arrays = {
        name: np.array(values) if isinstance(values, list) else values
        for name, values in arrays.items()
    }
    with pytest.raises(DataError, match=rf"^mine: {message}"):
        DataSet.from_arrays("mine", **arrays)


@pytest.mark.parametrize("value", [[2], "ten", None, True, np.nan, 1j])
def test_a_number_of_classes_is_one_integer(value):
    with pytest.raises(DataError, match="classes must be an integer, not"):
        checked_classes(value)


def test_a_late_value_is_found():
    x = np.zeros((10_000, 2), dtype=np.float32)
    x[9_999, 1] = np.nan
    with pytest.raises(DataError, match=r"x\[9999, 1\] is nan"):
        checked_features(x, name="x")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"x_train": [[1], [1, 2]]},
            "samples of x_train must all have the same number of features",
        ),
        ({"x_test": [[1], [1, 2]]}, "samples of x_test must all have the same number of features"),
        ({"y_train": [0, [1, 2]]}, "y_train must hold a label a sample, and is ragged"),
        ({"classes": [[2], [1, 2]]}, "classes must be an integer, not [[2], [1, 2]]"),
    ],
)
def test_refuses_what_is_ragged(changes, message):
    arrays = {"x_train": X, "y_train": Y, "x_test": X, "y_test": Y} | changes
    with pytest.raises(DataError) as caught:
        DataSet.from_arrays("mine", **arrays)
    assert str(caught.value) == f"mine: {message}"
