"""Sequence training and commits of a layer, and scans that count saturated counters."""

from collections.abc import Callable

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
        Fill        as Count: a scan of all rows, with padding

    In a universal trainer, a sample is at the head once for each layer, ``layer``. After the last
    layer's, Commit and Scan follow for one layer after the other. Then, for each layer with an
    error bit and with events::

        Load        until the layer's random stream is in the generator
        Reinforce   until all events are issued; no sample leaves the queue
        Store       until the random stream is in the memory

    A cycle in Events passes before each layer.

    The settings of ``layer`` are selected when ``selected`` is set. Train waits for them, except
    for a sample without an error bit in the last layer; Commit and Events wait for them if the
    layer has an error bit.

    ``hold`` is set until the last row's signs are in the snapshot: it falls 3 cycles after the
    last cycle of Scan or Fill, or in the cycle after Commit if there is no scan.

    Parameters
    ----------
    layers : int
        Layers that can be executed in turn. At least 1.
    universal : bool
        Whether the sequencer is that of a universal trainer.

    Members
    -------
    last_layer : In
        Layers that are executed, minus 1.
    layer : Out
        Layer of the sample at the head, or layer that is committed.
    select : Out(1)
        The settings of ``layer`` are wanted, or will be.
    selected : In(1)
        They are there. They stay from then on while ``layer`` is the same.
    batch_evaluated : In(1)
        The last sample of a batch joins the queue.
    hold : Out(1)
        No forward pass may start: a commit or Fill is due or under way. Set in the cycle after
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
    fill : In(1)
        Scan all rows, with padding; only while ``samples`` is not valid. Held until ``filled``.
    filled : Out(1)
        The scan's last cycle.
    padding : Out(1)
        The scan includes the rows of padding.
    load, store : Out(1)
        Load the random stream of ``layer`` from memory, or store it; held until ``moved``.
    moved : In(1)
        It is loaded, or stored.
    forget : In(1)
        No error bit was raised in the present batch, in any layer.
    busy : Out(1)
        A commit or a count is due or under way.
    """

    def __init__(self, *, layers: int = 1, universal: bool = False):
        if layers < 1:
            raise ValueError(f"layers must be at least 1, not {layers!r}")
        self.layers = layers
        self.universal = universal
        super().__init__(
            {
                "last_layer": In(range(max(layers, 2))),
                "layer": Out(range(max(layers, 2))),
                "select": Out(1),
                "selected": In(1, init=1),  # type: ignore[call-arg]
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
                "fill": In(1),
                "filled": Out(1),
                "padding": Out(1),
                "load": Out(1),
                "store": Out(1),
                "moved": In(1),
                "forget": In(1),
                "busy": Out(1),
            }
        )

    def elaborate(self, platform: object) -> Elaboratable:
        m = Module()

        raised = Signal(self.layers)  # layers with an error bit in the present batch
        scanned = Signal()  # the last cycle of a commit's last scan, or of Fill
        training = Signal()
        error, last = self.samples.p.error, self.samples.p.last
        last_layer = Signal()
        error_raised = raised.bit_select(self.layer, 1)
        m.d.comb += [
            last_layer.eq(self.layer == self.last_layer),
            self.skip.eq(self.scanning & self.first_row & ~self.dirty & ~self.padding),
            self.busy.eq(self.hold | ~training),
        ]

        def to_next_layer() -> None:
            if self.layers > 1:
                m.d.sync += self.layer.eq(Mux(last_layer, 0, self.layer + 1))

        with m.If(self.batch_evaluated):
            m.d.sync += self.hold.eq(1)
        with m.If(self.samples.valid & self.samples.ready):
            with m.If(error):
                m.d.sync += raised.bit_select(self.layer, 1).eq(1)
            to_next_layer()

        with m.FSM():
            with m.State("Train"):
                m.d.comb += [
                    training.eq(1),
                    self.select.eq(1),
                    self.update.eq(self.samples.valid & error & self.selected),
                    self.samples.ready.eq(Mux(error, self.updated, self.selected | last_layer)),
                ]
                if self.universal:  # they come only while no sample is at the head
                    m.d.comb += self.rewind.eq(self.count | self.fill)
                with m.If(self.samples.valid & self.samples.ready):
                    with m.If(last & last_layer):
                        m.next = "Commit"
                with m.Elif(self.count):
                    m.d.comb += self.rewind.eq(1)
                    m.next = "Count"
                with m.Elif(self.fill):
                    m.d.comb += self.rewind.eq(1)
                    m.d.sync += self.hold.eq(1)
                    m.next = "Fill"
            with m.State("Commit"):
                # No sample of the next batch has an error bit yet: no pass starts.
                m.d.comb += [
                    self.select.eq(error_raised),
                    self.commit.eq(self.selected | ~error_raised),
                ]
                with m.If(error_raised):
                    with m.If(self.selected):
                        m.d.comb += self.rewind.eq(1)
                        m.next = "Scan"
                with m.Else():
                    to_next_layer()
                    with m.If(last_layer & ~raised.any()):
                        m.d.sync += self.hold.eq(0)
                        m.next = "Train"
                    if self.universal:
                        with m.Elif(last_layer):
                            m.d.comb += scanned.eq(1)
                            m.next = "Events"
                if not self.universal:
                    m.d.sync += raised.eq(0)
            with m.State("Scan"):
                m.d.comb += self.scanning.eq(1)
                with m.If(Mux(self.skip, self.last_neuron, self.last_of_bank)):
                    if self.universal:
                        m.d.comb += scanned.eq(last_layer)
                        to_next_layer()
                        m.next = "Commit"
                        with m.If(last_layer):
                            m.next = "Events"
                    else:
                        m.d.comb += [scanned.eq(1), self.reinforce.eq(self.events != 0)]
                        m.next = "Train"
                        with m.If(self.events != 0):
                            m.next = "Reinforce"
            with m.State("Reinforce"):
                if self.universal:
                    with m.If(self.reinforced):
                        m.next = "Store"
                else:
                    m.d.comb += self.samples.ready.eq(~error & ~last)
                    with m.If(self.reinforced):
                        m.next = "Train"
            with m.State("Count"):
                m.d.comb += self.counting.eq(1)
                with m.If(self.last_of_bank):
                    m.next = "Train"
            with m.State("Fill"):
                m.d.comb += [self.scanning.eq(1), self.padding.eq(1)]
                with m.If(self.last_of_bank):
                    m.d.comb += [self.filled.eq(1), scanned.eq(1)]
                    m.next = "Train"

            if self.universal:
                self._event_states(m, raised, last_layer, to_next_layer)

        with m.If(self.forget):
            m.d.sync += raised.eq(0)

        # A bank writes the last row's signs in the cycle before a pass reads them at the earliest.
        written = Signal(2)
        m.d.sync += written.eq(Cat(scanned, written))
        with m.If(written[-1]):
            m.d.sync += self.hold.eq(0)

        return m

    def _event_states(
        self, m: Module, raised: Signal, last_layer: Signal, to_next_layer: Callable[[], None]
    ) -> None:
        """States of the events of a universal trainer, for one layer after the other."""
        with m.State("Events"):
            error_raised = raised.bit_select(self.layer, 1)
            m.d.comb += self.select.eq(error_raised)
            with m.If(error_raised & self.selected & (self.events != 0)):
                m.next = "Load"
            with m.Elif(~error_raised | self.selected):
                to_next_layer()
                with m.If(last_layer):
                    m.d.sync += raised.eq(0)
                    m.next = "Train"
        with m.State("Load"):
            m.d.comb += self.load.eq(1)
            with m.If(self.moved):
                m.d.comb += self.reinforce.eq(1)
                m.next = "Reinforce"
        with m.State("Store"):
            m.d.comb += self.store.eq(1)
            with m.If(self.moved):
                to_next_layer()
                m.next = "Events"
                with m.If(last_layer):
                    m.d.sync += raised.eq(0)
                    m.next = "Train"
