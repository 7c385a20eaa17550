"""Dirty bits of neurons: which were updated since their last scan."""

from amaranth.hdl import Elaboratable, Module, Mux, Signal
from amaranth.lib import data
from amaranth.lib.wiring import In, Out

from ..planning.plan import FoldedLayer
from ..primitives.component import Component
from ..primitives.simple_dual_port_ram import SimpleDualPortRAM

__all__ = ["DirtyNeurons"]


class DirtyNeurons(Component):
    """Keep a dirty bit for each neuron, in a memory of single bits for each bank.

    A look reads the bit at the same position in all banks::

        0    ``look`` is set
        1    ``marked`` is set if the neuron at that position is dirty in any bank; it stays until
             the next look

    After power-up no neuron is dirty. A look finds a bit from the cycle after it was set or cleared
    on. It must not come in the same cycle as a change at its position.

    Parameters
    ----------
    folded : FoldedLayer
        The layer and its fold factors.

    Members
    -------
    mark : In(banks)
        Banks that mark a neuron as dirty; none while ``clear`` is set.
    neurons : In(array)
        Position of that neuron in each bank.
    look : In(1)
        Read the bits at ``looked``.
    looked : In
        Position in all banks.
    marked : Out(1)
        The neuron at that position is dirty in any bank.
    clear : In(1)
        Clear the bits at ``cleared``.
    cleared : In
        Position in all banks.
    """

    def __init__(self, folded: FoldedLayer):
        self.folded = folded
        position = range(folded.dirty_depth)
        super().__init__(
            {
                "mark": In(folded.plan.banks),
                "neurons": In(data.ArrayLayout(position, folded.plan.banks)),
                "look": In(1),
                "looked": In(position),
                "marked": Out(1),
                "clear": In(1),
                "cleared": In(position),
            }
        )

    def elaborate(self, platform: object) -> Elaboratable:
        m = Module()

        marked = Signal(self.folded.plan.banks)
        for bank in range(self.folded.plan.banks):
            memory = SimpleDualPortRAM(shape=1, depth=self.folded.dirty_depth)
            m.submodules[f"bank_{bank}"] = memory
            m.d.comb += [
                memory.write_enable.eq(self.mark[bank] | self.clear),
                memory.write_address.eq(Mux(self.clear, self.cleared, self.neurons[bank])),
                memory.write_data.eq(~self.clear),
                memory.read_enable.eq(self.look),
                memory.read_address.eq(self.looked),
                marked[bank].eq(memory.read_data),
            ]
        m.d.comb += self.marked.eq(marked.any())

        return m
