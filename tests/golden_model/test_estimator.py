"""BMLPClassifier: scikit-learn's contract, and that nothing is learnt but what the model learns."""

import doctest
import inspect
import pickle
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, strategies as st
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.compose import ColumnTransformer
from sklearn.datasets import load_digits, load_iris
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import KBinsDiscretizer, StandardScaler
from sklearn.utils.estimator_checks import check_estimator

from metaplast.golden_model import (
    BMLPClassifier,
    ConfigurationError,
    DataError,
    Network,
    NetworkConfig,
    Trainer,
    estimator,
)
from metaplast.golden_model.encoding import EncodingChoice, fit_encoder
from metaplast.golden_model.estimator import default_groups
from metaplast.golden_model.files.model_file import Model

Data = tuple[NDArray[Any], NDArray[Any]]


@pytest.fixture(scope="module")
def iris() -> Data:
    x, y = load_iris(return_X_y=True)
    return x, y


def counters(learner: BMLPClassifier) -> list[list[Any]]:
    return [k.tolist() for k in learner.network_.counters]


def state(learner: BMLPClassifier) -> tuple[Any, ...]:
    """All that decides how training goes on."""
    return (
        counters(learner),
        [w.tolist() for w in learner.network_.snapshot],
        [stream.history for stream in learner.network_.streams],
        learner.trainer_.epoch,
        learner.trainer_.accuracy,
    )


# The contract


@pytest.mark.parametrize(
    "learner",
    [
        BMLPClassifier(),
        BMLPClassifier(hidden=(64, 48), groups=(16, 8)),
        BMLPClassifier(per_feature=False, counter_bits=6, robustness=0.1, batch=10, epochs=60),
    ],
    ids=["defaults", "two layers", "shared thresholds"],
)
def test_scikit_learns_checks(learner: BMLPClassifier) -> None:
    results = check_estimator(learner, on_skip=None)
    assert len(results) > 40
    assert {result["status"] for result in results} <= {"passed", "skipped"}


def test_the_example() -> None:
    assert doctest.testmod(estimator) == (0, 3)


def test_learns_iris_and_digits(iris: Data) -> None:
    assert cross_val_score(BMLPClassifier(), *iris).mean() > 0.85
    x, y = load_digits(return_X_y=True)
    learner = BMLPClassifier(hidden=(256,), per_feature=False).fit(x[:1437], y[:1437])
    assert learner.score(x[1437:], y[1437:]) > 0.86


@pytest.mark.parametrize(
    "names",
    [
        np.array(["setosa", "versicolor", "virginica"]),
        np.array(["b", "a", "c"], dtype=object),
        np.array([-5, 7, 300]),
        np.array([2.0, 1.0, 3.0]),
    ],
    ids=["strings", "objects", "integers", "whole floats"],
)
def test_labels_of_any_kind(iris: Data, names: NDArray[Any]) -> None:
    x, y = iris
    plain = BMLPClassifier(epochs=3).fit(x, np.argsort(np.argsort(names))[y])
    named = BMLPClassifier(epochs=3).fit(x, names[y])
    assert named.classes_.tolist() == sorted(names)
    assert named.predict(x).tolist() == np.sort(names)[plain.predict(x)].tolist()
    assert counters(named) == counters(plain)
    assert named.predict(x).dtype == names.dtype


def test_pipeline_and_grid_search(iris: Data) -> None:
    search = GridSearchCV(
        make_pipeline(StandardScaler(), BMLPClassifier(epochs=5)),
        {
            "bmlpclassifier__hidden": [(8,), (24, 12)],
            "bmlpclassifier__bits_per_feature": [1, 2],
        },
        cv=3,
    ).fit(*iris)
    assert search.best_params_["bmlpclassifier__bits_per_feature"] == 2
    assert search.best_score_ > 0.7
    assert search.predict(iris[0]).shape == (150,)


def test_a_pipeline_may_make_the_bits(iris: Data) -> None:
    x, y = iris
    bins = KBinsDiscretizer(4, encode="onehot-dense", quantile_method="averaged_inverted_cdf")
    learner = make_pipeline(bins, BMLPClassifier()).fit(x, y)
    assert learner[-1].encoder_.kind == "bits"
    assert learner[-1].network_.config.inputs == 16
    assert learner.score(x, y) > 0.9


