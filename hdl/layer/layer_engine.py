"""A layer that learns: samples in, predictions and activations out, its own commits."""

from amaranth.hdl import Cat, Elaboratable, Module, Mux, Signal, signed
from amaranth.lib import data, stream, wiring
from amaranth.lib.fifo import SyncFIFO
from amaranth.lib.wiring import In, Out

from ..forward.forward_pass import ForwardPass
from ..planning.plan import FoldedLayer
from ..primitives.random_stream import BitStreamGenerator
from ..primitives.simple_dual_port_ram import ApartMemory
from ..registers.requests import request_layout, response_layout
from ..training.dirty_neurons import UpdateMarks
from ..training.initialiser import Initialiser
from ..training.reinforcement import Reinforcement
from ..training.sample_buffer import SampleBuffer
from ..training.update_engine import UpdateEngine
from ..weights.counter_port import CounterAccess
from ..weights.row_address_generator import WeightWalker
from ..weights.row_command import RowOperation
from ..weights.weight_bank import WeightBank
from .layer_registers import LayerRegisters

__all__ = ["Layer", "batch_end_layout", "result_layout", "sample_layout"]


def sample_layout(load: int, before: int) -> data.StructLayout:
    """A word of a sample on its way into a layer with ``before`` layers before it.

    ``bits`` changes with every word, the rest stands for the whole sample and is taken with its
    last word: the label, whether it is the last of its batch, whether it is to be trained on,
    whether it was refused, and the predictions and error bits of the layers before.
    """
    return data.StructLayout(
        {
            "bits": load,
            "label": 8,
            "last": 1,
            "train": 1,
            "refused": 1,
            "predictions": data.ArrayLayout(8, before),
            "errors": before,
        }
    )


def result_layout(layers: int) -> data.StructLayout:
    """What a network has to say of a sample."""
    return data.StructLayout(
        {
            "predictions": data.ArrayLayout(8, layers),
            "errors": layers,
            "refused": 1,
        }
    )


def batch_end_layout() -> data.StructLayout:
    """What a layer has counted when it is through with a batch, but for the commit.

    ``valid`` is set for one cycle; ``errors`` and ``updates`` then are those of all samples up to
    the batch's last, and of none after it.
    """
    return data.StructLayout({"valid": 1, "errors": 32, "updates": 32})


