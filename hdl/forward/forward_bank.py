# amaranth: UnusedElaboratable=no
"""A bank's neurons in the forward pass: activations, their part of the scores, their choices."""

from amaranth.hdl import Cat, Elaboratable, Module, Mux, Signal
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from ..planning.plan import FoldedLayer
from ..primitives.simple_dual_port_ram import ApartMemory
from .group_selector import GroupSelector, choice_layout
from .neuron_array import NeuronArray

__all__ = ["ForwardBank"]


class ForwardBank(wiring.Component):
    """The neurons of a bank, from their words to their activations and their groups' choices.

    From the array, ``select`` neurons leave in a *step*. In the same cycle they are at
    ``step`` with their columns of the local classifier, for the scores; ``choice_latency`` cycles
    after a group's last step its choice is at ``choice``. A pass has ``pass_steps`` steps; what
    the array gives beyond them (lanes without a neuron) is dropped, even if the next pass begins
    before it left.

    Parameters
    ----------
    folded : FoldedLayer
        The layer and its fold factors.

    Members
    -------
    clear : In(1)
        A pass begins: its first word comes in the next cycle at the earliest. From the cycle after
        the pass before has taken its last step.
    array : In(stream)
        Words for the neuron array. Never stalls.
    label : In(8)
        The sample's label, from the first step to the last.
    step : Out(stream)
        ``select`` neurons, their classifier columns, and whether they are the pass's last. Never
        waits.
    choice : Out(stream)
        A group's choice. Never waits.
    activations : Out(bank_neurons)
        From the cycle after the last step to the first step of another pass.
    column : In(stream)
        A neuron's column of the local classifier, to keep. Never stalls.

    Attributes
    ----------
    latency : int
        Cycles from the pass's last word to the first step of the last set of neurons.
    choice_latency : int
        Cycles from a group's last step to its choice.
    """

    def __init__(self, folded: FoldedLayer):
        self.folded = folded
        config, plan = folded.config, folded.plan
        self._array = NeuronArray(
            inputs=config.inputs,
            word=plan.word,
            lanes=plan.lanes,
            sets=folded.sets,
            select=folded.select,
        )
        self._selector = GroupSelector(
            inputs=config.inputs, group=config.group, select=folded.select
        )
        self.latency = self._array.latency
        self.choice_latency = self._selector.latency
        super().__init__(
            {
                "clear": In(1),
                "array": In(self._array.i.signature.flip()),
                "label": In(8),
                "step": Out(
                    stream.Signature(
                        data.StructLayout(
                            {
                                "activations": folded.select,
                                "columns": data.ArrayLayout(config.classes, folded.select),
                                "last": 1,
                            }
                        ),
                        always_ready=True,
                    )
                ),
                "choice": Out(stream.Signature(choice_layout(config.group), always_ready=True)),
                "activations": Out(folded.bank_neurons),
                "column": In(
                    stream.Signature(
                        data.StructLayout(
                            {
                                "step": range(max(folded.pass_steps, 2)),
                                "position": range(max(folded.select, 2)),
                                "bits": config.classes,
                            }
                        ),
                        always_ready=True,
                    )
                ),
            }
        )

    def elaborate(self, platform: object) -> Elaboratable:
        m = Module()
        config, folded, select = self.folded.config, self.folded, self.folded.select

        m.submodules.array = array = self._array
        m.submodules.selector = selector = self._selector
        m.submodules.classifier = classifier = ApartMemory(
            shape=select * config.classes, depth=folded.pass_steps, granularity=config.classes
        )
        wiring.connect(m, wiring.flipped(self.array), array.i)
        m.d.comb += array.clear.eq(self.clear)

        m.d.comb += [
            classifier.write_address.eq(self.column.p.step),
            classifier.write_data.eq(self.column.p.bits.replicate(select)),
            classifier.write_enable.eq(Mux(self.column.valid, 1 << self.column.p.position, 0)),
        ]

        # The classifier is read a step ahead.
        count = Signal(range(folded.pass_steps + 1))
        following = Signal(range(folded.pass_steps + 1))
        valid = Signal()
        m.d.comb += [
            valid.eq(array.o.valid & (count != folded.pass_steps)),
            following.eq(Mux(self.clear, 0, count + valid)),
            classifier.read_enable.eq(~self.column.valid),
            classifier.read_address.eq(following),
            self.step.valid.eq(valid),
            self.step.p.activations.eq(array.o.p.activations),
            self.step.p.columns.eq(classifier.read_data),
            self.step.p.last.eq(count == folded.pass_steps - 1),
        ]
        m.d.sync += count.eq(following)
        with m.If(valid):
            m.d.sync += self.activations.eq(Cat(self.activations, array.o.p.activations)[select:])

        m.d.comb += [
            selector.clear.eq(self.clear),
            selector.i.valid.eq(valid),
            selector.i.p.activations.eq(array.o.p.activations),
            selector.i.p.distances.eq(array.o.p.distances),
        ]
        for neuron in range(select):
            m.d.comb += selector.i.p.desired[neuron].eq(
                self.step.p.columns[neuron].bit_select(self.label, 1)
            )
        wiring.connect(m, selector.o, wiring.flipped(self.choice))

        return m
