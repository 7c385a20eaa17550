"""Generate the addresses of all rows of hidden weights, in the order of their neurons."""

from amaranth.hdl import C, Elaboratable, Module, Mux, Signal
from amaranth.lib.wiring import In, Out

from ..planning.plan import FoldedLayer
from ..primitives.component import Component
from ..primitives.loadable_counter import count_up_or_load
from ..shape.layer_shape import shape_port

__all__ = ["RowAddressGenerator"]


class RowAddressGenerator(Component):
    """Generate the addresses of a layer's rows of hidden weights, in the order of their neurons.

    The order is: banks, in each bank its neurons, in each neuron its rows; after the last row comes
    the first. With ``padding``, the rows behind a neuron's last one up to the end of its word come,
    too: they have no hidden weight and no place in the bank, but a place in the snapshot. The
    outputs change in the cycle after a request.

    Parameters
    ----------
    folded : FoldedLayer
        The layer and its fold factors.

    Members
    -------
    shape : In(struct)
        The layer's numbers.
    padding : In(1)
        Include the rows of padding.
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
        The row is the neuron's first, or the last one to come.
    last_weights, no_weights : Out(1)
        The row has the neuron's last hidden weights, or none.
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
                "shape": shape_port(folded),
                "padding": In(1),
                "rewind": In(1),
                "next_row": In(1),
                "next_neuron": In(1),
                "bank": Out(range(max(plan.banks, 2))),
                "row": Out(range(max(folded.bank_rows, 2))),
                "neuron": Out(range(max(folded.bank_neurons, 2))),
                "snapshot_row": Out(range(max(folded.snapshot_rows, 2))),
                "snapshot_pe": Out(range(max(plan.pe, 2))),
                "snapshot_chunk": Out(range(max(folded.chunks, 2))),
                "first_row": Out(1),
                "last_row": Out(1),
                "last_weights": Out(1),
                "no_weights": Out(1),
                "last_neuron": Out(1),
                "last_of_bank": Out(1),
            }
        )

    def elaborate(self, platform: object) -> Elaboratable:
        m = Module()
        folded, plan, shape = self.folded, self.folded.plan, self.shape

        row = Signal(range(max(folded.rows + folded.chunks, 2)))
        # Rows of the snapshot: of the first word of the neuron's set, and from there to the word
        set_row, word_row = Signal.like(self.snapshot_row), Signal.like(self.snapshot_row)
        last_chunk = self.snapshot_chunk == folded.chunks - 1
        m.d.comb += [
            self.first_row.eq(row == 0),
            self.last_weights.eq(row == shape.last_row),
            self.last_row.eq(self.last_weights),
            self.last_neuron.eq(self.neuron == shape.last_neuron),
            self.last_of_bank.eq(self.last_row & self.last_neuron),
            self.snapshot_row.eq(set_row + word_row),
        ]
        if folded.universal or folded.words * folded.chunks > folded.rows:
            m.d.comb += self.no_weights.eq(row >= shape.rows)
            with m.If(self.padding):
                m.d.comb += self.last_row.eq((self.last_weights | self.no_weights) & last_chunk)

        # The rows of the neurons follow one another: after the last one comes the next neuron's.
        ends = (self.next_row & self.last_row) | self.next_neuron  # the neuron ends
        to_first = Signal()  # the first neuron of a bank follows
        set_ends = Signal()  # the first neuron of the next set follows
        m.d.comb += [
            to_first.eq(self.rewind | (ends & self.last_neuron)),
            set_ends.eq(ends & (self.snapshot_pe == plan.pe - 1)),
        ]
        with m.If(self.next_row | self.next_neuron | self.rewind):
            amount = Mux(self.next_neuron, shape.rows, ~self.no_weights)
            m.d.sync += self.row.eq(
                count_up_or_load(self.row, amount[: len(self.row)], to_first, shape.row_base)
            )
        with m.If(set_ends | to_first):
            stride = C(folded.snapshot_set_stride)[: len(set_row)]
            m.d.sync += set_row.eq(count_up_or_load(set_row, stride, to_first, shape.snapshot_base))
        with m.If(ends | self.rewind):
            m.d.sync += [row.eq(0), word_row.eq(0), self.snapshot_chunk.eq(0)]
        with m.Elif(self.next_row):
            m.d.sync += row.eq(row + 1)
            with m.If(last_chunk):
                m.d.sync += [
                    self.snapshot_chunk.eq(0),
                    word_row.eq(word_row + shape.snapshot_word_stride),
                ]
            with m.Else():
                m.d.sync += self.snapshot_chunk.eq(self.snapshot_chunk + 1)
        with m.If(ends):
            m.d.sync += [
                self.neuron.eq(self.neuron + 1),
                self.snapshot_pe.eq(Mux(set_ends, 0, self.snapshot_pe + 1)),
            ]
        with m.If(to_first):
            m.d.sync += [
                self.neuron.eq(0),
                self.snapshot_pe.eq(0),
                self.bank.eq(Mux(self.rewind | (self.bank == plan.banks - 1), 0, self.bank + 1)),
            ]

        return m
