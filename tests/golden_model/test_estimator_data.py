"""Samples and labels of BMLPClassifier: pandas and polars tables, labels of any kind."""

import datetime
from decimal import Decimal
from typing import Any

import numpy as np
import pandas
import polars
import pytest
from numpy.typing import NDArray
from sklearn.datasets import load_iris

from metaplast.golden_model import BMLPClassifier, DataError
from metaplast.golden_model.estimator_data import numeric_table, table_columns
from metaplast.golden_model.files.model_file import Model

Data = tuple[NDArray[Any], NDArray[Any]]
NAMES = ["sepal length", "sepal width", "petal length", "petal width"]
SPECIES = np.array(["setosa", "versicolor", "virginica"])


@pytest.fixture(scope="module")
def iris() -> Data:
    x, y = load_iris(return_X_y=True)
    return x, y


def table(kind: str, x: NDArray[Any], more: dict[str, Any] | None = None) -> Any:
    """A pandas or polars table of iris, with further columns."""
    if kind == "pandas":
        return pandas.DataFrame(x, columns=NAMES).assign(**(more or {}))
    columns = [polars.Series(name, values) for name, values in (more or {}).items()]
    return polars.DataFrame(x, schema=NAMES).with_columns(columns)


def learner() -> BMLPClassifier:
    return BMLPClassifier(hidden=(32,), epochs=3)


# Tables


@pytest.mark.parametrize("kind", ["pandas", "polars"])
def test_tables_train_as_arrays_do(iris: Data, kind: str) -> None:
    x, y = iris
    expected = learner().fit(x, y)
    frame = table(kind, x)
    trained = learner().fit(frame, y)
    assert trained.feature_names_in_.tolist() == NAMES
    assert trained.predict(frame).tolist() == expected.predict(x).tolist()
    assert trained.predict_proba(frame).tolist() == expected.predict_proba(x).tolist()
    assert trained.partial_fit(frame, y).trainer_.epoch == 4
    assert not hasattr(expected, "feature_names_in_")


@pytest.mark.parametrize("kind", ["pandas", "polars"])
@pytest.mark.parametrize("method", ["predict", "predict_proba", "partial_fit"])
def test_columns_in_another_order(iris: Data, kind: str, method: str) -> None:
    x, y = iris
    frame = table(kind, x)
    trained = learner().fit(frame, y)
    labels = [y] if method == "partial_fit" else []
    with pytest.raises(ValueError, match="feature names should match those that were passed"):
        getattr(trained, method)(frame[NAMES[::-1]], *labels)
    assert trained.trainer_.epoch == 3


def no_message(value: Any) -> str:
    return (
        f"column 'extra' has the value {value!r}, which is no number; leave the column out, or "
        "encode it as numbers, such as with OneHotEncoder in a pipeline"
    )


DAY = datetime.date(2026, 3, 1)


@pytest.mark.parametrize(
    ("kind", "column", "value"),
    [
        ("pandas", ["red", "blue"] * 75, "red"),
        ("pandas", ["1.5", "2"] * 75, "1.5"),
        ("pandas", [1, "blue"] * 75, "blue"),
        ("pandas", pandas.Categorical(["red", "blue"] * 75), "red"),
        ("pandas", pandas.to_datetime([DAY] * 150), pandas.Timestamp(DAY)),
        ("polars", ["red", "blue"] * 75, "red"),
        ("polars", ["1.5", "2"] * 75, "1.5"),
        ("polars", polars.Series(["red", "blue"] * 75, dtype=polars.Categorical), "red"),
        ("polars", [DAY] * 150, DAY),
    ],
)
def test_a_column_that_is_no_number_is_named(
    iris: Data, kind: str, column: Any, value: Any
) -> None:
    x, y = iris
    frame = table(kind, x, {"extra": column})
    for attempt in (
        lambda: learner().fit(frame, y),
        lambda: learner().partial_fit(frame, y, classes=[0, 1, 2]),
        lambda: learner().fit(np.c_[x, x[:, 0]], y).predict(frame),
    ):
        with pytest.raises(DataError) as caught:
            attempt()
        assert str(caught.value) == no_message(value)


@pytest.mark.parametrize(
    ("kind", "column"),
    [
        ("pandas", [True, False] * 75),
        ("pandas", pandas.array([1, 2] * 75, dtype="Int64")),
        ("pandas", pandas.array([True, False] * 75, dtype="boolean")),
        ("pandas", np.array([1, 2.5] * 75, dtype=object)),
        ("pandas", [Decimal("1.5"), Decimal(2)] * 75),
        ("pandas", pandas.Categorical([3, 4] * 75)),
        ("polars", [True, False] * 75),
        ("polars", polars.Series([3, 4] * 75, dtype=polars.Int8)),
        ("polars", [Decimal("1.5"), Decimal(2)] * 75),
    ],
)
def test_columns_of_numbers_of_any_type(iris: Data, kind: str, column: Any) -> None:
    x, y = iris
    frame = table(kind, x, {"extra": column})
    values = np.array(list(column), dtype=np.float64)
    expected = learner().fit(np.c_[x, values], y)
    trained = learner().fit(frame, y)
    assert trained.feature_names_in_.tolist() == [*NAMES, "extra"]
    assert trained.encoder_ == expected.encoder_
    assert trained.predict(frame).tolist() == expected.predict(np.c_[x, values]).tolist()


