# amaranth: UnusedElaboratable=no
"""Count the saturated counters of a row."""

from amaranth.hdl import Elaboratable, Module, Signal
from amaranth.lib import data, stream
from amaranth.lib.wiring import In, Out

from ..primitives.component import Component
from ..primitives.popcount import XnorPopcount

__all__ = ["SaturationCounter"]


class SaturationCounter(Component):
    """Count how many hidden weights of a row are at a bound of their range.

    Computes the number of columns that are ``real`` and ``saturated``, of a row a cycle,
    ``latency`` cycles after the row.

    Parameters
    ----------
    counters : int
        Counters in a row. At least 1.

    Members
    -------
    i : In(stream)
        Of a row, the columns whose counter is at a bound, and the columns that hold a counter and
        no padding. Never stalls.
    o : Out(stream)
        Numbers of saturated counters. Never waits.

    Attributes
    ----------
    latency : int
        Cycles from a row to its number.

    Raises
    ------
    ValueError
        If ``counters`` is less than 1.
    """

    def __init__(self, *, counters: int):
        if counters < 1:
            raise ValueError(f"counters must be at least 1, not {counters!r}")

        self.counters = counters
        self._popcount = XnorPopcount(counters)
        self.latency = 1 + self._popcount.latency
        super().__init__(
            {
                "i": In(
                    stream.Signature(
                        data.StructLayout({"saturated": counters, "real": counters}),
                        always_ready=True,
                    )
                ),
                "o": Out(stream.Signature(range(counters + 1), always_ready=True)),
            }
        )

    def elaborate(self, platform: object) -> Elaboratable:
        m = Module()

        bounds = Signal(self.counters)
        m.d.sync += bounds.eq(self.i.p.saturated & self.i.p.real)
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
