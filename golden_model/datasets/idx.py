"""IDX files, the format of MNIST: images and labels as unsigned bytes.

Two zero bytes, a byte for the type (8: unsigned bytes), a byte for the number of axes, the length
of each axis as 32 bits, highest byte first, then the values in C order. A file may be
gzipped, which its first bytes show.
"""

import gzip
import math
import zlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..errors import DataError
from .data_set import DataSet

__all__ = [
    "FILES",
    "find_file",
    "load_directory",
    "looks_like_idx",
    "parse_images",
    "parse_labels",
    "read_file",
    "read_unpacked",
    "unpack",
]

# The four files of a data set in MNIST's naming, by split and kind.
FILES = {
    ("train", "images"): "train-images-idx3-ubyte",
    ("train", "labels"): "train-labels-idx1-ubyte",
    ("test", "images"): "t10k-images-idx3-ubyte",
    ("test", "labels"): "t10k-labels-idx1-ubyte",
}

GZIP_MAGIC = b"\x1f\x8b"
UNSIGNED_BYTES = 0x08
KINDS = {3: "images", 1: "labels"}


def find_file(directory: Path, name: str) -> Path | None:
    """Path of the file with this name and ``.gz``, or with this name; None if there is neither."""
    for candidate in (directory / f"{name}.gz", directory / name):
        if candidate.is_file():
            return candidate
    return None


def read_file(path: Path) -> bytes:
    """Read a file.

    Raises
    ------
    DataError
        If it cannot be read.
    """
    try:
        return path.read_bytes()
    except OSError as error:
        raise DataError(f"cannot read {path}: {error.strerror or error}") from None


def read_unpacked(path: Path) -> bytes:
    """Read a file, and decompress it if it is gzipped.

    Raises
    ------
    DataError
        If it cannot be read, or its gzip stream is truncated or damaged.
    """
    return unpack(read_file(path), str(path))


def unpack(content: bytes, name: str) -> bytes:
    """Decompress content if it is gzipped; ``name`` is its name in error messages.

    Raises
    ------
    DataError
        If its gzip stream is truncated or damaged.
    """
    if content[:2] != GZIP_MAGIC:
        return content
    try:
        return gzip.decompress(content)
    except EOFError:
        raise DataError(f"{name} is truncated: its gzip stream has no end") from None
    except (OSError, zlib.error) as error:
        raise DataError(f"{name} is a damaged gzip file: {error}") from None


def looks_like_idx(path: Path) -> bool:
    """Whether a file is gzipped or begins like an IDX file."""
    try:
        with path.open("rb") as file:
            return file.read(2) in (GZIP_MAGIC, b"\0\0")
    except OSError:
        return False


def parse_images(content: bytes, path: Path) -> NDArray[np.uint8]:
    """Parse images of an IDX file, shape ``(n, height, width)``.

    Parameters
    ----------
    content : bytes
        The file's content, unpacked.
    path : Path
        Name in error messages.

    Raises
    ------
    DataError
        If it is damaged, truncated, not an IDX file, or holds anything but images.
    """
    return _parse(content, path, axes=3)


def parse_labels(content: bytes, path: Path) -> NDArray[np.uint8]:
    """Parse labels of an IDX file, shape ``(n,)``; see :func:`parse_images`."""
    return _parse(content, path, axes=1)


def load_directory(directory: Path) -> DataSet:
    """Load a data set from a directory with IDX files that have MNIST's names.

    ``train-images-idx3-ubyte`` and ``train-labels-idx1-ubyte``, and for a test split ``t10k-…``;
    each with or without ``.gz``.

    Raises
    ------
    DataError
        If files are missing, damaged, or do not belong together.
    """
    found = {key: find_file(directory, name) for key, name in FILES.items()}
    for split, needed in (("train", True), ("test", False)):
        there = [kind for kind in KINDS.values() if found[split, kind]]
        lacking = [kind for kind in KINDS.values() if not found[split, kind]]
        if lacking and (needed or there):
            names = " and ".join(FILES[split, kind] for kind in lacking)
            raise DataError(f"{directory} lacks {names} (with or without .gz)")

    def images(split: str) -> NDArray[np.uint8] | None:
        path = found[split, "images"]
        return parse_images(read_unpacked(path), path) if path else None

    def labels(split: str) -> NDArray[np.uint8] | None:
        path = found[split, "labels"]
        return parse_labels(read_unpacked(path), path) if path else None

    x_train, y_train = images("train"), labels("train")
    assert x_train is not None
    assert y_train is not None
    return DataSet.from_arrays(str(directory), x_train, y_train, images("test"), labels("test"))


def _parse(content: bytes, path: Path, axes: int) -> NDArray[np.uint8]:
    if content[:2] != b"\0\0" and content:
        raise DataError(
            f"{path} is not an IDX file: it begins with {content[:2].hex(' ')}, not 00 00"
        )
    if len(content) < 4:
        raise DataError(
            f"{path} is truncated: it ends after {len(content)} bytes, within its header"
        )
    kind, rank = content[2], content[3]
    if kind != UNSIGNED_BYTES:
        raise DataError(
            f"{path} holds values of IDX type {kind:#04x}; only unsigned bytes "
            f"({UNSIGNED_BYTES:#04x}) are read"
        )
    if rank != axes:
        if rank in KINDS:
            raise DataError(
                f"{path} holds {KINDS[rank]} where {KINDS[axes]} should be; "
                "the image and label files seem to be swapped"
            )
        raise DataError(f"{path} has {rank} axes; {KINDS[axes]} have {axes}")
    start = 4 + 4 * axes
    if len(content) < start:
        raise DataError(
            f"{path} is truncated: it ends after {len(content)} bytes, within its header"
        )
    shape = tuple(int.from_bytes(content[4 + 4 * i : 8 + 4 * i], "big") for i in range(axes))
    size, there = math.prod(shape), len(content) - start
    stated = "×".join(map(str, shape))
    if there < size:
        raise DataError(
            f"{path} is truncated: its header promises {stated} = {size} values, and {there} "
            "are there"
        )
    if there > size:
        raise DataError(
            f"{path} has {there - size} bytes too many behind the {stated} values that its header "
            "promises"
        )
    # A copy, so that the array can be written to like any other.
    return np.frombuffer(content, dtype=np.uint8, offset=start).reshape(shape).copy()
