# amaranth: UnusedElaboratable=no
"""The reinforcement events of a commit."""

from amaranth.hdl import Elaboratable, Module, Mux, Signal
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from ..planning.plan import FoldedLayer
from ..primitives.constant_divider import ConstantDivider

__all__ = ["Reinforcement"]


class Reinforcement(wiring.Component):
    """Turn draws into steps away from zero (docs/algorithm.md, 5).

    Draws are decoded in a pipeline: neuron to bank and neuron of the bank, input to row and
    lane (``decode`` cycles), and row address (1 cycle). From its end they are issued.
    With block RAM, of the ``draws`` that came together:

    - none names a weight: 1 cycle;
    - one does, or two in different banks: 1 cycle;
    - two in one bank: 2 cycles, in order;
    - before any cycle that would name a row of a bank named in the cycle before: 1 cycle more,
      for that row to be written.

    With SPRAM a draw takes 2 cycles, to read and to write, or 1 if it names no weight.

    A commit with events takes ``decode + 2`` cycles more: from ``start`` until the first draws
    are at the end of the pipeline, and the one in which ``done`` is set.

    Parameters
    ----------
    folded : FoldedLayer
        The layer and its fold factors.

    Members
    -------
    start : In(1)
        Begin with ``events`` draws; at least one.
    events : In(32)
        ``M_l``.
    done : Out(1)
        All are issued; the last is written in the cycle after.
    draw : Out(1)
        ``draws`` draws are taken, or one of two if ``half`` is set.
    half : Out(1)
        See ``draw``.
    bits : In(32 · draws)
        The next draws of the layer's stream.
    reinforce : Out(banks)
        Banks that reinforce a counter.
    rows, lanes : Out(array)
        Row address and lane in each bank.
    """

    def __init__(self, folded: FoldedLayer):
        self.folded = folded
        config, plan = folded.config, folded.plan
        self._neurons = [
            ConstantDivider(width=config.neuron_bits, divisor=folded.bank_neurons)
            for _ in range(plan.draws)
        ]
        self._inputs = [
            ConstantDivider(width=config.input_bits, divisor=plan.counters)
            for _ in range(plan.draws)
        ]
        self.decode = max(self._neurons[0].latency, self._inputs[0].latency)
        super().__init__(
            {
                "start": In(1),
                "events": In(32),
                "done": Out(1),
                "draw": Out(1),
                "half": Out(1),
                "bits": In(32 * plan.draws),
                "reinforce": Out(plan.banks),
                "rows": Out(data.ArrayLayout(range(max(folded.bank_rows, 2)), plan.banks)),
                "lanes": Out(data.ArrayLayout(range(max(plan.counters, 2)), plan.banks)),
            }
        )

    def elaborate(self, platform: object) -> Elaboratable:
        m = Module()
        config, folded, plan = self.folded.config, self.folded, self.folded.plan

        left = Signal(32)
        advance = Signal()
        m.d.comb += [
            self.draw.eq(advance & (left != 0)),
            self.half.eq(left == 1),
        ]
        with m.If(self.draw):
            m.d.sync += left.eq(Mux(left < plan.draws, 0, left - plan.draws))
        with m.If(self.start):
            m.d.sync += left.eq(self.events)

        def delayed(value: Signal, cycles: int, name: str) -> Signal:
            for stage in range(cycles):
                following = Signal.like(value, name=f"{name}_{stage}")
                with m.If(advance):
                    m.d.sync += following.eq(value)
                value = following
            return value

        # Decoded draws at the end of the pipeline
        bank_shape = range(max(plan.banks, 2))
        pending, banks, rows, lanes = [], [], [], []
        for index in range(plan.draws):
            m.submodules[f"neuron_{index}"] = neurons = self._neurons[index]
            m.submodules[f"input_{index}"] = inputs = self._inputs[index]
            draw = self.bits.word_select(index, 32)
            j = draw[: config.neuron_bits]
            i = draw[config.neuron_bits : config.neuron_bits + config.input_bits]
            named = Signal(name=f"named_{index}")
            m.d.comb += [
                neurons.enable.eq(advance),
                neurons.i.eq(j),
                inputs.enable.eq(advance),
                inputs.i.eq(i),
                named.eq((left > index) & (j < config.neurons) & (i < config.inputs)),
            ]
            named = delayed(named, self.decode, f"named_{index}")
            pending.append(Signal(name=f"pending_{index}"))
            banks.append(Signal(bank_shape, name=f"bank_{index}"))
            rows.append(Signal(range(max(folded.bank_rows, 2)), name=f"row_{index}"))
            lanes.append(Signal(range(max(plan.counters, 2)), name=f"lane_{index}"))

            late = self.decode - neurons.latency
            bank = delayed(neurons.quotient, late, f"quotient_{index}")
            neuron = delayed(neurons.remainder, late, f"remainder_{index}")
            late = self.decode - inputs.latency
            row = delayed(inputs.quotient, late, f"input_row_{index}")
            lane = delayed(inputs.remainder, late, f"input_lane_{index}")
            with m.If(advance):
                m.d.sync += [
                    pending[index].eq(named),
                    banks[index].eq(bank),
                    rows[index].eq(neuron * folded.rows + row),
                    lanes[index].eq(lane),
                ]

        # Draws are in the pipeline
        inside = Signal(self.decode + 1)
        with m.If(advance):
            m.d.sync += inside.eq((inside << 1) | (left != 0))

        # Issue
        issue = [Signal(name=f"issue_{index}") for index in range(plan.draws)]
        busy = Signal()
        if folded.single_port:
            writing = Signal()
            m.d.comb += [
                issue[0].eq(pending[0] & ~writing),
                busy.eq(issue[0]),
            ]
            m.d.sync += writing.eq(issue[0])
        else:
            clash = Signal()
            written = []
            for index in range(plan.draws):
                before = Signal(name=f"written_{index}")
                bank = Signal(bank_shape, name=f"written_bank_{index}")
                row = Signal.like(rows[index], name=f"written_row_{index}")
                m.d.sync += [
                    before.eq(issue[index]),
                    bank.eq(banks[index]),
                    row.eq(rows[index]),
                ]
                written.append((before, bank, row))
            wanted = [pending[0]]
            if plan.draws == 2:
                second_waits = pending[0] & (banks[0] == banks[1])
                wanted.append(pending[1] & ~second_waits)
                m.d.comb += busy.eq(clash | (pending[1] & second_waits))
                with m.If(issue[0] & pending[1] & second_waits):
                    m.d.sync += pending[0].eq(0)
            else:
                m.d.comb += busy.eq(clash)
            m.d.comb += clash.eq(
                sum(
                    wanted[index] & before & (bank == banks[index]) & (row == rows[index])
                    for index in range(plan.draws)
                    for before, bank, row in written
                )
                != 0
            )
            for index in range(plan.draws):
                m.d.comb += issue[index].eq(wanted[index] & ~clash)
        m.d.comb += advance.eq(~busy)

        for bank in range(plan.banks):
            m.d.comb += [self.rows[bank].eq(rows[0]), self.lanes[bank].eq(lanes[0])]
            m.d.comb += self.reinforce[bank].eq(issue[0] & (banks[0] == bank))
            if plan.draws == 2:
                with m.If(issue[1] & (banks[1] == bank)):
                    m.d.comb += [
                        self.reinforce[bank].eq(1),
                        self.rows[bank].eq(rows[1]),
                        self.lanes[bank].eq(lanes[1]),
                    ]

        with m.FSM():
            with m.State("Idle"):
                with m.If(self.start):
                    m.next = "Issue"
            with m.State("Issue"):
                with m.If((left == 0) & (inside == 0)):
                    m.d.comb += self.done.eq(1)
                    m.next = "Idle"

        return m
