# amaranth: UnusedElaboratable=no
"""Layer engine: forward pass, update and commit of one binary layer in gateware."""

from typing import Any

from amaranth.hdl import C, Cat, Elaboratable, Module, Mux, Signal, ValueLike, signed
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from ..forward.forward_pass import ForwardPass
from ..planning.plan import FoldedLayer
from ..primitives.component import Component
from ..primitives.random_stream import RandomStreamGenerator
from ..registers.requests import request_layout, response_layout
from ..training.dirty_neurons import DirtyNeurons
from ..training.draw_decoder import DRAW_BITS
from ..training.initialiser import Initialiser
from ..training.reinforcement import Reinforcement
from ..training.sample_buffer import SampleBuffer
from ..training.update_engine import UpdateEngine
from ..weights.counter_port import CounterPort
from ..weights.row_address_generator import RowAddressGenerator
from ..weights.row_command import RowOperation
from ..weights.weight_bank import WeightBank
from .commit_sequencer import CommitSequencer
from .layer_registers import LayerRegisters
from .metadata_queue import MetadataQueue
from .sample_layouts import batch_end_layout, result_layout, sample_layout
from .sample_serialiser import SampleSerialiser
from .saturation_total import SaturationTotal
from .training_queue import TrainingQueue

__all__ = ["LayerEngine"]


