"""Sequence the forward pass of a layer: read the sample, then rows of the snapshot."""

from amaranth.hdl import Elaboratable, Module, Signal
from amaranth.lib.wiring import In, Out

from ..planning.plan import FoldedLayer
from ..primitives.component import Component
from ..shape.layer_shape import shape_port

__all__ = ["PassSequencer"]


class PassSequencer(Component):
    """Read each word of a sample, then the rows of the snapshot that belong to it.

    For each of the ``words`` of a sample: ``word_transfers`` transfers of the sample buffer fill a
    register (Preload), and a row of the snapshot is read for each set of neurons (Array), a row
    a cycle, or in the last word a row every ``set_cycles`` cycles. Before the last word, Array
    takes ``word_cycles``. :class:`.forward_pass.ForwardPass` shows the cycles.

    Parameters
    ----------
    folded : FoldedLayer
        The layer and its fold factors.

    Members
    -------
    shape : In(struct)
        The layer's numbers; they do not change from Preload to the pass's last set of neurons.
    loaded : In(1)
        The buffer has a sample that is not yet evaluated.
    begin : Out(1)
        The array starts on that sample; ``loaded`` is for the next one from the next cycle on.
    hold : In(1)
        The array must not start on a sample in the next cycle.
    end : In(1)
        The result of the pass is taken: the array may start on another sample.
    preload : Out(1)
        Read ``input_width`` bits of the sample.
    preloaded : In(1)
        The bits are read in this cycle.
    shift : Out(1)
        Bits of the sample enter the register in the next cycle: those that are read in this cycle,
        or, if ``preload`` is not set, zeros beyond the sample.
    first_word, last_word : Out(1)
        While a row of the snapshot is read: the word is the sample's first, or its last.
    snapshot_address, snapshot_enable : Out
        Row of the snapshot to read.
    array_end : Out(1)
        Array's last cycle in a pass.
    """

    def __init__(self, folded: FoldedLayer):
        self.folded = folded
        super().__init__(
            {
                "shape": shape_port(folded),
                "loaded": In(1),
                "begin": Out(1),
                "hold": In(1),
                "end": In(1),
                "preload": Out(1),
                "preloaded": In(1),
                "shift": Out(1),
                "first_word": Out(1, init=1),  # type: ignore[call-arg]
                "last_word": Out(1),
                "snapshot_address": Out(range(max(folded.snapshot_rows, 2))),
                "snapshot_enable": Out(1),
                "array_end": Out(1),
            }
        )

    def elaborate(self, platform: object) -> Elaboratable:
        m = Module()
        folded, shape = self.folded, self.shape

        left = Signal.like(shape.sample_words)  # words of the sample that are not read
        # First row of the word in the snapshot
        base = Signal(range(max(folded.snapshot_rows if folded.universal else folded.words, 2)))
        filled = Signal(range(max(folded.word_transfers, 2)))
        number = Signal(range(max(folded.sets, 2)))  # of the set
        step = Signal(range(max(folded.set_cycles, 2)))
        evaluating = Signal()  # a pass has begun and its result is not taken
        arraying = Signal()
        first, last = self.first_word, self.last_word
        m.d.comb += [
            last.eq(left == 0),
            self.begin.eq(arraying & first & (number == 0) & (step == 0)),
            self.snapshot_enable.eq(arraying & (step == 0) & (number < shape.sets)),
        ]
        with m.If(self.begin):
            m.d.sync += evaluating.eq(1)
        with m.Elif(self.end):
            m.d.sync += evaluating.eq(0)

        with m.FSM():
            with m.State("Idle"):
                m.d.sync += [first.eq(1), left.eq(shape.sample_words), base.eq(shape.snapshot_base)]
                with m.If(self.loaded):
                    m.next = "Preload"
            with m.State("Preload"):
                # The last word may be padded.
                beyond = left == 0
                m.d.comb += [
                    self.preload.eq(~beyond),
                    self.shift.eq(beyond | self.preloaded),
                ]
                with m.If(self.shift):
                    m.d.sync += filled.eq(filled + 1)
                    with m.If(~beyond):
                        m.d.sync += left.eq(left - 1)
                    with m.If(filled == folded.word_transfers - 1):
                        m.d.sync += [filled.eq(0), self.snapshot_address.eq(base)]
                        m.next = "Array"
                        with m.If(first & (evaluating | self.hold)):
                            m.next = "Ready"
            with m.State("Ready"):
                with m.If(~evaluating & ~self.hold):
                    m.next = "Array"
            with m.State("Array"):
                m.d.comb += arraying.eq(1)
                with m.If(self.snapshot_enable):
                    m.d.sync += self.snapshot_address.eq(
                        self.snapshot_address + folded.snapshot_set_stride
                    )
                with m.If(last & (step != shape.set_cycles - 1)):
                    m.d.sync += step.eq(step + 1)
                with m.Else():
                    m.d.sync += [step.eq(0), number.eq(number + 1)]
                    # The sum of a set is read at the earliest three cycles after it began.
                    with m.If(~last & (number != 0) & (number >= shape.last_set)):
                        m.d.sync += [
                            number.eq(0),
                            first.eq(0),
                            base.eq(base + shape.snapshot_word_stride),
                        ]
                        m.next = "Preload"
                    with m.If(last & (number == shape.last_set)):
                        m.d.comb += self.array_end.eq(1)
                        m.d.sync += [
                            number.eq(0),
                            first.eq(1),
                            left.eq(shape.sample_words),
                            base.eq(shape.snapshot_base),
                        ]
                        m.next = "Idle"
                        with m.If(self.loaded & ~self.begin):
                            m.next = "Preload"

        return m
