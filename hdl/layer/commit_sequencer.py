"""Sequence training and commits of a layer, and scans that count saturated counters."""

from amaranth.hdl import Cat, Elaboratable, Module, Mux, Signal
from amaranth.lib import stream
from amaranth.lib.wiring import In, Out

from ..primitives.component import Component
from .training_queue import evaluated_layout

__all__ = ["CommitSequencer"]


class CommitSequencer(Component):
    """Train on evaluated samples one by one, and commit after the last one of a batch.

    Cycle by cycle, for the sample at the queue's head::

        Train       1 cycle, or with an error bit the update engine's cycles
        Commit      1 cycle, after the last sample of a batch
        Scan        if an error bit was raised in the batch: a cycle for each row of a bank, but a
                    single one for a neuron that was not updated, whose signs are in the snapshot
        Reinforce   if there are events: until all are issued; samples without an error bit leave
                    the queue meanwhile, unless they are the last of a batch
        Count       on request, while no sample is in the layer: a cycle for each row of a bank

    ``hold`` is set until the last row's signs are in the snapshot: it falls 3 cycles after the
    scan's last cycle, or in the cycle after Commit if there is no scan.

    Members
    -------
    batch_evaluated : In(1)
        The last sample of a batch joins the queue.
    hold : Out(1)
        No forward pass may start: a commit is due or under way. Set in the cycle after
        ``batch_evaluated``.
    samples : In(stream)
        The queue's head (:func:`.training_queue.evaluated_layout`).
    update : Out(1)
        Update counters for the head; held until ``updated``.
    updated : In(1)
        The update's last cycle.
    commit : Out(1)
        The Commit cycle.
    rewind : Out(1)
        Go to the banks' first row, in the cycle before a scan or a count.
    scanning, counting : Out(1)
        The present row is scanned, or counted, unless ``skip`` is set.
    skip : Out(1)
        The present neuron is not scanned.
    dirty : In(1)
        The present neuron was updated.
    first_row, last_neuron, last_of_bank : In(1)
        The present row is its neuron's first; the neuron is the bank's last; the row is.
    events : In(32)
        Reinforcement events of a commit.
    reinforce : Out(1)
        Begin the events.
    reinforced : In(1)
        They are all issued.
    count : In(1)
        Count saturated counters; only while ``samples`` is not valid.
    forget : In(1)
        No error bit was raised in the present batch.
    busy : Out(1)
        A commit or a count is due or under way.
    """

    def __init__(self) -> None:
        super().__init__(
            {
                "batch_evaluated": In(1),
                "hold": Out(1),
                "samples": In(stream.Signature(evaluated_layout())),
                "update": Out(1),
                "updated": In(1),
                "commit": Out(1),
                "rewind": Out(1),
                "scanning": Out(1),
                "counting": Out(1),
                "skip": Out(1),
                "dirty": In(1),
                "first_row": In(1),
                "last_neuron": In(1),
                "last_of_bank": In(1),
                "events": In(32),
                "reinforce": Out(1),
                "reinforced": In(1),
                "count": In(1),
                "forget": In(1),
                "busy": Out(1),
            }
        )

    def elaborate(self, platform: object) -> Elaboratable:
        m = Module()

        error_raised = Signal()  # in the present batch
        scanned = Signal()  # the scan's last cycle
        training = Signal()
        error, last = self.samples.p.error, self.samples.p.last
        m.d.comb += [
            self.skip.eq(self.scanning & self.first_row & ~self.dirty),
            self.busy.eq(self.hold | ~training),
        ]

        with m.If(self.batch_evaluated):
            m.d.sync += self.hold.eq(1)
        with m.If(self.samples.valid & self.samples.ready & error):
            m.d.sync += error_raised.eq(1)

        with m.FSM():
            with m.State("Train"):
                m.d.comb += [
                    training.eq(1),
                    self.update.eq(self.samples.valid & error),
                    self.samples.ready.eq(~error | self.updated),
                ]
                with m.If(self.samples.valid & self.samples.ready):
                    with m.If(last):
                        m.next = "Commit"
                with m.Elif(self.count):
                    m.d.comb += self.rewind.eq(1)
                    m.next = "Count"
            with m.State("Commit"):
                # No sample of the next batch has an error bit yet: no pass starts.
                m.d.comb += self.commit.eq(1)
                m.d.sync += error_raised.eq(0)
                with m.If(~error_raised):
                    m.d.sync += self.hold.eq(0)
                    m.next = "Train"
                with m.Else():
                    m.d.comb += self.rewind.eq(1)
                    m.next = "Scan"
            with m.State("Scan"):
                m.d.comb += self.scanning.eq(1)
                with m.If(Mux(self.skip, self.last_neuron, self.last_of_bank)):
                    m.d.comb += scanned.eq(1)
                    with m.If(self.events != 0):
                        m.d.comb += self.reinforce.eq(1)
                        m.next = "Reinforce"
                    with m.Else():
                        m.next = "Train"
            with m.State("Reinforce"):
                m.d.comb += self.samples.ready.eq(~error & ~last)
                with m.If(self.reinforced):
                    m.next = "Train"
            with m.State("Count"):
                m.d.comb += self.counting.eq(1)
                with m.If(self.last_of_bank):
                    m.next = "Train"

        with m.If(self.forget):
            m.d.sync += error_raised.eq(0)

        # A bank writes the last row's signs in the cycle before a pass reads them at the earliest.
        written = Signal(2)
        m.d.sync += written.eq(Cat(scanned, written))
        with m.If(written[-1]):
            m.d.sync += self.hold.eq(0)

        return m
