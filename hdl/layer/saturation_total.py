"""Add up the saturated counters of a layer."""

from amaranth.hdl import Elaboratable, Module, Signal
from amaranth.lib import data
from amaranth.lib.wiring import In, Out

from ..planning.plan import FoldedLayer
from ..primitives.component import Component

__all__ = ["SaturationTotal"]


class SaturationTotal(Component):
    """Add up the saturated counters that the banks find in their rows.

    A row's numbers, of all banks at once, are in ``total`` two cycles later.

    Parameters
    ----------
    folded : FoldedLayer
        The layer and its fold factors.
    latency : int
        Cycles from the command to count a row to its numbers.

    Members
    -------
    clear : In(1)
        The total is 0 in the next cycle.
    valid : In(1)
        Numbers of a row come.
    numbers : In(array)
        The row's saturated counters in each bank.
    end : In(1)
        The last row is named in this cycle.
    counting : Out(1)
        From the cycle after ``end`` until ``done``.
    done : Out(1)
        The total is complete, ``latency + 2`` cycles after ``end``.
    total : Out
        Saturated counters of the rows since ``clear``.
    """

    def __init__(self, folded: FoldedLayer, *, latency: int):
        self.folded = folded
        self.latency = latency
        plan = folded.plan
        super().__init__(
            {
                "clear": In(1),
                "valid": In(1),
                "numbers": In(data.ArrayLayout(range(plan.update_width + 1), plan.banks)),
                "end": In(1),
                "counting": Out(1),
                "done": Out(1),
                "total": Out(range(folded.config.weights + 1)),
            }
        )

    def elaborate(self, platform: object) -> Elaboratable:
        m = Module()
        plan = self.folded.plan

        valid = Signal()
        row = Signal(range(plan.banks * plan.update_width + 1))
        m.d.sync += [
            valid.eq(self.valid),
            row.eq(sum(self.numbers[bank] for bank in range(plan.banks))),
        ]
        with m.If(self.clear):
            m.d.sync += self.total.eq(0)
        with m.Elif(valid):
            m.d.sync += self.total.eq(self.total + row)

        left = Signal(range(self.latency + 3))  # cycles until the total is complete, and 1
        m.d.comb += [self.counting.eq(left != 0), self.done.eq(left == 1)]
        with m.If(self.end):
            m.d.sync += left.eq(self.latency + 2)
        with m.Elif(self.counting):
            m.d.sync += left.eq(left - 1)

        return m
