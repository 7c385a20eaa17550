"""Encoders in model files: every kind comes back, wrong values are refused, format 1 is read."""

import hashlib
import json
import re
from pathlib import Path

import numpy as np
import pytest

from metaplast.golden_model.config import NetworkConfig
from metaplast.golden_model.encoding import (
    BitEncoder,
    EncodingChoice,
    FeatureThermometerEncoder,
    ThermometerEncoder,
    fit_encoder,
)
from metaplast.golden_model.errors import ConfigurationError, ModelFileError
from metaplast.golden_model.files.encoder_format import (
    encoder_digest,
    encoder_values,
    read_encoder,
)
from metaplast.golden_model.files.json_text import JsonObject
from metaplast.golden_model.files.model_file import Model

from ...comparison import assert_same_array
from .models import assert_same

FILES = Path(__file__).parents[2] / "data" / "model_files"
IMAGES = np.random.default_rng(1).integers(0, 200, (9, 2, 4))
ROWS = IMAGES.reshape(9, 8)


def fitted(x=IMAGES, **choice):
    return fit_encoder(x, EncodingChoice(**choice))


ENCODERS = {
    "bits": fitted(ROWS > 99),
    "thermometer": fitted(bits_per_feature=3),
    "thermometer-per-feature": fitted(ROWS % 9 // [9, 5, 2, 1, 1, 1, 1, 1], per_feature=True),
    "image-planes": fitted(planes=("level", "right", "level"), pool=True),
}


def read(values, thresholds):
    return read_encoder(JsonObject("encoder", json.loads(json.dumps(values))), thresholds)


@pytest.mark.parametrize("kind", ENCODERS)
def test_every_kind_comes_back(kind):
    encoder = ENCODERS[kind]
    assert encoder.kind == kind
    assert read(encoder_values(encoder), encoder.thresholds) == encoder


@pytest.mark.parametrize("kind", ENCODERS)
def test_every_value_is_needed_and_its_type_checked(kind):
    encoder = ENCODERS[kind]
    values = encoder_values(encoder)
    for key in values:
        lacking = {name: value for name, value in values.items() if name != key}
        with pytest.raises(ModelFileError, match=rf"^encoder lacks {key}$"):
            read(lacking, encoder.thresholds)
        for wrong in (None, {}, 1.5, not isinstance(values[key], bool) or "x"):
            with pytest.raises(ModelFileError, match=rf"^encoder: {key} cannot be "):
                read(values | {key: wrong}, encoder.thresholds)


@pytest.mark.parametrize(
    ("kind", "changes", "thresholds", "error", "message"),
    [
        ("bits", {"features": 0}, None, ConfigurationError, "features must be an integer of at"),
        ("bits", {}, [1.0], ModelFileError, "thresholds must be of shape (0,), not (1,)"),
        (
            "bits",
            {"kind": "thermometer"},
            None,
            ConfigurationError,
            "thresholds must have at least one value, not none",
        ),
        (
            "thermometer",
            {"bits_per_feature": 2},
            None,
            ModelFileError,
            "encoder: bits_per_feature must be 3, not 2",
        ),
        ("thermometer", {}, [2.0, 1.0], ConfigurationError, "thresholds must be finite and rise"),
        (
            "thermometer-per-feature",
            {"features": 9},
            None,
            ModelFileError,
            "encoder: features must be 8, not 9",
        ),
        (
            "image-planes",
            {"features": 9},
            None,
            ModelFileError,
            "encoder: features must be 8, not 9",
        ),
        ("image-planes", {"height": 3}, None, ConfigurationError, "pooling needs an even height"),
        ("image-planes", {"height": -2}, None, ConfigurationError, "height must be an integer of"),
        ("image-planes", {"planes": []}, None, ConfigurationError, "planes must name at least one"),
        ("image-planes", {"planes": [["up"]]}, None, ConfigurationError, "there is no plane ['up"),
        ("image-planes", {"planes": ["up"]}, None, ConfigurationError, "thresholds must have one"),
        ("image-planes", {"difference": -1}, None, ConfigurationError, "difference must be an int"),
        ("image-planes", {}, [1.0, np.nan], ConfigurationError, "thresholds must be finite and"),
    ],
)
def test_refuses_values(kind, changes, thresholds, error, message):
    encoder = ENCODERS[kind]
    given = encoder.thresholds if thresholds is None else np.array(thresholds)
    with pytest.raises(error) as caught:
        read(encoder_values(encoder) | changes, given)
    assert str(caught.value).startswith(message)


# Format 1


@pytest.fixture
def format_1(tmp_path):
    """Change the arrays of a stored file of format 1, and save them."""

    def save(change, name="per_feature"):
        with np.load(FILES / f"format_1_{name}.npz") as file:
            arrays = dict(file)
        state = json.loads(str(arrays["state"]))
        change(arrays, state["encoder"])
        arrays["state"] = np.array(json.dumps(state))
        path = tmp_path / "model.npz"
        np.savez(path, **arrays)
        return path

    return save


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("bits", BitEncoder),
        ("shared", ThermometerEncoder),
        ("per_feature", FeatureThermometerEncoder),
    ],
)
def test_format_1_is_read(name, kind, tmp_path):
    with np.load(FILES / "format_1_expected.npz") as file:
        expected = dict(file)
    x, y = expected["x"], expected["y"]
    if name == "bits":
        x = (x > 12).astype(np.uint8)
    model = Model.load(FILES / f"format_1_{name}.npz")
    assert type(model.encoder) is kind
    assert_same_array("bits", expected[f"encoded_{name}"], model.encoder.encode(x))
    assert_same_array("predictions", expected[f"predictions_{name}"], model.predict(x))
    bits = model.encoder.outputs
    assert model.config == NetworkConfig(
        inputs=bits, hidden=(8, 6), groups=(4, 3), classes=3, counter_bits=5, batch=7, seed=11
    )
    assert model.config.shuffle_block == 1
    assert (model.epoch, len(model.history), model.data_name) == (3, 3, "mine")
    trainer = model.trainer()
    trainer.train_epoch(model.encoder.encode(x), y)
    for layer, counters in enumerate(trainer.network.counters):
        assert_same_array("counters", expected[f"counters_{name}_{layer}"], counters)
    model.save(tmp_path / "new.npz")
    with np.load(tmp_path / "new.npz") as file:
        assert json.loads(str(file["config"]))["format"] == 2
        assert "kept" not in file
    assert_same(Model.load(tmp_path / "new.npz"), model)


