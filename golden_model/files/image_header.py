"""The header of a data image: its fields, their bytes and their checks (docs/image.md)."""

import struct
import zlib
from dataclasses import dataclass
from typing import ClassVar

from ..config import MAX_CLASSES, MAX_SHUFFLE_BLOCK
from ..errors import DataError

__all__ = [
    "HEADER_BYTES",
    "MAX_NAME_BYTES",
    "WRITE_AGAIN",
    "ImageHeader",
    "image_bytes",
    "image_name",
    "stride_of",
]

MAGIC = bytes.fromhex("89 4d 50 49 4d 47 0d 0a")
VERSION = 1
HEADER_BYTES = 256
CRC_OFFSET = 252
MAX_NAME_BYTES = 64
DIGEST_BYTES = 32
LARGEST = (1 << 32) - 1

LAYOUT = struct.Struct("<8sHHIHHIIIII32s32s64s")
NAME_END = LAYOUT.size
DESCRIBED = slice(12, 36)
"""The bytes of the header that the digest of the contents covers, from the bits to the sizes."""

WRITE_AGAIN = "copy it again, or write it again with `metaplast store`"
"""The way out of a damaged image."""


def image_name(text: str) -> str:
    """The end of a text that takes at most 64 bytes in UTF-8, as the name of a data set."""
    clean = text.replace("\0", "").encode("utf-8", errors="replace")
    return clean[-MAX_NAME_BYTES:].decode("utf-8", errors="ignore")


def stride_of(bits: int) -> int:
    """Bytes of a sample in an image: its label, and its bits in whole bytes."""
    return 1 + (bits + 7) // 8


def image_bytes(bits: int, samples: int) -> int:
    """Bytes of an image of a number of samples, each of a number of bits."""
    return HEADER_BYTES + samples * stride_of(bits)


