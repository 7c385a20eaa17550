# amaranth: UnusedElaboratable=no
"""Evaluate the neurons of a bank: activations, distances, and the choice of each group."""

from typing import Any

from amaranth.hdl import Cat, Elaboratable, Module, Mux, Signal, Value
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from ..planning.plan import FoldedLayer
from ..primitives.component import Component
from ..primitives.simple_dual_port_ram import SimpleDualPortRAM
from ..shape.layer_shape import shape_port
from .group_selector import GroupSelector, choice_layout
from .neuron_array import NeuronArray, counts_signature

__all__ = ["ForwardBank", "counts_port"]


def counts_port(folded: FoldedLayer) -> dict[str, Any]:
    """The port to the memory of sums, which a universal trainer has; none otherwise."""
    depth = folded.sums_depth
    return {} if depth is None else {"counts": In(counts_signature(depth))}


class ForwardBank(Component):
    """Evaluate the neurons of a bank, and choose a neuron to update in each group.

    In each *step*, ``select`` neurons leave the array. In the same cycle they are at ``step`` with
    their columns of the local classifier, for the scores. The choice of a group is at ``choice``
    ``choice_latency`` cycles after the group's last step. A pass has ``pass_steps`` steps. Further
    outputs of the array belong to no neuron; the bank drops them, also when the next
    pass begins before they have left the array.

    Parameters
    ----------
    folded : FoldedLayer
        The layer and its fold factors.

    Members
    -------
    shape : In(struct)
        The layer's numbers; they do not change from ``clear`` to the last step.
    first_layer : In(1)
        With ``clear``: the layer is the first that the engine executes; the columns of the others
        follow its columns in the memory of the local classifiers.
    clear : In(1)
        A pass begins. Its first word comes in the next cycle at the earliest. Not before the cycle
        after the last step of the previous pass.
    array : In(stream)
        Words for the neuron array. Never stalls.
    counts : In
        In a universal trainer, the port to the memory of sums (:class:`.neuron_array.NeuronArray`).
    label : In(8)
        The sample's label, from the first step to the last.
    step : Out(stream)
        Activations and classifier columns of ``select`` neurons; ``last`` in the last step of a
        pass. Never waits.
    choice : Out(stream)
        Choice of a group. Never waits.
    activations : Out(bank_neurons)
        Activations of all neurons, from the cycle after the last step to the first step of the
        next pass.
    column : In(stream)
        Column of the local classifier to store: one neuron's bit for each class. Never stalls.
        ``step`` counts the steps of all layers.

    Attributes
    ----------
    latency : int
        Cycles from the last word of a pass to the first step of the last set of neurons.
    singly : bool
        Whether ``step`` can have a single neuron, as ``one`` tells.
    choice_latency : int
        Cycles from a group's last step to its choice.
    """

    def __init__(self, folded: FoldedLayer):
        self.folded = folded
        config, plan = folded.config, folded.plan
        self.singly = folded.universal and folded.select > 1  # neurons can leave one by one
        self._array = NeuronArray(
            inputs=config.inputs,
            simd=plan.simd,
            pe=plan.pe,
            sets=folded.sets,
            select=folded.select,
            singly=self.singly,
            depth=folded.sums_depth,
        )
        self._selector = GroupSelector(
            inputs=config.inputs, group=config.group, select=folded.select, singly=self.singly
        )
        self.latency = self._array.latency
        self.choice_latency = self._selector.latency
        super().__init__(
            {
                "shape": shape_port(folded),
                "first_layer": In(1, init=1),  # type: ignore[call-arg]
                "clear": In(1),
                "array": In(self._array.i.signature.flip()),
                **counts_port(folded),
                "label": In(8),
                "step": Out(
                    stream.Signature(
                        data.StructLayout(
                            {
                                "activations": folded.select,
                                "columns": data.ArrayLayout(config.classes, folded.select),
                                "last": 1,
                                **({"one": 1} if self.singly else {}),
                            }
                        ),
                        always_ready=True,
                    )
                ),
                "choice": Out(stream.Signature(choice_layout(config.group), always_ready=True)),
                "activations": Out(0 if folded.universal else folded.bank_neurons),
                "column": In(
                    stream.Signature(
                        data.StructLayout(
                            {
                                "step": range(max(folded.classifier_rows, 2)),
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
        m.submodules.classifier = classifier = SimpleDualPortRAM(
            shape=select * config.classes,
            depth=folded.classifier_rows,
            granularity=config.classes,
        )
        wiring.connect(m, wiring.flipped(self.array), array.i)
        if folded.universal:
            wiring.connect(m, wiring.flipped(self.counts), array.counts)
        m.d.comb += [
            array.clear.eq(self.clear),
            array.shape.inputs.eq(self.shape.inputs),
            array.shape.sets.eq(self.shape.sets),
            array.shape.steps.eq(self.shape.steps),
        ]

        m.d.comb += [
            classifier.write_address.eq(self.column.p.step),
            classifier.write_data.eq(self.column.p.bits.replicate(select)),
            classifier.write_enable.eq(Mux(self.column.valid, 1 << self.column.p.position, 0)),
        ]

        # The classifier is read a step ahead.
        count = Signal(range(folded.pass_steps + 1))
        row = Signal(range(folded.classifier_rows + 1), name="row") if folded.universal else count
        following = Signal.like(row)
        valid, last, next_row = Signal(), Signal(), Signal()
        complete = Signal(init=1)  # the last step is over
        columns: Any = Signal(self.step.p.columns.shape())
        m.d.comb += [
            valid.eq(array.o.valid & ~complete),
            last.eq(count == self.shape.pass_steps - 1),
            next_row.eq(valid),
            following.eq(Mux(self.clear, Mux(self.first_layer, 0, row), row + next_row)),
            classifier.read_enable.eq(~self.column.valid),
            classifier.read_address.eq(following),
            columns.eq(classifier.read_data),
            self.step.valid.eq(valid),
            self.step.p.activations.eq(array.o.p.activations),
            self.step.p.last.eq(last),
        ]
        with m.If(self.clear):
            m.d.sync += [count.eq(0), complete.eq(0)]
        with m.Elif(valid):
            m.d.sync += [count.eq(count + 1), complete.eq(last)]
        m.d.sync += row.eq(following)
        if self.singly:
            # Neurons that leave one by one have their columns in one row after the other.
            column = count[: (select - 1).bit_length()]
            singly = self.shape.steps != 1
            with m.If(singly):
                m.d.comb += [
                    next_row.eq(valid & (last | (column == select - 1))),
                    columns[0].eq(self._columns_of(classifier)[column]),
                ]
            m.d.comb += [self.step.p.one.eq(singly), selector.i.p.one.eq(singly)]
        m.d.comb += self.step.p.columns.eq(columns)
        if not folded.universal:
            self._keep_activations(m, valid)

        m.d.comb += [
            selector.shape.group_steps.eq(self.shape.group_steps),
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

    def _columns_of(self, classifier: SimpleDualPortRAM) -> Any:
        """The columns of the row that was read."""
        return data.ArrayLayout(self.folded.config.classes, self.folded.select)(
            classifier.read_data
        )

    def _keep_activations(self, m: Module, valid: Value) -> None:
        """Shift the activations of a step into those of all neurons."""
        leaving = Cat(self.activations, self._array.o.p.activations)
        with m.If(valid):
            m.d.sync += self.activations.eq(leaving[self.folded.select :])