class Layer(wiring.Component):
    """Train one layer on a stream of samples (docs/algorithm.md, 2 to 5).

    Three things go on at once, on successive samples: a sample is written into the buffer, one
    before it is evaluated (:class:`.forward_pass.ForwardPass`), the ones before that are
    trained on (:class:`.update_engine.UpdateEngine`). They may, because the forward pass reads
    only the snapshot ``W``, which a commit alone changes; while a commit is due no pass starts.

    The first layer takes one sample ahead of its forward pass; others take as many as they have
    slots, which bridge the commits of the layer before.

    Evaluated samples wait in a queue. Cycle by cycle, at its head:

    - a sample without an error, or not to be trained on: 1 cycle;
    - a sample with an error: the update engine's cycles;
    - after the last sample of a batch: 1 cycle in Commit. If an error bit was raised in the
      batch, the scan follows: for each neuron of a bank a cycle, or if it was updated in the
      batch, in whichever bank, a cycle for each of its rows. When the last row's signs are in the
      snapshot, three cycles later, the next pass may start. The reinforcement's events, if there
      are any, begin in the scan's last cycle, and all are named by the cycle of its ``done``; they
      move no counter across zero, so the snapshot is the same as if they had come first.
      Meanwhile samples without an error leave the queue, unless they are the last of a batch.

    Parameters
    ----------
    folded : FoldedLayer
        The layer and its fold factors.
    next_load : int or None
        Bits in which the next layer takes its samples; None for the last layer.

    Members
    -------
    i : In(stream)
        Words of samples.
    last_word : Out(1)
        The word to come completes a sample.
    cancel : In(1)
        What came of a sample that is not complete is dropped; meanwhile no word is taken.
    o : Out(stream)
        Words of the next layer's samples, or results.
    requests, responses
        The host's registers.
    reset : In(1)
        Make the initial state, from the histories at ``histories``; held until ``reset_done``.
    reset_done : Out(1)
        See ``reset``.
    histories : In(stream)
        See :class:`.initialiser.Initialiser`.
    busy : Out(1)
        Samples are inside, or a commit or a reset is under way.
    batch_end : Out(struct)
        See :func:`batch_end_layout`; in the Commit cycle.
    """

    def __init__(self, folded: FoldedLayer, next_load: int | None):
        self.folded = folded
        self.next_load = next_load
        index = folded.config.index
        if next_load is None:
            output = result_layout(index + 1)
        else:
            output = sample_layout(next_load, index + 1)
        super().__init__(
            {
                "i": In(stream.Signature(sample_layout(folded.plan.load, index))),
                "last_word": Out(1),
                "cancel": In(1),
                "o": Out(stream.Signature(output)),
                "requests": In(stream.Signature(request_layout())),
                "responses": Out(stream.Signature(response_layout())),
                "reset": In(1),
                "reset_done": Out(1),
                "histories": In(stream.Signature(32)),
                "busy": Out(1),
                "batch_end": Out(batch_end_layout()),
            }
        )

    def elaborate(self, platform: object) -> Elaboratable:
        m = Module()
        folded, plan = self.folded, self.folded.plan

        m.submodules.buffer = buffer = SampleBuffer(folded)
        m.submodules.forward = forward = ForwardPass(folded)
        m.submodules.update = update = UpdateEngine(folded)
        m.submodules.marks = marks = UpdateMarks(folded)
        m.submodules.reinforcement = reinforcement = Reinforcement(folded)
        m.submodules.walker = walker = WeightWalker(folded)
        m.submodules.access = access = CounterAccess(folded)
        m.submodules.initialiser = initialiser = Initialiser(folded)
        m.submodules.registers = registers = LayerRegisters(folded)
        m.submodules.stream = bits = BitStreamGenerator(
            width=32 * plan.draws, halving=plan.draws == 2
        )
        banks = [WeightBank(folded) for _ in range(plan.banks)]
        for index, bank in enumerate(banks):
            m.submodules[f"bank_{index}"] = bank

        # Arrival. What comes with a sample is kept while it waits, and while it is evaluated. The
        # first layer takes one sample ahead of its forward pass, for more would not help it; others
        # take as many as they have slots, so that a commit is hidden behind another layer's work.
        evaluated = Signal.like(self.i.p)
        loaded = Signal()
        waiting = Signal.like(self.i.p)
        full = Signal()
        m.d.comb += [
            self.i.ready.eq(~full & ~buffer.full & ~self.cancel),
            self.last_word.eq(buffer.last_write),
            buffer.write.eq(self.i.valid & self.i.ready),
            buffer.bits.eq(self.i.p.bits),
            buffer.cancel.eq(self.cancel),
        ]
        arrived = buffer.write & buffer.last_write
        if folded.config.index == 0:
            m.d.comb += full.eq(loaded)
            with m.If(forward.begin):
                m.d.sync += loaded.eq(0)
            with m.If(arrived):
                m.d.sync += [loaded.eq(1), waiting.eq(self.i.p)]
        else:
            facts = self.i.p.as_value()[plan.load :]
            m.submodules.ahead = ahead = SyncFIFO(width=len(facts), depth=plan.slots)
            m.d.comb += [
                ahead.w_en.eq(arrived),
                ahead.w_data.eq(facts),
                ahead.r_en.eq(forward.begin),
                loaded.eq(ahead.r_rdy),
                waiting.as_value()[plan.load :].eq(ahead.r_data),
            ]
        with m.If(forward.begin):
            m.d.sync += evaluated.eq(waiting)

        # Forward
        barrier = Signal()
        m.d.comb += [
            forward.loaded.eq(loaded),
            forward.hold.eq(barrier),
            forward.label.eq(evaluated.label),
            forward.margin.eq(registers.margin),
            buffer.preload.eq(forward.preload),
            forward.preloaded.eq(buffer.preloaded),
            forward.word.eq(buffer.word),
            forward.snapshot.eq(Cat(bank.snapshot for bank in banks)),
        ]
        for bank in banks:
            m.d.comb += [
                bank.snapshot_address.eq(forward.snapshot_address),
                bank.snapshot_enable.eq(forward.snapshot_enable),
            ]
        wiring.connect(m, initialiser.column, forward.column)

        # A sample that is evaluated joins the queue; its choices are kept by its slot.
        m.submodules.queue = queue = SyncFIFO(width=2, depth=plan.slots)
        trained = evaluated.train & ~evaluated.refused
        error = trained & forward.o.p.error
        m.d.comb += [
            queue.w_en.eq(forward.o.valid & forward.o.ready),
            queue.w_data.eq(Cat(error, trained & evaluated.last)),
        ]
        with m.If(queue.w_en & trained & evaluated.last):
            m.d.sync += barrier.eq(1)

        newest, oldest = Signal(range(plan.slots)), Signal(range(plan.slots))
        with m.If(queue.w_en):
            m.d.sync += newest.eq(Mux(newest == plan.slots - 1, 0, newest + 1))
        choices_shape = forward.choices.p.banks.shape()
        m.submodules.choices = choices = ApartMemory(
            shape=choices_shape, depth=plan.slots * folded.bank_groups
        )
        m.d.comb += [
            choices.write_enable.eq(forward.choices.valid),
            choices.write_address.eq(newest * folded.bank_groups + forward.choices.p.index),
            choices.write_data.eq(forward.choices.p.banks),
            choices.read_enable.eq(queue.r_rdy),
            choices.read_address.eq(oldest * folded.bank_groups + update.group),
            update.choices.eq(choices.read_data),
        ]

        # Update
        head_error, head_last = queue.r_data
        done = Signal()
        error_raised = Signal()
        m.d.comb += [
            buffer.fetch_first.eq(update.fetch_first),
            buffer.fetch.eq(update.fetch),
            update.word.eq(buffer.word),
            queue.r_en.eq(done),
            buffer.release.eq(done),
        ]
        with m.If(done):
            m.d.sync += oldest.eq(Mux(oldest == plan.slots - 1, 0, oldest + 1))
            with m.If(head_error):
                m.d.sync += error_raised.eq(1)

        # Commit
        rewind, scanning, scanned, counting = Signal(), Signal(), Signal(), Signal()
        committing = Signal()
        # A neuron that was not updated has its signs in the snapshot already.
        skipping = scanning & ~counting & walker.first_row & ~marks.marked
        scan_ends = Mux(skipping, walker.last_neuron, walker.last_of_bank)
        settling = Signal(range(banks[0].saturated_latency + 3))
        training = Signal()
        m.d.comb += reinforcement.events.eq(registers.events)
        with m.FSM():
            with m.State("Train"):
                m.d.comb += [
                    training.eq(1),
                    update.start.eq(queue.r_rdy & head_error),
                    done.eq(queue.r_rdy & (~head_error | update.done)),
                ]
                with m.If(done):
                    with m.If(head_last):
                        m.next = "Commit"
                with m.Elif(registers.scan & (settling == 0)):
                    m.d.comb += rewind.eq(1)
                    m.next = "Count"
            with m.State("Commit"):
                # No sample of the next batch has an error bit yet: the barrier is up.
                m.d.comb += [committing.eq(1), self.batch_end.valid.eq(1)]
                m.d.sync += error_raised.eq(0)
                with m.If(~error_raised):
                    m.d.sync += barrier.eq(0)
                    m.next = "Train"
                with m.Else():
                    m.d.comb += rewind.eq(1)
                    m.next = "Scan"
            with m.State("Scan"):
                m.d.comb += scanning.eq(1)
                with m.If(scan_ends):
                    m.d.comb += scanned.eq(1)
                    with m.If(registers.events != 0):
                        m.d.comb += reinforcement.start.eq(1)
                        m.next = "Reinforce"
                    with m.Else():
                        m.next = "Train"
            with m.State("Reinforce"):
                m.d.comb += done.eq(queue.r_rdy & ~head_error & ~head_last)
                with m.If(reinforcement.done):
                    m.next = "Train"
            with m.State("Count"):
                m.d.comb += [scanning.eq(1), counting.eq(1)]
                with m.If(walker.last_of_bank):
                    m.next = "Train"
        with m.If(initialiser.done):
            m.d.sync += error_raised.eq(0)

        # A bank writes the last row's signs in the cycle before a pass reads them at the earliest.
        written = Signal(2)
        m.d.sync += written.eq(Cat(scanned, written))
        with m.If(written[-1]):
            m.d.sync += barrier.eq(0)

        m.d.comb += [
            marks.mark.eq(update.chosen),
            marks.neurons.eq(update.neurons),
            marks.look.eq(committing | scanning),
            marks.looked.eq(Mux(committing, 0, walker.neuron + 1)),
            marks.clear.eq((scanning & ~counting) | initialiser.active),
            marks.cleared.eq(walker.neuron),
        ]

        # The counters at a bound, as of the last count
        saturated = Signal.like(registers.saturated)
        row_saturated = Signal(range(plan.banks * plan.counters + 1))
        row_counted = Signal()
        m.d.sync += [
            row_counted.eq(banks[0].saturated.valid),
            row_saturated.eq(sum(bank.saturated.p for bank in banks)),
        ]
        with m.If(rewind):
            m.d.sync += saturated.eq(0)
        with m.Elif(row_counted):
            m.d.sync += saturated.eq(saturated + row_saturated)
        with m.If(counting & walker.last_of_bank):
            m.d.sync += settling.eq(banks[0].saturated_latency + 2)
        with m.Elif(settling != 0):
            m.d.sync += settling.eq(settling - 1)

        # Rows: the walker's, the update's, or an event's
        counters_read = data.ArrayLayout(signed(folded.config.counter_bits), plan.banks)(
            Cat(bank.counter for bank in banks)
        )
        m.d.comb += [
            walker.rewind.eq(rewind | access.walk_rewind),
            walker.next_row.eq((scanning & ~skipping) | access.next_row),
            walker.next_neuron.eq(skipping | access.next_neuron),
            access.last_row.eq(walker.last_row),
            access.stored.eq(counters_read[walker.bank]),
        ]
        for index, bank in enumerate(banks):
            here = walker.bank == index
            m.d.comb += [
                bank.i.valid.eq(
                    update.update[index]
                    | reinforcement.reinforce[index]
                    | (scanning & ~skipping)
                    | (here & (access.store | access.read))
                ),
                bank.i.p.row.eq(walker.row),
                bank.i.p.lane.eq(access.lane),
                bank.i.p.desired.eq(update.desired[index]),
                bank.i.p.last.eq(walker.last_row),
                bank.i.p.snapshot_row.eq(walker.snapshot_row),
                bank.i.p.snapshot_lane.eq(walker.snapshot_lane),
                bank.i.p.snapshot_chunk.eq(walker.snapshot_chunk),
                bank.inputs.eq(update.inputs),
                bank.store.eq(access.w.payload),
                bank.i.p.operation.eq(RowOperation.READ),
            ]
            with m.If(scanning):
                m.d.comb += bank.i.p.operation.eq(
                    Mux(counting, RowOperation.COUNT, RowOperation.SCAN)
                )
            with m.If(access.store):
                m.d.comb += bank.i.p.operation.eq(RowOperation.STORE)
            with m.If(update.update[index]):
                m.d.comb += [
                    bank.i.p.operation.eq(RowOperation.UPDATE),
                    bank.i.p.row.eq(update.rows[index]),
                ]
            with m.If(reinforcement.reinforce[index]):
                m.d.comb += [
                    bank.i.p.operation.eq(RowOperation.REINFORCE),
                    bank.i.p.row.eq(reinforcement.rows[index]),
                    bank.i.p.lane.eq(reinforcement.lanes[index]),
                ]

        # The bit stream serves the initial state and the reinforcement; histories are pushed in.
        m.d.comb += [
            reinforcement.bits.eq(bits.o.p),
            initialiser.bits.eq(bits.o.p),
            bits.o.ready.eq(reinforcement.draw | initialiser.draw),
            bits.load.eq(initialiser.push | registers.push),
            bits.history.eq(
                Cat(
                    bits.state[32:],
                    Mux(initialiser.push, initialiser.pushed, registers.pushed),
                )
            ),
            registers.history.eq(bits.state),
        ]
        if plan.draws == 2:
            m.d.comb += bits.half.eq(initialiser.draw | reinforcement.half)

        # Counters come and go by the host or the initial state.
        m.d.comb += [
            access.rewind.eq(initialiser.rewind | registers.rewind),
            access.skip.eq(registers.skip),
            access.reading.eq(registers.reading),
            access.w.valid.eq(initialiser.counters.valid | registers.w.valid),
            access.w.payload.eq(
                Mux(initialiser.active, initialiser.counters.payload, registers.w.payload)
            ),
            initialiser.counters.ready.eq(access.w.ready),
            registers.w.ready.eq(access.w.ready),
            initialiser.last_stored.eq(
                access.w.ready
                & access.next_row
                & walker.last_of_bank
                & (walker.bank == plan.banks - 1)
            ),
            initialiser.reset.eq(self.reset),
            self.reset_done.eq(initialiser.done),
        ]
        wiring.connect(m, wiring.flipped(self.histories), initialiser.words)
        wiring.connect(m, access.r, registers.r)
        wiring.connect(m, wiring.flipped(self.requests), registers.requests)
        wiring.connect(m, registers.responses, wiring.flipped(self.responses))
        m.d.comb += [
            registers.clear.eq(initialiser.done),
            registers.error.eq(queue.w_en & error),
            registers.updates.eq(update.found),
            registers.scanned.eq(settling == 1),
            registers.saturated.eq(saturated),
            self.batch_end.errors.eq(registers.errors_count),
            self.batch_end.updates.eq(registers.updates_count),
        ]

        # Results
        sending = Signal()
        if self.next_load is None:
            m.d.comb += [
                self.o.valid.eq(forward.o.valid),
                forward.o.ready.eq(self.o.ready),
                self.o.p.predictions.eq(Cat(evaluated.predictions, forward.o.p.prediction)),
                self.o.p.errors.eq(Cat(evaluated.errors, forward.o.p.error)),
                self.o.p.refused.eq(evaluated.refused),
            ]
        else:
            self._send(m, forward, evaluated, sending)

        m.d.comb += self.busy.eq(~buffer.empty | barrier | ~training | sending | initialiser.active)

        return m

    def _send(self, m: Module, forward: ForwardPass, evaluated: data.View, sending: Signal) -> None:
        """Pass a sample's activations on, ``next_load`` a cycle, while the next is evaluated."""
        assert self.next_load is not None
        neurons = self.folded.config.neurons
        words = -(-neurons // self.next_load)
        left = Signal(range(words + 1))
        activations = Signal(neurons)
        sent = Signal.like(self.o.p)
        m.d.comb += [
            sending.eq(left != 0),
            forward.o.ready.eq(~sending),
            self.o.valid.eq(sending),
            self.o.p.eq(sent),
            self.o.p.bits.eq(activations),
        ]
        with m.If(forward.o.valid & forward.o.ready):
            m.d.sync += [
                left.eq(words),
                activations.eq(forward.activations),
                sent.label.eq(evaluated.label),
                sent.last.eq(evaluated.last),
                sent.train.eq(evaluated.train),
                sent.refused.eq(evaluated.refused),
                sent.predictions.eq(Cat(evaluated.predictions, forward.o.p.prediction)),
                sent.errors.eq(Cat(evaluated.errors, forward.o.p.error)),
            ]
        with m.Elif(self.o.valid & self.o.ready):
            m.d.sync += [
                left.eq(left - 1),
                activations.eq(activations >> self.next_load),
            ]
