"""What makes arrays a data set, and what each broken rule says."""

from dataclasses import replace

import numpy as np
import pytest

from metaplast.golden_model.datasets.data_set import (
    DataSet,
    LabelledSamples,
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


@pytest.mark.parametrize(
    ("y", "labels", "names"),
    [
        ([0, 1, 0, 1], (0, 1), None),
        ([0, 1, 0, 255], (0, 1, 255), ("0", "1", "255")),
        ([3, 1, 2, 3], (1, 2, 3), ("1", "2", "3")),
        ([10, -2, 9, 9], (-2, 9, 10), ("-2", "9", "10")),
        ([0.0, 2.0, 1.0, 2.0], (0, 1, 2), None),
        ([True, False, True, True], (False, True), ("False", "True")),
        (["dog", "cat", "Dog", "cat"], ("Dog", "cat", "dog"), ("Dog", "cat", "dog")),
        ([b"b", b"a", b"b", b"a"], ("a", "b"), ("a", "b")),
        ([1 << 50, 5, 5, 5], (5, 1 << 50), ("5", str(1 << 50))),
    ],
)
def test_classes_are_the_sorted_distinct_labels(y, labels, names):
    data = DataSet.from_arrays("mine", X, np.array(y), X[:2], np.array(y[:2]))
    assert data.labels == labels
    assert [type(label) for label in data.labels] == [type(label) for label in labels]
    assert data.classes == len(labels)
    assert data.class_names == names
    there = [label.decode() if isinstance(label, bytes) else label for label in y]
    assert [labels[c] for c in data.y_train] == there
    assert [labels[c] for c in data.y_test] == there[:2]


def test_a_declared_number_of_classes_is_kept():
    data = DataSet.from_arrays("mine", X, np.array([0, 1, 0, 1]), classes=np.int64(7))
    assert data.classes == 7
    assert data.labels == tuple(range(7))
    assert data.class_names is None


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
        ({"y_train": [0, -1, 1, 2], "classes": 3}, r"y_train\[1\] is -1; labels must be 0 or more"),
        (
            {"y_train": [0, 1, 2.5, 1]},
            r"y_train\[2\] is 2.5; labels are integers, text or booleans",
        ),
        ({"y_train": [0, 1, 1, np.nan]}, r"y_train\[3\] is nan, a missing label; fill it in or"),
        ({"y_train": [0, 1, 1, np.inf]}, r"y_train\[3\] is inf, a missing label"),
        ({"y_train": ["a", "b", " ", "b"]}, r"y_train\[2\] is '', a missing label; fill it in or"),
        ({"y_train": ["a", "b", "NaN", "b"]}, r"y_train\[2\] is 'NaN', a missing label"),
        (
            {"y_train": [b"a", b"b", b"\xff", b"b"]},
            "y_train holds bytes that are not UTF-8; save it",
        ),
        ({"y_train": [0, 1, 1, 1 << 60]}, "y_train holds 1152921504606846976; labels that are num"),
        ({"y_train": [0, 1, 1, 256], "classes": 9}, r"y_train\[3\] is 256; labels must be at most"),
        (
            {"y_train": np.array([1, "a", 1, 2], object)},
            "y_train must hold integers, booleans or text",
        ),
        ({"y_train": [1j, 0, 0, 1]}, "y_train must hold integers, booleans or text, not values of"),
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
        (
            {"y_test": [0, 1, 2, 3]},
            r"y_test\[3\] is 3, which no training sample has; the classes are 0, 1, 2",
        ),
        ({"y_test": [0, -2, 2, 1]}, r"y_test\[1\] is -2, which no training sample has"),
        ({"y_test": [0, 0.5, 2, 1]}, r"y_test\[1\] is 0.5; labels are integers, text or booleans"),
        (
            {"y_train": [0, 2, 2, 0], "y_test": [0, 2, 1, 0]},
            (
                r"y_test\[2\] is 1, which no training sample has; the classes are 0, 2; leave such "
                "samples out, or train with samples of this class"
            ),
        ),
        (
            {"classes": 3, "y_test": [0, 1, 2, 3]},
            r"y_test\[3\] is 3, and classes is 3; labels must be below",
        ),
        ({"classes": 2}, r"y_train\[1\] is 2, and classes is 2; labels must be below"),
        ({"feature_names": ("a", "b")}, "feature_names must name the 3 features, not 2"),
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


@pytest.mark.parametrize(
    ("y", "message"),
    [
        ([0, [1, 2]], "y must hold a label a sample, and is ragged"),
        (["a", "b"], "y must hold integers, not values of type <U1"),
        ([[0], [1]], "y must hold a label a sample, shape (samples,), not (2, 1)"),
        ([0, 0.5], "y[1] is 0.5; labels must be whole numbers"),
        ([0, np.nan], "y[1] is nan; labels must be whole numbers"),
        ([0, -1], "y[1] is -1; labels must be 0 or more"),
        ([0, 256], "y[1] is 256; labels must be at most 255"),
    ],
)
def test_class_indices_that_are_none_are_refused(y, message):
    with pytest.raises(DataError) as caught:
        checked_labels(y, name="y")
    assert str(caught.value) == message


def test_more_classes_than_a_network_has_are_refused():
    y = np.arange(257)
    with pytest.raises(DataError) as caught:
        DataSet.from_arrays("mine", y[:, None], y)
    assert str(caught.value) == (
        "mine: y_train holds 257 different labels (0, 1, 2, …), and a network has at most 256 "
        "classes; if these are not the labels, name their column (command line: --label)"
    )
    assert DataSet.from_arrays("mine", y[1:, None], y[1:]).classes == 256


KINDS = np.array(["cat", "dog", "cat", "eel"])


def test_samples_of_another_source_become_the_test_split():
    data = DataSet.from_arrays("mine", X, KINDS, feature_names=("a", "b", "c"))
    test = LabelledSamples(
        name="other", split="train", x=X[1:3], y=KINDS[1:3], feature_names=("a", "b", "c")
    )
    assert data.with_test(test).y_test.tolist() == [1, 0]
    assert data.with_test(test).x_test.tolist() == X[1:3].tolist()
    assert data.with_test(replace(test, feature_names=None)).y_test.tolist() == [1, 0]
    for changes, message in (
        ({"x": X[:, :2]}, "other has 2 features a sample, and mine 3; training and test samples"),
        (
            {"y": np.array(["fox", "cat"])},
            "other has the label 'fox', which no training sample has",
        ),
        ({"feature_names": ("a", "c", "b")}, "other and mine have other features, or the same in"),
    ):
        with pytest.raises(DataError, match=message):
            data.with_test(replace(test, **changes))
    with pytest.raises(DataError, match="mine has a test split already; leave out the other one"):
        data.with_test(test).with_test(test)


def test_a_share_becomes_the_test_split():
    y = np.repeat([0, 1], [20, 10])
    data = DataSet.from_arrays("mine", np.arange(30)[:, None], y).with_test_share(0.2, seed=5)
    assert np.bincount(data.y_train).tolist() == [16, 8]
    assert np.bincount(data.y_test).tolist() == [4, 2]
    together = np.concatenate([data.x_train, data.x_test]).ravel()
    assert sorted(together.tolist()) == list(range(30))
    assert (y[data.x_test.ravel()] == data.y_test).all()
    with pytest.raises(DataError, match="mine has a test split already"):
        data.with_test_share(0.2, seed=5)


def test_an_unknown_label_is_named_beside_the_first_known_ones():
    y = np.arange(12)
    data = DataSet.from_arrays("mine", y[:, None], y)
    test = LabelledSamples(name="other", split="test", x=y[:1, None], y=np.array([12]))
    with pytest.raises(DataError) as caught:
        data.with_test(test)
    assert str(caught.value) == (
        "other has the label 12, which no training sample has; the classes are 0, 1, 2, 3, 4, 5, "
        "6, 7, 8, 9, … (12 in all); leave such samples out, or train with samples of this class"
    )


def test_classes_get_a_models_order():
    data = DataSet.from_arrays("mine", X, KINDS, X[:1], KINDS[:1])
    changed = data.with_labels(("eel", "ant", "dog", "cat"))
    assert changed.y_train.tolist() == [3, 2, 3, 0]
    assert changed.y_test.tolist() == [3]
    assert (changed.classes, changed.labels) == (4, ("eel", "ant", "dog", "cat"))
    numbers = DataSet.from_arrays("mine", X, np.array([3, 1, 3, 1])).with_labels(("1", "3"))
    assert numbers.y_train.tolist() == [1, 0, 1, 0]
    with pytest.raises(DataError, match="mine has the label 'eel', which no training sample has"):
        data.with_labels(("cat", "dog"))
