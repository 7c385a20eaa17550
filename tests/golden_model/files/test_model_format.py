"""The format of model files: its arrays, and the refusal of damaged and inconsistent files."""

import json
import re

import numpy as np
import pytest
from hypothesis import given, strategies as st

from metaplast.golden_model.errors import ModelFileError
from metaplast.golden_model.files.model_file import Model
from metaplast.golden_model.files.model_format import FORMAT

from .models import CONFIG, MODEL, assert_same


@pytest.fixture
def path(tmp_path):
    return tmp_path / "model.npz"


def test_the_file_is_as_documented(path):
    MODEL.save(path)
    with np.load(path, allow_pickle=False) as file:
        arrays = dict(file)
    assert arrays.keys() == {
        *("config", "state", "history", "thresholds"),
        *(
            f"{kind}_{layer}"
            for kind in ("counters", "snapshot", "classifier", "reinforcement")
            for layer in range(2)
        ),
    }
    assert json.loads(str(arrays["config"])) == {"format": 2, **CONFIG.to_dict()}
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
        *((drop(name), f": {name} is missing") for name in ("counters_1", "snapshot_0")),
        (drop("classifier_1"), ": classifier_1 is missing"),
        (drop("reinforcement_0"), ": reinforcement_0 is missing"),
        (drop("config"), " is not a model file: it lacks config"),
        (put("config", np.array("{")), ": config is not valid JSON: "),
        (put("config", np.array("[" * 100_000)), ": config is not valid JSON: "),
        (put("config", np.array("[]")), ": config must be a JSON object, not []"),
        (put("config", np.array(5)), ": config must be JSON text, not int64 of shape ()"),
        (put("history", np.array(["[]"])), ": history must be JSON text, not <U2 of shape (1,)"),
        (
            changed("config", lambda c: c.update(format=3)),
            ": the file is of format 3, and this Metaplast reads formats up to 2; install a newer",
        ),
        (changed("config", lambda c: c.update(format=0)), ": config: format must be at least 1"),
        (changed("config", lambda c: c.update(format="1")), ': config: format cannot be "1"'),
        (changed("config", lambda c: c.update(format=True)), ": config: format cannot be true"),
        (changed("config", lambda c: c.pop("format")), ": config lacks format"),
        (changed("config", lambda c: c.pop("groups")), ": config: the configuration lacks groups"),
        (changed("config", lambda c: c.update(x=1)), ": config: the configuration has unknown"),
        (changed("config", lambda c: c.pop("shuffle_block")), ": config lacks shuffle_block"),
        (
            changed("config", lambda c: c.update(format=1)),
            ": config: a file of format 1 has no shuffle_block",
        ),
        (
            changed("config", lambda c: c.update(shuffle_block=0)),
            ": config: shuffle_block must be from 1 to 65535, not 0",
        ),
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
            ": the file has counters_1, but the network has 1 layers",
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
        (put("thresholds", poke((0, 0), np.nan)), ": thresholds of a feature must be finite and"),
        (
            put("thresholds", lambda t: t[:1]),
            ": state: encoder: bits_per_feature must be 1, not 2",
        ),
        (put("thresholds", lambda t: t[:, :5]), ": state: encoder: features must be 5, not 6"),
        (put("thresholds", lambda t: t[0]), ": thresholds must have 2 dimensions, not shape (6,)"),
        (put("thresholds", lambda t: t.astype("f4")), ": thresholds must be of type float64, not"),
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
            changed("state", lambda s: s["encoder"].update(bits_per_feature=True)),
            ": state: encoder: bits_per_feature cannot be true",
        ),
        (
            changed("state", lambda s: s["encoder"].pop("kind")),
            ": state: encoder lacks kind",
        ),
        (
            changed("state", lambda s: s["encoder"].update(kind="hash")),
            ': state: encoder: there is no kind of encoder "hash"; a newer Metaplast may have',
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
        *(
            (changed("state", lambda s, n=name: s["data"].pop(n)), f": state: data lacks {name}")
            for name in ("labels", "feature_names", "label_name")
        ),
        (
            changed("state", lambda s: s["data"].update(labels=[1, 2])),
            ": labels must be a different integer, text or bool for each of the 3 classes",
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
    assert FORMAT == 2


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
