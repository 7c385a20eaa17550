"""Generate the addresses of all rows of hidden weights, in the order of their neurons."""

from amaranth.hdl import Elaboratable, Module, Signal
from amaranth.lib.wiring import In, Out

from ..planning.plan import FoldedLayer
from ..primitives.component import Component

__all__ = ["RowAddressGenerator"]


class RowAddressGenerator(Component):
    """Generate the addresses of a layer's rows of hidden weights, in the order of their neurons.

    The order is: banks, in each bank its neurons, in each neuron its rows; after the last row comes
    the first. The outputs change in the cycle after a request.

    Parameters
    ----------
    folded : FoldedLayer
        The layer and its fold factors.

    Members
    -------
    rewind : In(1)
        Go to the first row of the first neuron. Overrides the other requests.
    next_row : In(1)
        Go to the next row.
    next_neuron : In(1)
        Go to the first row of the next neuron; only from a neuron's first row.
    bank, row : Out
        Bank of the row, and address of the row in the bank.
    neuron : Out
        Position of the neuron in its bank.
    snapshot_row, snapshot_pe, snapshot_chunk : Out
        Place of the row's signs in the bank's snapshot.
    first_row, last_row : Out(1)
        The row is the neuron's first, or last.
    last_neuron : Out(1)
        The neuron is the bank's last.
    last_of_bank : Out(1)
        The row is the bank's last.
    """

    def __init__(self, folded: FoldedLayer):
        self.folded = folded
        plan = folded.plan
        super().__init__(
            {
                "rewind": In(1),
                "next_row": In(1),
                "next_neuron": In(1),
                "bank": Out(range(max(plan.banks, 2))),
                "row": Out(range(max(folded.bank_rows, 2))),
                "neuron": Out(range(max(folded.bank_neurons, 2))),
                "snapshot_row": Out(range(max(folded.sets * folded.words, 2))),
                "snapshot_pe": Out(range(max(plan.pe, 2))),
                "snapshot_chunk": Out(range(max(plan.simd // plan.update_width, 2))),
                "first_row": Out(1),
                "last_row": Out(1),
                "last_neuron": Out(1),
                "last_of_bank": Out(1),
            }
        )

    def elaborate(self, platform: object) -> Elaboratable:
        m = Module()
        folded, plan = self.folded, self.folded.plan

        row = Signal(range(max(folded.rows, 2)))
        base = Signal.like(self.snapshot_row)  # of the neuron's set
        word = Signal(range(max(folded.words, 2)))
        m.d.comb += [
            self.first_row.eq(row == 0),
            self.last_row.eq(row == folded.rows - 1),
            self.last_neuron.eq(self.neuron == folded.bank_neurons - 1),
            self.last_of_bank.eq(self.last_row & self.last_neuron),
            self.snapshot_row.eq(base + word),
        ]

        with m.If(self.next_row & ~self.last_row):
            m.d.sync += [row.eq(row + 1), self.row.eq(self.row + 1)]
            with m.If(self.snapshot_chunk == plan.simd // plan.update_width - 1):
                m.d.sync += [self.snapshot_chunk.eq(0), word.eq(word + 1)]
            with m.Else():
                m.d.sync += self.snapshot_chunk.eq(self.snapshot_chunk + 1)
        with m.If((self.next_row & self.last_row) | self.next_neuron):
            m.d.sync += [row.eq(0), self.snapshot_chunk.eq(0), word.eq(0)]
            with m.If(self.next_neuron):
                m.d.sync += self.row.eq(self.row + folded.rows)
            with m.Else():
                m.d.sync += self.row.eq(self.row + 1)
            with m.If(self.last_neuron):
                m.d.sync += [
                    self.neuron.eq(0),
                    self.row.eq(0),
                    base.eq(0),
                    self.snapshot_pe.eq(0),
                ]
                with m.If(self.bank == plan.banks - 1):
                    m.d.sync += self.bank.eq(0)
                with m.Else():
                    m.d.sync += self.bank.eq(self.bank + 1)
            with m.Else():
                m.d.sync += self.neuron.eq(self.neuron + 1)
                with m.If(self.snapshot_pe == plan.pe - 1):
                    m.d.sync += [self.snapshot_pe.eq(0), base.eq(base + folded.words)]
                with m.Else():
                    m.d.sync += self.snapshot_pe.eq(self.snapshot_pe + 1)
        with m.If(self.rewind):
            m.d.sync += [
                row.eq(0),
                self.neuron.eq(0),
                base.eq(0),
                word.eq(0),
                self.bank.eq(0),
                self.row.eq(0),
                self.snapshot_pe.eq(0),
                self.snapshot_chunk.eq(0),
            ]

        return m