def put(name, value):
    return lambda arrays, encoder: arrays.update({name: np.array(value)})


def update(**values):
    return lambda arrays, encoder: encoder.update(values)


@pytest.mark.parametrize(
    ("name", "change", "message"),
    [
        ("per_feature", lambda a, e: a.pop("kept"), "kept is missing"),
        ("per_feature", lambda a, e: e.pop("features"), "state: encoder lacks features"),
        ("per_feature", update(features="6"), 'state: encoder: features cannot be "6"'),
        ("per_feature", update(per_feature=1), "state: encoder: per_feature cannot be 1"),
        ("per_feature", update(bits_per_feature=1.5), "state: encoder: bits_per_feature cannot be"),
        ("per_feature", update(bits_per_feature=-1), "thresholds must be of shape (-1, 5), not"),
        ("per_feature", update(bits_per_feature=3), "thresholds must be of shape (3, 5), not (2"),
        ("per_feature", update(per_feature=False), "kept must name all 6 features unless"),
        ("per_feature", update(features=5), "kept must name features from 0 to 4 in rising order"),
        ("per_feature", update(features=10**12), "features must be at most 16777216, not 10000000"),
        ("per_feature", update(features=0), "kept must name features from 0 to -1 in rising"),
        ("per_feature", put("kept", [0.0, 1]), "kept must be of type int64, not float64"),
        ("per_feature", put("kept", [[0, 1]]), "kept must be a list of at least one feature, not"),
        ("per_feature", put("kept", np.empty(0, int)), "kept must be a list of at least one feat"),
        ("per_feature", put("kept", [-1, 1, 3, 4, 5]), "kept must name features from 0 to 5 in"),
        ("per_feature", put("kept", [0, 1, 1, 4, 5]), "kept must name features from 0 to 5 in"),
        ("per_feature", put("kept", [1, 0, 3, 4, 5]), "kept must name features from 0 to 5 in"),
        ("per_feature", put("kept", [1 << 62]), "kept must name features from 0 to 5 in"),
        ("per_feature", put("kept", [0, 1, 3, 4, 6]), "kept must name features from 0 to 5 in"),
        (
            "per_feature",
            put("thresholds", np.full((2, 5), np.nan)),
            "thresholds must be finite and rise",
        ),
        ("per_feature", put("thresholds", np.zeros((2, 5))), "thresholds of a feature must be"),
        (
            "shared",
            put("thresholds", [[1.0, 2, 3]]),
            "thresholds must be of shape (3,), not (1",
        ),
        ("shared", put("thresholds", [1.0, 2, np.inf]), "thresholds must be finite and rise from"),
        ("shared", put("thresholds", [1.0, 2, 2]), "thresholds must be finite and rise from bit"),
        (
            "bits",
            update(bits_per_feature=2),
            "bits_per_feature must be 1 without thresholds, not",
        ),
        ("bits", put("kept", [0]), "kept must name all 6 features unless thresholds are per feat"),
    ],
)
def test_refuses_inconsistent_files_of_format_1(format_1, name, change, message):
    path = format_1(change, name)
    with pytest.raises(ModelFileError, match=re.escape(f"model.npz: {message}")):
        Model.load(path)


def test_equal_encoders_have_equal_digests():
    thresholds = np.array([[0.0, 1.0], [np.nan, 2.0]])
    negative = np.array([[-0.0, 1.0], [-np.nan, 2.0]])
    assert thresholds.tobytes() != negative.tobytes()
    first, second = (FeatureThermometerEncoder(thresholds=each) for each in (thresholds, negative))
    assert first == second
    assert encoder_digest(first) == encoder_digest(second)


def test_other_encoders_have_other_digests():
    others = [
        *ENCODERS.values(),
        BitEncoder(features=7),
        ThermometerEncoder(features=8, thresholds=np.array([1.0])),
        ThermometerEncoder(features=8, thresholds=np.array([1.5])),
        ThermometerEncoder(features=9, thresholds=np.array([1.0])),
        fitted(planes=("level", "right", "level")),
    ]
    assert len({encoder_digest(encoder) for encoder in others}) == len(others)


def test_the_digests_of_the_page():
    """The JSON texts that docs/image.md shows."""
    one = np.array([1.0])
    for encoder, text in (
        (BitEncoder(features=64), b'{"features":64,"kind":"bits"}'),
        (
            ThermometerEncoder(features=64, thresholds=one),
            b'{"bits_per_feature":1,"features":64,"kind":"thermometer"}' + one.tobytes(),
        ),
    ):
        assert encoder_digest(encoder) == hashlib.sha256(text).digest()
