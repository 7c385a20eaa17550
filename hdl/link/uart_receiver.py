"""UART receiver."""

from amaranth.hdl import Cat, Elaboratable, Module, Signal
from amaranth.lib import stream
from amaranth.lib.cdc import FFSynchronizer
from amaranth.lib.wiring import In, Out

from ..primitives.component import Component

__all__ = ["MIN_CLOCKS_PER_BIT", "UartReceiver"]

MIN_CLOCKS_PER_BIT = 4
"""Minimum for sampling near the middle of a bit."""


class UartReceiver(Component):
    """Receive bytes: a start bit, eight bits, lowest first, a stop bit.

    Cycle by cycle, ``n`` being ``clocks_per_bit``::

        0                  the synchronised line is low: a start bit begins
        n//2 − 1           its middle; if the line is high again, there is no byte
        n//2 − 1 + n·k     the middle of bit k, k = 1 … 8, which is shifted in
        n//2 − 1 + n·9     the middle of the stop bit: if it is high, ``o`` is valid in this cycle;
                           if not, the byte is dropped

    A byte is offered for one cycle. After a wrong stop bit, the receiver waits until the line is
    high.

    Parameters
    ----------
    clocks_per_bit : int
        At least 4.

    Members
    -------
    rx : In(1)
        The line; high while idle.
    o : Out(stream)
        Bytes. Never waits.

    Raises
    ------
    ValueError
        If ``clocks_per_bit`` is below 4.
    """

    def __init__(self, *, clocks_per_bit: int):
        if clocks_per_bit < MIN_CLOCKS_PER_BIT:
            raise ValueError(f"clocks_per_bit must be at least 4, not {clocks_per_bit!r}")

        self.clocks_per_bit = clocks_per_bit
        super().__init__({"rx": In(1, init=1), "o": Out(stream.Signature(8, always_ready=True))})  # type: ignore[call-arg]

    def elaborate(self, platform: object) -> Elaboratable:
        m = Module()

        line = Signal(init=1)
        m.submodules.synchroniser = FFSynchronizer(self.rx, line, init=1)
        clocks = Signal(range(self.clocks_per_bit))
        # The byte above a mark, which is in the lowest place when the byte is complete
        mark, byte = Signal(), Signal(8)
        m.d.comb += self.o.payload.eq(byte)

        with m.If(clocks != 0):
            m.d.sync += clocks.eq(clocks - 1)

        with m.FSM():
            with m.State("Idle"):
                with m.If(~line):
                    m.d.sync += clocks.eq(self.clocks_per_bit // 2 - 2)
                    m.next = "Start"
            with m.State("Start"):
                with m.If(clocks == 0):
                    m.d.sync += [
                        clocks.eq(self.clocks_per_bit - 1),
                        Cat(mark, byte).eq(1 << len(byte)),
                    ]
                    m.next = "Bits"
                    with m.If(line):
                        m.next = "Idle"
            with m.State("Bits"):
                with m.If(clocks == 0):
                    m.d.sync += clocks.eq(self.clocks_per_bit - 1)
                    with m.If(mark):
                        m.d.comb += self.o.valid.eq(line)
                        m.next = "Stop"
                    with m.Else():
                        m.d.sync += Cat(mark, byte).eq(Cat(byte, line))
            with m.State("Stop"):
                with m.If(line):
                    m.next = "Idle"

        return m
