"""Divide by a constant."""

from amaranth.hdl import Const, Elaboratable, Module, Signal
from amaranth.lib.wiring import In, Out

from .component import Component

__all__ = ["ConstantDivider"]


class ConstantDivider(Component):
    """Divide by a constant: a quotient and a remainder in each cycle.

    A divisor that is a power of two selects bits and takes no cycle. Any other divisor takes one
    cycle for each bit of the quotient, highest bit first: compare, subtract.

    Parameters
    ----------
    width : int
        Bits of the dividend. At least 1.
    divisor : int
        At least 1.

    Members
    -------
    enable : In(1)
        The pipeline moves on by one cycle.
    i : In(width)
        Dividend.
    quotient, remainder : Out
        Of the dividend ``latency`` enabled cycles before.

    Attributes
    ----------
    latency : int
        Cycles from dividend to quotient.

    Raises
    ------
    ValueError
        If a parameter is out of its range.
    """

    def __init__(self, *, width: int, divisor: int):
        if width < 1:
            raise ValueError(f"width must be at least 1, not {width!r}")
        if divisor < 1:
            raise ValueError(f"divisor must be at least 1, not {divisor!r}")

        self.width = width
        self.divisor = divisor
        highest = ((1 << width) - 1) // divisor
        power_of_two = divisor & (divisor - 1) == 0
        self.latency = 0 if power_of_two else highest.bit_length()
        super().__init__(
            {
                "enable": In(1),
                "i": In(width),
                "quotient": Out(range(max(highest + 1, 2))),
                "remainder": Out(range(max(divisor, 2))),
            }
        )

    def elaborate(self, platform: object) -> Elaboratable:
        m = Module()

        if self.divisor & (self.divisor - 1) == 0:
            bits = self.divisor.bit_length() - 1
            quotient, remainder = self.i[bits:], self.i[:bits]
        else:
            remainder, quotient = self.i, Const(0, self.quotient.shape().width)
            for bit in reversed(range(self.latency)):
                next_remainder = Signal(self.width, name=f"remainder_{bit}")
                next_quotient = Signal.like(self.quotient, name=f"quotient_{bit}")
                multiple = self.divisor << bit
                with m.If(self.enable):
                    m.d.sync += [next_remainder.eq(remainder), next_quotient.eq(quotient)]
                    with m.If(remainder >= multiple):
                        m.d.sync += [
                            next_remainder.eq(remainder - multiple),
                            next_quotient[bit].eq(1),
                        ]
                remainder, quotient = next_remainder, next_quotient
        m.d.comb += [self.quotient.eq(quotient), self.remainder.eq(remainder)]

        return m
