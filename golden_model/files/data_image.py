"""Data images: encoded samples as they lie in the SPI flash of a board (docs/image.md)."""

import hashlib
import os
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..encoding.encoder import Encoder
from ..errors import DataError
from ..samples import checked_labels
from .atomic import write_atomically
from .destination import PathLike
from .encoder_format import encoder_digest
from .image_header import HEADER_BYTES, WRITE_AGAIN, ImageHeader

__all__ = ["SPLITS", "DataImage"]

SPLITS = ("train", "held_out", "test")
"""The splits, in the order of their samples."""


@dataclass(frozen=True, eq=False)
class DataImage:
    """Encoded and labelled samples of up to three splits, in the bytes of their file.

    :meth:`build` makes one from raw samples, :meth:`read` and :meth:`from_bytes` from its bytes.

    Attributes
    ----------
    header : ImageHeader
        Sizes, digests and name.
    content : (header.size,) uint8
        All bytes of the image; read-only.
    """

    header: ImageHeader
    content: NDArray[np.uint8]

    @classmethod
    def build(
        cls,
        encoder: Encoder,
        *,
        train: tuple[NDArray[Any], NDArray[Any]],
        held_out: tuple[NDArray[Any], NDArray[Any]] | None = None,
        test: tuple[NDArray[Any], NDArray[Any]] | None = None,
        classes: int,
        shuffle_block: int = 1,
        name: str = "",
    ) -> "DataImage":
        """Encode samples and make an image of them, in little more memory than the image takes.

        Parameters
        ----------
        encoder : Encoder
            The fitted encoder.
        train, held_out, test : (samples, labels), or None
            Raw samples, (n, features) or (n, height, width), and their classes, (n,) integers;
            training samples in the order before shuffling.
        classes : int
            ``C``. 2 to 256.
        shuffle_block : int
            ``S``. 1 to 65535.
        name : str
            Name of the data set. At most 64 bytes in UTF-8.

        Raises
        ------
        DataError
            If the samples cannot be encoded, or a value breaks a rule.
        """
        splits = [split for split in (train, held_out, test) if split is not None]
        header = ImageHeader(
            bits=encoder.outputs,
            classes=classes,
            shuffle_block=shuffle_block,
            train=len(train[0]),
            held_out=0 if held_out is None else len(held_out[0]),
            test=0 if test is None else len(test[0]),
            encoder_digest=encoder_digest(encoder),
            name=name,
        )
        content = np.empty(header.size, dtype=np.uint8)
        rows = content[HEADER_BYTES:].reshape(header.samples, header.stride)
        start = 0
        for x, y in splits:
            stop = start + len(x)
            rows[start:stop, 0] = checked_labels(y, len(x), classes)
            for first, bits in encoder.encode_slices(x):
                packed = np.packbits(bits, axis=1, bitorder="little")
                rows[start + first : start + first + len(bits), 1:] = packed
            start = stop
        header = replace(header, data_crc=zlib.crc32(rows.data), digest=_digest(header, rows))
        content[:HEADER_BYTES] = np.frombuffer(header.pack(), dtype=np.uint8)
        content.setflags(write=False)
        return cls(header, content)

    @classmethod
    def read(cls, path: PathLike) -> "DataImage":
        """Read an image from a file, and check all of it.

        Raises
        ------
        DataError
            If the file cannot be read, or is no image, truncated, longer, damaged, of a newer
            version, or breaks a rule of the format.
        """
        path = Path(path)
        try:
            with path.open("rb") as file:
                size = os.fstat(file.fileno()).st_size
                head = file.read(HEADER_BYTES)
                header = _checked_header(head, size, str(path))
                content = np.zeros(size, dtype=np.uint8)
                content[:HEADER_BYTES] = np.frombuffer(head, dtype=np.uint8)
                file.readinto(content[HEADER_BYTES:].data)  # the CRC shows if it is shorter now
        except OSError as error:
            raise DataError(f"cannot read {path}: {error.strerror or error}") from None
        return cls._checked(header, content, str(path))

    @classmethod
    def from_bytes(cls, content: bytes, *, name: str = "image") -> "DataImage":
        """Make an image from its bytes, and check all of them.

        Parameters
        ----------
        content : bytes
            The whole image, without bytes behind it.
        name : str
            Name of the image in error messages.

        Raises
        ------
        DataError
            As :meth:`read`.
        """
        header = _checked_header(content[:HEADER_BYTES], len(content), name)
        return cls._checked(header, np.frombuffer(content, dtype=np.uint8), name)

    @classmethod
    def _checked(cls, header: ImageHeader, content: NDArray[np.uint8], name: str) -> "DataImage":
        content.setflags(write=False)
        image = cls(header, content)
        try:
            _check_samples(header, image.packed)
        except DataError as error:
            raise DataError(f"{name}: {error}") from None
        return image

    def write(self, path: PathLike) -> None:
        """Write the image to a file; an existing file is replaced completely or stays unchanged.

        Raises
        ------
        DataError
            If the file cannot be written.
        """
        try:
            write_atomically(Path(path), self.content.data)
        except OSError as error:
            raise DataError(f"cannot write {path}: {error.strerror or error}") from None

    @property
    def packed(self) -> NDArray[np.uint8]:
        """The samples as in the image, (samples, stride): label, then eight bits a byte."""
        return self.content[HEADER_BYTES:].reshape(self.header.samples, self.header.stride)

    def rows(self, split: str) -> slice:
        """The rows of a split in :attr:`packed`.

        Parameters
        ----------
        split : str
            ``"train"``, ``"held_out"`` or ``"test"``.

        Raises
        ------
        DataError
            If there is no split of this name.
        """
        if split not in SPLITS:
            raise DataError(f"split must be {', '.join(SPLITS[:-1])} or test, not {split!r}")
        sizes = [getattr(self.header, name) for name in SPLITS]
        first = sum(sizes[: SPLITS.index(split)])
        return slice(first, first + getattr(self.header, split))

    def samples(
        self, rows: slice | Sequence[int] | NDArray[np.integer]
    ) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
        """Bits and labels of some samples, ready for training.

        Parameters
        ----------
        rows : slice or k integers
            The samples, counted from the first training sample.

        Returns
        -------
        (k, bits) uint8, (k,) int64
            Bits, 0 or 1; labels, 0 to ``classes − 1``.

        Raises
        ------
        DataError
            If there is no sample of a number.
        """
        if not isinstance(rows, slice):
            numbers = np.asarray(rows)
            if numbers.ndim != 1 or (numbers.size and numbers.dtype.kind not in "iu"):
                raise DataError(
                    "samples must be a list of integers, not "
                    f"{numbers.dtype} of shape {numbers.shape}"
                )
            wrong = numbers[(numbers < 0) | (numbers >= self.header.samples)]
            if wrong.size:
                raise DataError(
                    f"samples must be from 0 to {self.header.samples - 1}, not {wrong[0]}"
                )
            rows = numbers.astype(np.int64)
        packed = self.packed[rows]
        bits = np.unpackbits(packed[:, 1:], axis=1, count=self.header.bits, bitorder="little")
        return bits, packed[:, 0].astype(np.int64)


