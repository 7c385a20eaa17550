"""Image planes: each plane by hand, pooling, and values that are refused."""

import numpy as np
import pytest

from metaplast.golden_model.encoding import PLANES, EncodingChoice, ImagePlaneEncoder, fit_encoder
from metaplast.golden_model.encoding.raw_samples import SLICE_VALUES
from metaplast.golden_model.errors import ConfigurationError, DataError

IMAGE = np.array([[[9, 1, 5], [2, 8, 5]]])


def encoder(*planes, difference=2, thresholds=(), **changes):
    values = {"height": 2, "width": 3, "pool": False} | changes
    return ImagePlaneEncoder(
        planes=planes, difference=difference, thresholds=np.array(thresholds, float), **values
    )


@pytest.mark.parametrize(
    ("plane", "bits"),
    [
        ("right", [[0, 1, 0], [1, 0, 0]]),  # −8 4 −5, 6 −3 −5
        ("left", [[1, 0, 1], [0, 1, 1]]),
        ("down", [[0, 1, 0], [0, 0, 0]]),  # −7 7 0, −2 −8 −5
        ("up", [[1, 0, 0], [0, 1, 1]]),
        ("level", [[1, 0, 0], [0, 1, 0]]),  # above 5
    ],
)
def test_each_plane(plane, bits):
    thresholds = (5,) if plane == "level" else ()
    assert encoder(plane, thresholds=thresholds).encode(IMAGE).tolist() == [np.ravel(bits).tolist()]


def test_planes_come_in_the_order_of_their_list():
    parts = [
        encoder("up").encode(IMAGE),
        encoder("level", thresholds=(1,)).encode(IMAGE),
        encoder("right").encode(IMAGE),
        encoder("level", thresholds=(8,)).encode(IMAGE),
    ]
    whole = encoder("up", "level", "right", "level", thresholds=(1, 8))
    assert whole.encode(IMAGE).tolist() == np.concatenate(parts, axis=1).tolist()
    assert whole.outputs == 24
    assert whole.sources.tolist() == [0, 1, 2, 3, 4, 5] * 4


def test_pooling_sums_blocks():
    images = np.array([[[1, 2, 3, 4], [5, 6, 7, 8]]]) * 5000
    pooled = encoder("level", "left", thresholds=(70_000,), height=2, width=4, pool=True)
    assert (pooled.image_shape, pooled.plane_shape) == ((2, 4), (1, 2))
    assert pooled.encode(images).tolist() == [[0, 1, 0, 1]]
    fitted = fit_encoder(images, EncodingChoice(planes=("level", "left"), pool=True))
    assert fitted.thresholds.tolist() == [90_000]
    assert fitted.difference == 110_000 // 32


def test_the_largest_sums_and_differences():
    images = np.full((1, 2, 4), 65535, dtype=np.uint16)
    images[:, :, :2] = 0
    fitted = fit_encoder(images, EncodingChoice(planes=("right", "left"), pool=True))
    assert fitted.difference == 4 * 65535 // 32
    assert fitted.encode(images).tolist() == [[1, 0, 0, 1]]
    for difference, bit in ((262_139, 1), (262_140, 0)):
        large = encoder("right", difference=difference, height=2, width=4, pool=True)
        assert large.encode(images).tolist() == [[bit, 0]]


def test_a_difference_that_nothing_exceeds():
    for difference in (9, 262140, 1 << 40, 10**30):
        assert not encoder("right", "up", difference=difference).encode(IMAGE).any()


def test_rows_of_pixels_are_images_too():
    levels = encoder("level", "down", thresholds=(4,))
    assert np.array_equal(levels.encode(IMAGE.reshape(1, 6)), levels.encode(IMAGE))
    assert levels.encode(np.empty((0, 2, 3))).shape == (0, 12)
    with pytest.raises(DataError, match=r"^samples must have 6 features, as in training, not 5$"):
        levels.encode(np.zeros((1, 5)))
    with pytest.raises(DataError) as caught:
        levels.encode(np.zeros((1, 3, 2)))
    assert str(caught.value) == "images must be of 2×3 pixels, as in training, not 3×2"


def test_pixels_are_checked_in_prediction_too():
    images = np.zeros((SLICE_VALUES // 6 + 9, 2, 3))
    images[-1, 1, 2] = -3
    with pytest.raises(DataError) as caught:
        encoder("right").encode(images)
    assert str(caught.value) == (
        f"pixels must be whole numbers from 0 to 65535, not -3.0 as in image {len(images) - 1}, "
        "row 1, column 2; scale and round the images"
    )


def test_a_description():
    one = encoder("level", "right", thresholds=(5,))
    assert one.summary == "images of 2×3, planes level,right: level above 5; difference above 2"
    other = encoder("up", height=4, width=6, pool=True)
    assert other.summary == "images of 4×6, pooled to 2×3, planes up; difference above 2"
    assert one.choice == EncodingChoice(planes=("level", "right"), difference=2)
    assert one.to_dict() == {
        "kind": "image-planes",
        "features": 6,
        "outputs": 12,
        "height": 2,
        "width": 3,
        "planes": ["level", "right"],
        "pool": False,
        "difference": 2,
        "thresholds": [5.0],
    }


def test_encoders_with_other_settings_are_not_equal():
    one = encoder("up")
    assert one == encoder("up")
    others = [encoder("down"), encoder("up", difference=3), encoder("up", height=3, width=2)]
    assert not [other for other in others if other == one]


def test_the_kinds_of_planes():
    assert PLANES == ("level", "right", "down", "left", "up")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"height": 0}, "height must be an integer of at least 1, not 0"),
        ({"width": 1.5}, "width must be an integer of at least 1, not 1.5"),
        ({"difference": -1}, "difference must be an integer of at least 0, not -1"),
        ({"difference": None}, "difference must be an integer of at least 0, not None"),
        ({"pool": 1}, "pool must be True or False, not 1"),
        ({"pool": True}, "pooling needs an even height and width, not 2×3; crop or pad the images"),
        (
            {"planes": ()},
            "planes must name at least one plane; planes are level, right",
        ),
        (
            {"planes": ("level", "in")},
            "there is no plane 'in'; planes are level, right",
        ),
        ({"planes": ("up", "up")}, "planes name up twice; only level may come several times"),
        ({"planes": ("right",)}, "thresholds must have one value for each of 0 levels, not 1"),
        ({"thresholds": np.empty(0)}, "thresholds must have one value for each of 1 levels, not 0"),
        ({"thresholds": np.array([np.nan])}, "thresholds must be finite and rise from level to"),
        ({"thresholds": np.array([1])}, "thresholds must be of type float64, not int64"),
        (
            {"planes": ("level", "level"), "thresholds": np.array([2.0, 1.0])},
            "thresholds must be finite and rise from level to level",
        ),
    ],
)
def test_refuses_values(changes, message):
    values = {
        "height": 2,
        "width": 3,
        "planes": ("level", "right"),
        "pool": False,
        "difference": 2,
        "thresholds": np.array([5.0]),
    }
    ImagePlaneEncoder(**values)
    with pytest.raises(ConfigurationError) as caught:
        ImagePlaneEncoder(**(values | changes))
    assert str(caught.value).startswith(message)