@pytest.mark.parametrize("kind", ["pandas", "polars"])
def test_missing_values_of_a_table(iris: Data, kind: str) -> None:
    x, y = iris
    with pytest.raises(ValueError, match="Input X contains NaN"):
        learner().fit(table(kind, x, {"extra": [1.0, None] * 75}), y)


def test_columns_of_one_name() -> None:
    frame = pandas.DataFrame([[1, "a"], [2, "b"]], columns=["extra", "extra"])
    assert [name for name, _ in table_columns(frame)] == ["extra", "extra"]
    with pytest.raises(DataError) as caught:
        numeric_table(frame)
    assert str(caught.value) == "two columns are named 'extra'; rename or leave out one"


@pytest.mark.parametrize("kind", ["pandas", "polars"])
def test_training_data_stay_as_they_are(iris: Data, kind: str) -> None:
    x, y = iris
    frame, by_column = table(kind, x), np.asfortranarray(x)
    trained = learner().fit(by_column, y)
    learner().fit(frame, y)
    assert by_column.tolist() == x.tolist()
    assert frame.to_numpy().tolist() == x.tolist()
    assert trained.predict(x).tolist() == learner().fit(x, y).predict(x).tolist()


@pytest.mark.parametrize("share", [0.02, 0.3, 0.49, 0.5, 0.51, 0.7, 0.98])
def test_a_column_of_0_and_1_beside_others(iris: Data, share: float) -> None:
    x, y = iris
    flags = np.zeros(150)
    flags[np.random.default_rng(0).permutation(150)[: round(150 * share)]] = 1
    trained = BMLPClassifier(epochs=3).fit(np.c_[x, flags], y)
    assert np.bincount(trained.encoder_.sources).tolist() == [4, 4, 4, 4, 1]
    bits = trained.encoder_.encode(np.c_[x, flags])
    (column,) = np.flatnonzero(trained.encoder_.sources == 4)
    assert bits[:, column].tolist() == flags.tolist()


# Labels


TEXT = SPECIES.tolist()


@pytest.mark.parametrize(
    ("classes", "container"),
    [
        (TEXT, list),
        (TEXT, pandas.Series),
        (TEXT, lambda labels: pandas.Series(labels, dtype="category")),
        (TEXT, lambda labels: pandas.Series(labels, dtype="string")),
        (TEXT, polars.Series),
        (TEXT, lambda labels: polars.Series(labels, dtype=polars.Categorical)),
        ([-(10**12), 0, 7], np.array),
        ([3, 5, 2**63], lambda labels: np.array(labels, dtype=np.uint64)),
        ([10, 20, 30], lambda labels: pandas.Series(labels, dtype="Int64")),
        ([10, 20, 30], polars.Series),
        ([False, True], list),
        ([False, True], np.array),
        ([False, True], pandas.Series),
        ([False, True], lambda labels: pandas.Series(labels, dtype="boolean")),
        ([False, True], polars.Series),
    ],
)
def test_labels_of_any_kind(iris: Data, classes: list[Any], container: Any) -> None:
    x, y = iris
    numbered = np.minimum(y, len(classes) - 1)
    labels = container([classes[number] for number in numbered])
    plain, trained = learner().fit(x, numbered), learner().fit(x, labels)
    assert trained.classes_.tolist() == classes
    assert {type(label) for label in trained.classes_.tolist()} == {type(classes[0])}
    assert trained.predict(x).tolist() == [classes[number] for number in plain.predict(x)]
    assert trained.score(x, labels) == plain.score(x, numbered)
    by_parts = learner().partial_fit(x, labels, classes=container(classes))
    assert by_parts.classes_.tolist() == classes
    assert by_parts.partial_fit(x, labels).trainer_.epoch == 2


@pytest.mark.parametrize(
    ("labels", "kept"),
    [
        (TEXT, TEXT),
        (pandas.array([10, 20, 30], dtype="Int64"), [10, 20, 30]),
        ([False, True, True], [False, True]),
        ([1.0, 2.0, 3.0], None),
        ([0, 1, 2], None),  # the numbers of the classes
    ],
)
def test_labels_of_a_model(iris: Data, tmp_path: Any, labels: Any, kept: Any) -> None:
    x, y = iris
    trained = learner().fit(x, pandas.Series(labels).iloc[y])
    trained.to_model().save(tmp_path / "m.npz")
    model = Model.load(tmp_path / "m.npz")
    assert model.class_names == tuple(map(str, trained.classes_.tolist()))
    assert model.labels == (None if kept is None else tuple(kept))
    assert model.feature_names is None


@pytest.mark.parametrize("kind", ["pandas", "polars"])
def test_column_names_of_a_model(iris: Data, kind: str) -> None:
    x, y = iris
    frame = table(kind, x)
    assert learner().fit(frame, y).to_model().feature_names == tuple(NAMES)


def test_missing_labels(iris: Data) -> None:
    x, y = iris
    labels = pandas.Series([10, 20, None], dtype="Int64").iloc[y]
    with pytest.raises(ValueError, match="Input y contains NaN"):
        learner().fit(x, labels)


def test_two_columns_of_one_name_are_refused() -> None:
    table = pandas.DataFrame([[1, 2], [3, 4]], columns=["a", "a"])
    with pytest.raises(DataError, match="two columns are named 'a'; rename or leave out one"):
        BMLPClassifier(hidden=(8,)).fit(table, [0, 1])
