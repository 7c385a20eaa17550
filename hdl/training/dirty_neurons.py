"""Dirty bits of neurons: which were updated since their last scan."""

from typing import Any

from amaranth.hdl import Cat, Elaboratable, Module, Mux, Signal
from amaranth.lib import data
from amaranth.lib.wiring import In, Out

from ..planning.plan import FoldedLayer
from ..primitives.component import Component
from ..primitives.simple_dual_port_ram import SimpleDualPortRAM, ram_user_signature

__all__ = ["DirtyNeurons"]


class DirtyNeurons(Component):
    """Keep a dirty bit for each neuron, in a memory of single bits for each bank.

    A look reads the bit at the same position in all banks::

        0    ``look`` is set
        1    ``marked`` is set if the neuron at that position is dirty in any bank; it stays until
             the next look

    If memories are shared, the bits are in the memory of the local classifier
    (:class:`.forward_bank.ForwardBank`), and ``marked`` stays only for one cycle.

    After power-up no neuron is dirty. A look finds a bit from the cycle after it was set or cleared
    on. It must not come in the same cycle as a change at its position.

    Parameters
    ----------
    folded : FoldedLayer
        The layer and its fold factors.

    Members
    -------
    base : In
        Added to all positions: in a universal trainer, the first of the layer.
    mark : In(banks)
        Banks that mark a neuron as dirty; none while ``clear`` is set.
    neurons : In(array)
        Position of that neuron in each bank.
    look : In(1)
        Read the bits at ``looked``, or at the next position if ``behind`` is set.
    looked : In
        Position in all banks.
    behind : In(1)
        See ``look``.
    marked : Out(1)
        The neuron that was looked at is dirty in any bank.
    clear : In(1)
        Clear the bits at ``cleared``.
    cleared : In
        Position in all banks.
    memory : Out(signature)
        If memories are shared, the user of the bits' memory (:func:`.ram_user_signature`).
    """

    def __init__(self, folded: FoldedLayer):
        self.folded = folded
        position = range(folded.dirty_depth)
        memory = ram_user_signature(shape=1, depth=folded.dirty_depth)
        super().__init__(
            {
                "base": In(position),
                "mark": In(folded.plan.banks),
                "neurons": In(data.ArrayLayout(position, folded.plan.banks)),
                "look": In(1),
                "looked": In(position),
                "behind": In(1),
                "marked": Out(1),
                "clear": In(1),
                "cleared": In(position),
                **({"memory": Out(memory)} if folded.shared_memories else {}),
            }
        )

    def elaborate(self, platform: object) -> Elaboratable:
        m = Module()

        marked = Signal(self.folded.plan.banks)
        # The lowest bits carry ``behind`` into the sum.
        read_address = (Cat(1, self.base) + Cat(self.behind, self.looked))[1:]
        for bank in range(self.folded.plan.banks):
            memory: Any
            if self.folded.shared_memories:
                memory = self.memory
            else:
                memory = SimpleDualPortRAM(shape=1, depth=self.folded.dirty_depth)
                m.submodules[f"bank_{bank}"] = memory
            m.d.comb += [
                memory.write_enable.eq(self.mark[bank] | self.clear),
                memory.write_address.eq(
                    self.base + Mux(self.clear, self.cleared, self.neurons[bank])
                ),
                memory.write_data.eq(~self.clear),
                memory.read_enable.eq(self.look),
                memory.read_address.eq(read_address),
                marked[bank].eq(memory.read_data),
            ]
        m.d.comb += self.marked.eq(marked.any())

        return m
