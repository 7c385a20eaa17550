"""Headers of data images, and names that fit them."""

import pytest

from metaplast.golden_model.errors import DataError
from metaplast.golden_model.files.image_header import (
    HEADER_BYTES,
    MAX_NAME_BYTES,
    ImageHeader,
    image_bytes,
    image_name,
    stride_of,
)

LARGEST = (1 << 32) - 1
SIZES = {"bits": 9, "classes": 2, "shuffle_block": 1, "train": 3, "held_out": 0, "test": 2}


@pytest.mark.parametrize(
    "values",
    [
        SIZES,
        {
            "bits": LARGEST,
            "classes": 256,
            "shuffle_block": 65535,
            "train": LARGEST,
            "held_out": LARGEST,
            "test": LARGEST,
            "data_crc": LARGEST,
            "encoder_digest": bytes(range(32)),
            "digest": bytes(range(32, 64)),
            "name": "x" * MAX_NAME_BYTES,
        },
    ],
    ids=["small", "largest"],
)
def test_a_header_comes_back(values):
    header = ImageHeader(**values)
    packed = header.pack()
    assert len(packed) == HEADER_BYTES
    assert ImageHeader.unpack(packed) == header


def test_sizes():
    header = ImageHeader(**SIZES)
    assert (header.stride, header.samples, header.size) == (3, 5, 271)
    assert [stride_of(bits) for bits in (1, 8, 9, 784)] == [2, 2, 3, 99]
    assert image_bytes(784, 70_000) == 6_930_256


@pytest.mark.parametrize("field", ["encoder_digest", "digest"])
def test_a_digest_of_another_length(field):
    with pytest.raises(DataError, match=rf"^{field} must have 32 bytes, not 31$"):
        ImageHeader(**SIZES, **{field: bytes(31)})


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("digits", "digits"),
        ("", ""),
        ("a\0b", "ab"),
        ("x" * 60 + "12345", "x" * 59 + "12345"),
        ("ä" * 40, "ä" * 32),
        ("ä" * 40 + "b", "ä" * 31 + "b"),
        ("\udce4.csv", "?.csv"),
    ],
)
def test_a_name_is_the_end_of_a_text(text, name):
    assert image_name(text) == name
    assert ImageHeader(**SIZES, name=name).name == name