def test_clone_and_parameters() -> None:
    learner = BMLPClassifier(hidden=(6, 4), groups=(3, 2), counter_bits=5, epochs=2)
    copy = clone(learner)
    assert copy.get_params() == learner.get_params()
    assert copy.set_params(batch=7).get_params()["batch"] == 7
    assert repr(learner) == (
        "BMLPClassifier(counter_bits=5, epochs=2, groups=(3, 2), hidden=(6, 4))"
    )


@pytest.mark.parametrize(
    "parameters",
    [
        {"encoding": "pooled-edges", "shuffle_block": 4},
        {"planes": ("level", "up"), "pool": True, "difference": 3, "image": (8, 8)},
        {"planes": "level,up", "image": "8x8", "random_state": 3, "per_feature": False},
    ],
)
def test_a_clone_has_all_parameters_and_trains_alike(
    images: Data, parameters: dict[str, Any]
) -> None:
    given = {**parameters, "epochs": 1}
    learner = BMLPClassifier(**given)
    copy = clone(learner)
    assert copy.get_params() == learner.get_params() == {**BMLPClassifier().get_params(), **given}
    assert counters(copy.fit(*images)) == counters(clone(learner).fit(*images))


def test_every_parameter_has_a_line_in_the_documentation() -> None:
    text = inspect.cleandoc(BMLPClassifier.__doc__ or "")
    lines = text.partition("\nAttributes\n")[0].splitlines()
    described = [line.partition(" : ")[0] for line in lines if " : " in line and line[0] != " "]
    assert described == list(inspect.signature(BMLPClassifier).parameters)


def test_a_pickle_trains_on_as_if_nothing_had_been(iris: Data) -> None:
    learner = BMLPClassifier(epochs=2).fit(*iris)
    again = pickle.loads(pickle.dumps(learner))
    assert state(again) == state(learner)
    assert again.trainer_.network is again.network_
    assert state(again.partial_fit(*iris)) == state(learner.partial_fit(*iris))


def test_goes_on_as_a_model_file(iris: Data, tmp_path: Path) -> None:
    x, y = iris
    names = np.array(["setosa", "versicolor", "virginica"])
    learner = BMLPClassifier(epochs=2).fit(x, names[y])
    learner.to_model().save(tmp_path / "iris.npz")
    model = Model.load(tmp_path / "iris.npz")
    assert model.class_names == ("setosa", "versicolor", "virginica")
    assert names[model.predict(x)].tolist() == learner.predict(x).tolist()
    assert model.history == tuple(learner.history_)
    trainer = model.trainer()
    trainer.train_epoch(model.encoder.encode(x), y)
    learner.partial_fit(x, names[y])
    assert [k.tolist() for k in trainer.network.counters] == counters(learner)


# What is learnt


def test_learns_what_the_trainer_learns(iris: Data) -> None:
    x, y = iris
    learner = BMLPClassifier(
        hidden=(20, 12),
        groups=(5, 4),
        counter_bits=5,
        bits_per_feature=2,
        per_feature=False,
        robustness=0.5,
        reinforcement=0.75,
        batch=17,
        shuffle_block=4,
        epochs=3,
        random_state=23,
    ).fit(x, y)

    encoder = fit_encoder(x, EncodingChoice(bits_per_feature=2))
    config = NetworkConfig(
        inputs=8,
        hidden=(20, 12),
        groups=(5, 4),
        classes=3,
        counter_bits=5,
        robustness=0.5,
        reinforcement=0.75,
        batch=17,
        seed=23,
        shuffle_block=4,
    )
    network = Network(config)
    trainer = Trainer(network)
    records = [trainer.train_epoch(encoder.encode(x), y) for _ in range(3)]

    assert learner.network_.config == config
    assert counters(learner) == [k.tolist() for k in network.counters]
    assert learner.predict(x).tolist() == network.predict(encoder.encode(x)).tolist()
    assert [record.accuracy for record in learner.history_] == [r.accuracy for r in records]
    assert [record.epoch for record in learner.history_] == [0, 1, 2]


