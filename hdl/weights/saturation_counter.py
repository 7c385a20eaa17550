# amaranth: UnusedElaboratable=no
"""Count the saturated counters of a row."""

from amaranth.hdl import Elaboratable, Module, Signal, signed
from amaranth.lib import data, stream
from amaranth.lib.wiring import In, Out

from ..primitives.component import Component
from ..primitives.popcount import XnorPopcount

__all__ = ["SaturationCounter"]


class SaturationCounter(Component):
    """Count how many hidden weights of a row are at a bound of their range.

    Computes the number of columns that are ``real`` and whose counter is ``−2^(B−1)`` or
    ``2^(B−1) − 1``, of a row a cycle, ``latency`` cycles after the row.

    Parameters
    ----------
    counters : int
        Counters in a row. At least 1.
    counter_bits : int
        Width ``B`` of a counter. 2 to 16.

    Members
    -------
    i : In(stream)
        Rows, and a bit for each column that holds a counter and no padding. Never stalls.
    o : Out(stream)
        Numbers of saturated counters. Never waits.

    Attributes
    ----------
    latency : int
        Cycles from a row to its number.

    Raises
    ------
    ValueError
        If a parameter is out of its range.
    """

    def __init__(self, *, counters: int, counter_bits: int):
        if counters < 1:
            raise ValueError(f"counters must be at least 1, not {counters!r}")
        if not 2 <= counter_bits <= 16:
            raise ValueError(f"counter_bits must be from 2 to 16, not {counter_bits!r}")

        self.counters = counters
        self.counter_bits = counter_bits
        self._popcount = XnorPopcount(counters)
        self.latency = 1 + self._popcount.latency
        row = data.ArrayLayout(signed(counter_bits), counters)
        super().__init__(
            {
                "i": In(
                    stream.Signature(
                        data.StructLayout({"row": row, "real": counters}), always_ready=True
                    )
                ),
                "o": Out(stream.Signature(range(counters + 1), always_ready=True)),
            }
        )

    def elaborate(self, platform: object) -> Elaboratable:
        m = Module()

        lowest, highest = -(1 << self.counter_bits - 1), (1 << self.counter_bits - 1) - 1
        bounds = Signal(self.counters)
        for column in range(self.counters):
            k = self.i.p.row[column]
            m.d.sync += bounds[column].eq(self.i.p.real[column] & ((k == lowest) | (k == highest)))

        m.submodules.popcount = self._popcount
        m.d.comb += [
            self._popcount.a.eq(bounds),
            self._popcount.b.eq((1 << self.counters) - 1),
            self.o.p.eq(self._popcount.count),
        ]

        valid = self.i.valid
        for stage in range(self.latency):
            following = Signal(name=f"valid_{stage}")
            m.d.sync += following.eq(valid)
            valid = following
        m.d.comb += self.o.valid.eq(valid)

        return m
