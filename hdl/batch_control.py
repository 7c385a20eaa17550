"""Control of batches at the input of the core: batch ends, refused labels, sample counts."""

from amaranth.hdl import Elaboratable, Module, Signal
from amaranth.lib import stream
from amaranth.lib.wiring import In, Out

from .layer.sample_layouts import sample_layout, sample_word_layout
from .primitives.comparison import is_greater
from .primitives.component import Component
from .primitives.loadable_counter import count_down_or_load

__all__ = ["BatchControl"]


class BatchControl(Component):
    """Mark the last sample of each batch, refuse labels that are no class, and count samples.

    Words pass combinationally, without a cycle of delay. A sample counts when its last word is
    taken; the counts follow in the cycle after the next.

    Parameters
    ----------
    input_width : int
        Input bits in a word.
    classes : int
        Number of classes; labels of at least this number are refused in training.

    Members
    -------
    i : In(stream)
        Words of samples, from the core's input.
    o : Out(stream)
        Words of samples, for the first layer.
    last_word : In(1)
        The next word completes a sample.
    last_class : In(8)
        Classes of the network, minus 1.
    hold : In(1)
        Stop the stream.
    infer : In(1)
        Inference only: samples belong to no batch, and none is refused.
    size : In(16)
        Samples of a batch. At least 1.
    restart : In(1)
        Begin a batch. ``size`` is read in the next cycle, in which no word passes. Not while a word
        passes.
    reset : In(1)
        Forget the samples of the present batch: ``mid_batch`` falls. Not while a word passes.
    mid_batch : Out(1)
        A sample was trained on since the latest end of a batch, or reset. A restart does not change
        it, since error bits that were raised stay.
    trained, refused : Out(32)
        Samples trained on, and samples refused; a cycle late.
    clear_trained, clear_refused : In(1)
        Set the count to zero. Not while a word passes.
    """

    def __init__(self, *, input_width: int, classes: int):
        self.input_width = input_width
        self.classes = classes
        super().__init__(
            {
                "i": In(stream.Signature(sample_word_layout(input_width))),
                "o": Out(stream.Signature(sample_layout(input_width, 0))),
                "last_word": In(1),
                "last_class": In(8, init=classes - 1),  # type: ignore[call-arg]
                "hold": In(1),
                "infer": In(1),
                "size": In(16),
                "restart": In(1),
                "reset": In(1),
                "mid_batch": Out(1),
                "trained": Out(32),
                "refused": Out(32),
                "clear_trained": In(1),
                "clear_refused": In(1),
            }
        )

    def elaborate(self, platform: object) -> Elaboratable:
        m = Module()

        left = Signal(16, init=1)  # samples until the batch is complete
        refused, last, complete = Signal(), Signal(), Signal()
        restarting = Signal()
        hold = self.hold | restarting
        m.d.sync += restarting.eq(self.restart)
        m.d.comb += [
            refused.eq(~self.infer & is_greater(self.i.p.label, self.last_class)),
            last.eq(self.i.p.last | (left == 1)),
            complete.eq(self.o.valid & self.o.ready & self.last_word),
            self.o.valid.eq(self.i.valid & ~hold),
            self.i.ready.eq(self.o.ready & ~hold),
            self.o.p.bits.eq(self.i.p.bits),
            self.o.p.label.eq(self.i.p.label),
            self.o.p.last.eq(last & ~refused),
            self.o.p.train.eq(~self.infer),
            self.o.p.refused.eq(refused),
        ]
        trained = complete & ~refused & ~self.infer
        # A cycle later, since the path to here is long: from the core's input through ``ready``.
        count_trained, count_refused = Signal(), Signal()
        m.d.sync += [
            count_trained.eq(trained),
            count_refused.eq(complete & refused),
            self.trained.eq(self.trained + count_trained),
            self.refused.eq(self.refused + count_refused),
        ]
        with m.If(trained):
            m.d.sync += self.mid_batch.eq(~last)
        with m.If(trained | restarting):
            m.d.sync += left.eq(count_down_or_load(left, ~(last | restarting), self.size))
        with m.If(self.reset):
            m.d.sync += self.mid_batch.eq(0)
        with m.If(self.clear_trained):
            m.d.sync += self.trained.eq(0)
        with m.If(self.clear_refused):
            m.d.sync += self.refused.eq(0)

        return m
