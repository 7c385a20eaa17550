# amaranth: UnusedElaboratable=no
"""Decode a random draw into the hidden weight that it names."""

from typing import Any

from amaranth.hdl import Cat, Elaboratable, Module, Signal, Value
from amaranth.lib import data, stream
from amaranth.lib.wiring import In, Out

from ..planning.integers import number_bits
from ..planning.plan import FoldedLayer
from ..primitives.component import Component
from ..primitives.constant_divider import ConstantDivider
from ..shape.layer_shape import shape_port

__all__ = ["DRAW_BITS", "DrawDecoder", "place_layout"]

DRAW_BITS = 32


def place_layout(folded: FoldedLayer) -> data.StructLayout:
    """The place of a hidden weight: its bank, the row's address in the bank, its column."""
    return data.StructLayout(
        {
            "bank": range(max(folded.plan.banks, 2)),
            "row": range(max(folded.bank_rows, 2)),
            "column": range(max(folded.plan.update_width, 2)),
        }
    )


class DrawDecoder(Component):
    """Decode a draw of the reinforcement into a bank, a row and a column (docs/algorithm.md, 5).

    Computes, from neuron ``j`` and input ``i`` in the draw's low bits::

        bank, m = divmod(j, bank_neurons)
        part, column = divmod(i, update_width)
        row = row_base + m · rows + part

    One draw in each enabled cycle; its place is at ``o`` ``latency`` enabled cycles later. A draw
    whose ``j`` or ``i`` is beyond the layer names no weight, and ``o`` is not valid.

    In a universal trainer both divisors are powers of two and ``rows`` is a signal: the divisions
    take no cycle, and registers stand between the draw's fields and the product.

    Parameters
    ----------
    folded : FoldedLayer
        The layer and its fold factors.

    Members
    -------
    shape : In(struct)
        The layer's numbers; they do not change while draws are in the pipeline, nor, in a
        universal trainer, in the cycle before.
    enable : In(1)
        The pipeline moves on by one cycle.
    i : In(stream)
        Draws. Taken if ``enable`` is set.
    o : Out(stream)
        Places of hidden weights. A place that is taken while the pipeline stands still does not
        come again.

    Attributes
    ----------
    latency : int
        Enabled cycles from a draw to its place.
    """

    def __init__(self, folded: FoldedLayer):
        self.folded = folded
        config, plan = folded.config, folded.plan
        bank_neurons = folded.bank_neurons
        if folded.universal:  # a bank has all neurons
            bank_neurons = 1 << config.neuron_bits
        self._neurons = ConstantDivider(width=config.neuron_bits, divisor=bank_neurons)
        self._inputs = ConstantDivider(width=config.input_bits, divisor=plan.update_width)
        self._divided = max(self._neurons.latency, self._inputs.latency, int(folded.universal))
        self.latency = self._divided + 1
        super().__init__(
            {
                "shape": shape_port(folded),
                "enable": In(1),
                "i": In(stream.Signature(DRAW_BITS, always_ready=True)),
                "o": Out(stream.Signature(place_layout(folded))),
            }
        )

    def elaborate(self, platform: object) -> Elaboratable:
        m = Module()
        config, folded, shape = self.folded.config, self.folded, self.shape

        m.submodules.neurons = neurons = self._neurons
        m.submodules.inputs = inputs = self._inputs
        if folded.universal:
            j, i = self._draw_fields(m)
        else:
            j = self.i.p[: config.neuron_bits]
            i = self.i.p[config.neuron_bits : config.neuron_bits + config.input_bits]
        named = Signal()
        m.d.comb += [
            neurons.enable.eq(self.enable),
            neurons.i.eq(j),
            inputs.enable.eq(self.enable),
            inputs.i.eq(i),
            named.eq(self.i.valid & (j < shape.neurons) & (i < shape.inputs)),
        ]

        def delayed(value: Value, latency: int, name: str) -> Value:
            """The value when the product begins, if it is there after ``latency``."""
            for stage in range(self._divided - latency):
                following = Signal.like(value, name=f"{name}_{stage}", reset_less=name != "named")
                with m.If(self.enable):
                    m.d.sync += following.eq(value)
                value = following
            return value

        valid = delayed(named, 0, "named")
        bank = delayed(neurons.quotient, neurons.latency, "bank")
        neuron = delayed(neurons.remainder, neurons.latency, "neuron")
        part_bits = number_bits(folded.rows)
        part = delayed(inputs.quotient[:part_bits], inputs.latency, "part")
        column = delayed(inputs.remainder, inputs.latency, "column")
        # Registers without a reset can be those of a DSP.
        place: Any = Signal(self.o.p.shape(), reset_less=True)
        m.d.comb += self.o.p.eq(place)
        with m.If(self.enable):
            m.d.sync += [
                self.o.valid.eq(valid),
                place.bank.eq(bank),
                place.row.eq(shape.row_base + neuron * shape.rows + part),
                place.column.eq(column),
            ]
        with m.Elif(self.o.ready):
            m.d.sync += self.o.valid.eq(0)

        return m

    def _draw_fields(self, m: Module) -> tuple[Value, Value]:
        """Neuron and input of a draw: its low ``bk`` bits, and the next ``bi`` bits."""
        config, shape = self.folded.config, self.shape

        def mask(last: Value, width: int, name: str) -> Signal:
            """Ones in the bits of the numbers up to the last one, in one bit at least."""
            bits = Signal(width, name=name)
            m.d.comb += bits.eq(Cat(last[bit:].any() for bit in range(width)) | 1)
            return bits

        neuron_mask = mask(shape.last_neuron, config.neuron_bits, "neuron_mask")
        input_mask = mask(shape.last_input, config.input_bits, "input_mask")
        j, i = Signal(config.neuron_bits), Signal(config.input_bits)
        m.d.comb += j.eq(self.i.p & neuron_mask)
        # One less than the bits of ``j``
        further = Signal(range(max(config.neuron_bits, 2)))
        m.d.sync += further.eq(0)
        for bit in range(1, config.neuron_bits):
            with m.If(neuron_mask[bit]):
                m.d.sync += further.eq(bit)
        m.d.comb += i.eq((self.i.p[1:] >> further) & input_mask)
        return j, i
