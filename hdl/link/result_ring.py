"""Ring of the latest results."""

from amaranth.hdl import Elaboratable, Module, Mux, Signal
from amaranth.lib.wiring import In, Out

from ..primitives.component import Component
from .protocol import RESULTS

__all__ = ["ResultRing"]

PLACE_BITS = (RESULTS - 1).bit_length()


class ResultRing(Component):
    """Keep the latest results; a new one replaces the oldest.

    The ring is a shift register that rotates by a result: a multiplexer of all results would take
    about twice the logic cells.

    Parameters
    ----------
    width : int
        Bits of a result.

    Members
    -------
    write : In(1)
        Store ``result`` and count it. In the same cycle the ring may rotate.
    result : In(width)
        See ``write``.
    count : Out(8)
        Number of results that were stored, modulo 256.
    rotate : In(1)
        Go to the next result.
    place : Out
        Which result is at ``o``: the number of results before it, modulo :data:`.RESULTS`. It is
        the oldest one if ``place`` is equal to the low bits of ``count``.
    o : Out(width)
        The result.
    """

    def __init__(self, *, width: int):
        self.width = width
        super().__init__(
            {
                "write": In(1),
                "result": In(width),
                "count": Out(8),
                "rotate": In(1),
                "place": Out(PLACE_BITS),
                "o": Out(width),
            }
        )

    def elaborate(self, platform: object) -> Elaboratable:
        m = Module()

        results = [Signal(self.width, name=f"result_{index}") for index in range(RESULTS)]
        oldest = Signal(PLACE_BITS)  # index of the oldest result, after the rotation
        m.d.comb += [
            oldest.eq(self.count - self.place - self.rotate),
            self.o.eq(results[0]),
        ]
        m.d.sync += [
            self.count.eq(self.count + self.write),
            self.place.eq(self.place + self.rotate),
        ]
        for index, result in enumerate(results):
            replaced = self.write & (oldest == index)
            with m.If(self.rotate | replaced):
                following = results[(index + 1) % RESULTS]
                m.d.sync += result.eq(Mux(replaced, self.result, following))

        return m