def test_the_same_seed_gives_the_same_and_another_does_not(iris: Data) -> None:
    def trained(random_state: Any) -> list[list[Any]]:
        return counters(BMLPClassifier(epochs=1, random_state=random_state).fit(*iris))

    assert trained(5) == trained(5) == trained(np.int64(5))
    assert trained(5) != trained(6)
    assert trained(np.random.RandomState(3)) == trained(np.random.RandomState(3))
    assert trained(np.random.RandomState(3)) != trained(np.random.RandomState(4))
    assert trained(None) != trained(None)


def test_partial_fit_is_one_more_epoch(iris: Data) -> None:
    x, y = iris
    four = state(BMLPClassifier(epochs=4).fit(x, y))
    assert state(BMLPClassifier(epochs=3).fit(x, y).partial_fit(x, y)) == four
    learner = BMLPClassifier(epochs=1)
    for _ in range(4):
        learner.partial_fit(x, y, classes=[0, 1, 2])
    assert state(learner) == four
    assert [record.epoch for record in learner.history_] == [0, 1, 2, 3]


def test_fit_starts_anew(iris: Data) -> None:
    x, y = iris
    learner = BMLPClassifier(epochs=2).partial_fit(x[:, :2], y, classes=[0, 1, 2, 3])
    assert state(learner.fit(x, y)) == state(BMLPClassifier(epochs=2).fit(x, y))
    assert learner.classes_.tolist() == [0, 1, 2]
    assert len(learner.history_) == 2


def test_the_first_partial_fit_settles_thresholds_and_parameters(iris: Data) -> None:
    x, y = iris
    learner = BMLPClassifier().partial_fit(x[::2], y[::2], classes=[0, 1, 2])
    encoder, config = learner.encoder_, learner.network_.config
    learner.set_params(hidden=(8,), bits_per_feature=1, random_state=9)
    learner.partial_fit(10 * x[1::2], y[1::2])
    assert learner.encoder_ is encoder
    assert learner.network_.config is config
    expected = fit_encoder(x[::2], EncodingChoice(bits_per_feature=4, per_feature=True))
    assert encoder == expected


def test_partial_fit_may_see_some_of_the_classes_only(iris: Data) -> None:
    x, y = iris
    learner = BMLPClassifier()
    for _ in range(10):
        for label in range(3):
            learner.partial_fit(x[y == label], y[y == label], classes=[2, 0, 1])
    assert learner.classes_.tolist() == [0, 1, 2]
    assert set(learner.predict(x)) <= {0, 1, 2}


# Defaults


def test_the_defaults_fit_each_other() -> None:
    assert default_groups(BMLPClassifier().hidden) == (32,)
    defaults = {
        name: value
        for name, value in BMLPClassifier().get_params().items()
        if name in NetworkConfig.__dataclass_fields__
    }
    NetworkConfig(inputs=4, classes=2, **(defaults | {"groups": (32,)}))


@given(st.integers(1, 3000))
def test_default_groups(neurons: int) -> None:
    fitting = [size for size in range(1, 33) if neurons % size == 0 and 4 * size <= neurons]
    assert default_groups((neurons,)) == (max(fitting, default=1),)


def test_as_many_bits_as_the_data_carry(iris: Data) -> None:
    x, y = iris
    for per_feature in (False, True):
        encoder = BMLPClassifier(epochs=1, per_feature=per_feature).fit(x, y).encoder_
        assert len(encoder.thresholds) == 4
    few = BMLPClassifier(epochs=1, per_feature=False).fit(np.arange(150)[:, np.newaxis] % 4, y)
    assert few.encoder_.thresholds.tolist() == [1, 2.5]
    bits = BMLPClassifier(epochs=1).fit((x > 3).astype(int), y)
    assert bits.encoder_.kind == "bits"


def test_a_column_of_few_values_leaves_the_others_their_bits(iris: Data) -> None:
    x, y = iris
    mixed = np.column_stack([x, np.arange(150) % 3 > 0])  # mostly 1
    encoder = BMLPClassifier(epochs=1).fit(mixed, y).encoder_
    assert np.bincount(encoder.sources).tolist() == [4, 4, 4, 4, 1]


