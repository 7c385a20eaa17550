# amaranth: UnusedElaboratable=no
"""Evaluate the neurons of a bank: activations, distances, and the choice of each group."""

from typing import Any

from amaranth.hdl import Assert, C, Cat, Elaboratable, Module, Mux, Signal, Value
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from ..planning.plan import FoldedLayer
from ..primitives.component import Component
from ..primitives.simple_dual_port_ram import SimpleDualPortRAM, ram_user_signature
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
        ``step`` is a row of the memory.
    dirty : In(signature)
        If memories are shared, the user of the memory of dirty bits
        (:func:`.ram_user_signature`): it is a part of that of the local classifier, in which each
        neuron's row has its column and its dirty bit. No bit is read during a pass, and none is set
        while a column is stored; while one is stored, a bit that is cleared stays.

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
            dsps=folded.popcount_dsps,
        )
        self._selector = GroupSelector(
            inputs=config.inputs, group=config.group, select=folded.select, singly=self.singly
        )
        self.latency = self._array.latency
        self.choice_latency = self._selector.latency + int(self.singly)
        super().__init__(
            {
                "shape": shape_port(folded),
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
                **self._dirty_port(),
            }
        )

    def _dirty_port(self) -> dict[str, Any]:
        """Port of the dirty bits, if memories are shared."""
        if not self.folded.shared_memories:
            return {}
        return {"dirty": In(ram_user_signature(shape=1, depth=self.folded.dirty_depth))}

    def elaborate(self, platform: object) -> Elaboratable:
        m = Module()
        config, folded, select = self.folded.config, self.folded, self.folded.select

        m.submodules.array = array = self._array
        m.submodules.selector = selector = self._selector
        m.submodules.classifier = classifier = self._classifier()
        m.d.comb += [
            classifier.write_address.eq(self.column.p.step),
            classifier.write_data.eq(self.column.p.bits.replicate(select)),
            classifier.write_enable.eq(Mux(self.column.valid, 1 << self.column.p.position, 0)),
        ]
        wiring.connect(m, wiring.flipped(self.array), array.i)
        if folded.universal:
            wiring.connect(m, wiring.flipped(self.counts), array.counts)
        m.d.comb += [
            array.clear.eq(self.clear),
            array.shape.inputs.eq(self.shape.inputs),
            array.shape.last_set.eq(self.shape.last_set),
            array.shape.steps.eq(self.shape.steps),
        ]

        # The classifier is read a step ahead.
        count = Signal(range(folded.pass_steps + 1))
        row = Signal(range(folded.classifier_rows + 1), name="row") if folded.universal else count
        following = Signal.like(row)
        valid, last, next_row = Signal(), Signal(), Signal()
        complete = Signal(init=1)  # the last step is over
        columns: Any = Signal(self.step.p.columns.shape())
        candidates: Any = Signal(selector.i.p.shape())
        m.d.comb += [
            valid.eq(array.o.valid & ~complete),
            last.eq(count == self.shape.last_pass_step),
            next_row.eq(valid),
            following.eq(Mux(self.clear, self.shape.classifier_base, row + next_row)),
            classifier.read_enable.eq(~self.column.valid),
            classifier.read_address.eq(following),
            columns.eq(classifier.read_data[: select * config.classes]),
            self.step.valid.eq(valid),
            self.step.p.activations.eq(array.o.p.activations),
            self.step.p.last.eq(last),
        ]
        with m.If(self.clear):
            m.d.sync += [count.eq(0), complete.eq(0)]
        with m.Elif(valid):
            m.d.sync += [count.eq(count + 1), complete.eq(last)]
        m.d.sync += row.eq(following)
        if folded.shared_memories:
            self._share_classifier(m, classifier)
            if platform is None:
                self._check_sharing(m, passing=self.clear | ~complete)
        if self.singly:
            # Neurons that leave one by one have their columns in one row after the other.
            column = count[: (select - 1).bit_length()]
            singly = self.shape.steps != 1
            with m.If(singly):
                m.d.comb += [
                    next_row.eq(valid & (last | (column == select - 1))),
                    columns[0].eq(self._columns_of(classifier)[column]),
                ]
            m.d.comb += [self.step.p.one.eq(singly), candidates.one.eq(singly)]
        m.d.comb += self.step.p.columns.eq(columns)
        if not folded.universal:
            self._keep_activations(m, valid)

        m.d.comb += [
            candidates.activations.eq(array.o.p.activations),
            candidates.distances.eq(array.o.p.distances),
        ]
        # The columns come late in a cycle: several neurons and their desired activations are
        # registered before the selector's tree.
        domain = m.d.sync if self.singly else m.d.comb
        domain += [
            selector.shape.group_steps.eq(self.shape.group_steps),
            selector.clear.eq(self.clear),
            selector.i.valid.eq(valid),
            selector.i.p.eq(candidates),
        ]
        for neuron in range(select):
            m.d.comb += candidates.desired[neuron].eq(
                self.step.p.columns[neuron].bit_select(self.label, 1)
            )
        wiring.connect(m, selector.o, wiring.flipped(self.choice))

        return m

    def _classifier(self) -> SimpleDualPortRAM:
        """Memory of the local classifier; with a dirty bit in each row, if memories are shared."""
        folded, classes = self.folded, self.folded.config.classes
        if folded.shared_memories:
            return SimpleDualPortRAM(
                shape=classes + 1, depth=folded.classifier_rows, granularity=1, apart=True
            )
        return SimpleDualPortRAM(
            shape=folded.select * classes, depth=folded.classifier_rows, granularity=classes
        )

    def _share_classifier(self, m: Module, classifier: SimpleDualPortRAM) -> None:
        """Share the memory of the local classifier with the dirty bits."""
        dirty, column, classes = self.dirty, self.column, self.folded.config.classes
        m.d.comb += [
            classifier.write_data.eq(Cat(column.p.bits, dirty.write_data)),
            classifier.write_enable.eq(column.valid.replicate(classes)),
            dirty.read_data.eq(classifier.read_data[classes]),
        ]
        with m.If(~column.valid):
            m.d.comb += [
                classifier.write_address.eq(dirty.write_address),
                classifier.write_enable.eq(Cat(C(0, classes), dirty.write_enable)),
            ]
        with m.If(dirty.read_enable):
            m.d.comb += classifier.read_address.eq(dirty.read_address)

    def _check_sharing(self, m: Module, *, passing: Value) -> None:
        """Assert that the users of the shared memory do not disturb each other."""
        dirty, column = self.dirty, self.column
        together = dirty.read_enable & dirty.write_enable
        conflict = together & (dirty.read_address == dirty.write_address)
        sets = column.valid & dirty.write_enable & dirty.write_data
        m.d.sync += [
            Assert(~(dirty.read_enable & passing), "a dirty bit is read during a pass"),
            Assert(~conflict, "a dirty bit is read and written at once"),
            Assert(~sets, "a dirty bit is set while a column is stored"),
        ]

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
