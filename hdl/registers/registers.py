"""The registers through which a host sets up and watches the trainer core."""

from typing import TYPE_CHECKING

from amaranth.hdl import Value
from amaranth.lib import data

if TYPE_CHECKING:  # Amaranth's are these, with a shape
    from enum import Enum, IntEnum
else:
    from amaranth.lib.enum import Enum, IntEnum

__all__ = [
    "IDENTITY",
    "GlobalRegister",
    "LayerRegister",
    "Status",
    "exceeds",
    "layer_address",
    "request_layout",
    "response_layout",
]

IDENTITY = 0x4D504C01
"""``"MPL"`` and the version of the interface."""


class Status(Enum, shape=3):
    """How a request ended; nothing was changed unless it is ``OK``."""

    OK = 0
    BUSY = 1
    """Not while samples are inside, or during a commit or a reset."""
    UNKNOWN = 2
    """There is no such register."""
    ACCESS = 3
    """The register cannot be written, or cannot be read."""
    RANGE = 4
    """The value is out of the register's range."""


class GlobalRegister(IntEnum, shape=8):
    """Registers of the core, at their own address."""

    IDENTITY = 0
    LAYERS = 1
    STATUS = 2
    RESET = 3
    SEED_LOW = 4
    SEED_HIGH = 5
    BATCH = 6
    """Samples in a batch. Writing it begins a batch's count anew."""
    MODE = 7
    SAMPLES = 8
    REFUSED = 9
    CLASSES = 10
    COUNTER_BITS = 11


class LayerRegister(IntEnum, shape=8):
    """Registers of a layer, at :func:`layer_address`."""

    MARGIN = 0
    EVENTS = 1
    ERRORS = 2
    UPDATES = 3
    SATURATED = 4
    """Reading it scans the hidden weights, so a new position is needed after it."""
    POSITION = 5
    """The neuron whose first counter is accessed next. Lost when samples are trained on."""
    COUNTER = 6
    """The counter at the position, which goes on by one. ``W`` follows what is written."""
    STREAM_0 = 8
    """The reinforcement stream's history, 32 bits in each of four registers, bit 0 of the first
    is unused. Writes push into it: write all four, in order."""
    STREAM_1 = 9
    STREAM_2 = 10
    STREAM_3 = 11
    INPUTS = 16
    NEURONS = 17
    GROUP = 18


def layer_address(layer: int, register: LayerRegister) -> int:
    """The address of a layer's register."""
    return layer + 1 << 8 | register


def exceeds(value: Value, highest: int) -> Value:
    """Whether an unsigned value is above a constant; cheap where its range is far wider."""
    bits = highest.bit_length()
    return value[bits:].any() | (value[:bits] > highest)


def request_layout() -> data.StructLayout:
    """A read, or a write of ``data``."""
    return data.StructLayout({"write": 1, "address": 24, "data": 32})


def response_layout() -> data.StructLayout:
    """How it ended, and what was read; for a write, what the register held before.

    Of what cannot be read, 0.
    """
    return data.StructLayout({"status": Status, "data": 32})