# Images


@pytest.fixture(scope="module")
def images() -> Data:
    data = load_digits()
    return data.images[:200], data.target[:200]


@pytest.mark.parametrize(
    ("parameters", "choice"),
    [
        ({"encoding": "median", "per_feature": False}, EncodingChoice()),
        (
            {"encoding": "levels:2"},
            EncodingChoice(bits_per_feature=2, per_feature=True),
        ),
        (
            {"encoding": "edges"},
            EncodingChoice(planes=("level", "level", "right", "down", "left", "up")),
        ),
        (
            {"encoding": "pooled-edges"},
            EncodingChoice(planes=("right", "down", "left", "up"), pool=True),
        ),
        (
            {"planes": ("level", "up"), "pool": True, "difference": 3},
            EncodingChoice(planes=("level", "up"), pool=True, difference=3),
        ),
        ({"planes": "level,up"}, EncodingChoice(planes=("level", "up"))),
    ],
)
def test_encodings(images: Data, parameters: dict[str, Any], choice: EncodingChoice) -> None:
    x, y = images
    expected = fit_encoder(x, choice)
    learner = BMLPClassifier(epochs=2, **parameters)
    by_image = clone(learner).fit(x, y)
    assert by_image.encoder_ == expected
    rows = x.reshape(200, 64)
    by_row = clone(learner).set_params(image="8x8").fit(rows, y)
    assert counters(by_row) == counters(by_image)
    assert by_row.predict(rows).tolist() == by_image.predict(x).tolist()
    assert by_row.predict(x).tolist() == by_image.predict(rows).tolist()
    assert by_image.n_features_in_ == 64
    assert by_image.partial_fit(x, y).trainer_.epoch == 3
    assert by_image.to_model().predict(x).tolist() == by_image.predict(x).tolist()


def test_shapes_of_images_that_do_not_fit(images: Data) -> None:
    x, y = images
    learner = BMLPClassifier(encoding="edges", epochs=1)
    with pytest.raises(DataError, match=r"^image planes need the height and width of the images"):
        learner.fit(x.reshape(200, 64), y)
    with pytest.raises(DataError, match=r"^images of 4×15 pixels do not fit samples of shape"):
        clone(learner).set_params(image=(4, 15)).fit(x.reshape(200, 64), y)
    with pytest.raises(ConfigurationError) as caught:
        clone(learner).set_params(image=(4, 16)).fit(x, y)
    assert str(caught.value) == "image is 4×16, and X has images of 8×8; leave image out"
    learner.fit(x, y)
    with pytest.raises(DataError, match=r"^images must be of 8×8 pixels, as in training"):
        learner.predict(x.reshape(200, 4, 16))
    learner.fit(x.reshape(200, 4, 16), y)
    assert learner.encoder_.image_shape == (4, 16)


def test_mixed_columns_become_bits_in_a_pipeline(iris: Data) -> None:
    x, y = iris
    mixed = np.column_stack([x, np.arange(150) % 3 > 0])
    bins = KBinsDiscretizer(4, encode="onehot-dense", quantile_method="averaged_inverted_cdf")
    columns = ColumnTransformer([("numbers", bins, [0, 1, 2, 3])], remainder="passthrough")
    learner = make_pipeline(columns, BMLPClassifier()).fit(mixed, y)
    assert learner[-1].encoder_.kind == "bits"
    assert learner.score(mixed, y) > 0.9


def test_constant_columns_carry_nothing(iris: Data) -> None:
    x, y = iris
    padded = np.column_stack([np.full(150, 7.0), x])
    learner = BMLPClassifier(epochs=2).fit(padded, y)
    assert set(learner.encoder_.sources) == {1, 2, 3, 4}
    assert counters(learner) == counters(BMLPClassifier(epochs=2).fit(x, y))


