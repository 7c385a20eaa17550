"""IDX files, whole and broken in every way."""

import gzip
import struct
from pathlib import Path

import numpy as np
import pytest

from metaplast.golden_model.datasets import load, load_labelled
from metaplast.golden_model.datasets.idx import FILES
from metaplast.golden_model.errors import DataError

RANDOM = np.random.default_rng(3)
IMAGES = RANDOM.integers(0, 256, size=(6, 4, 5), dtype=np.uint8)
LABELS = np.array([0, 1, 2, 2, 1, 0], dtype=np.uint8)

TRAIN_IMAGES, TRAIN_LABELS = FILES["train", "images"], FILES["train", "labels"]
TEST_IMAGES, TEST_LABELS = FILES["test", "images"], FILES["test", "labels"]


def idx(values, kind=8):
    header = struct.pack(f">BBBB{values.ndim}I", 0, 0, kind, values.ndim, *values.shape)
    return header + values.tobytes()


@pytest.fixture
def directory(tmp_path):
    """A whole data set; tests break it."""
    (tmp_path / TRAIN_IMAGES).write_bytes(idx(IMAGES))
    (tmp_path / TRAIN_LABELS).write_bytes(idx(LABELS))
    (tmp_path / f"{TEST_IMAGES}.gz").write_bytes(gzip.compress(idx(IMAGES[:2])))
    (tmp_path / f"{TEST_LABELS}.gz").write_bytes(gzip.compress(idx(LABELS[:2])))
    return tmp_path


def refuse(directory, message):
    with pytest.raises(DataError, match=message):
        load(directory)


def test_reads_a_directory_gzipped_or_not(directory):
    data = load(directory)
    assert data.name == str(directory)
    assert data.image_shape == (4, 5)
    assert data.classes == 3
    assert data.x_train.dtype == np.uint8
    assert data.x_train.tolist() == IMAGES.reshape(6, 20).tolist()
    assert data.y_train.tolist() == LABELS.tolist()
    assert data.x_test is not None
    assert data.x_test.tolist() == IMAGES[:2].reshape(2, 20).tolist()
    assert data.y_test is not None
    assert data.y_test.tolist() == [0, 1]


def test_the_content_tells_what_is_gzipped(directory):
    (directory / TRAIN_IMAGES).write_bytes(gzip.compress(idx(IMAGES)))
    (directory / f"{TEST_LABELS}.gz").write_bytes(idx(LABELS[:2]))
    assert load(directory).x_train.tolist() == IMAGES.reshape(6, 20).tolist()


def test_a_test_split_is_optional(directory):
    (directory / f"{TEST_IMAGES}.gz").unlink()
    (directory / f"{TEST_LABELS}.gz").unlink()
    assert load(directory).x_test is None


def test_images_can_be_written_to(directory):
    data = load(directory)
    data.x_train[0, 0] = 7
    assert data.x_train[0, 0] == 7


def test_refuses_missing_files(directory, tmp_path):
    (directory / f"{TEST_LABELS}.gz").unlink()
    refuse(directory, rf"lacks {TEST_LABELS} \(with or without \.gz\)")
    (directory / TRAIN_LABELS).unlink()
    refuse(directory, f"lacks {TRAIN_LABELS}")
    (directory / TRAIN_IMAGES).unlink()
    refuse(directory, f"lacks {TRAIN_IMAGES} and {TRAIN_LABELS}")


def test_refuses_swapped_files(directory):
    (directory / TRAIN_IMAGES).write_bytes(idx(LABELS))
    refuse(
        directory,
        f"{TRAIN_IMAGES} holds labels where images should be; the image and label files seem to "
        "be swapped",
    )
    (directory / TRAIN_IMAGES).write_bytes(idx(IMAGES))
    (directory / TRAIN_LABELS).write_bytes(idx(IMAGES))
    refuse(directory, f"{TRAIN_LABELS} holds images where labels should be; .* swapped")


