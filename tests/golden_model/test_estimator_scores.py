"""Scores and normalised scores of BMLPClassifier, and the scikit-learn tools that use them."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.datasets import load_breast_cancer, load_digits, load_iris
from sklearn.ensemble import VotingClassifier
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.multiclass import OneVsOneClassifier, OneVsRestClassifier
from sklearn.naive_bayes import GaussianNB

from metaplast.golden_model import BMLPClassifier, DataError, ReferenceNetwork

Data = tuple[NDArray[Any], NDArray[Any]]


@pytest.fixture(scope="module")
def iris() -> Data:
    x, y = load_iris(return_X_y=True)
    return x, y


@pytest.fixture(scope="module")
def tumours() -> Data:
    x, y = load_breast_cancer(return_X_y=True)
    return x[:200], np.array(["malignant", "benign"])[y[:200]]


@pytest.fixture(scope="module")
def digits() -> Data:
    x, y = load_digits(return_X_y=True)
    return x[:300], y[:300]


def reference_scores(learner: BMLPClassifier, x: NDArray[Any]) -> list[list[int]]:
    """The last layer's local scores, from the plain reading of the algorithm."""
    config = learner.network_.config
    reference = ReferenceNetwork(config)
    scores = []
    for bits in learner.encoder_.encode(x).tolist():
        for layer, w in zip(reference.layers, learner.network_.snapshot, strict=True):
            layer.w = w.tolist()
            _, bits, s = layer.forward(bits)
        scores.append(s)
    return scores


@pytest.mark.parametrize("hidden", [(16,), (24, 12)])
def test_scores_are_those_of_the_last_layer(iris: Data, hidden: tuple[int, ...]) -> None:
    x, y = iris
    learner = BMLPClassifier(hidden=hidden, epochs=2).fit(x, y)
    expected = reference_scores(learner, x)
    scores = learner.decision_function(x)
    assert (scores.shape, scores.dtype) == ((150, 3), np.float64)
    assert scores.tolist() == expected
    exponentials = np.exp(2 * np.array(expected) / np.sqrt(hidden[-1]))
    shares = exponentials / exponentials.sum(axis=1, keepdims=True)
    assert np.allclose(learner.predict_proba(x), shares, rtol=1e-12, atol=0)


def test_two_classes_have_one_score(tumours: Data) -> None:
    x, y = tumours
    learner = BMLPClassifier(hidden=(8,), epochs=2).fit(x, y)
    expected = np.array(reference_scores(learner, x))
    score = learner.decision_function(x)
    assert score.tolist() == (expected[:, 1] - expected[:, 0]).tolist()
    assert learner.predict(x).tolist() == learner.classes_[(score > 0).astype(int)].tolist()
    assert learner.predict_proba(x).shape == (200, 2)


@pytest.mark.parametrize("hidden", [(2,), (3,), (64,)])
def test_the_first_of_the_largest_shares_is_the_prediction(
    digits: Data, hidden: tuple[int, ...]
) -> None:
    x, y = digits
    learner = BMLPClassifier(hidden=hidden, epochs=1).fit(x, y)
    shares = learner.predict_proba(x)
    assert learner.classes_[shares.argmax(axis=1)].tolist() == learner.predict(x).tolist()
    assert np.allclose(shares.sum(axis=1), 1, rtol=1e-12, atol=0)
    assert shares.min() > 0
    ties = np.count_nonzero(shares == shares.max(axis=1, keepdims=True), axis=1) > 1
    assert hidden == (64,) or ties.any()  # few neurons give equal scores


def test_a_tie_of_two_classes_is_the_first(tumours: Data) -> None:
    x, y = tumours
    learner = BMLPClassifier(hidden=(2,), epochs=1).fit(x, y)
    tied = learner.decision_function(x) == 0
    assert tied.any()
    assert set(learner.predict(x[tied])) == {"benign"}
    assert set(learner.predict_proba(x[tied]).ravel()) == {0.5}


@pytest.mark.parametrize("method", ["decision_function", "predict_proba"])
def test_scores_of_samples_that_cannot_be_scored(iris: Data, method: str) -> None:
    x, y = iris
    learner = BMLPClassifier(hidden=(8,), epochs=1)
    with pytest.raises(NotFittedError):
        getattr(learner, method)(x)
    learner.fit(x > 3, y)
    with pytest.raises(ValueError, match="X has 3 features, but BMLPClassifier is expecting 4"):
        getattr(learner, method)(x[:, 1:])
    with pytest.raises(DataError, match="the training data were bits"):
        getattr(learner, method)(x)


def test_scores_of_images() -> None:
    data = load_digits()
    x, y = data.images[:100], data.target[:100]
    learner = BMLPClassifier(hidden=(16,), encoding="edges", epochs=1).fit(x, y)
    by_row = learner.decision_function(x.reshape(100, 64))
    assert learner.decision_function(x).tolist() == by_row.tolist()


# scikit-learn's tools


@pytest.mark.parametrize("method", ["sigmoid", "isotonic"])
def test_calibration(iris: Data, method: str) -> None:
    calibrated = CalibratedClassifierCV(BMLPClassifier(epochs=5), method=method, cv=3).fit(*iris)
    assert calibrated.score(*iris) > 0.7
    assert np.allclose(calibrated.predict_proba(iris[0]).sum(axis=1), 1)


@pytest.mark.parametrize("many", [OneVsRestClassifier, OneVsOneClassifier])
def test_a_classifier_for_each_class_or_pair(iris: Data, many: Any) -> None:
    learner = many(BMLPClassifier(epochs=5)).fit(*iris)
    assert learner.score(*iris) > 0.8
    assert learner.decision_function(iris[0]).shape == (150, 3)


def test_soft_voting(iris: Data) -> None:
    x, y = iris
    learner = BMLPClassifier(epochs=5)
    vote = VotingClassifier([("net", learner), ("bayes", GaussianNB())], voting="soft").fit(x, y)
    mean = (clone(learner).fit(x, y).predict_proba(x) + GaussianNB().fit(x, y).predict_proba(x)) / 2
    assert np.allclose(vote.predict_proba(x), mean)
    assert vote.score(x, y) > 0.9


@pytest.mark.parametrize("scoring", ["roc_auc_ovr", "roc_auc_ovo", "neg_log_loss"])
def test_scoring_of_several_classes(iris: Data, scoring: str) -> None:
    scores = cross_val_score(BMLPClassifier(epochs=5), *iris, scoring=scoring, cv=3)
    assert scores.mean() > (-1 if scoring == "neg_log_loss" else 0.9)


def test_scoring_of_two_classes(tumours: Data) -> None:
    x, y = tumours
    learner = BMLPClassifier(epochs=5)
    assert cross_val_score(learner, x, y, scoring="roc_auc", cv=3).mean() > 0.9


@pytest.mark.slow
def test_grid_search_in_two_processes(digits: Data) -> None:
    x, y = digits
    grid = {"encoding": ["median", "pooled-edges"], "shuffle_block": [1, 4]}
    learner = BMLPClassifier(hidden=(32,), image="8x8", epochs=1)
    searches = [
        GridSearchCV(learner, grid, cv=2, scoring="roc_auc_ovr", n_jobs=jobs).fit(x, y)
        for jobs in (1, 2)
    ]
    alone, together = (search.cv_results_["mean_test_score"].tolist() for search in searches)
    assert together == alone
    assert len(set(alone)) == 4
