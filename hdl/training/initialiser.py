"""Initialise a layer: counters and classifier from random streams."""

from amaranth.hdl import C, Cat, Elaboratable, Module, Mux, Signal, signed
from amaranth.lib import data, stream
from amaranth.lib.wiring import In, Out

from ..planning.plan import FoldedLayer
from ..primitives.component import Component
from ..primitives.loadable_counter import count_up_or_load
from ..shape.layer_shape import shape_port
from .draw_decoder import DRAW_BITS

__all__ = ["Initialiser"]


class Initialiser(Component):
    """Write the initial state of a layer, drawn from its random stream (docs/algorithm.md, 6).

    After ``draw_counters``, a draw gives each counter, in the cycles of the counter port; then a
    scan of all rows, with padding, writes the snapshot. After ``draw_classifier``, a draw gives
    each neuron's column, in one cycle; with more than 32 classes, a column takes several draws.

    Parameters
    ----------
    folded : FoldedLayer
        The layer and its fold factors.

    Members
    -------
    shape : In(struct)
        The layer's numbers.
    last_class : In(8)
        ``C − 1``.
    draw_counters, draw_classifier : In(1)
        Begin to draw; only while ``active`` is not set. ``draw_counters`` comes with the rewind of
        the counter port.
    active : Out(1)
        The initial state is being written; set from the cycle after ``draw_counters`` or
        ``draw_classifier``.
    bits : In(32)
        Next draw of the random stream.
    draw : Out(1)
        The draw is taken.
    counters : Out(stream)
        Initial counters.
    last_stored : In(1)
        The counter that is taken in this cycle is the last of the layer.
    scan : Out(1)
        Scan all rows, with padding; held until ``scanned``.
    scanned : In(1)
        The scan is done.
    column : Out(stream)
        Columns of the local classifier; ``step`` is a row of its memory. Never waits.
    """

    def __init__(self, folded: FoldedLayer):
        self.folded = folded
        config, plan = folded.config, folded.plan
        super().__init__(
            {
                "shape": shape_port(folded),
                "last_class": In(8, init=config.classes - 1),  # type: ignore[call-arg]
                "draw_counters": In(1),
                "draw_classifier": In(1),
                "active": Out(1),
                "bits": In(DRAW_BITS),
                "draw": Out(1),
                "counters": Out(stream.Signature(signed(config.counter_bits))),
                "last_stored": In(1),
                "scan": Out(1),
                "scanned": In(1),
                "column": Out(
                    stream.Signature(
                        data.StructLayout(
                            {
                                "bank": range(max(plan.banks, 2)),
                                "step": range(max(folded.classifier_rows, 2)),
                                "position": range(max(folded.select, 2)),
                                "bits": config.classes,
                            }
                        ),
                        always_ready=True,
                    )
                ),
            }
        )

    def elaborate(self, platform: object) -> Elaboratable:
        m = Module()
        config, folded, plan = self.folded.config, self.folded, self.folded.plan

        initial = self.bits[: config.initial_bits].as_signed()
        m.d.comb += [
            self.active.eq(1),
            self.counters.payload.eq(initial),
        ]

        # A column of more classes than the bits of a draw takes several draws.
        draws = -(-config.classes // DRAW_BITS)
        part = Signal(range(max(draws, 2)))
        last_part = part == self.last_class[5:]
        neuron = Signal.like(self.shape.bank_neurons)
        earlier = [Signal(DRAW_BITS, name=f"earlier_{index}") for index in range(draws - 1)]
        bank = Signal.like(self.column.p.bank)
        step = Signal.like(self.column.p.step)
        position = Signal.like(self.column.p.position)
        m.d.comb += [
            self.column.p.bank.eq(bank),
            self.column.p.step.eq(step),
            self.column.p.position.eq(position),
            self.column.p.bits.eq(
                Cat(
                    *(Mux(part == index, self.bits, bits) for index, bits in enumerate(earlier)),
                    self.bits,
                )
            ),
        ]

        begins, step_ends = Signal(), Signal()  # the first step of a bank follows, or the next one
        with m.If(begins | step_ends):
            first = self.shape.classifier_base
            m.d.sync += step.eq(count_up_or_load(step, C(1), begins, first))

        with m.FSM():
            with m.State("Idle"):
                m.d.comb += self.active.eq(0)
                m.d.comb += begins.eq(1)
                m.d.sync += bank.eq(0)
                with m.If(self.draw_counters):
                    m.next = "Counters"
                with m.If(self.draw_classifier):
                    m.next = "Columns"
            with m.State("Counters"):
                m.d.comb += [
                    self.counters.valid.eq(1),
                    self.draw.eq(self.counters.ready),
                ]
                with m.If(self.last_stored):
                    m.next = "Scan"
            with m.State("Scan"):
                m.d.comb += self.scan.eq(1)
                with m.If(self.scanned):
                    m.next = "Idle"
            with m.State("Columns"):
                m.d.comb += self.draw.eq(1)
                with m.If(~last_part):
                    m.d.sync += part.eq(part + 1)
                    for index, bits in enumerate(earlier):
                        with m.If(part == index):
                            m.d.sync += bits.eq(self.bits)
                with m.Else():
                    m.d.comb += self.column.valid.eq(1)
                    last_neuron = neuron == self.shape.last_neuron
                    m.d.sync += [part.eq(0), position.eq(position + 1), neuron.eq(neuron + 1)]
                    with m.If(last_neuron | (position == folded.select - 1)):
                        m.d.comb += step_ends.eq(1)
                        m.d.sync += position.eq(0)
                    with m.If(last_neuron):
                        m.d.sync += [neuron.eq(0), bank.eq(bank + 1)]
                        if not folded.universal:
                            m.d.comb += begins.eq(1)
                        with m.If(bank == plan.banks - 1):
                            m.next = "Idle"

        return m
