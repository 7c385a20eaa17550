"""Metrics of a classifier, against scikit-learn."""

import numpy as np
import pytest
from hypothesis import given, strategies as st
from sklearn import metrics

from metaplast.golden_model import balanced_accuracy, confusion_matrix, layer_accuracy
from metaplast.golden_model.errors import DataError

PAIRS = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=1, max_size=60)


@given(PAIRS)
def test_confusion_matrix_is_scikit_learns(pairs):
    true, predicted = np.array(pairs).T
    expected = metrics.confusion_matrix(true, predicted, labels=range(5))
    assert confusion_matrix(true, predicted, 5).tolist() == expected.tolist()


@given(PAIRS)
def test_balanced_accuracy_is_the_mean_recall_of_classes_with_samples(pairs):
    true, predicted = np.array(pairs).T
    expected = metrics.recall_score(
        true, predicted, labels=np.unique(true), average="macro", zero_division=0
    )
    assert balanced_accuracy(confusion_matrix(true, predicted, 5)) == pytest.approx(expected)


def test_a_frequent_class_does_not_help():
    confusion = np.array([[90, 0], [10, 0]])
    assert balanced_accuracy(confusion) == 0.5


def test_balanced_accuracy_needs_a_sample():
    with pytest.raises(DataError, match="balanced accuracy needs at least one sample, and there"):
        balanced_accuracy(np.zeros((3, 3), dtype=np.int64))


@given(PAIRS)
def test_layer_accuracy_is_scikit_learns(pairs):
    true, predicted = np.array(pairs).T
    layers = np.stack([predicted, true, (true + 1) % 5], axis=1)
    expected = [metrics.accuracy_score(true, layer) for layer in layers.T]
    assert layer_accuracy(true, layers) == pytest.approx(expected)


def test_layer_accuracy_needs_a_sample():
    with pytest.raises(DataError, match=r"^accuracy needs at least one sample, and there is none$"):
        layer_accuracy(np.empty(0, dtype=np.int64), np.empty((0, 2), dtype=np.int64))
