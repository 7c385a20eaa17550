"""Sequence the forward pass of a layer: read the sample, then rows of the snapshot."""

from amaranth.hdl import C, Elaboratable, Module, Signal
from amaranth.lib.wiring import In, Out

from ..planning.plan import FoldedLayer
from ..primitives.component import Component
from ..primitives.loadable_counter import count_down_or_load, count_up_or_load
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
        filled = Signal(range(max(folded.word_transfers, 2)))
        sets_left = Signal.like(shape.last_set)  # after the present one
        step = Signal(range(max(folded.set_cycles, 2)))
        evaluating = Signal()  # a pass has begun and its result is not taken
        idle, preloading, arraying = Signal(), Signal(), Signal()
        started = Signal()  # Array began before, in this word
        first, last = self.first_word, self.last_word
        m.d.comb += [
            last.eq(left == 0),
            self.begin.eq(arraying & first & ~started),
            # Array's second cycle in a word of a single set reads nothing.
            self.snapshot_enable.eq(
                arraying & (step == 0) & ~(started & (shape.last_set == 0)),
            ),
        ]
        with m.If(self.begin):
            m.d.sync += evaluating.eq(1)
        with m.Elif(self.end):
            m.d.sync += evaluating.eq(0)

        beyond = last  # the last word may be padded
        word_full, set_end = Signal(), Signal()
        with m.If(idle | self.array_end | (self.shift & ~beyond)):
            m.d.sync += left.eq(count_down_or_load(left, preloading, shape.sample_words))
        with m.If(~arraying | (set_end & (sets_left != 0))):
            m.d.sync += sets_left.eq(count_down_or_load(sets_left, arraying, shape.last_set))
        m.d.sync += started.eq(arraying)
        self._address(m, word_full)

        with m.FSM():
            with m.State("Idle"):
                m.d.comb += idle.eq(1)
                m.d.sync += first.eq(1)
                with m.If(self.loaded):
                    m.next = "Preload"
            with m.State("Preload"):
                m.d.comb += [
                    preloading.eq(1),
                    self.preload.eq(~beyond),
                    self.shift.eq(beyond | self.preloaded),
                ]
                with m.If(self.shift):
                    m.d.sync += filled.eq(filled + 1)
                    with m.If(filled == folded.word_transfers - 1):
                        m.d.comb += word_full.eq(1)
                        m.d.sync += filled.eq(0)
                        m.next = "Array"
                        with m.If(first & (evaluating | self.hold)):
                            m.next = "Ready"
            with m.State("Ready"):
                with m.If(~evaluating & ~self.hold):
                    m.next = "Array"
            with m.State("Array"):
                m.d.comb += arraying.eq(1)
                with m.If(last & (step != shape.set_cycles - 1)):
                    m.d.sync += step.eq(step + 1)
                with m.Else():
                    m.d.comb += set_end.eq(1)
                    m.d.sync += step.eq(0)
                    # The sum of a set is read at the earliest three cycles after it began.
                    with m.If(~last & started & (sets_left == 0)):
                        m.d.sync += first.eq(0)
                        m.next = "Preload"
                    with m.If(last & (sets_left == 0)):
                        m.d.comb += self.array_end.eq(1)
                        m.d.sync += first.eq(1)
                        m.next = "Idle"
                        with m.If(self.loaded & ~self.begin):
                            m.next = "Preload"

        return m

    def _address(self, m: Module, word_full: Signal) -> None:
        """Address the rows of the snapshot, from the first set of a word on."""
        folded, address = self.folded, self.snapshot_address
        if folded.universal:
            # The rows of a word follow those of the word before.
            load, row = word_full & self.first_word, self.shape.snapshot_base
        else:
            load, row = word_full, Signal(range(max(folded.words, 2)), name="word")
            with m.If(word_full):
                m.d.sync += row.eq(row + 1)
            with m.If(self.array_end):
                m.d.sync += row.eq(0)
        with m.If(load | self.snapshot_enable):
            stride = C(folded.snapshot_set_stride)[: len(address)]
            m.d.sync += address.eq(count_up_or_load(address, stride, load, row))