def test_refuses_splits_that_are_mixed_up(directory):
    (directory / TRAIN_LABELS).write_bytes(idx(LABELS[:2]))
    refuse(directory, "x_train holds 6 samples and y_train 2 labels")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is truncated: it ends after 0 bytes, within its header"),
        (b"\0\0\x08", "is truncated: it ends after 3 bytes, within its header"),
        (idx(IMAGES)[:15], "is truncated: it ends after 15 bytes, within its header"),
        (idx(IMAGES)[:-1], "is truncated: its header promises 6×4×5 = 120 values, and 119 are"),
        (idx(IMAGES) + b"xy", "has 2 bytes too many behind the 6×4×5 values"),
        (b"\x89PNG....", "is not an IDX file: it begins with 89 50, not 00 00"),
        (idx(IMAGES, kind=0x0D), "holds values of IDX type 0x0d; only unsigned bytes"),
        (idx(IMAGES[0]), "has 2 axes; images have 3"),
        (idx(IMAGES[:0]), "x_train holds no samples"),
        (idx(IMAGES[:, :0]), "x_train holds samples without features"),
        (b"\0\0\x08\x03" + b"\xff" * 12, "is truncated: its header promises 4294967295×"),
        (gzip.compress(idx(IMAGES))[:-9], "is truncated: its gzip stream has no end"),
        (gzip.compress(idx(IMAGES))[:9], "is truncated: its gzip stream has no end"),
        (b"\x1f\x8b\x07" + bytes(20), "is a damaged gzip file: Unknown compression method"),
        (
            gzip.compress(idx(IMAGES))[:-8] + bytes(8),
            "is a damaged gzip file: CRC check failed",
        ),
        (
            gzip.compress(idx(IMAGES))[:12] + b"\xff\xff" + gzip.compress(idx(IMAGES))[14:],
            "is a damaged gzip file: ",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_refuses_damage(directory, content, message):
    (directory / TRAIN_IMAGES).write_bytes(content)
    refuse(directory, f"{TRAIN_IMAGES}.* {message}" if "x_train" not in message else message)


def test_a_directory_of_a_files_name_is_no_file(directory):
    (directory / TRAIN_IMAGES).unlink()
    (directory / TRAIN_IMAGES).mkdir()
    refuse(directory, f"lacks {TRAIN_IMAGES}")


def test_a_file_that_may_not_be_read_is_named(directory, monkeypatch):
    def forbid(*arguments, **keywords):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", forbid)
    monkeypatch.setattr(Path, "read_bytes", forbid)
    refuse(directory, f"cannot read .*{TRAIN_IMAGES}: Permission denied")
    refuse(directory / TRAIN_IMAGES, r"is neither an \.npz file nor a table")


def test_a_directory_without_test_images_has_a_training_split(directory):
    for name in (TEST_IMAGES, TEST_LABELS):
        (directory / f"{name}.gz").unlink()
    assert load_labelled(directory).split == "train"
    with pytest.raises(DataError, match="has no test split; ask for its train split"):
        load_labelled(directory, "test")


def test_refuses_labels_that_name_no_class(directory):
    (directory / f"{TEST_LABELS}.gz").write_bytes(idx(np.array([0, 3], dtype=np.uint8)))
    refuse(directory, r"y_test\[1\] is 3, which no training sample has")


def test_no_flipped_bit_goes_unnoticed_in_a_gzipped_file(directory):
    path = directory / f"{TEST_IMAGES}.gz"
    content = gzip.compress(idx(IMAGES[:2]), mtime=0)
    expected = IMAGES[:2].reshape(2, 20)
    for position in range(len(content)):
        damaged = bytearray(content)
        damaged[position] ^= 1 << position % 8
        path.write_bytes(damaged)
        try:
            data = load(directory)
        except DataError:
            continue
        assert data.x_test is not None
        assert np.array_equal(data.x_test, expected)
