# amaranth: UnusedElaboratable=no
"""Engine of a universal trainer: executes several layers in turn, with shapes from a table."""

from typing import Any

from amaranth.hdl import Cat, Module, Mux, Signal, ValueLike
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from ..planning.universal import UniversalEngine
from ..shape.layer_shape import ShapeDecoder
from ..training.slot_buffer import SlotBuffer
from ..weights.row_command import RowOperation
from .activation_writer import ActivationWriter
from .layer_counts import LayerCounts
from .layer_engine import LayerEngine
from .layer_table import LayerTable
from .stream_store import StreamStore

__all__ = ["UniversalLayerEngine"]


class UniversalLayerEngine(LayerEngine):
    """Train all layers of a network on a stream of samples, one layer after the other.

    It is a :class:`.LayerEngine` whose parts get the numbers of their layer from a table. A sample
    passes through all layers, then the next one does; the update works on the queue of the
    evaluated layers, in the same order. Cycle by cycle, for a network of several layers::

        s            last step of a layer's forward pass
        s + 1        the pass's last activations are written to the sample buffer, behind the
                     layer's inputs (with shared memories, a cycle earlier); the next layer's
                     numbers are selected
        s + 2        Preload of the next layer, or of the next sample's first layer
        …            the array waits until the result of the layer before is taken

    With a single layer, Preload of the next sample follows the array, as in a fixed layer.

    While a word of activations, or with shared memories a choice, is written, no word of a sample
    is taken. After the last sample of a batch was evaluated in all layers, no pass starts; when the
    update of its last layer is done, the layers commit in turn
    (:class:`.commit_sequencer.CommitSequencer`), and passes start again three cycles after the last
    scan. During the events no sample leaves the queue. The histories of the random streams are in
    the memory of hidden weights (:class:`.stream_store.StreamStore`).

    Parameters
    ----------
    engine : UniversalEngine
        Capacities and fold factors.

    Members
    -------
    last_layer : In
        Layers of the network, minus 1.
    last_class : In(8)
        Classes minus 1.
    buffers, sample_stride : In
        Samples that are held, and words of the slot of a sample.
    sample_words : Out
        Words of a sample that enter.
    """

    def __init__(self, engine: UniversalEngine):
        self.engine = engine
        self._table = LayerTable(engine)
        self._counts = LayerCounts(engine)
        self._writer = ActivationWriter(engine)
        self._store = StreamStore(engine)
        self._entering, self._evaluating, self._training = (ShapeDecoder(engine) for _ in range(3))
        # Layer whose pass is in the array, and layer whose result comes next
        self._array_layer = Signal(range(max(engine.layers, 2)))
        self._result_layer = Signal(range(max(engine.layers, 2)))
        self._layer = Signal(range(max(engine.layers, 2)))  # layer that is trained or addressed
        super().__init__(engine, None)

    def _further_ports(self) -> dict[str, Any]:
        engine = self.engine
        depth, layer = engine.sample_depth, range(max(engine.layers, 2))
        return {
            "last_layer": In(layer),
            "last_class": In(8),
            "buffers": In(range(engine.plan.sample_buffers + 1)),
            "sample_stride": In(range(depth + 1)),
            "sample_words": Out(range(engine.sample_words + 1)),
        }

    def _make_buffer(self) -> SlotBuffer:
        return SlotBuffer(self.engine)

    def _trained_layer(self) -> Any:
        return self._layer

    def _select_layers(self, m: Module) -> None:
        """Select the row of the table of each part of the engine."""
        table, sequencer = self._table, self._sequencer
        forward, queue, registers = self._forward, self._queue, self._registers
        m.submodules.table = table
        m.submodules.entering = entering = self._entering
        m.submodules.evaluating = evaluating = self._evaluating
        m.submodules.training = training = self._training

        # Rows are selected a cycle ahead, so that paths begin at a register. Requests come only
        # while the engine is idle; their layer is selected from their second cycle on.
        rows: Any = table.rows
        next_layer, next_array_layer = Signal.like(self._layer), Signal.like(self._array_layer)
        trained: Any = Signal.like(rows[0])
        evaluated: Any = Signal.like(rows[0].sizes)
        margin = Signal.like(forward.margin)
        m.d.comb += [
            next_layer.eq(Mux(self.requests.valid, registers.layer, sequencer.next_layer)),
            next_array_layer.eq(self._array_layer),
            entering.i.eq(rows[0].sizes),
            evaluating.i.eq(evaluated),
            training.i.eq(trained.sizes),
            forward.shape.eq(evaluating.o),
            forward.margin.eq(margin),
            forward.last_class.eq(self.last_class),
            sequencer.last_layer.eq(self.last_layer),
            sequencer.events.eq(trained.events),
            self._reinforcement.events.eq(trained.events),
            self._initialiser.last_class.eq(self.last_class),
        ]
        with m.If(self.drawing):
            m.d.comb += next_layer.eq(registers.place)
        m.d.sync += [
            self._layer.eq(next_layer),
            trained.eq(rows[next_layer]),
            self._array_layer.eq(next_array_layer),
            evaluated.eq(rows[next_array_layer].sizes),
            margin.eq(rows[self._result_layer].margin),
        ]
        parts = (self._update, self._reinforcement, self._walker, self._access, self._initialiser)
        for part in (*parts, *self._banks):
            m.d.comb += part.shape.eq(training.o)

        # The pass of a layer begins when its inputs are there and, with several layers, when the
        # pass before has left the array.
        last_layer = Signal()  # of the pass in the array
        inputs_complete, leaving = Signal(), Signal()
        m.d.comb += [
            last_layer.eq(self._array_layer == self.last_layer),
            forward.loaded.eq(
                Mux(self._array_layer == 0, self._metadata.loaded, inputs_complete)
                & ~(leaving & (self.last_layer != 0))
            ),
            self._metadata.begin.eq(forward.begin & (self._array_layer == 0)),
        ]
        with m.If(forward.begin):
            m.d.sync += [
                leaving.eq(1),
                inputs_complete.eq(0),
                self._result_layer.eq(self._array_layer),
            ]
        with m.If(forward.step.valid & forward.step.p.last):
            m.d.sync += [
                leaving.eq(0),
                inputs_complete.eq(~last_layer),
            ]
            m.d.comb += next_array_layer.eq(Mux(last_layer, 0, self._array_layer + 1))

        result_is_last = self._result_layer == self.last_layer
        m.d.comb += [
            sequencer.batch_evaluated.eq(queue.i.valid & queue.i.p.last & result_is_last),
            table.layer.eq(self._layer),
            table.write.eq(registers.write),
            table.value.eq(self.requests.p.data),
            registers.row.eq(trained),
        ]
        self._buffer_activations(m, last_layer)
        self._count(m)

    def _count(self, m: Module) -> None:
        """Count errors, updated neurons and right predictions when a result is taken.

        The counts are in the memory of sums, which a pass writes ``popcount_latency`` + 2 cycles
        after it began, at the earliest.
        """
        counts, forward, queue, registers = (
            self._counts,
            self._forward,
            self._queue,
            self._registers,
        )
        m.submodules.counts = counts
        choice = forward.choices.p.banks[0]
        found = Signal.like(counts.amounts.updates)  # neurons to update in the present pass
        with m.If(queue.i.valid):
            m.d.sync += found.eq(0)
        with m.Elif(forward.choices.valid):
            m.d.sync += found.eq(found + choice.found)
        m.d.comb += [
            counts.add.eq(registers.trained),
            counts.evaluated.eq(self._result_layer),
            counts.amounts.errors.eq(queue.i.p.error),
            counts.amounts.updates.eq(Mux(queue.i.p.error, found, 0)),
            counts.amounts.right.eq(registers.right),
            counts.access.eq(registers.access),
            counts.layer.eq(self._layer),
            counts.count.eq(registers.count),
            counts.zero.eq(registers.zero),
            registers.accessed.eq(counts.accessed),
            registers.counted.eq(counts.value),
            counts.clear.eq(self.reset),
        ]
        wiring.connect(m, counts.memory, forward.counts)
        with m.If(counts.holds):
            m.d.comb += forward.hold.eq(1)

    def _buffer_activations(self, m: Module, last_layer: Signal) -> None:
        """Write activations to the sample buffer, for the next layer."""
        buffer, forward, writer = self._buffer, self._forward, self._writer
        plan = self.engine.plan
        m.submodules.writer = writer
        word_bits = plan.input_width.bit_length() - 1
        m.d.comb += [
            writer.step.eq(forward.step.valid & ~last_layer),
            writer.activations.eq(forward.step.p.activations),
            writer.one.eq(forward.step.p.one),
            writer.last.eq(forward.step.p.last),
            buffer.activate.eq(writer.write),
            buffer.activations.eq(writer.bits),
            buffer.sample_words.eq(self._entering.o.sample_words),
            buffer.last_bit.eq((self._entering.i.inputs - 1)[:word_bits]),
            buffer.slot_words.eq(self.sample_stride),
            buffer.buffers.eq(self.buffers),
            buffer.next_sample.eq(forward.array_end & last_layer),
            buffer.choose.eq(self._metadata.begin),
            buffer.layer_words.eq(self._training.o.sample_words),
            buffer.release_sample.eq(self._sequencer.layer == self.last_layer),
            self.sample_words.eq(self._entering.o.sample_words),
        ]
        with m.If(buffer.occupied):
            m.d.comb += self.i.ready.eq(0)
        if self.engine.shared_memories:
            queue = self._queue
            wiring.connect(m, queue.memory, buffer.choices)
            m.d.comb += [
                queue.begin.eq(buffer.choose),
                queue.leave.eq(buffer.release & buffer.release_sample),
                queue.chosen_end.eq(buffer.chosen_end),
                queue.trained_end.eq(buffer.trained_end),
            ]

    def _walk(self, m: Module, replaces: Signal) -> None:
        super()._walk(m, replaces)
        # A neuron's bit has the place of its column in the memory of the local classifiers.
        first = self._training.o.classifier_base * self.engine.plan.pe
        m.d.comb += self._marks.base.eq(first)
        if self.engine.shared_memories:
            wiring.connect(m, self._marks.memory, self._forward.dirty)

    def _command_banks(self, m: Module, replaces: Signal) -> None:
        super()._command_banks(m, replaces)
        store, (bank,) = self._store, self._banks
        registers, sequencer = self._registers, self._sequencer
        m.submodules.store = store
        m.d.comb += [
            store.layer.eq(self._layer),
            store.load.eq(sequencer.load | registers.load),
            store.store.eq(sequencer.store),
            store.read.eq(registers.read_word),
            store.write.eq(registers.write_word),
            store.number.eq(self.requests.p.address),
            store.word.eq(self.requests.p.data),
            store.piece.eq(bank.counter),
            sequencer.moved.eq(store.moved),
            registers.moved.eq(store.moved),
        ]
        with m.If(store.store | store.write):
            m.d.comb += bank.store.eq(store.stored)
        with m.If(store.fetch | store.replace):
            m.d.comb += [
                bank.i.valid.eq(1),
                bank.i.p.row.eq(store.row),
                bank.i.p.column.eq(store.column),
            ]
        with m.If(store.replace):
            m.d.comb += bank.i.p.operation.eq(RowOperation.REPLACE)

    def _share_bit_stream(self, m: Module) -> None:
        super()._share_bit_stream(m)
        bits, store = self._stream, self._store
        shifted = Cat(bits.state, store.shifted)
        m.d.comb += [
            store.history.eq(bits.state),
            bits.load.eq(store.shift),
            bits.history.eq(shifted[len(store.shifted) :]),
        ]

    def _end_batches(self, m: Module) -> None:
        sequencer, counts = self._sequencer, self._counts
        for index in range(self.engine.layers):
            end, total = self.batch_ends[index], counts.totals[index]
            due = Signal(name=f"due_{index}")
            committed = sequencer.commit & (sequencer.layer == index)
            m.d.sync += due.eq((due | committed) & counts.busy)
            m.d.comb += [
                end.valid.eq((due | committed) & ~counts.busy),
                end.errors.eq(total.errors),
                end.updates.eq(total.updates),
            ]

    def _send(self, m: Module) -> ValueLike:
        """Send the results of all layers with the last layer's; keep those of the others."""
        forward, metadata, result = self._forward, self._metadata.evaluated, self.o
        layers = self.engine.layers
        kept: Any = Signal(
            data.StructLayout({"predictions": data.ArrayLayout(8, layers), "errors": layers})
        )
        is_last = self._result_layer == self.last_layer
        m.d.comb += [
            result.valid.eq(forward.o.valid & is_last),
            forward.o.ready.eq(Mux(is_last, result.ready, 1)),
            result.p.refused.eq(metadata.refused),
        ]
        for index in range(layers):
            present = self._result_layer == index
            with m.If(present):
                m.d.comb += [
                    result.p.predictions[index].eq(forward.o.p.prediction),
                    result.p.errors[index].eq(forward.o.p.error),
                ]
                with m.If(forward.o.valid):
                    m.d.sync += [
                        kept.predictions[index].eq(forward.o.p.prediction),
                        kept.errors[index].eq(forward.o.p.error),
                    ]
            with m.Elif(index <= self.last_layer):
                m.d.comb += [
                    result.p.predictions[index].eq(kept.predictions[index]),
                    result.p.errors[index].eq(kept.errors[index]),
                ]
        # A sample is in the buffer until its last layer is trained, but its counts come later.
        return self._counts.busy & ~self._counts.access
