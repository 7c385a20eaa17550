"""UART transmitter."""

from amaranth.hdl import Cat, Elaboratable, Module, Mux, Signal
from amaranth.lib import stream
from amaranth.lib.wiring import In, Out

from ..primitives.component import Component

__all__ = ["UartTransmitter"]


class UartTransmitter(Component):
    """Send bytes: a start bit, eight bits, lowest first, a stop bit.

    A byte is on the line from the cycle after it is taken, for ``10·clocks_per_bit`` cycles; the
    next byte can be taken in the last of them.

    Parameters
    ----------
    clocks_per_bit : int
        At least 1.

    Members
    -------
    i : In(stream)
        Bytes.
    tx : Out(1)
        The line; high while idle.

    Raises
    ------
    ValueError
        If ``clocks_per_bit`` is below 1.
    """

    def __init__(self, *, clocks_per_bit: int):
        if clocks_per_bit < 1:
            raise ValueError(f"clocks_per_bit must be at least 1, not {clocks_per_bit!r}")

        self.clocks_per_bit = clocks_per_bit
        super().__init__({"i": In(stream.Signature(8)), "tx": Out(1, init=1)})  # type: ignore[call-arg]

    def elaborate(self, platform: object) -> Elaboratable:
        m = Module()

        clocks = Signal(range(max(self.clocks_per_bit, 2)))
        # Start bit, byte, stop bit; zeros follow them, and the stop bit stays on the idle line.
        bits = Signal(10, init=1)
        bit_ends, last_bit = clocks == 0, bits[1:] == 0
        m.d.comb += [self.tx.eq(bits[0]), self.i.ready.eq(last_bit & bit_ends)]

        with m.If(~bit_ends):
            m.d.sync += clocks.eq(clocks - 1)
        with m.Elif(~last_bit | self.i.valid):
            m.d.sync += [
                bits.eq(Mux(last_bit, Cat(0, self.i.payload, 1), bits >> 1)),
                clocks.eq(self.clocks_per_bit - 1),
            ]

        return m
