"""Initialise a layer: counters and classifier from seeded random streams."""

from amaranth.hdl import Cat, Elaboratable, Module, Mux, Signal, signed
from amaranth.lib import data, stream
from amaranth.lib.wiring import In, Out

from ..planning.plan import FoldedLayer
from ..primitives.component import Component
from ..primitives.split_mix import HISTORY_WORDS
from ..shape.layer_shape import shape_port
from .draw_decoder import DRAW_BITS

__all__ = ["Initialiser"]


class Initialiser(Component):
    """Write the initial state of a layer, drawn from its random streams (docs/algorithm.md, 6).

    Three histories come one after the other, each in four words, and are pushed into the layer's
    random stream. After the history of the initial counters, a draw gives each counter, and a scan
    of all rows, with padding, writes the snapshot; after the history of the local classifier, a
    draw gives each neuron's column; the history of the reinforcement stays in the random stream.
    Each word and each draw of a column takes one cycle; a counter takes the cycles of the counter
    port.

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
    reset : In(1)
        Write the initial state; held until ``done``.
    done : Out(1)
        The initial state is complete; stays set while ``reset`` is held.
    active : Out(1)
        The initial state is being written.
    words : In(stream)
        Words of histories.
    push : Out(1)
        Push ``pushed`` into the history of the random stream.
    pushed : Out(32)
        See ``push``.
    bits : In(32)
        Next draw of the random stream.
    draw : Out(1)
        The draw is taken.
    rewind : Out(1)
        Counter port: go to the first counter.
    counters : Out(stream)
        Initial counters.
    last_stored : In(1)
        The counter that is taken in this cycle is the last of the layer.
    scan : Out(1)
        Scan all rows, with padding; held until ``scanned``.
    scanned : In(1)
        The scan is done.
    store : Out(1)
        In a universal trainer, store the reinforcement stream; held until ``stored``.
    stored : In(1)
        It is stored.
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
                "reset": In(1),
                "done": Out(1),
                "active": Out(1),
                "words": In(stream.Signature(32)),
                "push": Out(1),
                "pushed": Out(32),
                "bits": In(DRAW_BITS),
                "draw": Out(1),
                "rewind": Out(1),
                "counters": Out(stream.Signature(signed(config.counter_bits))),
                "last_stored": In(1),
                "scan": Out(1),
                "scanned": In(1),
                "store": Out(1),
                "stored": In(1),
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

        word = Signal(range(HISTORY_WORDS))
        initial = self.bits[: config.initial_bits].as_signed()
        m.d.comb += [
            self.active.eq(1),
            self.pushed.eq(self.words.payload),
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

        def take_history(following: str) -> None:
            m.d.comb += [self.words.ready.eq(1), self.push.eq(self.words.valid)]
            with m.If(self.words.valid):
                m.d.sync += word.eq(word + 1)
                with m.If(word == HISTORY_WORDS - 1):
                    m.next = following

        with m.FSM():
            with m.State("Idle"):
                m.d.comb += self.active.eq(0)
                with m.If(self.reset):
                    m.d.comb += self.rewind.eq(1)
                    m.d.sync += [
                        bank.eq(0),
                        position.eq(0),
                        neuron.eq(0),
                        step.eq(self.shape.classifier_base),
                    ]
                    m.next = "CountersHistory"
            with m.State("CountersHistory"):
                take_history("Counters")
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
                    m.next = "ClassifierHistory"
            with m.State("ClassifierHistory"):
                take_history("Columns")
            with m.State("Columns"):
                m.d.comb += self.draw.eq(1)
                with m.If(~last_part):
                    m.d.sync += part.eq(part + 1)
                    for index, bits in enumerate(earlier):
                        with m.If(part == index):
                            m.d.sync += bits.eq(self.bits)
                with m.Else():
                    m.d.comb += self.column.valid.eq(1)
                    last_neuron = neuron == self.shape.bank_neurons - 1
                    m.d.sync += [part.eq(0), position.eq(position + 1), neuron.eq(neuron + 1)]
                    with m.If(last_neuron | (position == folded.select - 1)):
                        m.d.sync += [position.eq(0), step.eq(step + 1)]
                    with m.If(last_neuron):
                        m.d.sync += [neuron.eq(0), bank.eq(bank + 1)]
                        if not folded.universal:
                            m.d.sync += step.eq(0)
                        with m.If(bank == plan.banks - 1):
                            m.next = "ReinforcementHistory"
            with m.State("ReinforcementHistory"):
                take_history("Store" if folded.universal else "Done")
            if folded.universal:
                with m.State("Store"):
                    m.d.comb += self.store.eq(1)
                    with m.If(self.stored):
                        m.next = "Done"
            with m.State("Done"):
                m.d.comb += self.done.eq(1)
                with m.If(~self.reset):
                    m.next = "Idle"

        return m
