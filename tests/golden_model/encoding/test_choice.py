"""The spelling of encodings, and options that contradict each other."""

import pytest

from metaplast.golden_model.encoding import (
    EDGES,
    POOLED_EDGES,
    EncodingChoice,
    encoding_choice,
    parse_encoding,
    parse_image_shape,
)
from metaplast.golden_model.errors import ConfigurationError


@pytest.mark.parametrize(
    ("text", "choice"),
    [
        ("median", EncodingChoice()),
        ("levels:3", EncodingChoice(bits_per_feature=3)),
        ("levels:12", EncodingChoice(bits_per_feature=12)),
        ("edges", EncodingChoice(planes=("level", "level", "right", "down", "left", "up"))),
        ("pooled-edges", EncodingChoice(planes=("right", "down", "left", "up"), pool=True)),
        ("level", EncodingChoice(planes=("level",))),
        ("level,level,right", EncodingChoice(planes=("level", "level", "right"))),
        (" up, down ", EncodingChoice(planes=("up", "down"))),
    ],
)
def test_parses_encodings(text, choice):
    assert parse_encoding(text) == choice
    assert encoding_choice(encoding=text) == choice


UNKNOWN = (
    "encoding must be median, levels:N, edges, pooled-edges, or a list of planes such as "
    "level,right,down; not "
)
NO_NUMBER = "levels:N needs a whole number of at least 1 for N, such as levels:3, not "


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", f"{UNKNOWN}''"),
        ("mean", f"{UNKNOWN}'mean'"),
        ("levels", f"{UNKNOWN}'levels'"),
        ("edges:2", f"{UNKNOWN}'edges:2'"),
        (3, f"{UNKNOWN}3"),
        (None, f"{UNKNOWN}None"),
        ("levels:", f"{NO_NUMBER}'levels:'"),
        ("levels:0", f"{NO_NUMBER}'levels:0'"),
        ("levels:-1", f"{NO_NUMBER}'levels:-1'"),
        ("levels:two", f"{NO_NUMBER}'levels:two'"),
        ("levels:٣", f"{NO_NUMBER}'levels:٣'"),
        ("level,rigth", "there is no plane 'rigth'; planes are level, right, down, left, up"),
        ("level,", "there is no plane ''; planes are level, right, down, left, up"),
        ("up,level,up", "planes name up twice; only level may come several times"),
    ],
)
def test_refuses_encodings(text, message):
    with pytest.raises(ConfigurationError) as caught:
        parse_encoding(text)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("options", "choice"),
    [
        ({}, EncodingChoice()),
        ({"bits_per_feature": 2}, EncodingChoice(bits_per_feature=2)),
        ({"per_feature": True}, EncodingChoice(per_feature=True)),
        (
            {"encoding": "levels:3", "per_feature": True},
            EncodingChoice(bits_per_feature=3, per_feature=True),
        ),
        (
            {"encoding": "edges", "pool": True, "difference": 4},
            EncodingChoice(planes=EDGES, pool=True, difference=4),
        ),
        ({"encoding": "pooled-edges"}, EncodingChoice(planes=POOLED_EDGES, pool=True)),
        ({"planes": "level,up", "pool": True}, EncodingChoice(planes=("level", "up"), pool=True)),
        ({"planes": ["level", "up"]}, EncodingChoice(planes=("level", "up"))),
    ],
)
def test_options(options, choice):
    assert encoding_choice(**options) == choice


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"encoding": "median", "bits_per_feature": 2},
            (
                "bits_per_feature contradicts encoding 'median', which already says it; leave one "
                "of them out"
            ),
        ),
        (
            {"encoding": "edges", "planes": "up"},
            "planes contradicts encoding 'edges', which already says it; leave one of them out",
        ),
        (
            {"planes": "up", "bits_per_feature": 1},
            (
                "bits_per_feature is for thermometers; leave it out with image planes, and list "
                "level once for each bit"
            ),
        ),
        (
            {"planes": "up,down", "per_feature": True},
            "per_feature is for thermometers; leave it out with image planes (up,down)",
        ),
        ({"pool": True}, "pool is for image planes; name planes too, or leave pool out"),
        (
            {"encoding": "median", "difference": 0},
            "difference is for image planes; name planes too, or leave difference out",
        ),
        (
            {"planes": ""},
            "planes must name at least one plane; planes are level, right, down",
        ),
        (
            {"planes": []},
            "planes must name at least one plane; planes are level, right, down",
        ),
        ({"planes": 3}, "planes must be a list such as level,right,down, not 3"),
        ({"planes": [3]}, "there is no plane 3; planes are level, right, down, left, up"),
        ({"planes": [["up"]]}, "there is no plane ['up']; planes are level, right, down, left, up"),
        ({"planes": "up", "difference": -1}, "difference must be an integer of at least 0, not -1"),
        ({"planes": "up", "difference": 1.5}, "difference must be an integer of at least 0, not 1"),
        ({"planes": "up", "pool": "yes"}, "pool must be True or False, not 'yes'"),
        ({"per_feature": None}, "per_feature must be True or False, not None"),
        ({"bits_per_feature": 0}, "bits_per_feature must be an integer of at least 1, not 0"),
        ({"bits_per_feature": True}, "bits_per_feature must be an integer of at least 1, not True"),
    ],
)
def test_refuses_options(options, message):
    with pytest.raises(ConfigurationError) as caught:
        encoding_choice(**options)
    assert str(caught.value).startswith(message)


def test_refuses_several_bits_with_planes():
    with pytest.raises(
        ConfigurationError, match=r"^bits_per_feature is for thermometers; leave it"
    ):
        EncodingChoice(planes=("up",), bits_per_feature=2)


@pytest.mark.parametrize("shape", ["28x30", " 28 X 30 ", "28×30", (28, 30), [28, 30]])
def test_parses_image_shapes(shape):
    assert parse_image_shape(shape) == (28, 30)


@pytest.mark.parametrize(
    "shape", ["28", "28x", "x28", "28x28x3", "0x3", "-1x3", "2.5x3", 28, (28,), (0, 3), (2.5, 3)]
)
def test_refuses_image_shapes(shape):
    with pytest.raises(ConfigurationError) as caught:
        parse_image_shape(shape)
    assert str(caught.value) == (
        "image must be a height and a width of at least 1, such as 28x28, not " + repr(shape)
    )
