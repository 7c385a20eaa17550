# amaranth: UnusedElaboratable=no
"""Engine of a universal trainer: executes several layers in turn, with settings from memory."""

from typing import Any

from amaranth.hdl import C, Cat, Module, Mux, Signal, ValueLike
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from ..planning.universal import UniversalEngine
from ..shape.layer_shape import ShapeDecoder
from ..training.slot_buffer import SlotBuffer
from ..weights.row_command import RowOperation
from .activation_writer import ActivationWriter
from .layer_engine import LayerEngine
from .layer_rows import LayerRows
from .layer_settings import SETTINGS, LayerSettings
from .record_store import RecordStore

__all__ = ["UniversalLayerEngine"]


class UniversalLayerEngine(LayerEngine):
    """Train all layers of a network on a stream of samples, one layer after the other.

    It is a :class:`.LayerEngine` whose parts get the settings of their layer from two registers,
    one for the forward pass and one for training, which are loaded from memory when the layer
    changes. A sample passes through all layers, then the next one does; the update works on the
    queue of the evaluated layers, in the same order. Cycle by cycle, for a network of several
    layers::

        s            last step of a layer's forward pass
        s + 1        the pass's last activations are written to the sample buffer, behind the
                     layer's inputs (with shared memories, a cycle earlier); the layer's margin and
        …            the next layer's other settings are loaded from the memory of sums
                     (:class:`.layer_rows.LayerRows`)
        s + 7        the last row is there
        s + 8        the settings are loaded; the result can be taken from this cycle on
        s + 9        Preload of the next layer, or of the next sample's first layer
        …            the array waits until the result of the layer before is taken

    The settings for training are those of the sample at the queue's head, or of the layer that is
    committed (:class:`.commit_sequencer.CommitSequencer`), or that the host addresses. If they are
    of another layer in cycle ``c``, they are loaded from the memory of hidden weights
    (:class:`.record_store.RecordStore`), in ``P`` pieces::

        c + 2        read the first piece
        c + P + 4    the last piece is there
        c + P + 5    the settings are selected

    With a single layer, Preload of the next sample follows the array, as in a fixed layer.

    While a word of activations, or with shared memories a choice, is written, no word of a sample
    is taken. After the last sample of a batch was evaluated in all layers, no pass starts; when the
    update of its last layer is done, the layers commit in turn
    (:class:`.commit_sequencer.CommitSequencer`), and passes start again three cycles after the last
    scan. During the events no sample leaves the queue. The histories of the random streams are in
    the memory of hidden weights (:class:`.record_store.RecordStore`).

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
        self._rows = LayerRows(engine)
        self._writer = ActivationWriter(engine)
        self._store = RecordStore(engine)
        self._settings = LayerSettings(engine, piece_bits=engine.piece_bits)  # for training
        self._evaluating, self._training = (ShapeDecoder(engine) for _ in range(2))
        # Layer whose pass is in the array, and layer whose result comes next
        self._array_layer = Signal(range(max(engine.layers, 2)))
        self._result_layer = Signal(range(max(engine.layers, 2)))
        self._layer = Signal(range(max(engine.layers, 2)))  # whose settings are for training
        self._loading = Signal()  # these settings are being loaded
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
        """Give the settings of its layer to each part of the engine."""
        sequencer, rows, settings = self._sequencer, self._rows, self._settings
        forward, queue = self._forward, self._queue
        m.submodules.rows = rows
        m.submodules.settings = settings
        m.submodules.evaluating = evaluating = self._evaluating
        m.submodules.training = training = self._training
        m.d.comb += [
            evaluating.i.eq(rows.settings.sizes),
            training.i.eq(settings.o.sizes),
            forward.shape.eq(evaluating.o),
            forward.margin.eq(rows.settings.margin),
            forward.last_class.eq(self.last_class),
            sequencer.last_layer.eq(self.last_layer),
            sequencer.events.eq(settings.o.events),
            self._reinforcement.events.eq(settings.o.events),
            self._initialiser.last_class.eq(self.last_class),
        ]
        parts = (self._update, self._reinforcement, self._walker, self._access, self._initialiser)
        for part in (*parts, *self._banks):
            m.d.comb += part.shape.eq(training.o)
        self._select_trained_layer(m)

        # The pass of a layer begins when its inputs are there and, with several layers, when the
        # pass before has left the array.
        last_layer = Signal()  # of the pass in the array
        inputs_complete, leaving = Signal(), Signal()
        several = C(0) if self.engine.layers == 1 else self.last_layer != 0
        m.d.comb += [
            last_layer.eq(self._array_layer == self.last_layer),
            forward.loaded.eq(
                Mux(self._array_layer == 0, self._metadata.loaded, inputs_complete)
                & ~(leaving & several)
                & ~rows.loads
            ),
            rows.array_layer.eq(self._array_layer),
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
            m.d.comb += rows.load.eq(several)
            if self.engine.layers > 1:
                m.d.sync += self._array_layer.eq(Mux(last_layer, 0, self._array_layer + 1))

        result_is_last = self._result_layer == self.last_layer
        m.d.comb += sequencer.batch_evaluated.eq(queue.i.valid & queue.i.p.last & result_is_last)
        self._buffer_activations(m, last_layer)
        self._count(m)

    def _select_trained_layer(self, m: Module) -> None:
        """Load the settings for training when the layer changes, or the host changes them."""
        sequencer, registers, store = self._sequencer, self._registers, self._store
        wanted, selected = Signal.like(self._layer), Signal()
        # Requests come only while the engine is idle.
        m.d.comb += [
            wanted.eq(Mux(self.requests.valid, registers.layer, sequencer.layer)),
            selected.eq(~self._loading),
            registers.selected.eq(selected | self.drawing),
            registers.neurons.eq(self._settings.o.sizes.neurons),
        ]
        with m.If(registers.reload):
            m.d.sync += self._loading.eq(1)
        if self.engine.layers > 1:
            m.d.comb += [
                selected.eq(~self._loading & (self._layer == wanted)),
                sequencer.selected.eq(selected),
            ]
            wants = self.requests.valid | (sequencer.select & ~self.drawing)
            with m.If(wants & (self._layer != wanted) & ~self._loading):
                m.d.sync += [self._loading.eq(1), self._layer.eq(wanted)]
        with m.If(self._loading & store.moved):
            m.d.sync += self._loading.eq(0)
        m.d.comb += [
            self._settings.load.eq(store.set),
            self._settings.number.eq(store.set_number),
            self._settings.piece.eq(store.shifted),
        ]

    def _count(self, m: Module) -> None:
        """Count errors, updated neurons and right predictions when a result is taken.

        The counts are in the memory of sums, which a pass writes ``popcount_latency`` + 2 cycles
        after it began, at the earliest.
        """
        rows, forward, queue, registers = (
            self._rows,
            self._forward,
            self._queue,
            self._registers,
        )
        choice = forward.choices.p.banks[0]
        found = Signal.like(rows.amounts.updates)  # neurons to update in the present pass
        with m.If(queue.i.valid):
            m.d.sync += found.eq(0)
        with m.Elif(forward.choices.valid):
            m.d.sync += found.eq(found + choice.found)
        m.d.comb += [
            rows.add.eq(registers.trained),
            rows.evaluated.eq(self._result_layer),
            rows.amounts.errors.eq(queue.i.p.error),
            rows.amounts.updates.eq(Mux(queue.i.p.error, found, 0)),
            rows.amounts.right.eq(registers.right),
            rows.access.eq(registers.access),
            rows.layer.eq(self._layer),
            rows.half.eq(registers.half),
            rows.single.eq(registers.single),
            rows.write.eq(self.requests.p.write),
            rows.data.eq(self.requests.p.data),
            registers.accessed.eq(rows.accessed),
            registers.accessed_value.eq(rows.value),
            rows.clear.eq(self.reset),
        ]
        wiring.connect(m, rows.memory, forward.counts)
        with m.If(rows.holds):
            m.d.comb += forward.hold.eq(1)

    def _buffer_activations(self, m: Module, last_layer: Signal) -> None:
        """Write activations to the sample buffer, for the next layer."""
        buffer, forward, writer = self._buffer, self._forward, self._writer
        plan = self.engine.plan
        m.submodules.writer = writer
        word_bits = plan.input_width.bit_length() - 1
        inputs = self._rows.settings.sizes.inputs
        if self.engine.layers > 1:
            inputs = self._first_inputs(m)
        m.d.comb += [
            writer.step.eq(forward.step.valid & ~last_layer),
            writer.activations.eq(forward.step.p.activations),
            writer.one.eq(forward.step.p.one),
            writer.last.eq(forward.step.p.last),
            buffer.activate.eq(writer.write),
            buffer.activations.eq(writer.bits),
            buffer.sample_words.eq(self.sample_words),
            buffer.last_bit.eq((inputs - 1)[:word_bits]),
            buffer.slot_words.eq(self.sample_stride),
            buffer.buffers.eq(self.buffers),
            buffer.next_sample.eq(forward.array_end & last_layer),
            buffer.choose.eq(self._metadata.begin),
            buffer.layer_words.eq(self._training.o.sample_words),
            buffer.release_sample.eq(self._sequencer.layer == self.last_layer),
            self.sample_words.eq((inputs + (plan.input_width - 1)) >> word_bits),
        ]
        with m.If(buffer.occupied):
            m.d.comb += self.i.ready.eq(0)
        if self.engine.shared_memories:
            wiring.connect(m, self._queue.memory, buffer.choices)

    def _first_inputs(self, m: Module) -> Signal:
        """Keep the first layer's inputs, since a sample may enter in the pass of another layer."""
        inputs, registers = Signal(range(self.engine.config.inputs + 1)), self._registers
        is_inputs = registers.half == SETTINGS["inputs"]
        with m.If(registers.reload & is_inputs & (self._layer == 0)):
            m.d.sync += inputs.eq(self.requests.p.data)
        return inputs

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
            store.load_settings.eq(self._loading),
            store.read.eq(registers.read_word),
            store.write.eq(registers.write_word),
            store.half.eq(registers.half),
            store.single.eq(registers.single),
            store.word.eq(self.requests.p.data),
            store.piece.eq(bank.counter),
            sequencer.moved.eq(store.moved),
            registers.moved.eq(store.moved),
        ]
        # A counter that the host writes is the lowest bits of the word, too.
        with m.If(~self._initialiser.counters.valid):
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
        sequencer, rows = self._sequencer, self._rows
        for index in range(self.engine.layers):
            end, total = self.batch_ends[index], rows.totals[index]
            due = Signal(name=f"due_{index}")
            committed = sequencer.commit & (sequencer.layer == index)
            m.d.sync += due.eq((due | committed) & rows.busy)
            m.d.comb += [
                end.valid.eq((due | committed) & ~rows.busy),
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
        is_last, loads = self._result_layer == self.last_layer, self._rows.loads
        m.d.comb += [
            result.valid.eq(forward.o.valid & is_last & ~loads),
            forward.o.ready.eq(Mux(is_last, result.ready, 1) & ~loads),
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
        return self._rows.busy & ~self._rows.loads & ~self.requests.valid
