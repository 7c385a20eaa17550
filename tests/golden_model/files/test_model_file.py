"""Models: what a saved one holds, continued training, prediction, parts that do not fit."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from metaplast.golden_model.encoding import EncodingChoice, fit_encoder
from metaplast.golden_model.errors import ConfigurationError, DataError
from metaplast.golden_model.files.model_file import Model
from metaplast.golden_model.network import Network
from metaplast.golden_model.reference import ReferenceNetwork
from metaplast.golden_model.trainer import EpochRecord, Trainer

from .models import CONFIG, ENCODER, MODEL, NAMES, SAMPLES, X, assert_same, train

IMAGES = np.random.default_rng(3).integers(0, 200, (9, 2, 4))


@pytest.fixture
def path(tmp_path):
    return tmp_path / "model.npz"


def test_what_is_saved_comes_back(path):
    MODEL.save(path)
    assert_same(Model.load(path), MODEL)


def test_equal_models_make_equal_files(path, tmp_path):
    MODEL.save(path)
    Model.load(path).save(tmp_path / "again.npz")
    assert path.read_bytes() == (tmp_path / "again.npz").read_bytes()


@settings(max_examples=40)
@given(
    counter_bits=st.sampled_from([2, 3, 8, 16]),
    reinforcement=st.sampled_from([0.0, 1.0, 30.0]),
    before=st.integers(0, 2),
    after=st.integers(0, 2),
    seed=st.integers(0, (1 << 48) - 1),
)
def test_stopping_changes_nothing(
    tmp_path_factory, counter_bits, reinforcement, before, after, seed
):
    path = tmp_path_factory.getbasetemp() / "stopped.npz"
    config = replace(CONFIG, counter_bits=counter_bits, reinforcement=reinforcement, seed=seed)
    straight = Trainer(Network(config))
    train(straight, before + after)
    stopped = Trainer(Network(config))
    train(stopped, before)
    Model.from_trainer(stopped, ENCODER).save(path)
    resumed = Model.load(path).trainer()
    assert resumed.epoch == before
    train(resumed, after)
    assert_same(
        Model.from_trainer(resumed, ENCODER),
        Model.from_trainer(straight, ENCODER),
    )


def test_a_model_is_a_copy_of_where_the_trainer_stood(path):
    trainer = Trainer(Network(CONFIG))
    history = train(trainer, 1)
    model = Model.from_trainer(trainer, ENCODER, history)
    model.save(path)
    history += train(trainer, 1)
    assert_same(model, Model.load(path))
    going_on = model.trainer()
    train(going_on, 1)
    assert_same(model, Model.load(path))
    assert_same(
        Model.from_trainer(going_on, ENCODER, history),
        Model.from_trainer(trainer, ENCODER, history),
    )
    with pytest.raises(ValueError, match="read-only"):
        model.counters[0][0, 0] = 0


def test_a_continued_training_keeps_the_shuffle_block(path):
    config = replace(CONFIG, shuffle_block=3)
    straight, stopped = Trainer(Network(config)), Trainer(Network(config))
    train(straight, 4)
    train(stopped, 2)
    Model.from_trainer(stopped, ENCODER).save(path)
    resumed = Model.load(path).trainer()
    assert resumed.network.config == config
    train(resumed, 2)
    assert_same(Model.from_trainer(resumed, ENCODER), Model.from_trainer(straight, ENCODER))


def test_the_literal_network_is_saved_alike(path):
    trainer = Trainer(ReferenceNetwork(CONFIG))
    train(trainer, 3)
    assert_same(
        Model.from_trainer(trainer, ENCODER),
        replace(MODEL, history=(), data_name="", image_shape=None, **dict.fromkeys(NAMES)),
    )


def test_predicts_as_the_network_does(path):
    MODEL.save(path)
    network = MODEL.trainer().network
    assert isinstance(network, Network)
    expected = network.predict(ENCODER.encode(X))
    model = Model.load(path)
    assert model.predict(X).tolist() == expected.tolist()
    assert model.predict_bits(ENCODER.encode(X)).tolist() == expected.tolist()
    many = np.tile(X, (150, 1))
    assert model.predict(many).tolist() == np.tile(expected, 150).tolist()
    assert model.predict(X[:0]).tolist() == []
    layers = network.local_predictions(ENCODER.encode(X))
    assert model.local_predictions(X).tolist() == layers.tolist()
    assert model.local_predictions(many).tolist() == np.tile(layers, (150, 1)).tolist()
    assert model.local_predictions(X[:0]).shape == (0, 2)
    with pytest.raises(DataError, match="must have 6 features, as in training, not 5"):
        model.predict(X[:, :5])
    with pytest.raises(DataError, match=r"of shape \(samples, height, width\), not \(6,\)"):
        model.predict(X[0])


@pytest.mark.parametrize(
    "encoder",
    [
        fit_encoder(X > 0),
        fit_encoder(X),
        fit_encoder(np.column_stack([X, np.ones(SAMPLES)]), EncodingChoice(per_feature=True)),
        fit_encoder(IMAGES, EncodingChoice(planes=("level", "right", "level"), pool=True)),
        fit_encoder(IMAGES, EncodingChoice(planes=("up",), difference=10**30)),
    ],
    ids=["bits", "shared", "per feature, one dropped", "planes, pooled", "plane"],
)
def test_every_kind_of_encoder_comes_back(path, encoder):
    config = replace(CONFIG, inputs=encoder.outputs)
    model = Model.from_trainer(Trainer(Network(config)), encoder)
    model.save(path)
    assert_same(Model.load(path), model)


def test_image_planes_know_the_shape_of_an_image():
    encoder = fit_encoder(IMAGES, EncodingChoice(planes=("up",)))
    network = Network(replace(CONFIG, inputs=8))
    model = Model.from_trainer(Trainer(network), encoder)
    assert model.image_shape == (2, 4)
    assert replace(model, image_shape=[2, 4]).image_shape == (2, 4)
    assert model.predict(IMAGES).tolist() == model.predict(IMAGES.reshape(9, 8)).tolist()
    with pytest.raises(ConfigurationError) as caught:
        replace(model, image_shape=(4, 2))
    assert str(caught.value) == "image_shape must be (2, 4), as the encoder has it, not (4, 2)"


def test_a_history_may_go_on_beyond_the_best_epoch(path):
    model = replace(MODEL, epoch=2, accuracy=MODEL.history[1].accuracy)
    model.save(path)
    assert len(Model.load(path).history) == 3


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"config": replace(CONFIG, inputs=13)}, "the encoder gives 12 bits and the network takes"),
        (
            {"counters": MODEL.counters[:1]},
            "there must be counters for each of the 2 layers, not 1",
        ),
        ({"streams": MODEL.streams * 2}, "a reinforcement stream for each of the 2 layers, not 4"),
        (
            {"counters": [MODEL.counters[0] / 1, MODEL.counters[1]]},
            "counters_0 must hold integers, not float64",
        ),
        (
            {"snapshot": [w.T for w in MODEL.snapshot]},
            r"snapshot_0 must be of shape \(8, 12\), not",
        ),
        (
            {"config": replace(CONFIG, counter_bits=2)},
            "counters_0 must hold values from -2 to 1, not ",
        ),
        (
            {"snapshot": [1 - w for w in MODEL.snapshot]},
            "snapshot_0 is not the sign of counters_0, first for neuron 0, input 0",
        ),
        ({"config": replace(CONFIG, seed=12)}, "classifier_0 is not the one that seed 12 gives"),
        ({"epoch": 32769}, "epoch must be from 0 to 32768, not 32769"),
        ({"epoch": 3.5}, r"epoch must be an integer, not 3\.5"),
        ({"epoch": "3"}, "epoch must be an integer, not '3'"),
        ({"epoch": True}, "epoch must be an integer, not True"),
        ({"accuracy": "x"}, "accuracy must be a number, not 'x'"),
        ({"accuracy": None}, "accuracy must be a number, not None"),
        ({"accuracy": 1.5}, r"accuracy must be from 0 to 1, not 1\.5"),
        ({"accuracy": float("nan")}, "accuracy must be from 0 to 1, not nan"),
        ({"accuracy": 0.0}, r"history: epoch 2 had accuracy .*, and the model says 0\.0"),
        ({"history": MODEL.history[::-1]}, "history: epoch 1 comes after epoch 2"),
        (
            {"history": (replace(MODEL.history[0], events=(1,)),)},
            r"history: events must be a number for each of 2 layers, not \(1,\)",
        ),
        (
            {"history": (replace(MODEL.history[0], updates=(1, 0.5)),)},
            r"history: updates must be a number for each of 2 layers, not \(1, 0\.5\)",
        ),
        (
            {"history": (replace(MODEL.history[0], samples=-1),)},
            "history: samples must be an integer of at least 0, not -1",
        ),
        (
            {"history": (replace(MODEL.history[0], seconds=float("inf")),)},
            "history: seconds must be a number, not inf",
        ),
        (
            {"history": (replace(MODEL.history[0], accuracy=None),)},
            "history: accuracy must be a number, not None",
        ),
        ({"data_name": 5}, "data_name must be text, not 5"),
        ({"image_shape": (2, 2)}, r"height and a width of 6 pixels in all, not \(2, 2\)"),
        ({"image_shape": (6,)}, r"height and a width of 6 pixels in all, not \(6,\)"),
        ({"image_shape": (1.5, 4)}, r"height and a width of 6 pixels in all, not \(1\.5, 4\)"),
        ({"class_names": ("a", "b")}, r"class_names must name the 3 classes, not \('a', 'b'\)"),
        ({"class_names": (1, 2, 3)}, r"class_names must name the 3 classes, not \(1, 2, 3\)"),
        ({"labels": ("a", "b")}, r"each of the 3 classes, not \('a', 'b'\)"),
        ({"labels": ("a", "b", 0.5)}, r"must be a different integer, text or bool for each"),
        ({"labels": ("1", "b", 1)}, r"must be a different integer, text or bool for each"),
        ({"feature_names": ("a", "b")}, r"feature_names must name the 6 features, not 2"),
        ({"feature_names": (*"abcde", 6)}, r"feature_names must be text, not 6"),
        ({"feature_names": tuple("abcdea")}, r"feature_names has 'a' twice"),
        ({"label_name": 3}, r"label_name must be text or None, not 3"),
    ],
)
def test_refuses_parts_that_do_not_fit(changes, message):
    with pytest.raises(ConfigurationError, match=message):
        replace(MODEL, **changes)


def test_numbers_may_be_numpys(tmp_path):
    record = replace(
        MODEL.history[-1],
        epoch=np.int64(2),
        accuracy=np.float32(0.5),
        updates=tuple(np.array([1, 2])),
        test_accuracy=np.float32(0.25),
    )
    model = replace(
        MODEL,
        epoch=np.int64(3),
        accuracy=np.float32(0.5),
        history=(record,),
        image_shape=tuple(np.array([2, 3])),
    )
    assert (type(model.epoch), type(model.accuracy)) == (int, float)
    model.save(tmp_path / "model.npz")
    assert_same(model, Model.load(tmp_path / "model.npz"))


def test_predicts_no_ragged_samples():
    with pytest.raises(DataError, match=r"^samples must all have the same number of features$"):
        MODEL.predict([[1, 2], [3]])
    with pytest.raises(DataError, match=r"^samples must all have the same number of features$"):
        MODEL.predict_bits([[1, 0], [1]])


def test_a_record_that_grows_is_still_checked():
    # Every field that has an entry for each layer is known to the checks.
    record = replace(MODEL.history[0], layer_validation_accuracy=(0.5, 0.25))
    tuples = {name for name, value in vars(record).items() if isinstance(value, tuple)}
    for name in tuples:
        with pytest.raises(ConfigurationError, match=f"history: {name} must be a number for each"):
            replace(MODEL, history=(replace(record, **{name: ()}),))
    assert isinstance(record, EpochRecord)


def test_labels_that_are_the_numbers_of_the_classes_are_none():
    for labels in ((0, 1, 2), ("0", "1", "2")):
        assert replace(MODEL, labels=labels).labels is None
    assert replace(MODEL, labels=(0, 1, 3)).labels == (0, 1, 3)
