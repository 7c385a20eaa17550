# amaranth: UnusedElaboratable=no
"""Forward pass of a layer: activations, prediction, error bit and choices of a sample."""

from amaranth.hdl import Cat, Elaboratable, Module, Mux, Signal
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from ..planning.plan import FoldedLayer
from ..primitives.component import Component
from ..shape.layer_shape import shape_port
from .error_detector import ErrorDetector
from .forward_bank import ForwardBank, counts_port
from .group_selector import choice_layout
from .local_scores import LocalScores
from .pass_sequencer import PassSequencer

__all__ = ["ForwardPass"]


class ForwardPass(Component):
    """Evaluate sample after sample on the snapshot ``W`` (docs/algorithm.md, 2 to 4).

    A register holds one word of the sample. Cycle by cycle, for a sample in the buffer, while
    the update does not read the buffer::

        0 … p−1      Preload: read ``input_width`` bits of the first word in each cycle, and shift
                     them into the register a cycle later (p: word_transfers; bits beyond the
                     sample are 1)
        p            Array: read the first set's row of the snapshot. If in the cycle before
                     ``hold`` was set or the previous sample was not done, the pass waits in Ready
        p + 1        the row is there, and the register is full; a set of ``pe`` neurons follows
                     in each cycle
        …            after word_cycles, Preload and Array for each further word; during the last
                     word a set follows every ``set_cycles`` cycles
        e            Array's last cycle; the next cycle may preload another sample. If nothing
                     waits, it is array_cycles − 1 after Array's first cycle
        e + 1 + A    first step of the last set (A: the array's latency; ``set_cycles`` − 1 sooner)
        f            last step: the last set takes one step a cycle
        f + S        the scores are complete (S: latency of the scores)
        f + S + D    ``o`` is valid (D: latency of the error detector)

    A sample is done from the cycle after the transfer at ``o``; the array of the next sample starts
    two cycles after that transfer at the earliest. If a sample is loaded only after Array's last
    cycle, the pass is in Idle, and Preload follows a cycle later.

    Parameters
    ----------
    folded : FoldedLayer
        The layer and its fold factors.

    Members
    -------
    shape : In(struct)
        The layer's numbers; they do not change from Preload to the pass's last step.
    last_class : In(8)
        ``C − 1``.
    loaded : In(1)
        The buffer has a sample that is not yet evaluated.
    begin : Out(1)
        The array starts on that sample; ``loaded`` is for the next one from the next cycle on.
    hold : In(1)
        The array must not start in the next cycle.
    label : In(8)
        Label of the sample, from the cycle after ``begin`` until ``o`` is taken.
    margin : In
        ``floor(r·K)``.
    preload, preloaded, word
        Read port of the sample buffer.
    snapshot_address, snapshot_enable : Out
        Row of the banks' snapshots to read.
    array_end : Out(1)
        Array's last cycle in a pass.
    snapshot : In(array)
        Row of each bank, a cycle later.
    column : In(stream)
        Column of the local classifier to store: one neuron's bit for each class. Never stalls.
    counts : In
        In a universal trainer, the port to the memory of sums (:class:`.neuron_array.NeuronArray`).
    dirty
        If memories are shared, the user of the memory of dirty bits (:class:`.ForwardBank`).
    choices : Out(stream)
        Choice of group ``index`` in each bank. Never waits.
    activations : Out(K)
        Activations of all neurons, while ``o`` is valid; none in a universal trainer.
    step : Out(stream)
        In a universal trainer, the activations of the neurons that leave the array; ``last`` in a
        pass's last step; ``one`` if only the first is a neuron. Never waits.
    o : Out(stream)
        Prediction and error bit.
    """

    def __init__(self, folded: FoldedLayer):
        self.folded = folded
        config, plan = folded.config, folded.plan
        self._banks = [ForwardBank(folded) for _ in range(plan.banks)]
        self._scores = LocalScores(
            classes=config.classes,
            neurons=config.neurons,
            width=plan.banks * folded.select,
            singly=self._banks[0].singly,
        )
        self._detector = ErrorDetector(classes=config.classes, neurons=config.neurons)
        shared = folded.shared_memories
        super().__init__(
            {
                "shape": shape_port(folded),
                "last_class": In(8, init=config.classes - 1),  # type: ignore[call-arg]
                "loaded": In(1),
                "begin": Out(1),
                "hold": In(1),
                "label": In(8),
                "margin": In(range(config.neurons + 1)),
                "preload": Out(1),
                "preloaded": In(1),
                "word": In(plan.input_width),
                "snapshot_address": Out(range(max(folded.snapshot_rows, 2))),
                "snapshot_enable": Out(1),
                "array_end": Out(1),
                "snapshot": In(data.ArrayLayout(plan.pe * plan.simd, plan.banks)),
                "column": In(
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
                **counts_port(folded),
                **({"dirty": In(self._banks[0].dirty.signature.flip())} if shared else {}),
                "choices": Out(
                    stream.Signature(
                        data.StructLayout(
                            {
                                "index": range(max(folded.bank_groups, 2)),
                                "banks": data.ArrayLayout(choice_layout(config.group), plan.banks),
                            }
                        ),
                        always_ready=True,
                    )
                ),
                "activations": Out(0 if folded.universal else config.neurons),
                "step": Out(
                    stream.Signature(
                        data.StructLayout({"activations": folded.select, "last": 1, "one": 1}),
                        always_ready=True,
                    )
                ),
                "o": Out(self._detector.o.signature),
            }
        )

    def elaborate(self, platform: object) -> Elaboratable:
        m = Module()
        folded, plan = self.folded, self.folded.plan

        m.submodules.sequencer = sequencer = PassSequencer(folded)
        m.d.comb += [
            sequencer.shape.eq(self.shape),
            sequencer.loaded.eq(self.loaded),
            self.begin.eq(sequencer.begin),
            sequencer.hold.eq(self.hold),
            sequencer.end.eq(self.o.valid & self.o.ready),
            self.preload.eq(sequencer.preload),
            sequencer.preloaded.eq(self.preloaded),
            self.snapshot_address.eq(sequencer.snapshot_address),
            self.snapshot_enable.eq(sequencer.snapshot_enable),
            self.array_end.eq(sequencer.array_end),
        ]

        # Register of a word of the sample's bits
        register = Signal(plan.simd)
        shifting, sampled, comparing = Signal(), Signal(), Signal()
        m.d.sync += [
            shifting.eq(sequencer.shift),
            sampled.eq(sequencer.preload),
            comparing.eq(sequencer.snapshot_enable),
        ]
        with m.If(shifting):
            entering = Mux(sampled, self.word, (1 << plan.input_width) - 1)
            m.d.sync += register.eq(Cat(register, entering)[plan.input_width :])

        # Banks
        first_word, last_word = Signal(), Signal()
        m.d.sync += [first_word.eq(sequencer.first_word), last_word.eq(sequencer.last_word)]
        m.submodules.scores = scores = self._scores
        m.submodules.detector = detector = self._detector
        activations = []
        for index, bank in enumerate(self._banks):
            m.submodules[f"bank_{index}"] = bank
            m.d.comb += [
                bank.shape.eq(self.shape),
                bank.clear.eq(self.begin),
                bank.array.valid.eq(comparing),
                bank.array.p.x.eq(register),
                bank.array.p.w.eq(self.snapshot[index]),
                bank.array.p.first.eq(first_word),
                bank.array.p.last.eq(last_word),
                bank.label.eq(self.label),
                bank.column.valid.eq(self.column.valid & (self.column.p.bank == index)),
                bank.column.p.step.eq(self.column.p.step),
                bank.column.p.position.eq(self.column.p.position),
                bank.column.p.bits.eq(self.column.p.bits),
                self.choices.p.banks[index].eq(bank.choice.p),
            ]
            activations.append(bank.activations)
        m.d.comb += self.activations.eq(Cat(activations))
        if folded.shared_memories:
            wiring.connect(m, wiring.flipped(self.dirty), self._banks[0].dirty)

        # All banks step together.
        steps = [bank.step for bank in self._banks]
        m.d.comb += [
            scores.clear.eq(self.begin),
            scores.i.valid.eq(steps[0].valid),
            scores.i.p.activations.eq(Cat(step.p.activations for step in steps)),
            scores.i.p.columns.eq(Cat(step.p.columns for step in steps)),
            scores.i.p.last.eq(steps[0].p.last),
            self.step.valid.eq(steps[0].valid),
            self.step.p.activations.eq(steps[0].p.activations),
            self.step.p.last.eq(steps[0].p.last),
            detector.last_class.eq(self.last_class),
            detector.start.eq(scores.done),
            scores.next.eq(detector.next),
            detector.score.eq(scores.score),
            detector.label.eq(self.label),
            detector.margin.eq(self.margin),
        ]
        if self._banks[0].singly:
            m.d.comb += [scores.i.p.one.eq(steps[0].p.one), self.step.p.one.eq(steps[0].p.one)]
        wiring.connect(m, detector.o, wiring.flipped(self.o))
        if folded.universal:
            wiring.connect(m, wiring.flipped(self.counts), self._banks[0].counts)

        group = Signal(range(max(folded.bank_groups, 2)))
        m.d.comb += [
            self.choices.valid.eq(self._banks[0].choice.valid),
            self.choices.p.index.eq(group),
        ]
        with m.If(self.begin):
            m.d.sync += group.eq(0)
        with m.Elif(self.choices.valid):
            m.d.sync += group.eq(group + 1)

        return m
