"""Model files: what comes back, how training goes on, and what is refused by which name."""

import errno
import json
import os
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metaplast.golden_model.config import NetworkConfig
from metaplast.golden_model.encoding import Thermometer
from metaplast.golden_model.errors import ConfigurationError, DataError, ModelFileError
from metaplast.golden_model.files.model_file import FORMAT, Model, check_destination
from metaplast.golden_model.network import Network
from metaplast.golden_model.reference import ReferenceNetwork
from metaplast.golden_model.trainer import EpochRecord, Trainer

SAMPLES = 40
RANDOM = np.random.default_rng(12)
X = RANDOM.normal(size=(SAMPLES, 6)).round(2)
Y = (X[:, 0] > 0).astype(np.int64) + (X[:, 1] > 0)
ENCODER = Thermometer.fit(X, bits_per_feature=2, per_feature=True)
CONFIG = NetworkConfig(
    inputs=12, hidden=(8, 6), groups=(4, 3), classes=3, counter_bits=5, batch=7, seed=11
)


def train(trainer, epochs, encoder=ENCODER):
    """Train on, with records as the command line makes them."""
    bits = encoder.encode(X)
    return [
        replace(trainer.train_epoch(bits, Y), test_accuracy=0.5, validation_accuracy=None)
        for _ in range(epochs)
    ]


def trained(epochs=3, config=CONFIG):
    trainer = Trainer(Network(config))
    history = train(trainer, epochs)
    return Model.from_trainer(
        trainer,
        ENCODER,
        history,
        data_name="mine",
        image_shape=(2, 3),
        class_names=["none", "one", "two"],
    )


MODEL = trained()


def assert_same(one, two):
    """Equal to the last bit, streams and all."""
    assert one.config == two.config
    for name in ("counters", "snapshot", "classifier"):
        for mine, other in zip(getattr(one, name), getattr(two, name), strict=True):
            assert mine.dtype == other.dtype
            assert np.array_equal(mine, other)
    assert [stream.history for stream in one.streams] == [s.history for s in two.streams]
    for name in ("epoch", "accuracy", "history", "data_name", "image_shape", "class_names"):
        assert getattr(one, name) == getattr(two, name)
    for name in ("features", "bits_per_feature", "per_feature"):
        assert getattr(one.encoder, name) == getattr(two.encoder, name)
    assert np.array_equal(one.encoder.thresholds, two.encoder.thresholds)
    assert np.array_equal(one.encoder.kept, two.encoder.kept)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "model.npz"


def test_what_is_saved_comes_back(path):
    MODEL.save(path)
    assert_same(Model.load(path), MODEL)


def test_the_file_is_as_documented(path):
    MODEL.save(path)
    with np.load(path, allow_pickle=False) as file:
        arrays = dict(file)
    assert arrays.keys() == {
        *("config", "state", "history", "thresholds", "kept"),
        *(
            f"{kind}_{layer}"
            for kind in ("counters", "snapshot", "classifier", "reinforcement")
            for layer in range(2)
        ),
    }
    assert json.loads(str(arrays["config"])) == {"format": 1, **CONFIG.to_dict()}
    assert json.loads(str(arrays["history"])) == [entry.to_dict() for entry in MODEL.history]
    for layer in CONFIG.layers:
        counters = arrays[f"counters_{layer.index}"]
        assert counters.dtype == np.int16
        assert counters.shape == (layer.neurons, layer.inputs)
        snapshot = arrays[f"snapshot_{layer.index}"]
        assert snapshot.dtype == np.uint8
        assert np.array_equal(snapshot, counters >= 0)
        classifier = arrays[f"classifier_{layer.index}"]
        assert classifier.dtype == np.uint8
        assert classifier.shape == (layer.classes, layer.neurons)
        assert arrays[f"reinforcement_{layer.index}"].dtype == np.uint64
    assert arrays["thresholds"].dtype == np.float64
    assert arrays["thresholds"].shape == (2, 6)
    assert arrays["kept"].dtype == np.int64


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


