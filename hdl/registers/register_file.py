"""A register file: address decoder and storage, generated from register declarations."""

from collections.abc import Iterable
from typing import Any

from amaranth.hdl import C, Cat, Elaboratable, Module, Mux, Value
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from ..primitives.comparison import is_greater
from ..primitives.component import Component
from .register_declaration import OnRead, RegisterGroup
from .register_map import Status

__all__ = ["RegisterFile", "needs_idle"]


def needs_idle(registers: type[RegisterGroup], write: Value, offset: Value) -> Value:
    """Whether a request needs the core idle, and is refused with BUSY otherwise.

    Parameters
    ----------
    registers : type of RegisterGroup
        The group of the addressed register.
    write : Value
        Whether the request is a write.
    offset : Value
        The register's offset in the group.
    """
    reads = (offset == register for register in registers if register.declaration.read_needs_idle)
    return Cat(write, *reads).any()


class RegisterFile(Component):
    """Decode requests for a group of registers, and store the values of stored registers.

    Decoding is combinational: ``status`` and ``value`` answer the request of the same cycle. With
    ``enable`` the request is carried out if its status is OK: a stored register takes the value at
    the end of the cycle, and the strobes of ``written`` and ``read`` are set in the cycle.

    The status is UNKNOWN for an offset without a register, ACCESS if the register cannot be
    written or read, RANGE if the value is out of its bounds. In a group without a writable
    register the status of every write is ACCESS. The parent gives BUSY (:func:`needs_idle`).

    Parameters
    ----------
    registers : type of RegisterGroup
        The group.
    layer : LayerConfig or UniversalEngine, optional
        The layer of the registers, for bounds that depend on its shape, or the engine of a
        universal trainer, for its capacities.
    stores : bool
        Whether the registers that store a value are in this component. If not, the parent stores
        them: it supplies their values, and stores ``data`` when they are written.

    Members
    -------
    write : In(1)
        The request is a write.
    offset : In(8)
        Offset of the register.
    data : In(32)
        The value to write.
    enable : In(1)
        Carry out the request.
    status : Out(Status)
        Status of the request.
    value : Out(32)
        Value of the register; 0 if it cannot be read, and for a write if a read of the register
        starts an action.
    values.NAME
        Out, for a stored register: its value, as wide as its maximum. In(32), for any other
        readable register: the value, supplied by the parent; at the end of the action if a read
        starts one.
    written.NAME : Out(1)
        For each writable register: it is written.
    read.NAME : Out(1)
        For each register whose read starts an action: it is read.

    Raises
    ------
    ValueError
        If a bound needs a layer and none is given, or a signed range is not ``-2**n`` to
        ``2**n - 1``.
    """

    def __init__(self, registers: type[RegisterGroup], layer: Any = None, *, stores: bool = True):
        self.registers = registers
        self.layer = layer
        self.stores = stores
        values, written, read = {}, {}, {}
        for register in registers:
            name, declaration = register.name.lower(), register.declaration
            lowest, highest = declaration.bounds(layer)
            if lowest < 0 and (lowest != ~highest or highest & (highest + 1)):
                raise ValueError(
                    f"{register.name}'s values must be those of two's complement, "
                    f"not {lowest} to {highest}"
                )
            if declaration.stored and stores:
                values[name] = Out(range(highest + 1), init=declaration.reset)  # type: ignore[call-arg]
            elif declaration.readable:
                values[name] = In(32)
            if declaration.writable:
                written[name] = Out(1)
            if declaration.read_needs_idle:
                read[name] = Out(1)
        super().__init__(
            {
                "write": In(1),
                "offset": In(8),
                "data": In(32),
                "enable": In(1),
                "status": Out(Status),
                "value": Out(32),
                "values": Out(wiring.Signature(values)),
                "written": Out(wiring.Signature(written)),
                "read": Out(wiring.Signature(read)),
            }
        )

    def elaborate(self, platform: object) -> Elaboratable:
        m = Module()

        m.d.comb += self.status.eq(Status.UNKNOWN)
        if not any(register.declaration.writable for register in self.registers):
            m.d.comb += self.status.eq(Mux(self.write, Status.ACCESS, Status.UNKNOWN))
        declarations = (register.declaration for register in self.registers)
        bounds = [each.bounds(self.layer) for each in declarations if each.writable]
        above = _any_above(self.data, {highest.bit_length() for _, highest in bounds})
        with m.Switch(self.offset):
            for register in self.registers:
                with m.Case(register):
                    with m.If(self.write):
                        self._write(m, register, above)
                    with m.Else():
                        self._read(m, register)
                    self._value(m, register)

        return m

    def _write(self, m: Module, register: RegisterGroup, above: dict[int, Value]) -> None:
        """Decode a write of a register, and carry it out."""
        name, declaration = register.name.lower(), register.declaration
        if not declaration.writable:
            m.d.comb += self.status.eq(Status.ACCESS)
            return
        wrong = _out_of_range(self.data, above, *declaration.bounds(self.layer))
        m.d.comb += [
            self.status.eq(Mux(wrong, Status.RANGE, Status.OK)),
            getattr(self.written, name).eq(self.enable & ~wrong),
        ]
        if declaration.stored and self.stores:
            with m.If(self.enable & ~wrong):
                m.d.sync += getattr(self.values, name).eq(self.data)

    def _read(self, m: Module, register: RegisterGroup) -> None:
        """Decode a read of a register, and start its action."""
        name, declaration = register.name.lower(), register.declaration
        m.d.comb += self.status.eq(Status.OK if declaration.readable else Status.ACCESS)
        if declaration.read_needs_idle:
            m.d.comb += getattr(self.read, name).eq(self.enable)

    def _value(self, m: Module, register: RegisterGroup) -> None:
        """Output the value of a register."""
        name, declaration = register.name.lower(), register.declaration
        if declaration.readable:
            value = getattr(self.values, name)
            if declaration.on_read is OnRead.ACTION:
                value = Mux(self.write, 0, value)
            m.d.comb += self.value.eq(value)


def _any_above(value: Value, places: Iterable[int]) -> dict[int, Value]:
    """For each place, whether a bit of the value is set there or above; places share logic."""
    found: dict[int, Value] = {}
    above: Value = C(0)
    end = len(value)
    for place in sorted(places, reverse=True):
        above = found[place] = value[place:end].any() | above
        end = place
    return found


def _out_of_range(value: Value, above: dict[int, Value], lowest: int, highest: int) -> Value:
    """Whether a 32-bit value is out of a range.

    ``above`` is :func:`_any_above` of the value, for the number of bits of ``highest``.
    """
    bits = highest.bit_length()
    if lowest < 0:
        return above[bits] & ~value[bits:].all()
    if lowest == highest:
        return above[bits] | (value[:bits] != lowest)
    wrong = above[bits] | is_greater(value[:bits], highest)
    return wrong | ~is_greater(value[:bits], lowest - 1) if lowest else wrong
