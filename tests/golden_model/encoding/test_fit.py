"""Fitting an encoder: which kind it becomes, and training samples that are refused."""

import numpy as np
import pytest

from metaplast.golden_model.encoding import (
    BitEncoder,
    EncodingChoice,
    FeatureThermometerEncoder,
    ImagePlaneEncoder,
    ThermometerEncoder,
    fit_encoder,
)
from metaplast.golden_model.encoding.raw_samples import SLICE_VALUES
from metaplast.golden_model.errors import ConfigurationError, DataError

BITS = np.array([[0, 1, 1, 0], [0, 0, 1, 1]])


@pytest.mark.parametrize(
    ("x", "choice", "kind"),
    [
        (BITS, EncodingChoice(), BitEncoder),
        (BITS.astype(bool), EncodingChoice(per_feature=True), BitEncoder),
        (BITS * 1.0, EncodingChoice(bits_per_feature=4, fewer_bits=True), BitEncoder),
        (BITS, EncodingChoice(planes=("level",)), ImagePlaneEncoder),
        (BITS * 2, EncodingChoice(), ThermometerEncoder),
        (BITS * 2, EncodingChoice(per_feature=True), FeatureThermometerEncoder),
        (BITS - 1, EncodingChoice(), ThermometerEncoder),
    ],
)
def test_the_kind_of_encoder(x, choice, kind):
    encoder = fit_encoder(x, choice, image_shape=(2, 2))
    assert type(encoder) is kind
    assert encoder.features == 4
    assert encoder.encode(x).shape == (2, encoder.outputs)
    assert len(encoder.sources) == encoder.outputs
    assert fit_encoder(x.reshape(2, 2, 2), choice) == encoder


def test_a_single_value_makes_samples_other_than_bits():
    x = np.tile(BITS, (SLICE_VALUES, 1)).astype(np.uint8)
    assert fit_encoder(x).kind == "bits"
    for row in (0, -1):
        changed = x.copy()
        changed[row, 1] = 2
        assert fit_encoder(changed).kind == "thermometer"


def test_one_median_is_the_default():
    assert fit_encoder([[1, 2, 3]]) == ThermometerEncoder(features=3, thresholds=np.array([2.0]))


@pytest.mark.parametrize(
    ("x", "choice", "message"),
    [
        (
            BITS,
            {"bits_per_feature": 2},
            "the training data are bits already and carry 1 bit a feature, not 2; ask for 1",
        ),
        (
            BITS,
            {"bits_per_feature": 2, "per_feature": True},
            "the training data are bits already and carry 1 bit a feature, not 2; ask for 1",
        ),
        (
            [[5, 5], [5, 5]],
            {},
            "the training data can carry no bits: every value is 5; give samples that differ",
        ),
        (
            [[0, 1, 2]],
            {"bits_per_feature": 3},
            "the training data can carry 1 bit a feature, not 3; ask for 1 at most",
        ),
        (
            [[1, 2, 3, 4]],
            {"bits_per_feature": 3},
            "the training data can carry 2 bits a feature, not 3; ask for 2 at most",
        ),
        (
            [[4, 5], [4, 5]],
            {"per_feature": True},
            (
                "the training data can carry no bits: every feature is constant; give samples that "
                "differ"
            ),
        ),
        ([[1, np.nan]], {}, "features must be finite numbers, not nan as in row 0, column 1"),
        (
            [[1, 2], [-np.inf, 2]],
            {"per_feature": True},
            "features must be finite numbers, not -inf as in row 1, column 0",
        ),
        ([["a", "b"]], {}, "features must be real numbers, not of type <U1"),
        ([[1j]], {}, "features must be real numbers, not of type complex128"),
        (np.array([[None]]), {}, "features must be real numbers, not of type object"),
        (
            [1, 2, 3],
            {},
            (
                "samples must form a table of shape (samples, features), or images of shape "
                "(samples, height, width), not (3,)"
            ),
        ),
        ([[1, 2], [3]], {}, "samples must all have the same number of features"),
        (
            np.empty((0, 3)),
            {},
            "the training samples must be at least one sample of at least one feature, not 0 of 3",
        ),
        (
            np.empty((3, 0)),
            {"planes": ("level",)},
            "the training samples must be at least one sample of at least one feature, not 3 of 0",
        ),
    ],
)
def test_refuses_samples(x, choice, message):
    with pytest.raises(DataError) as caught:
        fit_encoder(x, EncodingChoice(**choice))
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("x", "image_shape"),
    [
        (np.zeros((2, 6)), (2, 4)),
        (np.zeros((2, 3, 2)), (2, 3)),
        (np.zeros((2, 3, 2)), (6, 1)),
    ],
)
def test_refuses_another_image_shape(x, image_shape):
    height, width = image_shape
    for choice in (EncodingChoice(), EncodingChoice(planes=("right",))):
        with pytest.raises(DataError) as caught:
            fit_encoder(x, choice, image_shape=image_shape)
        assert str(caught.value) == (
            f"images of {height}×{width} pixels do not fit samples of shape {x.shape}; correct the "
            "image shape"
        )


def test_a_square_is_not_guessed():
    with pytest.raises(DataError) as caught:
        fit_encoder(np.zeros((2, 16)), EncodingChoice(planes=("right",)))
    assert str(caught.value) == (
        "image planes need the height and width of the images, and samples of shape (2, 16) do not "
        "show them; give the shape (image, command line: --image HxW) or an array of shape "
        "(samples, height, width)"
    )


@pytest.mark.parametrize("shape", [(3, 4), (4, 3), (1, 2)])
def test_refuses_to_pool_odd_sizes(shape):
    height, width = shape
    with pytest.raises(ConfigurationError) as caught:
        fit_encoder(np.zeros((2, *shape)), EncodingChoice(planes=("right",), pool=True))
    assert str(caught.value) == (
        f"pooling needs an even height and width, not {height}×{width}; crop or pad the images, or "
        "leave pooling out"
    )


@pytest.mark.parametrize(
    ("images", "levels", "message"),
    [
        (
            np.arange(4).reshape(1, 2, 2),
            3,
            (
                "the planes have level 3 times, and the training images can carry 2 levels; list "
                "level 2 times at most"
            ),
        ),
        (
            np.full((1, 2, 2), 7),
            1,
            (
                "the planes have level 1 times, and the training images can carry 0 levels; leave "
                "level out"
            ),
        ),
    ],
)
def test_refuses_more_levels_than_thresholds(images, levels, message):
    with pytest.raises(DataError) as caught:
        fit_encoder(images, EncodingChoice(planes=("level",) * levels))
    assert str(caught.value) == message


@pytest.mark.parametrize("value", [-1, 65536, 0.5, np.nan, np.inf, -np.inf, 1e300])
def test_refuses_pixels(value):
    images = np.zeros((3, 2, 4))
    images[2, 1, 3] = value
    with pytest.raises(DataError) as caught:
        fit_encoder(images, EncodingChoice(planes=("right",)))
    assert str(caught.value) == (
        f"pixels must be whole numbers from 0 to 65535, not {images[2, 1, 3]} as in image 2, "
        "row 1, column 3; scale and round the images"
    )


def test_images_without_levels_may_be_constant():
    encoder = fit_encoder(np.full((1, 2, 2), 64), EncodingChoice(planes=("right", "left")))
    assert encoder.difference == 2
    assert encoder.encode(np.full((1, 2, 2), 64)).tolist() == [[0, 0, 0, 0, 0, 1, 0, 1]]
