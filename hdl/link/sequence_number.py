"""Counter of sequence numbers."""

from amaranth.hdl import Cat, Elaboratable, Module
from amaranth.lib.wiring import In, Out

from ..primitives.component import Component

__all__ = ["SequenceNumber"]

LAP_BITS = 15


class SequenceNumber(Component):
    """Count sequenced frames as :func:`.protocol.next_number` does: 0 … 65535, then 32768 … again.

    A number whose highest bit is 0 shows that there was a reset. The number advances in the cycle
    after ``step``; steps in consecutive cycles are possible.

    Members
    -------
    step : In(1)
        A frame is accepted.
    number : Out(16)
        Number of the next frame. 0 after a reset.
    """

    def __init__(self) -> None:
        super().__init__({"step": In(1), "number": Out(LAP_BITS + 1)})

    def elaborate(self, platform: object) -> Elaboratable:
        m = Module()

        after, lapped = self.number + self.step, self.number[LAP_BITS]
        m.d.sync += self.number.eq(Cat(after[:LAP_BITS], lapped | after[LAP_BITS]))

        return m
