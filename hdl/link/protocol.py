"""The protocol of the host link (docs/link.md): encoder and decoder of frames for hosts."""

import enum
import hashlib
import json
import zlib
from dataclasses import dataclass
from typing import Any

from ..planning.plan import FoldedNetwork
from ..planning.universal import UniversalTrainer
from ..registers.register_map import Status

__all__ = [
    "ESCAPE",
    "ESCAPED_BY",
    "FLAG",
    "LAP",
    "RESULTS",
    "SAMPLES_AHEAD",
    "VERSION",
    "FrameDecoder",
    "FrameError",
    "ReplyKind",
    "RequestKind",
    "RowReply",
    "SampleResult",
    "StateReply",
    "ValueReply",
    "counters_request",
    "decode_reply",
    "design_digest",
    "encode_frame",
    "frames_between",
    "next_number",
    "read_request",
    "sample_request",
    "sync_request",
    "write_request",
]

VERSION = 3
"""Version of the protocol, in register :attr:`.LinkRegister.VERSION`."""

FLAG, ESCAPE, ESCAPED_BY = 0x7E, 0x7D, 0x20
"""Delimiter of frames; escape before a byte that equals one of the two; XOR mask of that byte."""

SAMPLES_AHEAD = 4
"""Samples that a host may send ahead of their results. At most :data:`RESULTS`."""

RESULTS = 4
"""Latest results in a STATE."""

LAP = 1 << 15
"""Sequence numbers begin at 0 after a reset; from LAP on they wrap from 2·LAP - 1 to LAP."""

CRC_BYTES = 4


class RequestKind(enum.IntEnum):
    """First byte of a request."""

    SYNC = 1
    READ = 2
    WRITE = 3
    SAMPLE = 4
    COUNTERS = 5


class ReplyKind(enum.IntEnum):
    """First byte of a reply."""

    STATE = 0x81
    VALUE = 0x82
    ROW = 0x83


class FrameError(ValueError):
    """The content of a frame is not valid in the protocol."""


def design_digest(design: FoldedNetwork | UniversalTrainer) -> int:
    """32-bit hash of shape and fold factors of a network, or of a universal trainer."""
    shape: dict[str, Any]
    if isinstance(design, UniversalTrainer):
        shape = {"capacity": design.capacity.to_dict(), "engine": design.plan.to_dict()}
    else:
        config, plan = design.config, design.plan
        shape = {
            "inputs": config.inputs,
            "hidden": config.hidden,
            "groups": config.groups,
            "classes": config.classes,
            "counter_bits": config.counter_bits,
            "layers": [layer.to_dict() for layer in plan.layers],
        }
    text = json.dumps(shape, sort_keys=True)
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "little")


# Numbers of sequenced frames


def next_number(number: int, count: int = 1) -> int:
    """The sequence number ``count`` frames after a number; ``count`` is at least 0.

    Numbers have 16 bits. The first after a reset is 0; after 65535 comes 32768.
    """
    after = number + count
    return after if after < 2 * LAP else LAP | after % LAP


