"""Data images: equal to the page's definition in both directions, and every defect is found."""

import ast
import hashlib
import struct
import tracemalloc
import zlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from metaplast.golden_model import datasets
from metaplast.golden_model.config import NetworkConfig
from metaplast.golden_model.encoding import BitEncoder, EncodingChoice, fit_encoder
from metaplast.golden_model.errors import DataError
from metaplast.golden_model.files.data_image import DataImage
from metaplast.golden_model.files.encoder_format import encoder_digest, encoder_values
from metaplast.golden_model.network import Network
from metaplast.golden_model.trainer import Trainer

from . import image_format

DRAW = np.random.default_rng(11)
BITS = 13
SIZES = (7, 2, 3)
X = [DRAW.integers(0, 2, (size, BITS)).astype(np.uint8) for size in SIZES]
Y = [DRAW.integers(0, 5, size) for size in SIZES]
SAMPLES = [
    [(int(label), row.tolist()) for label, row in zip(y, x, strict=True)]
    for x, y in zip(X, Y, strict=True)
]
ENCODER = BitEncoder(features=BITS)
ENCODER_DIGEST = image_format.encoder_digest({"kind": "bits", "features": BITS}, [])
SHAPE = {"bits": BITS, "classes": 5, "block": 3, "encoder": ENCODER_DIGEST, "name": "zwölf"}
IMAGE = image_format.write(SAMPLES, **SHAPE)
ROW = 3


def built(**changes):
    splits = dict(zip(("train", "held_out", "test"), zip(X, Y, strict=True), strict=True))
    given = {"classes": 5, "shuffle_block": 3, "name": "zwölf", **splits, **changes}
    return DataImage.build(ENCODER, **given)


def with_crc(image, at, value):
    """An image with another value in its header, and the CRC of the header that suits it."""
    header = bytearray(image[:252])
    header[at : at + len(value)] = value
    return bytes(header) + struct.pack("<I", zlib.crc32(header)) + image[256:]


def test_the_definition_needs_nothing_of_metaplast():
    imports = [
        node.names[0].name if isinstance(node, ast.Import) else node.module
        for node in ast.walk(ast.parse(Path(image_format.__file__).read_text()))
        if isinstance(node, ast.Import | ast.ImportFrom)
    ]
    assert set(imports) == {"hashlib", "json", "struct", "zlib", "typing"}


def test_it_has_the_bytes_of_the_definition():
    assert built().content.tobytes() == IMAGE


def test_the_definition_reads_a_written_image(tmp_path):
    built().write(tmp_path / "a.img")
    fields, splits = image_format.read((tmp_path / "a.img").read_bytes())
    assert splits == SAMPLES
    assert fields["name"] == "zwölf"
    assert fields["encoder"] == ENCODER_DIGEST


def test_an_image_of_the_definition_is_read(tmp_path):
    path = tmp_path / "a.img"
    path.write_bytes(IMAGE)
    image = DataImage.read(path)
    assert image.header == built().header
    assert (image.header.stride, image.header.samples, image.header.size) == (3, 12, 292)
    for split, x, y in zip(("train", "held_out", "test"), X, Y, strict=True):
        bits, labels = image.samples(image.rows(split))
        assert bits.dtype == np.uint8
        assert labels.dtype == np.int64
        assert np.array_equal(bits, x)
        assert np.array_equal(labels, y)
    assert not image.content.flags.writeable


