"""Training on a sample whose error bit is set: the chosen neurons' counters step."""

from amaranth.hdl import Cat, Elaboratable, Module, Mux, Signal
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from ..forward.group_selector import choice_layout
from ..planning.plan import FoldedLayer

__all__ = ["UpdateEngine"]


class UpdateEngine(wiring.Component):
    """Walk through the rows of the chosen neurons, all banks side by side (docs/algorithm.md, 4).

    A round serves one group of every bank. Cycle by cycle, for a sample::

        0                Idle: the first round's choices are asked for
        1                Choose: they are there. If no bank has one, the next round's are asked
                         for, or it is done; otherwise
        2 … R + 1        Rows: a row every ``row_cycles`` cycles, R = rows · row_cycles; in its
                         first cycle the row is named, and every ``load_rows`` rows a word of
                         the sample is read; two cycles later the row is written
        R + 1            the next round's choices are asked for, or it is done
        R + 2            Choose, or Idle

    So a sample takes ``1 + bank_groups + (rounds with a choice) · rows · row_cycles`` cycles.

    Parameters
    ----------
    folded : FoldedLayer
        The layer and its fold factors.

    Members
    -------
    start : In(1)
        Train on the buffer's oldest sample; held until ``done``.
    done : Out(1)
        The last cycle of a sample; its last row is written up to two cycles later.
    group : Out
        Group of every bank whose choices are asked for.
    choices : In(array)
        They, a cycle later.
    fetch_first, fetch : Out(1)
        The sample buffer's reader.
    word : In(load)
        What it read.
    update : Out(banks)
        Banks that update ``row`` of theirs.
    rows : Out(array)
        Row address of each bank.
    desired : Out(banks)
        Desired activation of each bank's neuron.
    inputs : Out(counters)
        In the cycle after an update was asked for, the sample's bits for that row.
    chosen : Out(banks)
        Banks whose neuron a round updates; 0 in all cycles but Choose.
    neurons : Out(array)
        Meanwhile, its position in each bank.
    found : Out
        Number of those banks.
    """

    def __init__(self, folded: FoldedLayer):
        self.folded = folded
        config, plan = folded.config, folded.plan
        super().__init__(
            {
                "start": In(1),
                "done": Out(1),
                "group": Out(range(max(folded.bank_groups, 2))),
                "choices": In(data.ArrayLayout(choice_layout(config.group), plan.banks)),
                "fetch_first": Out(1),
                "fetch": Out(1),
                "word": In(plan.load),
                "update": Out(plan.banks),
                "rows": Out(data.ArrayLayout(range(max(folded.bank_rows, 2)), plan.banks)),
                "desired": Out(plan.banks),
                "inputs": Out(plan.counters),
                "chosen": Out(plan.banks),
                "neurons": Out(data.ArrayLayout(range(max(folded.bank_neurons, 2)), plan.banks)),
                "found": Out(range(plan.banks + 1)),
            }
        )

    def elaborate(self, platform: object) -> Elaboratable:
        m = Module()
        config, folded, plan = self.folded.config, self.folded, self.folded.plan

        found = Signal(plan.banks)
        row = Signal(range(max(folded.rows, 2)))
        part = Signal(range(max(folded.load_rows, 2)))
        phase = Signal(range(max(folded.row_cycles, 2)))
        base = Signal(range(max(config.neurons, 2)))  # a bank's first neuron of the group
        served = Signal.like(self.group)
        reading = Signal()
        last_group = served == folded.bank_groups - 1

        def finish_round() -> None:
            with m.If(last_group):
                m.d.comb += self.done.eq(1)
                m.d.sync += [served.eq(0), base.eq(0)]
                m.next = "Idle"
            with m.Else():
                m.d.comb += self.group.eq(served + 1)
                m.d.sync += [served.eq(served + 1), base.eq(base + config.group)]
                m.next = "Choose"

        for bank, choice in enumerate(self._choices()):
            m.d.comb += self.neurons[bank].eq(base + choice.offset)
        with m.FSM():
            with m.State("Idle"):
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
                        self.rows[bank].eq(self.neurons[bank] * folded.rows),
                    ]
                with m.If(self.chosen.any()):
                    m.next = "Rows"
                with m.Else():
                    finish_round()
            with m.State("Rows"):
                m.d.comb += [
                    reading.eq(phase == 0),
                    self.update.eq(Mux(reading, found, 0)),
                    self.fetch_first.eq(reading & (row == 0)),
                    self.fetch.eq(reading & (part == 0)),
                ]
                with m.If(phase == folded.row_cycles - 1):
                    m.d.sync += [
                        phase.eq(0),
                        row.eq(row + 1),
                        part.eq(Mux(part == folded.load_rows - 1, 0, part + 1)),
                    ]
                    for bank in range(plan.banks):
                        m.d.sync += self.rows[bank].eq(self.rows[bank] + 1)
                    with m.If(row == folded.rows - 1):
                        finish_round()
                with m.Else():
                    m.d.sync += phase.eq(phase + 1)

        # A word of the sample serves ``load_rows`` rows; it is read when the first of them is.
        fetched, moved = Signal(), Signal()
        m.d.sync += [fetched.eq(self.fetch), moved.eq(reading)]
        if folded.load_rows == 1:
            m.d.comb += self.inputs.eq(self.word)
        else:
            rest = Signal(plan.load - plan.counters)
            m.d.comb += self.inputs.eq(Mux(fetched, self.word, rest))
            with m.If(fetched):
                m.d.sync += rest.eq(self.word >> plan.counters)
            with m.Elif(moved):
                m.d.sync += rest.eq(rest >> plan.counters)

        return m

    def _choices(self) -> list[data.View]:
        return [self.choices[bank] for bank in range(self.folded.plan.banks)]