class LayerEngine(Component):
    """Train one layer on a stream of samples (docs/algorithm.md, 2 to 5).

    Three parts work in parallel, on successive samples: the buffer takes the words of a sample
    (:class:`.sample_buffer.SampleBuffer`), the forward pass evaluates an earlier one
    (:class:`.forward_pass.ForwardPass`), and the update steps counters for the samples before it
    (:class:`.update_engine.UpdateEngine`). The forward pass reads only the snapshot ``W``, and only
    a commit changes the snapshot; no pass starts while a commit is due.

    Evaluated samples wait in a queue (:class:`.training_queue.TrainingQueue`). Cycle by cycle, at
    its head (:class:`.commit_sequencer.CommitSequencer`):

    - a sample without an error, or not to be trained on: 1 cycle;
    - a sample with an error: the update engine's cycles;
    - after the last sample of a batch: 1 cycle in Commit. If an error bit was raised in the
      batch, the scan follows: one cycle for each neuron of a bank, or, if the neuron at that
      position was updated in any bank, one cycle for each of its rows. The last row's signs are in
      the snapshot three cycles later, and the next pass may start. The reinforcement's events, if
      there are any, begin in the scan's last cycle, and end with ``done``. Events move no counter
      across zero, so the snapshot is the same as if they had come before the scan. During the
      events, samples without an error leave the queue, unless they are the last of a batch.

    Parameters
    ----------
    folded : FoldedLayer
        The layer and its fold factors.
    next_input_width : int or None
        Bits in which the next layer takes its samples; None for the last layer.

    Members
    -------
    i : In(stream)
        Words of samples.
    last_word : Out(1)
        The next word is the last of a sample.
    cancel : In(1)
        Drop the words of an incomplete sample; no word is taken while it is set.
    o : Out(stream)
        Words of the next layer's samples, or results.
    requests, responses
        Requests of the host to the layer's registers, and the responses.
    reset : In(1)
        Set the counts to zero, and forget error bits that were raised; only while not ``busy``.
    drawing : Out(1)
        The initial state is being drawn; no sample may enter.
    mid_batch : In(1)
        A sample of the present batch was trained on: counters that the host writes reach the
        snapshot with the next scan.
    busy : Out(1)
        The layer holds samples, or a commit or a drawing is in progress.
    batch_ends : Out(array)
        Of each layer, counts at the end of a batch (:func:`.sample_layouts.batch_end_layout`), in
        the Commit cycle.
    """

    def __init__(self, folded: FoldedLayer, next_input_width: int | None):
        self.folded = folded
        self.next_input_width = next_input_width
        plan, index = folded.plan, folded.config.index
        self._buffer = self._make_buffer()
        self._metadata = MetadataQueue(folded)
        self._forward = ForwardPass(folded)
        self._queue = TrainingQueue(folded)
        self._update = UpdateEngine(folded)
        self._sequencer = CommitSequencer(layers=folded.layers, universal=folded.universal)
        self._marks = DirtyNeurons(folded)
        self._reinforcement = Reinforcement(folded)
        self._walker = RowAddressGenerator(folded)
        self._access = CounterPort(folded)
        self._initialiser = Initialiser(folded)
        self._stream = RandomStreamGenerator(
            width=DRAW_BITS * plan.draws_per_cycle, halving=plan.draws_per_cycle == 2
        )
        self._registers = LayerRegisters(folded)
        self._banks = [WeightBank(folded) for _ in range(plan.banks)]
        self._saturation = SaturationTotal(folded, latency=self._banks[0].saturated_latency)
        if next_input_width is None:
            output = result_layout(index + folded.layers)
        else:
            output = sample_layout(next_input_width, index + 1)
        super().__init__(
            {
                "i": In(stream.Signature(sample_layout(plan.input_width, index))),
                "last_word": Out(1),
                "cancel": In(1),
                "o": Out(stream.Signature(output)),
                "requests": In(stream.Signature(request_layout())),
                "responses": Out(stream.Signature(response_layout())),
                "reset": In(1),
                "drawing": Out(1),
                "mid_batch": In(1),
                "busy": Out(1),
                "batch_ends": Out(data.ArrayLayout(batch_end_layout(), folded.layers)),
                **self._further_ports(),
            }
        )

    def _make_buffer(self) -> Any:
        """The buffer of the samples in the layer."""
        return SampleBuffer(self.folded)

    def _further_ports(self) -> dict[str, Any]:
        """Further ports of a derived engine."""
        return {}

    def elaborate(self, platform: object) -> Elaboratable:
        m = Module()

        m.submodules.buffer = self._buffer
        m.submodules.metadata = self._metadata
        m.submodules.forward = self._forward
        m.submodules.queue = self._queue
        m.submodules.update = self._update
        m.submodules.sequencer = self._sequencer
        m.submodules.marks = self._marks
        m.submodules.reinforcement = self._reinforcement
        m.submodules.walker = self._walker
        m.submodules.access = self._access
        m.submodules.initialiser = self._initialiser
        m.submodules.stream = self._stream
        m.submodules.registers = self._registers
        m.submodules.saturation = self._saturation
        for index, bank in enumerate(self._banks):
            m.submodules[f"bank_{index}"] = bank

        self._take_samples(m)
        self._evaluate(m)
        self._train(m)
        self._select_layers(m)
        replaces = self._replace(m)
        self._walk(m, replaces)
        self._command_banks(m, replaces)
        self._count_saturated(m)
        self._share_bit_stream(m)
        self._access_counters(m)
        self._serve_registers(m)
        sending = self._send(m)
        m.d.comb += [
            self.drawing.eq(self._initialiser.active),
            self.busy.eq(~self._buffer.empty | self._sequencer.busy | sending | self.drawing),
        ]

        return m

    def _take_samples(self, m: Module) -> None:
        """Write the words of samples to the buffer, and their metadata to the metadata queue."""
        buffer, metadata = self._buffer, self._metadata
        m.d.comb += [
            self.i.ready.eq(metadata.i.ready & ~buffer.full & ~self.cancel),
            self.last_word.eq(buffer.last_write),
            buffer.write.eq(self.i.valid & self.i.ready),
            buffer.bits.eq(self.i.p.bits),
            buffer.cancel.eq(self.cancel),
            metadata.i.valid.eq(buffer.write & buffer.last_write),
            *(metadata.i.p[name].eq(self.i.p[name]) for name, _ in metadata.i.p.shape()),
        ]

    def _evaluate(self, m: Module) -> None:
        """Evaluate samples on the snapshots, and write their results to the training queue."""
        buffer, forward, queue = self._buffer, self._forward, self._queue
        metadata = self._metadata.evaluated
        trained = metadata.train & ~metadata.refused
        m.d.comb += [
            forward.hold.eq(self._sequencer.hold),
            forward.label.eq(metadata.label),
            buffer.preload.eq(forward.preload),
            forward.preloaded.eq(buffer.preloaded),
            forward.word.eq(buffer.word),
            forward.snapshot.eq(Cat(bank.snapshot for bank in self._banks)),
            queue.i.valid.eq(forward.o.valid & forward.o.ready),
            queue.i.p.error.eq(trained & forward.o.p.error),
            queue.i.p.last.eq(trained & metadata.last),
            self._registers.trained.eq(queue.i.valid & trained),
            self._registers.right.eq(forward.o.p.prediction == metadata.label),
        ]
        for bank in self._banks:
            m.d.comb += [
                bank.snapshot_address.eq(forward.snapshot_address),
                bank.snapshot_enable.eq(forward.snapshot_enable),
            ]
        wiring.connect(m, self._initialiser.column, forward.column)
        wiring.connect(m, forward.choices, queue.chosen)

    def _train(self, m: Module) -> None:
        """Update counters for the samples in the training queue, and reinforce them at commits."""
        buffer, queue, update = self._buffer, self._queue, self._update
        sequencer, reinforcement = self._sequencer, self._reinforcement
        wiring.connect(m, queue.o, sequencer.samples)
        m.d.comb += [
            sequencer.forget.eq(self.reset),
            sequencer.fill.eq(self._initialiser.scan),
            self._initialiser.scanned.eq(sequencer.filled),
            update.start.eq(sequencer.update),
            sequencer.updated.eq(update.done),
            queue.read.eq(update.read),
            update.choices.eq(queue.choices),
            buffer.rewind.eq(update.rewind),
            buffer.fetch.eq(update.fetch),
            update.word.eq(buffer.word),
            buffer.release.eq(queue.o.valid & queue.o.ready),
            reinforcement.start.eq(sequencer.reinforce),
            sequencer.reinforced.eq(reinforcement.done),
        ]

    def _select_layers(self, m: Module) -> None:
        """Select the layer of each part: there is one."""
        forward, queue, registers = self._forward, self._queue, self._registers
        m.d.comb += [
            forward.loaded.eq(self._metadata.loaded),
            self._metadata.begin.eq(forward.begin),
            forward.margin.eq(registers.margin),
            self._sequencer.batch_evaluated.eq(queue.i.valid & queue.i.p.last),
            self._sequencer.events.eq(registers.events),
            self._reinforcement.events.eq(registers.events),
        ]

    def _walk(self, m: Module, replaces: Signal) -> None:
        """Step the row address for scans and for the counter port, and keep the dirty bits."""
        access, marks, sequencer = self._access, self._marks, self._sequencer
        update, walker = self._update, self._walker
        walked = (sequencer.scanning | sequencer.counting) & ~sequencer.skip
        m.d.comb += [
            walker.rewind.eq(sequencer.rewind | access.walk_rewind),
            walker.padding.eq(sequencer.padding),
            walker.next_row.eq(walked | access.next_row),
            walker.next_neuron.eq(sequencer.skip | access.next_neuron),
            access.last_row.eq(walker.last_row),
            sequencer.first_row.eq(walker.first_row),
            sequencer.last_neuron.eq(walker.last_neuron),
            sequencer.last_of_bank.eq(walker.last_of_bank),
            sequencer.dirty.eq(marks.marked),
            marks.mark.eq(update.chosen),
            marks.look.eq(sequencer.commit | sequencer.scanning),
            marks.looked.eq(Mux(sequencer.commit, 0, walker.neuron)),
            marks.behind.eq(~sequencer.commit),
            marks.clear.eq(sequencer.scanning),
            marks.cleared.eq(walker.neuron),
        ]
        for index in range(len(self._banks)):
            m.d.comb += marks.neurons[index].eq(update.neurons[index])
            with m.If(replaces & (walker.bank == index)):
                m.d.comb += [
                    marks.mark[index].eq(1),
                    marks.neurons[index].eq(walker.neuron),
                ]

    def _replace(self, m: Module) -> Signal:
        """Whether a counter is written without its sign.

        The neuron is then marked as dirty. In the middle of a batch the snapshot must not change;
        later, until the next scan, a row's other signs can differ from the snapshot.
        """
        replaces, behind = Signal(), Signal(self.folded.layers)
        layer_behind = behind.bit_select(self._trained_layer(), 1)
        m.d.comb += replaces.eq(self._access.store & (self.mid_batch | layer_behind))
        with m.If(self._sequencer.scanning):
            m.d.sync += layer_behind.eq(0)
        with m.Elif(replaces):
            m.d.sync += layer_behind.eq(1)
        with m.If(self.reset):
            m.d.sync += behind.eq(0)
        return replaces

    def _trained_layer(self) -> Any:
        """The layer of the update, the commit, and the host's access to counters."""
        return C(0)

    def _command_banks(self, m: Module, replaces: Signal) -> None:
        """Send each bank the command of the scan, the counter port, the update or an event."""
        access, reinforcement, sequencer = self._access, self._reinforcement, self._sequencer
        update, walker = self._update, self._walker
        walked = (sequencer.scanning | sequencer.counting) & ~sequencer.skip
        for index, bank in enumerate(self._banks):
            command = bank.i.p
            accessed = (walker.bank == index) & (access.store | access.read)
            m.d.comb += [
                bank.i.valid.eq(
                    update.update[index] | reinforcement.reinforce[index] | walked | accessed
                ),
                command.operation.eq(RowOperation.READ),
                command.row.eq(walker.row),
                command.column.eq(access.column),
                command.desired.eq(update.desired[index]),
                command.last.eq(walker.last_weights),
                command.padding.eq(walker.no_weights),
                command.snapshot_row.eq(walker.snapshot_row),
                command.snapshot_pe.eq(walker.snapshot_pe),
                command.snapshot_chunk.eq(walker.snapshot_chunk),
                bank.inputs.eq(update.inputs),
                bank.store.eq(access.w.payload),
            ]
            with m.If(sequencer.scanning):
                m.d.comb += command.operation.eq(RowOperation.SCAN)
            with m.If(sequencer.counting):
                m.d.comb += command.operation.eq(RowOperation.COUNT)
            with m.If(access.store):
                m.d.comb += command.operation.eq(
                    Mux(replaces, RowOperation.REPLACE, RowOperation.STORE)
                )
            with m.If(update.update[index]):
                m.d.comb += [
                    command.operation.eq(RowOperation.UPDATE),
                    command.row.eq(update.rows[index]),
                ]
            with m.If(reinforcement.reinforce[index]):
                m.d.comb += [
                    command.operation.eq(RowOperation.REINFORCE),
                    command.row.eq(reinforcement.rows[index]),
                    command.column.eq(reinforcement.columns[index]),
                ]

    def _count_saturated(self, m: Module) -> None:
        """Count the saturated counters when the host reads their number."""
        registers, saturation, sequencer = self._registers, self._saturation, self._sequencer
        m.d.comb += [
            sequencer.count.eq(registers.scan & ~saturation.counting),
            saturation.clear.eq(sequencer.rewind),
            saturation.valid.eq(self._banks[0].saturated.valid),
            saturation.numbers.eq(Cat(bank.saturated.p for bank in self._banks)),
            saturation.end.eq(sequencer.counting & self._walker.last_of_bank),
            registers.scanned.eq(saturation.done),
            registers.saturated.eq(saturation.total),
        ]

    def _share_bit_stream(self, m: Module) -> None:
        """Share the random stream between the initial state, the reinforcement and the host."""
        bits, initialiser, registers = self._stream, self._initialiser, self._registers
        reinforcement = self._reinforcement
        m.d.comb += [
            reinforcement.bits.eq(bits.o.p),
            initialiser.bits.eq(bits.o.p),
            bits.o.ready.eq(reinforcement.draw | initialiser.draw),
            bits.load.eq(registers.push),
            bits.history.eq(Cat(bits.state[32:], registers.pushed)),
            registers.history.eq(bits.state),
        ]
        if self._stream.halving:
            m.d.comb += bits.half.eq(initialiser.draw | reinforcement.half)

    def _access_counters(self, m: Module) -> None:
        """Share the counter port between the initial state and the host."""
        access, initialiser, registers = self._access, self._initialiser, self._registers
        banks, walker = self._banks, self._walker
        counter = signed(self.folded.config.counter_bits)
        read = data.ArrayLayout(counter, len(banks))(Cat(bank.counter for bank in banks))
        m.d.comb += [
            access.rewind.eq(registers.rewind),
            access.skip.eq(registers.skip),
            access.reading.eq(registers.reading),
            access.stored.eq(read[walker.bank]),
            access.w.valid.eq(initialiser.counters.valid | registers.w.valid),
            access.w.payload.eq(
                Mux(initialiser.active, initialiser.counters.payload, registers.w.payload)
            ),
            initialiser.counters.ready.eq(access.w.ready),
            registers.w.ready.eq(access.w.ready),
            registers.passed.eq(
                access.next_row & walker.last_of_bank & (walker.bank == len(banks) - 1)
            ),
            initialiser.last_stored.eq(registers.passed),
            initialiser.draw_counters.eq(registers.draw_counters),
            initialiser.draw_classifier.eq(registers.draw_classifier),
        ]
        wiring.connect(m, access.r, registers.r)

    def _serve_registers(self, m: Module) -> None:
        """Connect the host's registers, and count errors and updated neurons in them."""
        registers, queue = self._registers, self._queue
        wiring.connect(m, wiring.flipped(self.requests), registers.requests)
        wiring.connect(m, registers.responses, wiring.flipped(self.responses))
        m.d.comb += [
            registers.clear.eq(self.reset),
            registers.error.eq(queue.i.valid & queue.i.p.error),
            registers.updates.eq(self._update.found),
        ]
        self._end_batches(m)

    def _end_batches(self, m: Module) -> None:
        """Give the counts at the end of a batch."""
        end, registers = self.batch_ends[0], self._registers
        m.d.comb += [
            end.valid.eq(self._sequencer.commit),
            end.errors.eq(registers.errors_count),
            end.updates.eq(registers.updates_count),
        ]

    def _send(self, m: Module) -> ValueLike:
        """Send results, or words for the next layer; returns whether a sample is being sent."""
        forward, metadata = self._forward, self._metadata.evaluated
        predictions = Cat(metadata.predictions, forward.o.p.prediction)
        errors = Cat(metadata.errors, forward.o.p.error)
        if self.next_input_width is None:
            result, sending = self.o, C(0)
        else:
            m.submodules.serialiser = serialiser = SampleSerialiser(
                width=self.folded.config.neurons,
                input_width=self.next_input_width,
                before=self.folded.config.index + 1,
            )
            result, sending = serialiser.i, serialiser.o.valid
            wiring.connect(m, serialiser.o, wiring.flipped(self.o))
            m.d.comb += [
                result.p.bits.eq(forward.activations),
                result.p.label.eq(metadata.label),
                result.p.last.eq(metadata.last),
                result.p.train.eq(metadata.train),
            ]
        m.d.comb += [
            result.valid.eq(forward.o.valid),
            forward.o.ready.eq(result.ready),
            result.p.predictions.eq(predictions),
            result.p.errors.eq(errors),
            result.p.refused.eq(metadata.refused),
        ]
        return sending
