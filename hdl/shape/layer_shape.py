"""Numbers of a layer as signals: constants of a fixed layer, registers of a universal trainer."""

from typing import Any

from amaranth.hdl import Elaboratable, Module, Mux, Signal
from amaranth.lib import data
from amaranth.lib.wiring import In, Out

from ..planning.plan import FoldedLayer
from ..planning.universal import UniversalEngine
from ..primitives.component import Component

__all__ = ["ShapeDecoder", "fixed_shape", "layer_shape_layout", "layer_sizes_layout", "shape_port"]


def layer_sizes_layout(folded: FoldedLayer) -> data.StructLayout:
    """Sizes of a layer that the host sets, and its places in memories.

    The sizes are ``N``, ``K`` and ``γ``, the places the first rows in the snapshot (``base``) and
    in the local classifier (``column``).
    """
    config = folded.config
    return data.StructLayout(
        {
            "inputs": range(config.inputs + 1),
            "neurons": range(config.neurons + 1),
            "group": range(config.group + 1),
            "base": range(max(folded.snapshot_rows, 2)),
            "column": range(max(folded.classifier_rows, 2)),
        }
    )


def layer_shape_layout(folded: FoldedLayer) -> data.StructLayout:
    """Numbers of a layer that the parts of an engine use.

    They are those of :class:`.plan.FoldedLayer` with the same names; ``row_base``,
    ``snapshot_base`` and ``classifier_base`` are the first rows of the layer's hidden weights, of
    its snapshot and of its local classifier, and ``snapshot_word_stride`` the rows of the snapshot
    from one word of a neuron's inputs to the next one. ``last_column`` is the column of a neuron's
    last hidden weight in its row. ``last_input``, ``last_neuron``, ``last_row``, ``last_set``
    and ``last_pass_step`` are ``inputs``, ``bank_neurons``, ``rows``, ``sets`` and ``pass_steps``,
    minus 1.
    """
    config, plan = folded.config, folded.plan
    return data.StructLayout(
        {
            "inputs": range(config.inputs + 1),
            "last_input": range(max(config.inputs, 2)),
            "neurons": range(config.neurons + 1),
            "bank_neurons": range(folded.bank_neurons + 1),
            "last_neuron": range(max(folded.bank_neurons, 2)),
            "group": range(config.group + 1),
            "group_steps": range(folded.group_steps + 1),
            "last_pass_step": range(max(folded.pass_steps, 2)),
            "steps": range(folded.steps + 1),
            "set_cycles": range(folded.set_cycles + 1),
            "sets": range(folded.sets + 1),
            "last_set": range(max(folded.sets, 2)),
            "sample_words": range(folded.sample_words + 1),
            "rows": range(folded.rows + 1),
            "last_row": range(max(folded.rows, 2)),
            "last_column": range(max(plan.update_width, 2)),
            "row_base": range(max(folded.bank_rows, 2)),
            "snapshot_base": range(max(folded.snapshot_rows, 2)),
            "snapshot_word_stride": range(folded.sets + 1),
            "classifier_base": range(max(folded.classifier_rows, 2)),
        }
    )


def fixed_shape(folded: FoldedLayer) -> dict[str, int]:
    """The shape of a fixed layer; that of the largest layer for a universal trainer."""
    plan = folded.plan
    return {
        "inputs": folded.config.inputs,
        "last_input": folded.config.inputs - 1,
        "neurons": folded.config.neurons,
        "bank_neurons": folded.bank_neurons,
        "last_neuron": folded.bank_neurons - 1,
        "group": folded.config.group,
        "group_steps": folded.group_steps,
        "last_pass_step": folded.pass_steps - 1,
        "steps": folded.steps,
        "set_cycles": folded.set_cycles,
        "sets": folded.sets,
        "last_set": folded.sets - 1,
        "sample_words": folded.sample_words,
        "rows": folded.rows,
        "last_row": folded.rows - 1,
        "last_column": (folded.config.inputs - 1) % plan.update_width,
        "row_base": 0,
        "snapshot_base": 0,
        "snapshot_word_stride": 1,
        "classifier_base": 0,
    }