def test_the_literal_network_is_saved_alike(path):
    trainer = Trainer(ReferenceNetwork(CONFIG))
    train(trainer, 3)
    assert_same(
        Model.from_trainer(trainer, ENCODER),
        replace(MODEL, history=(), data_name="", image_shape=None, class_names=None),
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
    with pytest.raises(DataError, match="must have 6 features, as in training, not 5"):
        model.predict(X[:, :5])
    with pytest.raises(DataError, match=r"of shape \(samples, features\), not \(6,\)"):
        model.predict(X[0])


@pytest.mark.parametrize(
    "encoder",
    [
        Thermometer.fit(X > 0),
        Thermometer.fit(X),
        Thermometer.fit(np.column_stack([X, np.ones(SAMPLES)]), per_feature=True),
    ],
    ids=["bits", "shared", "per feature, one dropped"],
)
def test_every_kind_of_encoder_comes_back(path, encoder):
    model = Model.from_trainer(Trainer(Network(replace(CONFIG, inputs=6))), encoder)
    model.save(path)
    assert_same(Model.load(path), model)


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


def saved_arrays(path):
    MODEL.save(path)
    with np.load(path) as file:
        return dict(file)


def changed(name, change):
    """The JSON text of an array, changed."""

    def apply(arrays):
        value = json.loads(str(arrays[name]))
        change(value)
        arrays[name] = np.array(json.dumps(value))

    return apply


def put(name, value):
    return lambda arrays: arrays.update({name: value(arrays[name]) if callable(value) else value})


def drop(name):
    return lambda arrays: arrays.pop(name)


def poke(index, value):
    def apply(array):
        array = array.copy()
        array[index] = value
        return array

    return apply


@pytest.mark.parametrize(
    ("change", "message"),
    [
        *((drop(name), f": {name} is missing") for name in ("state", "history", "thresholds")),
        *((drop(name), f": {name} is missing") for name in ("kept", "counters_1", "snapshot_0")),
        (drop("classifier_1"), ": classifier_1 is missing"),
        (drop("reinforcement_0"), ": reinforcement_0 is missing"),
        (drop("config"), " is not a model file: it lacks config"),
        (put("config", np.array("{")), ": config is not valid JSON: "),
        (put("config", np.array("[" * 100_000)), ": config is not valid JSON: "),
        (put("config", np.array("[]")), ": config must be a JSON object, not []"),
        (put("config", np.array(5)), ": config must be JSON text, not int64 of shape ()"),
        (put("history", np.array(["[]"])), ": history must be JSON text, not <U2 of shape (1,)"),
        (
            changed("config", lambda c: c.update(format=2)),
            ": the file is of format 2, and this Metaplast reads formats up to 1; install a newer",
        ),
        (changed("config", lambda c: c.update(format=0)), ": config: format must be at least 1"),
        (changed("config", lambda c: c.update(format="1")), ': config: format cannot be "1"'),
        (changed("config", lambda c: c.update(format=True)), ": config: format cannot be true"),
        (changed("config", lambda c: c.pop("format")), ": config lacks format"),
        (changed("config", lambda c: c.pop("groups")), ": config: the configuration lacks groups"),
        (changed("config", lambda c: c.update(x=1)), ": config: the configuration has unknown"),
        (
            changed("config", lambda c: c.update(groups=[3, 3])),
            ": config: groups of 3 do not divide the 8 neurons of layer 0",
        ),
        (
            changed("config", lambda c: c.update(groups=[4])),
            ": config: groups must name a group size for each of the 2 layers, not 1",
        ),
        (
            changed("config", lambda c: c.update(hidden=[8], groups=[4])),
            ": counters_1 is there, but the network has 1 layers",
        ),
        (changed("config", lambda c: c.update(hidden=[8, 9])), ": counters_1 must be of shape (9,"),
        (changed("config", lambda c: c.update(inputs=6)), ": the encoder gives 12 bits and the"),
        (changed("config", lambda c: c.update(counter_bits=2)), ": counters_0 must hold values fr"),
        (changed("config", lambda c: c.update(counter_bits="8")), ": config: counter_bits must be"),
        (
            changed("config", lambda c: c.update(classes=4)),
            ": classifier_0 must be of shape (4, 8)",
        ),
        (
            changed("config", lambda c: c.update(seed=1)),
            ": classifier_0 is not the one that seed 1",
        ),
        (
            put("counters_0", lambda k: k.astype(np.int32)),
            ": counters_0 must be of type int16, not",
        ),
        (put("counters_0", poke((0, 0), 16)), ": counters_0 must hold values from -16 to 15, not"),
        (put("counters_0", lambda k: k.T), ": counters_0 must be of shape (8, 12), not (12, 8)"),
        (put("counters_0", lambda k: ~k), ": snapshot_0 is not the sign of counters_0"),
        (put("snapshot_1", poke((0, 0), 2)), ": snapshot_1 must hold values from 0 to 1, not 0 to"),
        (put("snapshot_1", lambda w: w > 0), ": snapshot_1 must be of type uint8, not bool"),
        (put("classifier_0", lambda p: 1 - p), ": classifier_0 is not the one that seed 11 gives"),
        (
            put("classifier_0", lambda p: p[:2]),
            ": classifier_0 must be of shape (3, 8), not (2, 8)",
        ),
        (put("reinforcement_1", np.zeros(2, np.uint64)), ": reinforcement_1: a stream's history"),
        (put("reinforcement_1", np.zeros(3, np.uint64)), ": reinforcement_1 must be of shape (2,)"),
        (put("reinforcement_1", np.ones(2)), ": reinforcement_1 must be of type uint64, not float"),
        (put("thresholds", poke((0, 0), np.nan)), ": thresholds must be finite and rise from bit"),
        (put("thresholds", lambda t: t[:1]), ": thresholds must be of shape (2, 6) or (0,), not"),
        (put("thresholds", lambda t: t.astype("f4")), ": thresholds must be of type float64, not"),
        (put("kept", poke(0, 1)), ": kept must name features from 0 to 5 in rising order"),
        (changed("state", lambda s: s.pop("epoch")), ": state lacks epoch"),
        (changed("state", lambda s: s.update(epoch=1.5)), ": state: epoch cannot be 1.5"),
        (changed("state", lambda s: s.update(epoch=-1)), ": epoch must be from 0 to 32768, not -1"),
        (
            changed("state", lambda s: s.update(accuracy=2)),
            ": accuracy must be from 0 to 1, not 2.",
        ),
        (changed("state", lambda s: s.update(accuracy=10**400)), ": accuracy must be from 0 to 1"),
        (changed("state", lambda s: s.update(accuracy=None)), ": state: accuracy cannot be null"),
        (
            put("state", lambda s: np.array(str(s).replace('"epoch": 3', '"epoch": NaN'))),
            ": state is not valid JSON: NaN is no JSON",
        ),
        (changed("state", lambda s: s.update(encoder=[])), ": state: encoder cannot be []"),
        (
            changed("state", lambda s: s["encoder"].pop("features")),
            ": state: encoder lacks features",
        ),
        (
            changed("state", lambda s: s["encoder"].update(per_feature=1)),
            ": state: encoder: per_feature cannot be 1",
        ),
        (
            changed("state", lambda s: s["encoder"].update(features="many " * 99)),
            f': state: encoder: features cannot be "{"many " * 11}m...',
        ),
        (
            changed("state", lambda s: s["data"].update(name=None)),
            ": state: data: name cannot be nu",
        ),
        (
            changed("state", lambda s: s["data"].update(image_shape=[1, None])),
            ": image_shape must be a height and a width of 6 pixels in all, not (1, None)",
        ),
        (
            changed("state", lambda s: s["data"].update(class_names=["a"])),
            ": class_names must name the 3 classes, not ('a',)",
        ),
        (put("history", np.array("{}")), ": history must be a JSON list, not {}"),
        (put("history", np.array("[7]")), ": history: history must be a JSON object, not 7"),
        (
            changed("history", lambda h: h[0].pop("samples")),
            ": history: the record of an epoch lack",
        ),
        (
            changed("history", lambda h: h[0].update(seconds="1")),
            ": history: seconds must be a numb",
        ),
        (changed("history", lambda h: h[0].update(events=3)), ": history: events must be a number"),
        (changed("history", lambda h: h.reverse()), ": history: epoch 1 comes after epoch 2"),
    ],
    ids=lambda value: value[:40] if isinstance(value, str) else "",
)
def test_refuses_inconsistent_files(path, change, message):
    arrays = saved_arrays(path)
    change(arrays)
    np.savez(path, **arrays)
    with pytest.raises(ModelFileError, match=re.escape(f"model.npz{message}")):
        Model.load(path)


def test_what_a_later_version_adds_within_the_format_is_passed_over(path):
    arrays = saved_arrays(path)
    changed("state", lambda state: state.update(more=1))(arrays)
    changed("history", lambda history: history[0].update(more=1))(arrays)
    np.savez(path, **arrays, notes=np.array("mine"))
    assert_same(Model.load(path), MODEL)
    assert FORMAT == 1


def test_refuses_pickles_and_what_is_no_archive(path, tmp_path):
    arrays = saved_arrays(path)
    np.savez(path, **(arrays | {"counters_0": np.array([None])}))
    with pytest.raises(ModelFileError, match="holds counters_0 as Python objects"):
        Model.load(path)
    path.write_text("no archive")
    with pytest.raises(ModelFileError, match=r"is not an \.npz file"):
        Model.load(path)
    with pytest.raises(ModelFileError, match=r"cannot read .*gone\.npz: No such file"):
        Model.load(tmp_path / "gone.npz")
    with pytest.raises(ModelFileError, match=r"cannot read .*: Is a directory"):
        Model.load(tmp_path)


def test_refuses_truncated_files(path):
    MODEL.save(path)
    content = path.read_bytes()
    for length in range(0, len(content), 61):
        path.write_bytes(content[:length])
        with pytest.raises(ModelFileError, match=r"model\.npz is (not an \.npz|truncated|damaged)"):
            Model.load(path)


def test_no_flipped_bit_gives_another_model_or_another_error(path):
    MODEL.save(path)
    content = path.read_bytes()
    for position in range(0, len(content), 13):
        damaged = bytearray(content)
        damaged[position] ^= 1 << position % 8
        path.write_bytes(damaged)
        try:
            model = Model.load(path)
        except ModelFileError:
            continue
        assert_same(model, MODEL)


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """A saved model's arrays, for tests that change them often."""
    return saved_arrays(tmp_path_factory.mktemp("saved") / "model.npz")


@given(name=st.sampled_from(["config", "state", "history"]), data=st.data())
def test_json_of_any_kind_is_refused_by_name_or_read(tmp_path_factory, saved, name, data):
    path = tmp_path_factory.getbasetemp() / "json.npz"
    arrays = dict(saved)
    value = json.loads(str(arrays[name]))
    # Walk to somewhere in the document and put something else there.
    junk = data.draw(
        st.none()
        | st.booleans()
        | st.integers(-(1 << 70), 1 << 70)
        | st.floats(allow_nan=False, allow_infinity=False)
        | st.text(max_size=3)
        | st.lists(st.integers(0, 9), max_size=3)
        | st.dictionaries(st.text(max_size=2), st.none(), max_size=2)
    )
    where, steps = value, data.draw(st.integers(0, 2))
    for _ in range(steps):
        keys = sorted(where) if isinstance(where, dict) else range(len(where))
        key = data.draw(st.sampled_from(list(keys)))
        if not isinstance(where[key], dict | list) or not where[key]:
            break
        where = where[key]
    key = data.draw(
        st.sampled_from(sorted(where) if isinstance(where, dict) else range(len(where)))
    )
    where[key] = junk
    arrays[name] = np.array(json.dumps(value))
    np.savez(path, **arrays)
    message = ""
    try:
        Model.load(path)
    except ModelFileError as error:
        message = str(error)
    assert "\n" not in message


def names(directory):
    return sorted(path.name for path in directory.iterdir())


@pytest.mark.parametrize("step", ["write", "fsync"])
def test_a_full_disk_leaves_the_old_model(path, tmp_path, monkeypatch, step):
    MODEL.save(path)
    old = path.read_bytes()

    def full(*arguments):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, step, full)
    with pytest.raises(ModelFileError, match=r"cannot write .*model\.npz: No space left on device"):
        trained(epochs=1).save(path)
    assert path.read_bytes() == old
    assert names(tmp_path) == ["model.npz"]