# What is refused


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"epochs": 0}, "epochs must be an integer from 1 to 32768, not 0"),
        ({"epochs": 32769}, "epochs must be an integer from 1 to 32768, not 32769"),
        ({"epochs": 2.0}, "epochs must be an integer from 1 to 32768, not 2.0"),
        ({"bits_per_feature": 0}, "bits_per_feature must be an integer of at least 1, not 0"),
        ({"counter_bits": 1}, "counter_bits must be from 2 to 16, not 1"),
        ({"robustness": 2}, "robustness must be from 0 to 1, not 2"),
        ({"batch": 0}, "batch must be from 1 to 65535, not 0"),
        ({"shuffle_block": 0}, "shuffle_block must be from 1 to 65535, not 0"),
        ({"encoding": "mean"}, "encoding must be median, levels:N, edges, pooled-edges, or a"),
        ({"encoding": "edges", "planes": "up"}, "planes contradicts encoding 'edges', which"),
        ({"encoding": "median", "bits_per_feature": 2}, "bits_per_feature contradicts encoding"),
        ({"pool": True}, "pool is for image planes; name planes too, or leave pool out"),
        ({"difference": 3}, "difference is for image planes; name planes too, or leave"),
        ({"planes": "in"}, "there is no plane 'in'; planes are level, right, down, left, up"),
        ({"image": "2"}, "image must be a height and a width of at least 1, such as 28x28, not"),
        ({"epochs": True}, "epochs must be an integer from 1 to 32768, not True"),
        ({"per_feature": "no"}, "per_feature must be True or False, not 'no'"),
        ({"per_feature": None}, "per_feature must be True or False, not None"),
        ({"per_feature": 0}, "per_feature must be True or False, not 0"),
        ({"hidden": (32.0,)}, "hidden[0] must be an integer, not 32.0"),
        ({"groups": (0,)}, "groups[0] must be from 1 to 2147483648, not 0"),
        ({"random_state": -1}, "random_state must be from 0 to 281474976710655, not -1"),
        (
            {"random_state": 2**48},
            "random_state must be from 0 to 281474976710655, not 281474976710656",
        ),
        ({"random_state": True}, "random_state must be an integer, not True"),
        ({"groups": (3,)}, "groups of 3 do not divide the 128 neurons of layer 0"),
        ({"hidden": (64, 64), "groups": (32,)}, "groups must name a group size for each of the 2"),
    ],
)
def test_parameters_that_cannot_be(iris: Data, parameters: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        BMLPClassifier(**parameters).fit(*iris)
    assert str(caught.value).startswith(message)


@pytest.mark.parametrize("hidden", [64, (), (64.0,), ("64",), (0,), "64"])
def test_layers_that_cannot_be(iris: Data, hidden: Any) -> None:
    with pytest.raises(ConfigurationError, match="hidden"):
        BMLPClassifier(hidden=hidden).fit(*iris)


def test_a_random_state_that_cannot_be(iris: Data) -> None:
    with pytest.raises(ValueError, match="cannot be used to seed"):
        BMLPClassifier(random_state="one").fit(*iris)


def test_one_class_only(iris: Data) -> None:
    with pytest.raises(DataError) as caught:
        BMLPClassifier().fit(iris[0], ["a"] * 150)
    assert str(caught.value) == (
        "a classifier needs labels of at least two classes, and there is one class only: 'a'"
    )


def test_too_many_classes() -> None:
    with pytest.raises(ConfigurationError, match="classes must be from 2 to 256, not 300"):
        BMLPClassifier().fit(np.arange(900.0)[:, np.newaxis], np.arange(900) % 300)


def test_more_bits_than_the_data_carry(iris: Data) -> None:
    with pytest.raises(DataError, match=r"can carry \d+ bits a feature, not 40"):
        BMLPClassifier(bits_per_feature=40, per_feature=False).fit(*iris)
    with pytest.raises(DataError, match="are bits already and carry 1 bit a feature, not 2"):
        BMLPClassifier(bits_per_feature=2).fit(iris[0] > 3, iris[1])
    with pytest.raises(DataError, match="every feature is constant"):
        BMLPClassifier().fit(np.full((150, 2), 4.0), iris[1])


def test_bits_stay_bits(iris: Data) -> None:
    x, y = iris
    learner = BMLPClassifier(epochs=1).fit(x > 3, y)
    with pytest.raises(DataError, match="the training data were bits"):
        learner.predict(x)


def test_labels_that_are_none(iris: Data) -> None:
    with pytest.raises(ValueError, match="Unknown label type: continuous"):
        BMLPClassifier().fit(iris[0], iris[0][:, 0])


@pytest.mark.parametrize("names", [["a", 1, 2], ["a", "b", None], [None, "b", "a"], [1, "a", 2]])
def test_labels_that_do_not_sort(iris: Data, names: list[Any]) -> None:
    x, y = iris
    labels = np.array(names, dtype=object)
    other = next(name for name in names if type(name) is not type(names[0]))
    message = (
        f"labels must be of one type that sorts, not {names[0]!r} and {other!r}; write all as "
        "text or all as numbers, and fill in or leave out what is missing"
    )
    trained = BMLPClassifier(epochs=1).fit(x, np.array(["a", "b", "c"], dtype=object)[y])
    for attempt in (
        lambda: BMLPClassifier().fit(x, labels[y]),
        lambda: BMLPClassifier().partial_fit(x, y, classes=labels),
        lambda: trained.partial_fit(x, labels[y]),
    ):
        with pytest.raises(DataError) as caught:
            attempt()
        assert str(caught.value) == message


def test_predicting_before_learning(iris: Data) -> None:
    with pytest.raises(NotFittedError):
        BMLPClassifier().predict(iris[0])
    with pytest.raises(NotFittedError):
        BMLPClassifier().to_model()


def test_partial_fit_needs_to_know_the_classes(iris: Data) -> None:
    x, y = iris
    learner = BMLPClassifier()
    with pytest.raises(DataError) as caught:
        learner.partial_fit(x, y)
    assert str(caught.value) == (
        "the first call of partial_fit needs classes, all labels there will be"
    )
    with pytest.raises(DataError) as caught:
        learner.partial_fit(x, y, classes=[0, 1])
    assert str(caught.value) == "labels must be among the classes [0, 1], not 2"
    learner.partial_fit(x, y, classes=[0, 1, 2])
    with pytest.raises(DataError) as caught:
        learner.partial_fit(x, y, classes=[0, 1, 2, 3])
    assert str(caught.value) == (
        "classes must stay [0, 1, 2], as they were in the first call, not [0, 1, 2, 3]"
    )
    with pytest.raises(DataError) as caught:
        learner.partial_fit(x, y + 5)
    assert str(caught.value) == "labels must be among the classes [0, 1, 2], not 5"


def test_the_last_epoch(iris: Data) -> None:
    learner = BMLPClassifier(hidden=(4,), epochs=1).fit(*iris)
    learner.trainer_.epoch = 32767
    learner.partial_fit(*iris)
    before = state(learner)
    with pytest.raises(ConfigurationError) as caught:
        learner.partial_fit(*iris)
    assert str(caught.value) == (
        "partial_fit trains for an epoch, and all 32768 that a training can have are used; start "
        "anew with fit or a clone, and give partial_fit more samples a call"
    )
    assert state(learner) == before
    assert learner.fit(*iris).trainer_.epoch == 1


# Without scikit-learn


NEEDS = (
    "BMLPClassifier needs scikit-learn 1.6 or newer; install it with "
    "`pip install 'metaplast[sklearn]'`"
)


@pytest.mark.parametrize(
    ("program", "printed"),
    [
        (
            """
            try:
                golden_model.BMLPClassifier
            except ImportError as error:
                print(error)
            """,
            NEEDS,
        ),
        (
            """
            try:
                from metaplast.golden_model import BMLPClassifier
            except ImportError as error:
                print(error)
            """,
            NEEDS,
        ),
        (
            """
            try:
                from metaplast.golden_model import estimator
            except ImportError as error:
                print(error)
            """,
            NEEDS,
        ),
        (
            """
            from metaplast.golden_model import *
            print(Network.__name__, datasets.load("digits").name)
            """,
            "Network digits",
        ),
    ],
    ids=["attribute", "import", "module", "everything"],
)
def test_the_model_needs_no_scikit_learn(program: str, printed: str) -> None:
    lines = (
        "import sys; sys.modules['sklearn'] = None",
        "import metaplast.golden_model as golden_model",
        textwrap.dedent(program),
    )
    done = subprocess.run([sys.executable, "-c", "\n".join(lines)], capture_output=True, text=True)
    assert done.stderr == ""
    assert done.stdout == f"{printed}\n"


@pytest.mark.parametrize("method", ["predict", "to_model"])
def test_a_fit_that_failed_has_learnt_nothing(method: str) -> None:
    learner = BMLPClassifier(hidden=(8,))
    x = np.arange(12.0).reshape(6, 2)
    with pytest.raises(DataError, match="one class"):
        learner.fit(x, np.zeros(6))
    with pytest.raises(NotFittedError):
        getattr(learner, method)(*([x] if method == "predict" else []))


def test_a_first_training_that_failed_can_be_tried_again(iris: Data) -> None:
    x, y = iris
    learner = BMLPClassifier(hidden=(32,), epochs=1, reinforcement=1e9)
    attempts = [
        lambda: learner.fit(x, y),
        lambda: learner.partial_fit(x, y, classes=[0, 1, 2]),
    ]
    for attempt in attempts:
        with pytest.raises(ConfigurationError, match=r"^a reinforcement of 1e\+09 takes "):
            attempt()
        with pytest.raises(NotFittedError):
            learner.predict(x)
        assert not hasattr(learner, "n_features_in_")
    learner.set_params(reinforcement=1.0).partial_fit(x, y, classes=[0, 1, 2])
    assert state(learner) == state(BMLPClassifier(hidden=(32,), epochs=1).fit(x, y))


def test_a_training_that_failed_leaves_what_was_learnt(iris: Data) -> None:
    x, y = iris
    learner = BMLPClassifier(hidden=(32,), epochs=2).fit(x, y)
    before, attributes = state(learner), dict(vars(learner))

    def unchanged() -> bool:
        return state(learner) == before and vars(learner) == attributes

    with pytest.raises(DataError, match="one class"):
        learner.fit(x[:, :2], np.zeros(150))
    assert unchanged()
    assert learner.n_features_in_ == 4
    with pytest.raises(DataError, match="labels must be among the classes"):
        learner.partial_fit(x, y + 1)
    assert unchanged()
    attributes["reinforcement"] = 1e9
    with pytest.raises(ConfigurationError, match="a reinforcement of"):
        learner.set_params(reinforcement=1e9).fit(x[:, :2], y)
    assert unchanged()
    assert len(learner.history_) == 2
    assert learner.predict(x).shape == (150,)


def test_an_interrupted_fit_leaves_what_was_learnt(
    iris: Data, monkeypatch: pytest.MonkeyPatch
) -> None:
    x, y = iris
    learner = BMLPClassifier(hidden=(32,), epochs=1).fit(x, y)
    before = state(learner)

    def interrupt(*_: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Network, "train_batch", interrupt)
        with pytest.raises(KeyboardInterrupt):
            learner.fit(x[:, 1:], y)
    assert state(learner) == before
    assert learner.n_features_in_ == 4


def test_an_interrupted_partial_fit_leaves_what_was_learnt(
    iris: Data, monkeypatch: pytest.MonkeyPatch
) -> None:
    x, y = iris
    learner, other = (BMLPClassifier(hidden=(32,), epochs=1).fit(x, y) for _ in range(2))
    before, train_batch, batches = state(learner), Network.train_batch, 0

    def interrupt_the_second(*arguments: Any) -> Any:
        nonlocal batches
        batches += 1
        if batches == 2:
            raise KeyboardInterrupt
        return train_batch(*arguments)

    with monkeypatch.context() as patch:
        patch.setattr(Network, "train_batch", interrupt_the_second)
        with pytest.raises(KeyboardInterrupt):
            learner.partial_fit(x, y)
    assert batches == 2
    assert state(learner) == before
    assert state(learner.partial_fit(x, y)) == state(other.partial_fit(x, y)) != before
