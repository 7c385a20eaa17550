"""Signal layouts of register requests and responses."""

from typing import Any

from amaranth.hdl import Const, Shape, ShapeCastable, Value
from amaranth.lib import data

from .register_map import Status

__all__ = ["StatusShape", "request_layout", "response_layout"]


class StatusShape(ShapeCastable):
    """Shape of a :class:`.register_map.Status`: its code in signals, a Status in simulations."""

    def as_shape(self) -> Shape:
        """An unsigned integer with the bits of the highest code."""
        return Shape.cast(Status)

    def const(self, init: Status | None) -> Const:
        """The code of a status; of OK by default."""
        return Const((init or Status.OK).value, self.as_shape())

    def __call__(self, target: Any) -> Value:
        """The code in a signal."""
        return Value.cast(target)

    def from_bits(self, raw: int) -> Status:
        """The status of a code."""
        return Status(raw)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, StatusShape)

    def __hash__(self) -> int:
        return hash(StatusShape)


def request_layout() -> data.StructLayout:
    """Layout of a request: a read, or a write of ``data``."""
    return data.StructLayout({"write": 1, "address": 24, "data": 32})


def response_layout() -> data.StructLayout:
    """Layout of a response: the status, and the value read; for a write, the previous value.

    The value is 0 if the register cannot be read.
    """
    return data.StructLayout({"status": StatusShape(), "data": 32})
