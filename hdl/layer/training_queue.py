"""Queue evaluated samples for training: their error bits and the neurons chosen in each group."""

from amaranth.hdl import Assert, Cat, Elaboratable, Module, Mux, Signal, Value
from amaranth.lib import data, stream
from amaranth.lib.wiring import In, Out

from ..forward.group_selector import choice_layout
from ..planning.plan import FoldedLayer
from ..primitives.component import Component
from ..primitives.simple_dual_port_ram import SimpleDualPortRAM
from ..training.slot_buffer import choices_signature

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
    choices of a group of the head are at ``choices`` a cycle after their read. A sample without an
    error bit leaves no choices.

    No sample joins behind the last one of a batch; in a universal trainer only the same sample
    does, with ``last``, in its further layers. So ``last`` is kept for the newest entry only, and
    is not set at the head while others are behind it.

    If memories are shared, choices are in the memory of samples (:class:`.slot_buffer.SlotBuffer`),
    in its words of ``input_width`` bits: ``desired`` is bit 0, ``offset`` follows, and all bits are
    1 if no neuron was found.

    Parameters
    ----------
    folded : FoldedLayer
        The layer and its fold factors.

    Members
    -------
    i : In(stream)
        Evaluated samples (:func:`evaluated_layout`), each after its last choice. Never stalls: at
        most ``sample_buffers`` samples may be in the layer.
    chosen : In(stream)
        Of every bank, the choice of its group ``index``, for the sample that joins next. Never
        stalls.
    o : Out(stream)
        The queue's head.
    read : In(1)
        Read the choices of the next group of every bank, of the head or of the next sample with an
        error bit, while the head has an error bit. The choices of each group are read once.
    choices : Out(array)
        The choices, a cycle later.
    memory : Out(signature)
        If memories are shared, the user of their memory (:func:`.choices_signature`).
    """

    def __init__(self, folded: FoldedLayer):
        self.folded = folded
        group = range(max(folded.bank_groups, 2))
        choices = data.ArrayLayout(choice_layout(folded.config.group), folded.plan.banks)
        memory = choices_signature(folded.plan.input_width)
        super().__init__(
            {
                "i": In(stream.Signature(evaluated_layout(), always_ready=True)),
                "chosen": In(
                    stream.Signature(
                        data.StructLayout({"index": group, "banks": choices}), always_ready=True
                    )
                ),
                "o": Out(stream.Signature(evaluated_layout())),
                "read": In(1),
                "choices": Out(choices),
                **({"memory": Out(memory)} if folded.shared_memories else {}),
            }
        )

    def elaborate(self, platform: object) -> Elaboratable:
        m = Module()
        folded = self.folded

        # The oldest error bit is the highest one that is in use.
        errors = Signal(folded.plan.sample_buffers * folded.layers)  # of the newest in bit 0
        oldest_error = Signal(range(-1, len(errors)), init=-1)  # its bit; -1 in an empty queue
        last = Signal()  # of the newest
        leaves = self.o.valid & self.o.ready
        m.d.comb += [
            self.o.valid.eq(~oldest_error[-1]),
            self.o.p.error.eq(errors.bit_select(oldest_error[:-1], 1)),
            self.o.p.last.eq(last & (oldest_error == 0)),
        ]
        with m.If(self.i.valid):
            m.d.sync += [errors.eq(Cat(self.i.p.error, errors)), last.eq(self.i.p.last)]
        with m.If(self.i.valid ^ leaves):
            m.d.sync += oldest_error.eq(oldest_error + Mux(leaves, -1, 1))
        if platform is None:
            behind = self.i.valid & last & self.o.valid
            if folded.universal:
                behind &= ~self.i.p.last
            m.d.sync += Assert(~behind, "a sample joins behind the last one of a batch")

        if folded.shared_memories:
            self._share_memory(m)
        else:
            self._store_choices(m)

        return m

    def _store_choices(self, m: Module) -> None:
        """Store choices in a memory, behind those of the samples in the queue."""
        depth = self.folded.choice_depth
        m.submodules.choices = choices = SimpleDualPortRAM(shape=self.choices.shape(), depth=depth)

        def following(address: Signal) -> Value:
            return Mux(address == depth - 1, 0, address + 1)

        # If the sample that joins the queue has no error bit, its choices are not needed.
        write, begin, oldest = (Signal(range(depth)) for _ in range(3))
        with m.If(self.chosen.valid):
            m.d.sync += write.eq(following(write))
        with m.Elif(self.i.valid):
            with m.If(self.i.p.error):
                m.d.sync += begin.eq(write)
            with m.Else():
                m.d.sync += write.eq(begin)
        with m.If(self.read):
            m.d.sync += oldest.eq(following(oldest))
        m.d.comb += [
            choices.write_enable.eq(self.chosen.valid),
            choices.write_address.eq(write),
            choices.write_data.eq(self.chosen.p.banks),
            choices.read_enable.eq(self.read),
            choices.read_address.eq(oldest),
            self.choices.eq(choices.read_data),
        ]

    def _share_memory(self, m: Module) -> None:
        """Write and read choices in the memory of samples."""
        memory, chosen, choice = self.memory, self.chosen.p.banks[0], self.choices[0]
        code = Cat(chosen.desired, chosen.offset)
        m.d.comb += [
            memory.write.eq(self.chosen.valid),
            memory.written.eq(Mux(chosen.found, code, ~0)),
            memory.end.eq(self.i.valid),
            memory.keep.eq(self.i.p.error),
            memory.read.eq(self.read),
            choice.found.eq(~memory.word.all()),
            Cat(choice.desired, choice.offset).eq(memory.word),
        ]
