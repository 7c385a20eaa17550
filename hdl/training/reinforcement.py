# amaranth: UnusedElaboratable=no
"""Reinforcement: random events that step counters away from zero after a commit."""

from amaranth.hdl import C, Cat, Elaboratable, Module, Mux, Signal
from amaranth.lib import data
from amaranth.lib.wiring import In, Out

from ..planning.plan import FoldedLayer
from ..primitives.component import Component
from ..shape.layer_shape import shape_port
from .draw_decoder import DRAW_BITS, DrawDecoder, place_layout

__all__ = ["Reinforcement"]


class Reinforcement(Component):
    """Turn random draws into commands to reinforce a counter (docs/algorithm.md, 5).

    Draws are decoded in pipelines (:class:`.draw_decoder.DrawDecoder`, ``decode + 1`` cycles) and
    issued from their ends. With block RAM, the ``draws`` of a cycle take:

    - 1 cycle if no draw or one draw names a weight, or two draws name weights in different banks;
    - 2 cycles, in order, if both name weights in one bank;
    - 1 more cycle before a command that names the same row as a command in the cycle before, so
      that the row is written.

    With SPRAM a draw takes 2 cycles, to read and to write, or 1 if it names no weight.

    A commit with events takes ``decode + 2`` cycles more: those from ``start`` until the first
    draws are at the end of the pipeline, and the cycle of ``done``.

    Parameters
    ----------
    folded : FoldedLayer
        The layer and its fold factors.

    Members
    -------
    shape : In(struct)
        The layer's numbers; they do not change during the events.
    start : In(1)
        Issue ``events`` draws; at least one.
    events : In
        ``M_l``, the number of draws.
    done : Out(1)
        All draws are issued; the last row is written in the next cycle.
    draw : Out(1)
        ``draws`` draws are taken, or one of the two if ``half`` is set.
    half : Out(1)
        See ``draw``.
    bits : In(32 · draws)
        Next draws of the layer's random stream.
    reinforce : Out(banks)
        Banks that reinforce a counter in this cycle.
    rows, columns : Out(array)
        Address of the row and column of the counter, in each bank.

    Attributes
    ----------
    decode : int
        Cycles from a draw to its place, minus 1.
    """

    def __init__(self, folded: FoldedLayer):
        self.folded = folded
        plan = folded.plan
        self._decoders = [DrawDecoder(folded) for _ in range(plan.draws_per_cycle)]
        self.decode = self._decoders[0].latency - 1
        place = place_layout(folded)
        super().__init__(
            {
                "shape": shape_port(folded),
                "start": In(1),
                "events": In(folded.config.event_bits),
                "done": Out(1),
                "draw": Out(1),
                "half": Out(1),
                "bits": In(DRAW_BITS * plan.draws_per_cycle),
                "reinforce": Out(plan.banks),
                "rows": Out(data.ArrayLayout(place["row"].shape, plan.banks)),
                "columns": Out(data.ArrayLayout(place["column"].shape, plan.banks)),
            }
        )

    def elaborate(self, platform: object) -> Elaboratable:
        m = Module()
        plan = self.folded.plan

        # Draws into the decoders
        left = Signal.like(self.events)  # events whose draw is not taken
        advance = Signal()
        inside = Signal(self.decode + 1)  # stages of the decoders that hold draws
        issuing = Signal()  # there is no start then
        # Counts by adding −1, or −2 for two draws: the sum carries unless no event is left.
        down = Cat(self.half | (plan.draws_per_cycle == 1), C(-1, len(left) - 1))
        total = left + (down & issuing.replicate(len(left)))
        some = total[len(left)]
        m.d.comb += [
            self.draw.eq(advance & some),
            self.half.eq(left == 1),
        ]
        with m.If(self.draw | self.start):
            m.d.sync += left.eq(Mux(issuing, total[: len(left)], self.events))
        with m.If(advance):
            m.d.sync += inside.eq((inside << 1) | some)
        for index, decoder in enumerate(self._decoders):
            m.submodules[f"decoder_{index}"] = decoder
            m.d.comb += [
                decoder.shape.eq(self.shape),
                decoder.enable.eq(advance),
                decoder.i.valid.eq(some if index == 0 else some & ~self.half),
                decoder.i.p.eq(self.bits.word_select(index, DRAW_BITS)),
            ]

        # Places out of the decoders
        if self.folded.single_port:
            self._issue_every_second_cycle(m, advance)
        else:
            self._issue_unless_written(m, advance)
        places = [decoder.o for decoder in self._decoders]
        for bank in range(plan.banks):
            issued = [place.valid & place.ready & (place.p.bank == bank) for place in places]
            m.d.comb += [
                self.reinforce[bank].eq(Cat(issued).any()),
                self.rows[bank].eq(places[0].p.row),
                self.columns[bank].eq(places[0].p.column),
            ]
            if plan.draws_per_cycle == 2:
                with m.If(issued[1]):
                    m.d.comb += [
                        self.rows[bank].eq(places[1].p.row),
                        self.columns[bank].eq(places[1].p.column),
                    ]

        with m.FSM():
            with m.State("Idle"):
                with m.If(self.start):
                    m.next = "Issue"
            with m.State("Issue"):
                m.d.comb += issuing.eq(1)
                with m.If(~some & (inside == 0)):
                    m.d.comb += self.done.eq(1)
                    m.next = "Idle"

        return m

    def _issue_every_second_cycle(self, m: Module, advance: Signal) -> None:
        """Issue a place, then stand still for its row to be written."""
        (decoder,) = self._decoders
        m.d.comb += [decoder.o.ready.eq(1), advance.eq(~decoder.o.valid)]

    def _issue_unless_written(self, m: Module, advance: Signal) -> None:
        """Issue the decoders' places in order, at most one in a bank, and no row twice running."""
        places = [decoder.o for decoder in self._decoders]
        clash = Signal()  # a place is in a row that was issued in the cycle before
        wanted = [places[0].valid]
        waits = Signal()  # the second place, for the first one in its bank
        if len(places) == 2:
            m.d.comb += waits.eq(
                places[0].valid & places[1].valid & (places[0].p.bank == places[1].p.bank)
            )
            wanted.append(places[1].valid & ~waits)
        before = []
        for index, place in enumerate(places):
            issued = Signal(name=f"issued_{index}")
            bank = Signal.like(place.p.bank, name=f"issued_bank_{index}")
            row = Signal.like(place.p.row, name=f"issued_row_{index}")
            m.d.sync += [
                issued.eq(place.valid & place.ready),
                bank.eq(place.p.bank),
                row.eq(place.p.row),
            ]
            before.append((issued, bank, row))
            m.d.comb += place.ready.eq(wanted[index] & ~clash)
        m.d.comb += [
            clash.eq(
                Cat(
                    want & issued & (bank == place.p.bank) & (row == place.p.row)
                    for want, place in zip(wanted, places, strict=True)
                    for issued, bank, row in before
                ).any()
            ),
            advance.eq(~(clash | waits)),
        ]
