"""Queue evaluated samples for training: their error bits and the neurons chosen in each group."""

from amaranth.hdl import Elaboratable, Module, Mux, Signal
from amaranth.lib import data, stream
from amaranth.lib.fifo import SyncFIFO
from amaranth.lib.wiring import In, Out

from ..forward.group_selector import choice_layout
from ..planning.plan import FoldedLayer
from ..primitives.component import Component
from ..primitives.simple_dual_port_ram import SimpleDualPortRAM

__all__ = ["TrainingQueue", "evaluated_layout"]


def evaluated_layout() -> data.StructLayout:
    """Entry of the training queue for an evaluated sample.

    ``error``: its error bit is set and it is to be trained on. ``last``: its batch ends with it.
    """
    return data.StructLayout({"error": 1, "last": 1})


class TrainingQueue(Component):
    """Queue evaluated samples, in order, each with the choices of all groups.

    Choices are written as the forward pass finds them; the sample joins the queue with its
    result. A sample that joins is at the queue's head in the next cycle at the earliest. The
    choices of the head's groups ``group`` are at ``choices`` a cycle later.

    Parameters
    ----------
    folded : FoldedLayer
        The layer and its fold factors.

    Members
    -------
    i : In(stream)
        Evaluated samples (:func:`evaluated_layout`). Never stalls: at most ``sample_buffers``
        samples may be in the layer.
    chosen : In(stream)
        Of every bank, the choice of its group ``index``, for the sample that joins next. Never
        stalls.
    o : Out(stream)
        The queue's head.
    group : In
        Group of every bank whose choices are read, while ``o`` is valid.
    choices : Out(array)
        The choices, a cycle later.
    """

    def __init__(self, folded: FoldedLayer):
        self.folded = folded
        group = range(max(folded.bank_groups, 2))
        choices = data.ArrayLayout(choice_layout(folded.config.group), folded.plan.banks)
        super().__init__(
            {
                "i": In(stream.Signature(evaluated_layout(), always_ready=True)),
                "chosen": In(
                    stream.Signature(
                        data.StructLayout({"index": group, "banks": choices}), always_ready=True
                    )
                ),
                "o": Out(stream.Signature(evaluated_layout())),
                "group": In(group),
                "choices": Out(choices),
            }
        )

    def elaborate(self, platform: object) -> Elaboratable:
        m = Module()
        groups, sample_buffers = self.folded.bank_groups, self.folded.plan.sample_buffers

        m.submodules.samples = samples = SyncFIFO(
            width=evaluated_layout().size, depth=sample_buffers
        )
        m.d.comb += [
            samples.w_en.eq(self.i.valid),
            samples.w_data.eq(self.i.p),
            self.o.valid.eq(samples.r_rdy),
            self.o.p.eq(samples.r_data),
            samples.r_en.eq(self.o.ready),
        ]

        # Sample buffers whose choices are written and read
        newest, oldest = Signal(range(sample_buffers)), Signal(range(sample_buffers))
        with m.If(self.i.valid):
            m.d.sync += newest.eq(Mux(newest == sample_buffers - 1, 0, newest + 1))
        with m.If(self.o.valid & self.o.ready):
            m.d.sync += oldest.eq(Mux(oldest == sample_buffers - 1, 0, oldest + 1))

        m.submodules.choices = choices = SimpleDualPortRAM(
            shape=self.choices.shape(), depth=sample_buffers * groups
        )
        m.d.comb += [
            choices.write_enable.eq(self.chosen.valid),
            choices.write_address.eq(newest * groups + self.chosen.p.index),
            choices.write_data.eq(self.chosen.p.banks),
            choices.read_enable.eq(self.o.valid),
            choices.read_address.eq(oldest * groups + self.group),
            self.choices.eq(choices.read_data),
        ]

        return m
