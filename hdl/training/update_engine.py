"""Update engine: step the counters of the chosen neurons for a sample with an error bit."""

from amaranth.hdl import C, Cat, Elaboratable, Module, Mux, Signal
from amaranth.lib import data
from amaranth.lib.wiring import In, Out

from ..forward.group_selector import choice_layout
from ..planning.plan import FoldedLayer
from ..primitives.component import Component
from ..primitives.loadable_counter import count_up_or_load
from ..shape.layer_shape import shape_port

__all__ = ["UpdateEngine"]


class UpdateEngine(Component):
    """Update the rows of the chosen neurons, in all banks in parallel (docs/algorithm.md, 4).

    A round serves one group of every bank. Cycle by cycle, for a sample::

        0                Idle: read the choices of the first round
        1                Choose: the choices are there. If no bank has one, read the choices of the
                         next round, or end; otherwise
        2 … R + 1        Rows: a row every ``row_cycles`` cycles, R = rows · row_cycles. The row's
                         first cycle names it, and every ``transfer_rows`` rows it reads a word of
                         the sample; two cycles later the row is written
        R + 1            read the choices of the next round, or end
        R + 2            Choose, or Idle

    A sample takes ``1 + bank_groups + (rounds with a choice) · rows · row_cycles`` cycles. In a
    universal trainer, a round with a choice takes a cycle more, between Choose and Rows::

        2                Address: multiply the neuron by ``rows``

    and a sample takes a cycle more, after its last round::

        R + 3            Done

    Parameters
    ----------
    folded : FoldedLayer
        The layer and its fold factors.

    Members
    -------
    shape : In(struct)
        The numbers of the sample's layer.
    start : In(1)
        Update for the oldest sample in the buffer; held until ``done``.
    done : Out(1)
        Last cycle of a sample; its last row is written up to two cycles later.
    read : Out(1)
        Read the choices of the next group of every bank.
    choices : In(array)
        The choices of a group, a cycle later.
    rewind, fetch : Out(1)
        Read port of the sample buffer.
    word : In(input_width)
        The word that was read in the cycle before.
    update : Out(banks)
        Banks that update their row of ``rows``.
    rows : Out(array)
        Address of the row in each bank.
    desired : Out(banks)
        Desired activation of the neuron in each bank.
    inputs : Out(counters)
        In the cycle after ``update``, the sample's bits for that row.
    chosen : Out(banks)
        Banks that have a neuron to update in the round; 0 in all cycles but Choose.
    neurons : Out(array)
        In Choose, the position of that neuron in each bank.
    found : Out
        Number of the banks in ``chosen``.
    """

    def __init__(self, folded: FoldedLayer):
        self.folded = folded
        config, plan = folded.config, folded.plan
        super().__init__(
            {
                "shape": shape_port(folded),
                "start": In(1),
                "done": Out(1),
                "read": Out(1),
                "choices": In(data.ArrayLayout(choice_layout(config.group), plan.banks)),
                "rewind": Out(1),
                "fetch": Out(1),
                "word": In(plan.input_width),
                "update": Out(plan.banks),
                "rows": Out(data.ArrayLayout(range(max(folded.bank_rows, 2)), plan.banks)),
                "desired": Out(plan.banks),
                "inputs": Out(plan.update_width),
                "chosen": Out(plan.banks),
                "neurons": Out(data.ArrayLayout(range(max(folded.bank_neurons, 2)), plan.banks)),
                "found": Out(range(plan.banks + 1)),
            }
        )

    def elaborate(self, platform: object) -> Elaboratable:
        m = Module()
        folded, plan, shape = self.folded, self.folded.plan, self.shape

        found = Signal(plan.banks)
        row = Signal(range(max(folded.rows, 2)))
        part = Signal(range(max(folded.transfer_rows, 2)))
        phase = Signal()
        # A neuron with a single row would be read again while it is written.
        last_phase = 1 if folded.single_port else shape.rows == 1
        base = Signal(range(folded.bank_neurons + 1))  # a bank's first neuron of the group
        next_base = Signal.like(base)
        reading = Signal()
        last_group = next_base >= shape.bank_neurons
        m.d.comb += [next_base.eq(base + shape.group), self.rewind.eq(self.read)]

        def finish_round() -> None:
            with m.If(last_group):
                m.d.sync += base.eq(0)
                if folded.universal:
                    m.next = "Done"
                else:
                    m.d.comb += self.done.eq(1)
                    m.next = "Idle"
            with m.Else():
                m.d.comb += self.read.eq(1)
                m.d.sync += base.eq(next_base)
                m.next = "Choose"

        neurons = Signal.like(self.neurons, reset_less=True)  # so that a DSP can hold it

        addressed, ends = Signal(), Signal()  # the first row is addressed; a row ends
        chosen = neurons if folded.universal else self.neurons
        with m.If(addressed | ends):
            for bank in range(plan.banks):
                first = shape.row_base + chosen[bank] * shape.rows
                following = count_up_or_load(self.rows[bank], C(1), addressed, first)
                m.d.sync += self.rows[bank].eq(following)

        for bank, choice in enumerate(self._choices()):
            m.d.comb += self.neurons[bank].eq(base + choice.offset)
        with m.FSM():
            with m.State("Idle"):
                m.d.comb += self.read.eq(self.start)
                with m.If(self.start):
                    m.next = "Choose"
            with m.State("Choose"):
                m.d.comb += [
                    self.chosen.eq(Cat(choice.found for choice in self._choices())),
                    self.found.eq(sum(choice.found for choice in self._choices())),
                ]
                m.d.sync += [row.eq(0), part.eq(0), phase.eq(0)]
                for bank, choice in enumerate(self._choices()):
                    m.d.sync += [
                        found[bank].eq(choice.found),
                        self.desired[bank].eq(choice.desired),
                    ]
                if folded.universal:
                    m.d.sync += neurons.eq(self.neurons)
                else:
                    m.d.comb += addressed.eq(1)
                with m.If(self.chosen.any()):
                    m.next = "Address" if folded.universal else "Rows"
                with m.Else():
                    finish_round()
            if folded.universal:
                with m.State("Address"):
                    m.d.comb += addressed.eq(1)
                    m.next = "Rows"
                with m.State("Done"):
                    m.d.comb += self.done.eq(1)
                    m.next = "Idle"
            with m.State("Rows"):
                m.d.comb += [
                    reading.eq(phase == 0),
                    self.update.eq(Mux(reading, found, 0)),
                    self.fetch.eq(reading & (part == 0)),
                ]
                with m.If(phase == last_phase):
                    m.d.sync += [
                        phase.eq(0),
                        row.eq(row + 1),
                        part.eq(Mux(part == folded.transfer_rows - 1, 0, part + 1)),
                    ]
                    m.d.comb += ends.eq(1)
                    with m.If(row == shape.last_row):
                        finish_round()
                with m.Else():
                    m.d.sync += phase.eq(1)

        # A word of the sample serves ``transfer_rows`` rows; it is read with the first one.
        fetched, moved = Signal(), Signal()
        m.d.sync += [fetched.eq(self.fetch), moved.eq(reading)]
        if folded.transfer_rows == 1:
            m.d.comb += self.inputs.eq(self.word)
        else:
            rest = Signal(plan.input_width - plan.update_width)
            m.d.comb += self.inputs.eq(Mux(fetched, self.word, rest))
            with m.If(fetched):
                m.d.sync += rest.eq(self.word >> plan.update_width)
            with m.Elif(moved):
                m.d.sync += rest.eq(rest >> plan.update_width)

        return m

    def _choices(self) -> list[data.View]:
        return [self.choices[bank] for bank in range(self.folded.plan.banks)]