def test_a_full_device_is_named():
    full = Path("/dev/full")
    if full.exists():  # Linux
        check_destination(full)
        with pytest.raises(ModelFileError, match="cannot write /dev/full: No space left on device"):
            MODEL.save(full)
        assert full.is_char_device()


def test_refuses_places_where_no_file_can_be(tmp_path):
    for refuse in (check_destination, MODEL.save):
        with pytest.raises(
            ModelFileError,
            match=re.escape(
                f"cannot write {tmp_path}: it is a directory; name a file, such as "
                f"{tmp_path / 'model.npz'}"
            ),
        ):
            refuse(tmp_path)
        with pytest.raises(
            ModelFileError,
            match=re.escape(f"there is no directory {tmp_path / 'no'}; make it first"),
        ):
            refuse(tmp_path / "no" / "model.npz")
        with pytest.raises(ModelFileError, match=r"cannot write n+: File name too long"):
            refuse("n" * 5000)
    assert names(tmp_path) == []


def test_refuses_a_directory_that_may_not_be_written_to(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    with pytest.raises(ModelFileError, match=rf"{tmp_path} may not be written to"):
        MODEL.save(tmp_path / "model.npz")


def test_links_are_followed(tmp_path):
    (tmp_path / "there").mkdir()
    real, link = tmp_path / "there" / "real.npz", tmp_path / "link.npz"
    link.symlink_to(real)
    MODEL.save(link)
    assert link.is_symlink()
    assert_same(Model.load(real), MODEL)
    link.unlink()
    link.symlink_to(tmp_path / "nowhere" / "real.npz")
    with pytest.raises(ModelFileError, match=re.escape(f"no directory {tmp_path / 'nowhere'};")):
        MODEL.save(link)


def test_the_name_is_kept_as_it_is(tmp_path):
    MODEL.save(str(tmp_path / "model"))
    assert names(tmp_path) == ["model"]
    assert_same(Model.load(str(tmp_path / "model")), MODEL)


def test_a_record_that_grows_is_still_checked():
    # Every field that has an entry for each layer is known to the checks.
    record = MODEL.history[0]
    tuples = {name for name, value in vars(record).items() if isinstance(value, tuple)}
    for name in tuples:
        with pytest.raises(ConfigurationError, match=f"history: {name} must be a number for each"):
            replace(MODEL, history=(replace(record, **{name: ()}),))
    assert isinstance(record, EpochRecord)
