"""Declaration of a register: address, access, effects, range of values, meaning.

This module does not import Amaranth, so the host's driver can use it.
"""

import enum
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

__all__ = [
    "PAGE",
    "WORD",
    "Bound",
    "Field",
    "LayerBound",
    "OnRead",
    "OnWrite",
    "Register",
    "RegisterGroup",
]

PAGE = 1 << 8
"""Addresses of a group: the low 8 bits of an address are the register's offset in its group."""

WORD = (1 << 32) - 1
"""Highest value of a register."""


class OnWrite(enum.Enum):
    """The effect of a write."""

    STORE = "store"
    """The register stores the value."""
    CLEAR = "clear"
    """The register becomes 0; the value is ignored."""
    ACTION = "action"
    """The write starts an action with the value; nothing is stored."""


class OnRead(enum.Enum):
    """The effect of a read."""

    VALUE = "value"
    """None; the value is available at once, and the response to a write has it too."""
    ACTION = "action"
    """The read starts an action that gets the value, and needs the core idle. The response to a
    write has the value 0."""


@dataclass(frozen=True)
class LayerBound:
    """A bound of a register's values that depends on the shape of the layer.

    Attributes
    ----------
    symbol : str
        The bound in the symbols of docs/algorithm.md.
    of : callable
        Computes the bound from a layer, or from the engine of a universal trainer.
    """

    symbol: str
    of: Callable[[Any], int]

    def __str__(self) -> str:
        return f"`{self.symbol}`"


Bound = int | LayerBound


@dataclass(frozen=True)
class Field:
    """Bits of a register's value.

    Attributes
    ----------
    name : str
        Name of the field.
    low, width : int
        Its lowest bit, and its number of bits.
    """

    name: str
    low: int
    width: int = 1

    def __str__(self) -> str:
        if self.width == 1:
            return f"bit {self.low} {self.name}"
        return f"bits {self.low + self.width - 1} to {self.low} {self.name}"


@dataclass(frozen=True)
class Register:
    """Declaration of a 32-bit register.

    A write always needs the core idle, a read only if it starts an action.

    Attributes
    ----------
    offset : int
        Address within the group. 0 to 255.
    access : str
        ``"r"``, ``"w"`` or ``"rw"``.
    description : str
        The meaning of the value, for documents: a phrase without a full stop, in Markdown.
    on_write : OnWrite
        The effect of a write.
    on_read : OnRead
        The effect of a read.
    minimum, maximum : int or LayerBound
        Values that can be written, both included. A negative minimum makes the value signed:
        sign-extended to 32 bits, from ``-2**n`` to ``2**n - 1``.
    reset : int or None
        Value after power-up and after the reset of the clock domain; None if it is not defined.
    fields : tuple of Field
        Fields of the value, if it has several.

    Raises
    ------
    ValueError
        If offset, access, a bound or the reset value is invalid, or a stored register whose read
        starts no action has no reset value.
    """

    offset: int
    access: Literal["r", "w", "rw"]
    description: str
    on_write: OnWrite = OnWrite.STORE
    on_read: OnRead = OnRead.VALUE
    minimum: Bound = 0
    maximum: Bound = WORD
    reset: int | None = None
    fields: tuple[Field, ...] = ()

    def __post_init__(self) -> None:
        if not 0 <= self.offset < PAGE:
            raise ValueError(f"offset must be from 0 to {PAGE - 1}, not {self.offset!r}")
        if self.access not in ("r", "w", "rw"):
            raise ValueError(f'access must be "r", "w" or "rw", not {self.access!r}')
        for bound in (self.minimum, self.maximum):
            if isinstance(bound, Register) or not isinstance(bound, Bound):
                raise ValueError(f"a bound must be an integer or a LayerBound, not {bound!r}")
        if self.reset is not None and isinstance(self.minimum, int):
            highest = self.maximum if isinstance(self.maximum, int) else self.reset
            if self.on_write is OnWrite.STORE and not self.minimum <= self.reset <= highest:
                raise ValueError(
                    f"reset must be from {self.minimum} to {highest}, not {self.reset}: a register "
                    "starts with a value that can be written"
                )
        if self.stored and self.reset is None and self.on_read is OnRead.VALUE:
            raise ValueError(
                f"the register at offset {self.offset} is stored; give its reset value"
            )

    @property
    def readable(self) -> bool:
        """Whether it can be read."""
        return "r" in self.access

    @property
    def writable(self) -> bool:
        """Whether it can be written."""
        return "w" in self.access

    @property
    def stored(self) -> bool:
        """Whether it holds the value that was written to it."""
        return self.writable and self.on_write is OnWrite.STORE

    @property
    def read_needs_idle(self) -> bool:
        """Whether a read is refused while the core is busy; a write always is."""
        return self.readable and self.on_read is OnRead.ACTION

    @property
    def meaning(self) -> str:
        """The description, with the fields and the effects of access."""
        parts = [self.description]
        if self.fields:
            parts[0] += ": " + ", ".join(map(str, self.fields))
        if self.writable and self.on_write is OnWrite.CLEAR:
            parts.append("a write clears it")
        if self.read_needs_idle:
            parts.append("a read needs the core idle")
        return "; ".join(parts)

    def bounds(self, layer: Any = None) -> tuple[int, int]:
        """The lowest and the highest value that can be written.

        Parameters
        ----------
        layer : LayerConfig or UniversalEngine, optional
            The layer that the register belongs to, or the engine of a universal trainer.

        Raises
        ------
        ValueError
            If a bound depends on the layer's shape and no layer is given.
        """

        def number(bound: Bound) -> int:
            if isinstance(bound, int):
                return bound
            if layer is None:
                raise ValueError(f"the bound {bound} depends on the layer; give the layer")
            return bound.of(layer)

        return number(self.minimum), number(self.maximum)


class RegisterGroup(enum.IntEnum):
    """Registers with one decoder. Members are offsets, each with its declaration.

    Attributes
    ----------
    declaration : Register
        The member's declaration.
    """

    declaration: Register

    def __new__(cls, declaration: Register | int) -> "RegisterGroup":
        # An offset looks up a member, as in every enumeration, and does not get here.
        assert isinstance(declaration, Register)
        member = int.__new__(cls, declaration.offset)
        member._value_ = declaration.offset
        member.declaration = declaration
        return member