def _digest(header: ImageHeader, packed: NDArray[np.uint8]) -> bytes:
    """SHA-256 of the contents: sizes, digest of the encoder, samples."""
    digest = hashlib.sha256(header.described())
    digest.update(packed.data)
    return digest.digest()


def _checked_header(head: bytes, size: int, name: str) -> ImageHeader:
    """The header of an image of a size in bytes."""
    try:
        header = ImageHeader.unpack(head)
    except DataError as error:
        raise DataError(f"{name}: {error}") from None
    _check_size(header, size, name)
    return header


def _check_size(header: ImageHeader, size: int, name: str) -> None:
    if size == header.size:
        return
    fault = "it is truncated" if size < header.size else "there are bytes behind the samples"
    raise DataError(
        f"{name}: the image of {header.samples} samples of {header.stride} bytes must have "
        f"{header.size} bytes, not {size}: {fault}; {WRITE_AGAIN}"
    )


def _check_samples(header: ImageHeader, packed: NDArray[np.uint8]) -> None:
    """Check samples against the header: CRC, labels, bits behind the last one, digest."""
    crc = zlib.crc32(packed.data)
    if crc != header.data_crc:
        raise DataError(
            f"data CRC must be {crc:08x}, not {header.data_crc:08x}: samples are damaged; "
            f"{WRITE_AGAIN}"
        )
    labels = packed[:, 0]
    if labels.max() >= header.classes:
        index = int(np.argmax(labels >= header.classes))
        raise DataError(
            f"label of sample {index} must be below {header.classes}, the number of classes, not "
            f"{labels[index]}; write the image again with `metaplast store`"
        )
    used = header.bits % 8
    if used:
        tails = packed[:, -1] >> used
        if tails.any():
            index = int(np.argmax(tails != 0))
            raise DataError(
                f"tail bits of sample {index} must be zero, not "
                f"{tails[index]:0{8 - used}b}, behind its {header.bits} bits; "
                "write the image again with `metaplast store`"
            )
    digest = _digest(header, packed)
    if digest != header.digest:
        raise DataError(
            f"digest must be {digest.hex()}, not {header.digest.hex()}: header and samples are of "
            "different images; write the image again with `metaplast store`"
        )
