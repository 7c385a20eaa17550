"""Data images as docs/image.md defines them, without Metaplast: a writer and a reader."""

import hashlib
import json
import struct
import zlib
from typing import Any

MAGIC = bytes([0x89, 0x4D, 0x50, 0x49, 0x4D, 0x47, 0x0D, 0x0A])

Sample = tuple[int, list[int]]
"""Label and bits."""


def encoder_digest(values: dict[str, Any], thresholds: list[float]) -> bytes:
    """The digest of an encoder with these values and thresholds."""
    text = json.dumps(values, sort_keys=True, separators=(",", ":")).encode("ascii")
    doubles = b""
    for threshold in thresholds:
        if threshold != threshold:
            doubles += struct.pack("<Q", 0x7FF8000000000000)
        else:
            doubles += struct.pack("<d", threshold or 0.0)
    return hashlib.sha256(text + doubles).digest()


def write(
    splits: list[list[Sample]],
    *,
    bits: int,
    classes: int,
    block: int = 1,
    encoder: bytes = bytes(32),
    name: str = "",
    **replaced: Any,
) -> bytes:
    """The bytes of an image; ``replaced`` has other values for fields of its header."""
    stride = 1 + -(-bits // 8)
    data = bytearray()
    for split in splits:
        for label, values in split:
            row = bytearray(stride)
            row[0] = label
            for i, bit in enumerate(values):
                row[1 + i // 8] |= bit << i % 8
            data += row
    sizes = [len(split) for split in splits]
    described = struct.pack("<IHHIIII", bits, classes, block, stride, *sizes)
    fields: dict[str, Any] = {
        "magic": MAGIC,
        "version": 1,
        "header": 256,
        "bits": bits,
        "classes": classes,
        "block": block,
        "stride": stride,
        "train": sizes[0],
        "held_out": sizes[1],
        "test": sizes[2],
        "data_crc": zlib.crc32(data),
        "encoder": encoder,
        "digest": hashlib.sha256(described + encoder + data).digest(),
        "name": name.encode().ljust(64, b"\0"),
        "reserved": bytes(84),
    }
    assert replaced.keys() <= fields.keys()
    values = {**fields, **replaced}.values()
    header = struct.pack("<8sHHIHHIIIII32s32s64s84s", *values)
    return header + struct.pack("<I", zlib.crc32(header)) + data


def read(image: bytes) -> tuple[dict[str, Any], list[list[Sample]]]:
    """The fields and the samples of an image; fails if it breaks a rule of the page."""
    assert image[:8] == MAGIC
    assert struct.unpack("<I", image[252:256])[0] == zlib.crc32(image[:252])
    version, header = struct.unpack("<HH", image[8:12])
    assert (version, header) == (1, 256)
    bits, classes, block, stride = struct.unpack("<IHHI", image[12:24])
    sizes = struct.unpack("<III", image[24:36])
    assert bits >= 1
    assert 2 <= classes <= 256
    assert 1 <= block <= 65535
    assert stride == 1 + (bits + 7) // 8
    assert sizes[0] >= 1
    assert len(image) == 256 + stride * sum(sizes)
    assert struct.unpack("<I", image[36:40])[0] == zlib.crc32(image[256:])
    name, _, padding = image[104:168].partition(b"\0")
    assert not any(padding)
    assert not any(image[168:252])
    contents = image[12:36] + image[40:72] + image[256:]
    assert image[72:104] == hashlib.sha256(contents).digest()
    samples = []
    for at in range(256, len(image), stride):
        row = image[at : at + stride]
        assert row[0] < classes
        flat = [byte >> i & 1 for byte in row[1:] for i in range(8)]
        assert not any(flat[bits:])
        samples.append((row[0], flat[:bits]))
    train, held_out, _ = sizes
    fields = {
        "bits": bits,
        "classes": classes,
        "block": block,
        "stride": stride,
        "encoder": image[40:72],
        "digest": image[72:104],
        "name": name.decode(),
    }
    splits = [samples[:train], samples[train : train + held_out], samples[train + held_out :]]
    return fields, splits
