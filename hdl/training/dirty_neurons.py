"""Which neurons were updated since their last scan."""

from amaranth.hdl import Elaboratable, Module, Mux, Signal
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from ..planning.plan import FoldedLayer
from ..primitives.simple_dual_port_ram import ApartMemory

__all__ = ["UpdateMarks"]


class UpdateMarks(wiring.Component):
    """Keep a mark for each neuron of each bank, one memory of single bits a bank.

    All banks are asked for the neuron at one position of theirs::

        0    ``look`` is set
        1    ``marked`` says whether a bank's neuron there has a mark, until the next look

    After power-up no neuron has one. What is set or cleared in a cycle is found by looks from the
    next one on, and there must be none in the same one.

    Parameters
    ----------
    folded : FoldedLayer
        The layer and its fold factors.

    Members
    -------
    mark : In(banks)
        Banks that mark a neuron of theirs; not while ``clear`` is set.
    neurons : In(array)
        Its position in each bank.
    look : In(1)
        Look at a position.
    looked : In
        The position.
    marked : Out(1)
        A bank has a mark there.
    clear : In(1)
        Clear the marks at a position.
    cleared : In
        The position.
    """

    def __init__(self, folded: FoldedLayer):
        self.folded = folded
        position = range(max(folded.bank_neurons, 2))
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
            memory = ApartMemory(shape=1, depth=max(self.folded.bank_neurons, 2))
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