def frames_between(number: int, other: int) -> int | None:
    """Number of frames from one sequence number to another, negative if the other is earlier.

    The possible value nearest to 0, from -16384 to 16383. None if there must have been a reset
    between the two.
    """
    count = (other - number + LAP // 2) % LAP - LAP // 2
    earlier, later = (number, other) if count >= 0 else (other, number)
    return count if next_number(earlier, abs(count)) == later else None


# Frames


def encode_frame(content: bytes) -> bytes:
    """Encode a frame: flag, content, CRC, flag; with escapes between the flags."""
    body = content + zlib.crc32(content).to_bytes(CRC_BYTES, "little")
    escaped = bytearray([FLAG])
    for byte in body:
        if byte in (FLAG, ESCAPE):
            escaped += bytes([ESCAPE, byte ^ ESCAPED_BY])
        else:
            escaped.append(byte)
    escaped.append(FLAG)
    return bytes(escaped)


class FrameDecoder:
    """Find the frames in a stream of bytes that can contain other bytes.

    Attributes
    ----------
    damaged : int
        Frames with a wrong CRC so far.
    """

    def __init__(self, longest: int = 1 << 17):
        self.damaged = 0
        self._longest = longest
        self._body = bytearray()
        self._escaped = False

    def feed(self, received: bytes) -> list[bytes]:
        """Contents of the frames that end in the received bytes, in order."""
        contents = []
        for byte in received:
            if byte == FLAG:
                if self._body:
                    content, crc = bytes(self._body[:-CRC_BYTES]), self._body[-CRC_BYTES:]
                    if content and zlib.crc32(content) == int.from_bytes(crc, "little"):
                        contents.append(content)
                    else:
                        self.damaged += 1
                self._body.clear()
                self._escaped = False
            elif byte == ESCAPE:
                self._escaped = True
            elif len(self._body) < self._longest:
                self._body.append(byte ^ ESCAPED_BY if self._escaped else byte)
                self._escaped = False
        return contents


# Requests


def sync_request(tag: int) -> bytes:
    """Request a STATE with a tag (16 bits)."""
    return bytes([RequestKind.SYNC]) + tag.to_bytes(2, "little")


def read_request(tag: int, address: int) -> bytes:
    """Read a register (24 bits of address)."""
    return bytes([RequestKind.READ]) + tag.to_bytes(2, "little") + address.to_bytes(3, "little")


def write_request(number: int, address: int, value: int) -> bytes:
    """Write a register; sequenced."""
    return (
        bytes([RequestKind.WRITE])
        + number.to_bytes(2, "little")
        + address.to_bytes(3, "little")
        + (value & 0xFFFFFFFF).to_bytes(4, "little")
    )


def sample_request(number: int, label: int, last: bool, words: bytes) -> bytes:
    """Train on a sample, or evaluate it; sequenced."""
    head = bytes([RequestKind.SAMPLE]) + number.to_bytes(2, "little")
    return head + bytes([label, int(last)]) + words


def counters_request(tag: int, position_address: int, neuron: int, count: int) -> bytes:
    """Read ``count`` counters, from the first of a neuron.

    ``position_address`` is the address of the layer's register POSITION.
    """
    return (
        bytes([RequestKind.COUNTERS])
        + tag.to_bytes(2, "little")
        + position_address.to_bytes(3, "little")
        + neuron.to_bytes(4, "little")
        + count.to_bytes(2, "little")
    )


# Replies


@dataclass(frozen=True)
class SampleResult:
    """The core's result of a sample.

    Attributes
    ----------
    predictions : tuple of int
        Prediction of each layer.
    errors : tuple of bool
        Error bit of each layer.
    refused : bool
        Whether the sample was refused, since its label is no class.
    """

    predictions: tuple[int, ...]
    errors: tuple[bool, ...]
    refused: bool


@dataclass(frozen=True)
class StateReply:
    """State of the device.

    Attributes
    ----------
    tag : int
        Tag of the last SYNC.
    busy : bool
        The core is busy.
    dropped : bool
        A frame was not accepted since the previous STATE.
    status : Status
        Status of the last WRITE in sequence since the last SYNC.
    expected : int
        Number of the next sequenced frame.
    count : int
        Results so far, modulo 256.
    results : tuple of SampleResult
        The latest results, oldest first.
    """

    tag: int
    busy: bool
    dropped: bool
    status: Status
    expected: int
    count: int
    results: tuple[SampleResult, ...]


@dataclass(frozen=True)
class ValueReply:
    """The value of a register."""

    tag: int
    status: Status
    value: int


@dataclass(frozen=True)
class RowReply:
    """Counters, from the first of a neuron; none unless the status is OK."""

    tag: int
    status: Status
    counters: tuple[int, ...]


def decode_reply(
    content: bytes, *, layers: int, counter_bits: int
) -> StateReply | ValueReply | RowReply:
    """Decode a reply.

    Parameters
    ----------
    content : bytes
        Content of a frame.
    layers : int
        Layers of the device's network.
    counter_bits : int
        Width of a counter.

    Raises
    ------
    FrameError
        If kind or length is not valid.
    """
    try:
        kind, tag = ReplyKind(content[0]), int.from_bytes(content[1:3], "little")
        status = Status(content[4] if kind is ReplyKind.STATE else content[3])
    except (IndexError, ValueError):
        raise FrameError(f"no reply begins with {content[:5].hex()}") from None
    if kind is ReplyKind.VALUE and len(content) == 8:
        return ValueReply(tag, status, int.from_bytes(content[4:8], "little"))
    size = 1 if counter_bits <= 8 else 2
    if kind is ReplyKind.ROW and (len(content) - 4) % size == 0:
        values = (content[at : at + size] for at in range(4, len(content), size))
        counters = tuple(int.from_bytes(value, "little", signed=True) for value in values)
        return RowReply(tag, status, counters)
    width = result_bytes(layers)
    if kind is ReplyKind.STATE and len(content) == 8 + RESULTS * width:
        results = tuple(
            _decode_result(content[at : at + width], layers) for at in range(8, len(content), width)
        )
        return StateReply(
            tag=tag,
            busy=bool(content[3] & 1),
            dropped=bool(content[3] & 2),
            status=status,
            expected=int.from_bytes(content[5:7], "little"),
            count=content[7],
            results=results,
        )
    raise FrameError(f"a reply {kind.name} of {len(content)} bytes is none of this network's")


def result_bytes(layers: int) -> int:
    """Bytes of a result: a prediction for each layer, then error bits and ``refused``."""
    return layers + -(-(layers + 1) // 8)


def _decode_result(content: bytes, layers: int) -> SampleResult:
    bits = int.from_bytes(content[layers:], "little")
    return SampleResult(
        predictions=tuple(content[:layers]),
        errors=tuple(bool(bits >> layer & 1) for layer in range(layers)),
        refused=bool(bits >> layers & 1),
    )
