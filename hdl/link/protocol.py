"""Frames of the host link, as both ends see them (docs/link.md): for hosts and benches."""

import enum
import hashlib
import json
import zlib
from dataclasses import dataclass

from ..planning.plan import FoldedNetwork
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

VERSION = 2
"""Of the protocol; register :attr:`.LinkRegister.VERSION`."""

FLAG, ESCAPE, ESCAPED_BY = 0x7E, 0x7D, 0x20
"""A frame's delimiter; what comes before a byte that is one of them; what that is XORed by."""

SAMPLES_AHEAD = 4
"""Samples that a host may send before their results have come. At most :data:`RESULTS`."""

RESULTS = 4
"""Results in a STATE: the latest."""

LAP = 1 << 15
"""Sequenced frames have the numbers below it once after a reset, then those from it to 2·LAP - 1
round and round."""

CRC_BYTES = 4


class RequestKind(enum.IntEnum):
    """First byte of what a host sends."""

    SYNC = 1
    READ = 2
    WRITE = 3
    SAMPLE = 4
    COUNTERS = 5


class ReplyKind(enum.IntEnum):
    """First byte of what a device sends."""

    STATE = 0x81
    VALUE = 0x82
    ROW = 0x83


class FrameError(ValueError):
    """A frame's content is none that the protocol knows."""


def design_digest(folded: FoldedNetwork) -> int:
    """32 bits that tell the shape of a network and its fold factors from others'."""
    config, plan = folded.config, folded.plan
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
    """The number of the frame that is ``count`` (at least 0) after that of a number.

    Numbers have 16 bits. 0 is a reset device's; after 65535 comes 32768.
    """
    after = number + count
    return after if after < 2 * LAP else LAP | after % LAP


def frames_between(number: int, other: int) -> int | None:
    """How many frames after that of a number the frame of another one is.

    Of what is possible the one nearest to 0: from -16384, when it was before, to 16383. None if
    a device that had the one has the other only if it was reset in between.
    """
    count = (other - number + LAP // 2) % LAP - LAP // 2
    earlier, later = (number, other) if count >= 0 else (other, number)
    return count if next_number(earlier, abs(count)) == later else None


# Frames


def encode_frame(content: bytes) -> bytes:
    """A frame: flag, content, CRC, flag; with escapes between the flags."""
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
    """Find the frames in a stream of bytes, whatever else is in it.

    Attributes
    ----------
    damaged : int
        Frames so far whose CRC did not fit.
    """

    def __init__(self, longest: int = 1 << 17):
        self.damaged = 0
        self._longest = longest
        self._body = bytearray()
        self._escaped = False

    def feed(self, received: bytes) -> list[bytes]:
        """Contents of the frames that end within some bytes, in order."""
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


# What a host sends


def sync_request(tag: int) -> bytes:
    """Ask for a STATE that carries a tag (16 bits)."""
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
    """Read ``count`` counters from a neuron's first on.

    ``position_address`` is that of the layer's register POSITION.
    """
    return (
        bytes([RequestKind.COUNTERS])
        + tag.to_bytes(2, "little")
        + position_address.to_bytes(3, "little")
        + neuron.to_bytes(4, "little")
        + count.to_bytes(2, "little")
    )


# What a device sends


@dataclass(frozen=True)
class SampleResult:
    """What the core said of a sample.

    Attributes
    ----------
    predictions : tuple of int
        Each layer's.
    errors : tuple of bool
        Error bits.
    refused : bool
        Whether its label was no class.
    """

    predictions: tuple[int, ...]
    errors: tuple[bool, ...]
    refused: bool


@dataclass(frozen=True)
class StateReply:
    """Where the device stands.

    Attributes
    ----------
    tag : int
        Of the SYNC that it obeyed last.
    busy, dropped : bool
        The core is; and a frame came that was not accepted, since the STATE before.
    status : Status
        How the last WRITE that was in sequence ended, since the last SYNC.
    expected : int
        Number of the sequenced frame to come; below :data:`LAP` once after a reset only.
    count : int
        Results so far, modulo 256.
    results : tuple of SampleResult
        The latest, the oldest first.
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
    """A register's value."""

    tag: int
    status: Status
    value: int


@dataclass(frozen=True)
class RowReply:
    """Counters, from a neuron's first on; none unless the status is OK."""

    tag: int
    status: Status
    counters: tuple[int, ...]


def decode_reply(
    content: bytes, *, layers: int, counter_bits: int
) -> StateReply | ValueReply | RowReply:
    """Read what a device sent.

    Parameters
    ----------
    content : bytes
        A frame's.
    layers : int
        Layers of the device's network.
    counter_bits : int
        Width of its counters.

    Raises
    ------
    FrameError
        If it is of no known kind or length.
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