@dataclass(frozen=True, kw_only=True)
class ImageHeader:
    """The header of a data image.

    Parameters
    ----------
    bits : int
        Bits of a sample. 1 to 2³² − 1.
    classes : int
        ``C``. 2 to 256.
    shuffle_block : int
        ``S``, into blocks of which the training samples are cut. 1 to 65535.
    train, held_out, test : int
        Samples of each split. 0 to 2³² − 1; at least one training sample.
    data_crc : int
        CRC-32 of all samples.
    encoder_digest : bytes
        SHA-256 of the encoder (:func:`~.encoder_format.encoder_digest`). 32 bytes.
    digest : bytes
        SHA-256 of the contents. 32 bytes.
    name : str
        Name of the data set. At most 64 bytes in UTF-8, without a zero byte.

    Raises
    ------
    DataError
        If a value breaks a rule above.
    """

    bits: int
    classes: int
    shuffle_block: int
    train: int
    held_out: int
    test: int
    data_crc: int = 0
    encoder_digest: bytes = bytes(DIGEST_BYTES)
    digest: bytes = bytes(DIGEST_BYTES)
    name: str = ""

    RANGES: ClassVar[dict[str, tuple[int, int]]] = {
        "bits": (1, LARGEST),
        "classes": (2, MAX_CLASSES),
        "shuffle_block": (1, MAX_SHUFFLE_BLOCK),
        "train": (1, LARGEST),
        "held_out": (0, LARGEST),
        "test": (0, LARGEST),
        "data_crc": (0, LARGEST),
    }

    def __post_init__(self) -> None:
        for field, (low, high) in self.RANGES.items():
            value = getattr(self, field)
            if not low <= value <= high:
                raise DataError(f"{field} must be from {low} to {high}, not {value}")
        for field in ("encoder_digest", "digest"):
            value = getattr(self, field)
            if len(value) != DIGEST_BYTES:
                raise DataError(f"{field} must have {DIGEST_BYTES} bytes, not {len(value)}")
        if "\0" in self.name or len(self.name.encode()) > MAX_NAME_BYTES:
            raise DataError(
                f"name must take at most {MAX_NAME_BYTES} bytes and have no zero byte, not "
                f"{self.name!r}; shorten it"
            )

    @property
    def stride(self) -> int:
        """Bytes from one sample to the next (:func:`stride_of`)."""
        return stride_of(self.bits)

    @property
    def samples(self) -> int:
        """Samples of all splits."""
        return self.train + self.held_out + self.test

    @property
    def size(self) -> int:
        """Bytes of the image."""
        return image_bytes(self.bits, self.samples)

    def pack(self) -> bytes:
        """The 256 bytes of the header, with its CRC."""
        fields = LAYOUT.pack(
            MAGIC,
            VERSION,
            HEADER_BYTES,
            self.bits,
            self.classes,
            self.shuffle_block,
            self.stride,
            self.train,
            self.held_out,
            self.test,
            self.data_crc,
            self.encoder_digest,
            self.digest,
            self.name.encode(),
        ).ljust(CRC_OFFSET, b"\0")
        return fields + struct.pack("<I", zlib.crc32(fields))

    def described(self) -> bytes:
        """The bytes at the beginning of the text whose SHA-256 is the digest of the contents."""
        return self.pack()[DESCRIBED] + self.encoder_digest

    @classmethod
    def unpack(cls, header: bytes) -> "ImageHeader":
        """Read a header and check every field.

        Parameters
        ----------
        header : bytes
            The first 256 bytes of an image; fewer if it is truncated.

        Raises
        ------
        DataError
            If the header is truncated, damaged, of a newer version, or breaks a rule.
        """
        if header[: len(MAGIC)] != MAGIC[: len(header)] or not header:
            raise DataError(
                f"magic must be {MAGIC.hex(' ')}, not {header[: len(MAGIC)].hex(' ') or 'nothing'}:"
                " it is no data image; write one with `metaplast store`"
            )
        if len(header) < HEADER_BYTES:
            raise DataError(
                f"the header must have {HEADER_BYTES} bytes, not {len(header)}: the image is "
                f"truncated; {WRITE_AGAIN}"
            )
        _check_header_crc(header)
        _, version, size, bits, classes, block, stride, *rest = LAYOUT.unpack(header[:NAME_END])
        _check_version(version)
        if size != HEADER_BYTES:
            raise _broken(f"header bytes must be {HEADER_BYTES}, not {size}")
        train, held_out, test, data_crc, encoder_digest, digest, name = rest
        if any(header[NAME_END:CRC_OFFSET]):
            raise _broken(f"bytes {NAME_END} to {CRC_OFFSET - 1} must be zero")
        try:
            found = cls(
                bits=bits,
                classes=classes,
                shuffle_block=block,
                train=train,
                held_out=held_out,
                test=test,
                data_crc=data_crc,
                encoder_digest=encoder_digest,
                digest=digest,
                name=_name(name),
            )
        except DataError as error:
            raise _broken(str(error)) from None
        if stride != found.stride:
            raise _broken(f"stride of {bits} bits must be {found.stride}, not {stride}")
        return found


def _check_header_crc(header: bytes) -> None:
    expected = zlib.crc32(header[:CRC_OFFSET])
    (stored,) = struct.unpack_from("<I", header, CRC_OFFSET)
    if stored != expected:
        raise DataError(
            f"header CRC must be {expected:08x}, not {stored:08x}: the header is damaged; "
            f"{WRITE_AGAIN}"
        )


def _check_version(version: int) -> None:
    if version > VERSION:
        raise DataError(
            f"version must be at most {VERSION}, not {version}: a newer Metaplast wrote the image; "
            "install a newer one"
        )
    if version < 1:
        raise _broken(f"version must be at least 1, not {version}")


def _name(padded: bytes) -> str:
    """The name from its 64 bytes."""
    name = padded.rstrip(b"\0")
    try:
        return name.decode()
    except UnicodeDecodeError:
        raise DataError(f"name must be UTF-8, not {name!r}") from None


def _broken(rule: str) -> DataError:
    """The error of a field that breaks a rule, in an image with the right CRC."""
    return DataError(f"{rule}; write the image again with `metaplast store`")