def shape_port(folded: FoldedLayer) -> Any:
    """Member of a component for the shape of its layer; that of a fixed layer if unconnected."""
    return In(layer_shape_layout(folded), init=fixed_shape(folded))  # type: ignore[call-arg]


class ShapeDecoder(Component):
    """Compute the numbers of a layer from its sizes, for a universal trainer.

    There are shifts and small adders, as ``pe``, ``update_width`` and ``input_width`` are powers of
    two; ``row_base`` is a product with a constant, for which an FPGA has a multiplier. In the cycle
    of the sizes come the sizes themselves, ``bank_neurons`` and the first rows; the other numbers
    come a cycle later, so that paths begin at a register.

    Parameters
    ----------
    engine : UniversalEngine
        The engine.

    Members
    -------
    i : In(struct)
        Sizes of a layer.
    o : Out(struct)
        Its numbers.
    """

    def __init__(self, engine: UniversalEngine):
        self.engine = engine
        super().__init__(
            {"i": In(layer_sizes_layout(engine)), "o": Out(layer_shape_layout(engine))}
        )

    def elaborate(self, platform: object) -> Elaboratable:
        m = Module()
        engine, plan = self.engine, self.engine.plan
        sizes, shape = self.i, self.o
        pe_bits, row_bits, word_bits = (
            value.bit_length() - 1 for value in (plan.pe, plan.update_width, plan.input_width)
        )

        def divided(value: Any, bits: int) -> Any:
            """The quotient by a power of two, rounded up."""
            return (value + ((1 << bits) - 1)) >> bits

        def register(**numbers: Any) -> None:
            """Give numbers a cycle later."""
            for name, value in numbers.items():
                number = Signal.like(shape[name], name=name)
                m.d.sync += number.eq(value)
                m.d.comb += shape[name].eq(number)

        last_neuron = Signal.like(sizes.neurons)
        m.d.comb += [
            last_neuron.eq(sizes.neurons - 1),
            shape.inputs.eq(sizes.inputs),
            shape.neurons.eq(sizes.neurons),
            shape.bank_neurons.eq(sizes.neurons),
            shape.group.eq(sizes.group),
            shape.row_base.eq(sizes.base * (plan.pe * engine.chunks)),
            shape.snapshot_base.eq(sizes.base),
            shape.classifier_base.eq(sizes.column),
            shape.last_row.eq(shape.last_input >> row_bits),
            shape.last_column.eq(shape.last_input[:row_bits]),
        ]
        register(
            last_input=sizes.inputs - 1,
            last_neuron=last_neuron,
            last_set=last_neuron >> pe_bits,
            rows=divided(sizes.inputs, row_bits),
            sample_words=divided(sizes.inputs, word_bits),
        )
        if pe_bits:
            # If a group ends within a set, its neurons are scored one by one.
            serial = sizes.group[:pe_bits].any()
            sets, steps = divided(sizes.neurons, pe_bits), Mux(serial, plan.pe, 1)
            register(
                sets=sets,
                snapshot_word_stride=sets,
                last_pass_step=Mux(serial, last_neuron, last_neuron >> pe_bits),
                group_steps=Mux(serial, sizes.group, sizes.group >> pe_bits),
                steps=steps,
                set_cycles=steps,
            )
        else:
            register(last_pass_step=last_neuron)
            m.d.comb += [
                shape.sets.eq(sizes.neurons),
                shape.snapshot_word_stride.eq(sizes.neurons),
                shape.group_steps.eq(sizes.group),
                shape.steps.eq(1),
                shape.set_cycles.eq(1),
            ]
        if engine.shared_memories:
            with m.If(sizes.group == 1):
                m.d.comb += shape.set_cycles.eq(2)
        return m
