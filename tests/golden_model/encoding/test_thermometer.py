"""Thermometers: the order of their bits, comparison in float64, and values that are refused."""

import pickle

import numpy as np
import pytest

from metaplast.golden_model.encoding import (
    EncodingChoice,
    FeatureThermometerEncoder,
    ThermometerEncoder,
    fit_encoder,
)
from metaplast.golden_model.encoding.raw_samples import SLICE_VALUES
from metaplast.golden_model.errors import ConfigurationError, DataError

NONE = np.nan


def shared(*thresholds, features=1):
    return ThermometerEncoder(features=features, thresholds=np.array(thresholds))


def test_planes_come_one_after_the_other():
    x = np.array([[0, 10], [20, 30], [40, 50], [60, 70]])
    encoder = fit_encoder(x, EncodingChoice(bits_per_feature=2))
    assert encoder == shared(35.0, 55.0, features=2)
    assert encoder.encode([[40, 0], [56, 40]]).tolist() == [[1, 0, 0, 0], [1, 1, 1, 0]]
    assert encoder.sources.tolist() == [0, 1, 0, 1]
    assert encoder.summary == "2 features, 2 bits each: above 35, 55"
    assert encoder.choice == EncodingChoice(bits_per_feature=2)
    assert encoder.to_dict() == {
        "kind": "thermometer",
        "features": 2,
        "outputs": 4,
        "bits_per_feature": 2,
        "thresholds": [35.0, 55.0],
    }


def test_as_many_bits_as_the_data_carry():
    x = np.array([[1, 2, 3, 4]])
    for most, thresholds in ((1, [2.5]), (2, [2.5, 3.5]), (9, [2.5, 3.5])):
        choice = EncodingChoice(bits_per_feature=most, fewer_bits=True)
        assert fit_encoder(x, choice).thresholds.tolist() == thresholds


def test_columns_carry_as_many_bits_as_they_can():
    x = np.array([[1, 5, 100, 0], [2, 5, 200, 1], [3, 5, 300, 1], [4, 5, 400, 1]])
    encoder = fit_encoder(x, EncodingChoice(bits_per_feature=3, per_feature=True))
    assert encoder == FeatureThermometerEncoder(
        thresholds=np.array([[2.5, NONE, 250, 0], [3.5, NONE, 350, NONE], [NONE, NONE, NONE, NONE]])
    )
    assert encoder.outputs == 5
    assert encoder.sources.tolist() == [0, 2, 3, 0, 2]
    assert encoder.encode([[3, 9, 400, 0], [4, 0, 0, 7]]).tolist() == [
        [1, 1, 0, 0, 1],
        [1, 0, 1, 1, 0],
    ]
    assert encoder.summary == "4 features, 3 of them kept, 1 to 2 bits each"
    assert encoder.choice == EncodingChoice(bits_per_feature=3, per_feature=True)
    assert encoder.to_dict() == {
        "kind": "thermometer-per-feature",
        "features": 4,
        "outputs": 5,
        "bits_per_feature": 3,
        "thresholds": [[2.5, None, 250, 0], [3.5, None, 350, None], [None] * 4],
    }


def test_more_bits_of_a_column_than_any_can_carry():
    x = np.arange(100.0)[:, np.newaxis]
    encoder = fit_encoder(x, EncodingChoice(bits_per_feature=10**9, per_feature=True))
    assert len(encoder.thresholds) == 64
    assert encoder.outputs == 6


def test_values_compare_in_float64_whatever_their_type():
    # 0.1 as float32 is above 0.1 as float64, so it is above a threshold of exactly that.
    for encoder in (shared(0.1), FeatureThermometerEncoder(thresholds=np.array([[0.1]]))):
        assert encoder.encode(np.array([[0.1]], dtype=np.float32)).tolist() == [[1]]
        assert encoder.encode(np.array([[0.1]])).tolist() == [[0]]
    # Integers too large for float64 are rounded to it first.
    big = 1 << 53
    assert shared(big + 2.0).encode(np.array([[big + 2], [big + 3]])).tolist() == [[0], [1]]