@pytest.mark.parametrize("bits", [1, 7, 8, 9, 16, 17, 784])
def test_sizes_around_whole_bytes(bits):
    x, y = DRAW.integers(0, 2, (5, bits)), np.arange(5) % 2
    image = DataImage.build(BitEncoder(features=bits), train=(x, y), classes=2)
    fields, (train, held_out, test) = image_format.read(image.content.tobytes())
    assert (fields["bits"], fields["stride"]) == (bits, 1 + -(-bits // 8))
    assert train == [(label, row) for label, row in zip(y.tolist(), x.tolist(), strict=True)]
    assert held_out == test == []


def test_the_largest_label_and_block():
    y = np.array([0, 255])
    image = DataImage.build(
        BitEncoder(features=8), train=(np.eye(2, 8), y), classes=256, shuffle_block=65535
    )
    again = DataImage.from_bytes(image.content.tobytes())
    assert again.samples(slice(None))[1].tolist() == [0, 255]
    assert again.header.shuffle_block == 65535


def test_samples_by_number():
    image = DataImage.from_bytes(IMAGE)
    x, y = np.concatenate(X), np.concatenate(Y)
    bits, labels = image.samples([11, 0, 7, 0])
    assert np.array_equal(bits, x[[11, 0, 7, 0]])
    assert np.array_equal(labels, y[[11, 0, 7, 0]])
    for wrong in (-1, 12):
        with pytest.raises(DataError, match=rf"^samples must be from 0 to 11, not {wrong}$"):
            image.samples([3, wrong])
    for rows, shown in (
        ([True, False], r"bool of shape \(2,\)"),
        ([[1]], r"int64 of shape \(1, 1\)"),
    ):
        with pytest.raises(DataError, match=f"^samples must be a list of integers, not {shown}$"):
            image.samples(rows)
    assert image.samples([])[0].shape == (0, BITS)
    with pytest.raises(DataError, match=r"^split must be train, held_out or test, not 'all'$"):
        image.rows("all")


def test_the_golden_model_trains_on_an_image_alone():
    data = datasets.load("digits")
    encoder = fit_encoder(data.x_train, EncodingChoice(bits_per_feature=2))
    image = DataImage.build(encoder, train=(data.x_train, data.y_train), classes=10)
    config = NetworkConfig(inputs=image.header.bits, hidden=(16,), groups=(4,), classes=10)
    from_image, from_data = Trainer(Network(config)), Trainer(Network(config))
    first = from_image.train_epoch(*image.samples(image.rows("train")))
    second = from_data.train_epoch(encoder.encode(data.x_train), data.y_train)
    assert replace(first, seconds=0) == replace(second, seconds=0)
    assert np.array_equal(from_image.network.counters[0], from_data.network.counters[0])


@pytest.mark.parametrize(
    "choice",
    [
        EncodingChoice(bits_per_feature=3),
        EncodingChoice(bits_per_feature=2, per_feature=True),
        EncodingChoice(planes=("level", "right", "level")),
    ],
    ids=lambda choice: "-".join(choice.planes) or str(choice.bits_per_feature),
)
def test_the_digest_of_an_encoder_is_as_defined(choice):
    images = DRAW.integers(0, 99, (20, 4, 4))
    images[:, 0, 0] = 7  # a constant feature, without a threshold
    encoder = fit_encoder(images, choice)
    expected = image_format.encoder_digest(encoder_values(encoder), encoder.thresholds.flatten())
    assert encoder_digest(encoder) == expected
    image = DataImage.build(encoder, train=(images, np.arange(20) % 2), classes=2)
    assert image.header.encoder_digest == expected
    assert np.array_equal(image.samples(slice(None))[0], encoder.encode(images))


def test_every_flipped_bit_is_found():
    for at in range(len(IMAGE)):
        for bit in range(8):
            damaged = bytearray(IMAGE)
            damaged[at] ^= 1 << bit
            with pytest.raises(DataError, match=r"^image: .* must .*"):
                DataImage.from_bytes(bytes(damaged))


def test_every_flipped_byte_of_a_file_is_found(tmp_path):
    path = tmp_path / "a.img"
    for at in range(len(IMAGE)):
        damaged = bytearray(IMAGE)
        damaged[at] ^= 0xFF
        path.write_bytes(damaged)
        with pytest.raises(DataError, match=r"a\.img: .* must .*"):
            DataImage.read(path)


def test_a_flipped_bit_of_the_header_is_found_with_the_right_crc():
    name = range(104, 168)  # another name is an image, too
    for at in set(range(252)) - set(name):
        for bit in range(8):
            damaged = with_crc(IMAGE, at, bytes([IMAGE[at] ^ 1 << bit]))
            with pytest.raises(DataError, match=r"^image: .* must .*"):
                DataImage.from_bytes(damaged)


def test_every_truncation_is_found(tmp_path):
    path = tmp_path / "a.img"
    for size in range(len(IMAGE)):
        path.write_bytes(IMAGE[:size])
        for read in (lambda: DataImage.read(path), lambda n=size: DataImage.from_bytes(IMAGE[:n])):
            with pytest.raises(DataError, match=r"it is no data image|is truncated"):
                read()


AGAIN = "copy it again, or write it again with `metaplast store`"
WRITE = "write the image again with `metaplast store`"


def other(**replaced):
    return image_format.write(SAMPLES, **{**SHAPE, **replaced})


def changed(at, value):
    """An image with another byte in its samples, and all CRCs and digests that suit it."""
    data = bytearray(IMAGE[256:])
    data[at] = value
    digest = hashlib.sha256(IMAGE[12:36] + ENCODER_DIGEST + data).digest()
    return other(data_crc=zlib.crc32(data), digest=digest)[:256] + data


DEFECTS = {
    "another file": (
        b"PK\3\4" + IMAGE[4:],
        "magic must be 89 4d .* it is no data image; write one",
    ),
    "empty": (b"", "magic must be .*, not nothing: it is no data image; write one with"),
    "half a header": (
        IMAGE[:100],
        f"the header must have 256 bytes, not 100: the image is truncated; {AGAIN}",
    ),
    "header CRC": (
        IMAGE[:20] + b"\1" + IMAGE[21:],
        f"header CRC must be [0-9a-f]{{8}}, not [0-9a-f]{{8}}: the header is damaged; {AGAIN}",
    ),
    "newer": (
        other(version=2),
        "version must be at most 1, not 2: a newer Metaplast wrote the image; install a newer one",
    ),
    "version 0": (other(version=0), f"version must be at least 1, not 0; {WRITE}"),
    "header bytes": (other(header=512), f"header bytes must be 256, not 512; {WRITE}"),
    "no bits": (
        with_crc(IMAGE, 12, bytes(4)),
        f"bits must be from 1 to .*, not 0; {WRITE}",
    ),
    "one class": (other(classes=1), f"classes must be from 2 to 256, not 1; {WRITE}"),
    "many classes": (other(classes=257), f"classes must be from 2 to 256, not 257; {WRITE}"),
    "no block": (other(block=0), f"shuffle_block must be from 1 to 65535, not 0; {WRITE}"),
    "stride": (other(stride=4), f"stride of 13 bits must be 3, not 4; {WRITE}"),
    "no training samples": (
        image_format.write([[], SAMPLES[1], []], **SHAPE),
        f"train must be from 1 to 4294967295, not 0; {WRITE}",
    ),
    "reserved": (other(reserved=b"\1".ljust(84, b"\0")), "bytes 168 to 251 must be zero; "),
    "name": (
        with_crc(IMAGE, 104, b"\xff".ljust(64, b"\0")),
        f"name must be UTF-8, not b'.xff'; {WRITE}",
    ),
    "zero in the name": (
        with_crc(IMAGE, 104, b"a\0b".ljust(64, b"\0")),
        "name must take at most 64 bytes and have no zero byte, not 'a.x00b'; shorten it; ",
    ),
    "more samples": (
        other(test=4),
        f"the image of 13 samples .* must have 295 bytes, not 292: it is truncated; {AGAIN}",
    ),
    "longer": (
        IMAGE + b"\xff",
        f"the image .* must have 292 bytes, not 293: there are bytes behind .*; {AGAIN}",
    ),
    "data CRC": (
        IMAGE[:-1] + bytes([IMAGE[-1] ^ 1]),
        f"data CRC must be [0-9a-f]{{8}}, not [0-9a-f]{{8}}: samples are damaged; {AGAIN}",
    ),
    "label": (
        changed(4 * ROW, 5),
        f"label of sample 4 must be below 5, the number of classes, not 5; {WRITE}",
    ),
    "tail bits": (
        changed(2 * ROW + 2, 0x40),
        f"tail bits of sample 2 must be zero, not 010, behind its 13 bits; {WRITE}",
    ),
    "digest": (
        other(digest=bytes(32)),
        f"digest must be [0-9a-f]{{64}}, not 0{{64}}: header and samples are of .* images; {WRITE}",
    ),
}


@pytest.mark.parametrize("defect", DEFECTS)
def test_a_defect_is_named(defect, tmp_path):
    content, sentence = DEFECTS[defect]
    path = tmp_path / "a.img"
    path.write_bytes(content)
    with pytest.raises(DataError, match=rf"^\S*a\.img: {sentence}"):
        DataImage.read(path)
    with pytest.raises(DataError, match=f"^flash: {sentence}"):
        DataImage.from_bytes(content, name="flash")


def test_files_that_cannot_be_read_or_written(tmp_path):
    with pytest.raises(DataError, match=r"^cannot read .*a\.img: No such file"):
        DataImage.read(tmp_path / "a.img")
    with pytest.raises(DataError, match=r"^cannot write .*a\.img: No such file"):
        built().write(tmp_path / "no" / "a.img")


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"classes": 4}, "labels must be from 0 to 3, not [01] to 4"),
        ({"classes": 257}, "classes must be from 2 to 256, not 257"),
        ({"shuffle_block": 65536}, "shuffle_block must be from 1 to 65535, not 65536"),
        ({"train": (X[0][:0], Y[0][:0])}, "train must be from 1 to 4294967295, not 0"),
        ({"train": (X[0], Y[0][:3])}, r"y must be of shape \(7,\), not \(3,\)"),
        ({"train": (X[0] * 2, Y[0])}, r"the training data were bits, so values must be 0 or 1"),
        ({"test": (X[2][:, 1:], Y[2])}, "samples must have 13 features"),
        ({"name": "ö" * 33}, "name must take at most 64 bytes .*; shorten it"),
    ],
)
def test_what_cannot_be_built(changes, sentence):
    with pytest.raises(DataError, match=sentence):
        built(**changes)


def test_memory_and_digest_of_many_samples():
    x = DRAW.integers(0, 256, (70_000, 784), dtype=np.uint8)
    y = np.arange(70_000) % 10
    encoder = fit_encoder(x)
    tracemalloc.start()
    try:
        image = DataImage.build(encoder, train=(x, y), classes=10)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert image.header.size == 256 + 70_000 * 99
    assert peak < image.header.size + (16 << 20)
    assert np.array_equal(image.samples(slice(69_990, None))[0], encoder.encode(x[69_990:]))
