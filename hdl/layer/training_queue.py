"""Queue evaluated samples for training: their error bits and the neurons chosen in each group."""

from typing import Any

from amaranth.hdl import Assert, Cat, Elaboratable, Module, Mux, Signal, Value
from amaranth.lib import data, stream
from amaranth.lib.wiring import In, Out

from ..forward.group_selector import choice_layout
from ..planning.plan import FoldedLayer
from ..primitives.component import Component
from ..primitives.simple_dual_port_ram import SimpleDualPortRAM, ram_user_signature

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
    1 if no neuron was found. Choice ``n`` of a sample is ``n`` words before its slot's last one.

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
    next_group : In(1)
        From this cycle on, ``read`` reads the next group of every bank, of the head or of the next
        sample with an error bit.
    read : In(1)
        Read the choices of a group of every bank, while the head has an error bit.
    choices : Out(array)
        The choices, a cycle later.
    begin : In(1)
        If memories are shared: the first choice that comes is that of a new sample.
    leave : In(1)
        If memories are shared: the head leaves with the last of its layers.
    chosen_end, trained_end : In
        If memories are shared: last word of the slot of the sample that joins next, and of the
        head.
    memory : Out(signature)
        If memories are shared, the user of their memory (:func:`.ram_user_signature`).
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
                "next_group": In(1),
                "read": In(1),
                "choices": Out(choices),
                **self._memory_ports(),
            }
        )

    def _memory_ports(self) -> dict[str, Any]:
        """Ports to the memory of samples, if memories are shared."""
        folded = self.folded
        if not folded.shared_memories:
            return {}
        depth, width = folded.sample_depth, folded.plan.input_width
        return {
            "begin": In(1),
            "leave": In(1),
            "chosen_end": In(range(depth)),
            "trained_end": In(range(depth)),
            "memory": Out(ram_user_signature(shape=width, depth=depth)),
        }

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

        # Choices are written behind those of the samples in the queue. If the sample that joins the
        # queue has no error bit, its choices are not needed.
        depth = folded.choice_depth

        def following(address: Signal) -> Value:
            # Those of a slot do not reach its begin.
            if folded.shared_memories:
                return address + 1
            return Mux(address == depth - 1, 0, address + 1)

        write, begin = Signal(range(depth)), Signal(range(depth))
        with m.If(self.chosen.valid):
            m.d.sync += write.eq(following(write))
        with m.Elif(self.i.valid):
            with m.If(self.i.p.error):
                m.d.sync += begin.eq(write)
            with m.Else():
                m.d.sync += write.eq(begin)
        oldest, address = Signal(range(depth)), Signal(range(depth))
        m.d.comb += address.eq(Mux(self.next_group, following(oldest), oldest))
        m.d.sync += oldest.eq(address)

        if folded.shared_memories:
            self._share_memory(m, write, address)
            with m.If(self.begin):
                m.d.sync += [write.eq(0), begin.eq(0)]
            with m.If(self.leave):
                m.d.sync += oldest.eq(0)
            return m

        m.submodules.choices = choices = SimpleDualPortRAM(
            shape=self.choices.shape(), depth=folded.choice_depth
        )
        m.d.comb += [
            choices.write_enable.eq(self.chosen.valid),
            choices.write_address.eq(write),
            choices.write_data.eq(self.chosen.p.banks),
            choices.read_enable.eq(self.read),
            choices.read_address.eq(address),
            self.choices.eq(choices.read_data),
        ]

        return m

    def _share_memory(self, m: Module, write: Value, read: Value) -> None:
        """Write and read choices, by their numbers in a sample, in the memory of samples."""
        memory, chosen, choice = self.memory, self.chosen.p.banks[0], self.choices[0]
        code = Cat(chosen.desired, chosen.offset)
        m.d.comb += [
            memory.write_enable.eq(self.chosen.valid),
            memory.write_address.eq(self.chosen_end ^ write),
            memory.write_data.eq(Mux(chosen.found, code, ~0)),
            memory.read_enable.eq(self.read),
            memory.read_address.eq(self.trained_end ^ read),
            choice.found.eq(~memory.read_data.all()),
            Cat(choice.desired, choice.offset).eq(memory.read_data),
        ]