def test_slices_join_without_a_seam():
    width = 300
    rows = 2 * (SLICE_VALUES // width) + 7
    x = np.random.default_rng(5).integers(0, 256, size=(rows, width), dtype=np.uint8)
    expected = np.concatenate([x > t for t in (99, 200)], axis=1)
    assert np.array_equal(shared(99.0, 200.0, features=width).encode(x), expected)
    x = x.astype(np.float32)
    x[-1, 3] = np.inf
    with pytest.raises(DataError, match=rf"not inf as in row {rows - 1}, column 3$"):
        shared(99.0, features=width).encode(x)


def test_an_empty_table_encodes_to_an_empty_table():
    assert shared(2.0, features=3).encode(np.empty((0, 3))).shape == (0, 3)


def test_thresholds_cannot_be_changed():
    thresholds = np.array([2.0])
    encoder = ThermometerEncoder(features=3, thresholds=thresholds)
    thresholds[0] = 7
    assert encoder.thresholds.tolist() == [2]
    with pytest.raises(ValueError, match="read-only"):
        encoder.thresholds[0] = 7


def test_equal_encoders_have_equal_hashes():
    one, other = (FeatureThermometerEncoder(thresholds=np.array([[1, NONE]])) for _ in range(2))
    assert one == other
    assert hash(one) == hash(other)
    assert pickle.loads(pickle.dumps(one)) == one
    assert one != FeatureThermometerEncoder(thresholds=np.array([[1.5, NONE]]))
    assert shared(1.0) != shared(1.0, features=2)
    assert shared(1.0) != FeatureThermometerEncoder(thresholds=np.array([[1.0]]))
    assert shared(1.0) != "thermometer"


def test_refuses_samples_unlike_the_training_samples():
    for encoder in (
        shared(2.0, features=3),
        FeatureThermometerEncoder(thresholds=np.array([[2.0, NONE, NONE]])),
    ):
        with pytest.raises(DataError, match="must have 3 features, as in training, not 2"):
            encoder.encode([[1, 2]])
        with pytest.raises(DataError, match="finite numbers, not inf as in row 1, column 2"):
            encoder.encode([[1, 2, 3], [1, 2, np.inf]])


@pytest.mark.parametrize(
    ("features", "thresholds", "message"),
    [
        (0, [1.0], "features must be an integer of at least 1, not 0"),
        (2, [1], "thresholds must be of type float64, not int64"),
        (2, [[1.0]], "thresholds must have 1 dimensions, not shape (1, 1)"),
        (2, np.empty(0), "thresholds must have at least one value, not none"),
        (2, [1.0, NONE], "thresholds must be finite and rise from bit to bit"),
        (2, [1.0, np.inf], "thresholds must be finite and rise from bit to bit"),
        (2, [2.0, 2.0], "thresholds must be finite and rise from bit to bit"),
    ],
)
def test_refuses_shared_thresholds(features, thresholds, message):
    with pytest.raises(ConfigurationError) as caught:
        ThermometerEncoder(features=features, thresholds=np.array(thresholds))
    assert str(caught.value) == message


RISING = "thresholds of a feature must be finite and rise from bit to bit, followed by NaN"


@pytest.mark.parametrize(
    ("thresholds", "message"),
    [
        ([[1, 2]], "thresholds must be of type float64, not int64"),
        ([1.0], "thresholds must have 2 dimensions, not shape (1,)"),
        ([[NONE, NONE]], "thresholds must have at least one value, not none"),
        (np.empty((0, 2)), "thresholds must have at least one value, not none"),
        (np.empty((2, 0)), "thresholds must have at least one value, not none"),
        ([[1.0, np.inf]], RISING),
        ([[1.0], [1.0]], RISING),
        ([[1.0, NONE], [2.0, 3.0]], RISING),
        ([[1.0], [NONE], [3.0]], RISING),
    ],
)
def test_refuses_thresholds_of_features(thresholds, message):
    with pytest.raises(ConfigurationError) as caught:
        FeatureThermometerEncoder(thresholds=np.array(thresholds))
    assert str(caught.value) == message
