"""What a device says: contents of STATE, VALUE and ROW frames."""

from amaranth.hdl import Array, Cat, Elaboratable, Module, Mux, Signal
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from ..layer import result_layout
from ..registers import Status
from .protocol import RESULTS, ReplyKind, result_bytes

__all__ = ["ReplySender"]

STATE_HEAD = 8
"""Bytes of a STATE before its results."""


class ReplySender(wiring.Component):
    """Give the bytes of replies: a VALUE or ROW that is offered, or else a STATE that is due.

    A STATE is due when something has changed since the last one was begun. Byte by byte, as they
    are taken: kind, tag (2), flags, status, expected (2), count, results. What it says is of the
    cycle in which its byte is given, but for the count and the higher byte of ``expected``, which
    are kept as they stood with the lower one's. As many results are kept as are shown: one
    that comes while a STATE is sent takes the place of the oldest, which may be seen in it. A host
    that has no more samples without a result than that knows the oldest already.

    A VALUE's bytes are kind, tag (2), status, data (4). A ROW's are kind, tag (2), status, and then
    each counter's as it is offered.

    Parameters
    ----------
    layers : int
        Layers of the network. At least 1.
    counter_bits : int
        Width ``B`` of a counter. 2 to 16.

    Members
    -------
    results : In(stream)
        The core's. Never stalls.
    tag, expected : In(16)
        For STATE.
    status : In(3)
        For STATE.
    busy : In(1)
        For STATE.
    changed, dropped : In(1)
        A STATE is due; and is to say that a frame was dropped.
    value : In(stream)
        A VALUE, or if ``row`` is set a ROW, of which counters follow if ``more`` is set.
    counter : In(stream)
        Counters of the row, the last one marked.
    o : Out(stream)
        Bytes of contents, the last one of each marked.

    Raises
    ------
    ValueError
        If a parameter is out of its range.
    """

    def __init__(self, *, layers: int, counter_bits: int):
        if layers < 1:
            raise ValueError(f"layers must be at least 1, not {layers!r}")
        if not 2 <= counter_bits <= 16:
            raise ValueError(f"counter_bits must be from 2 to 16, not {counter_bits!r}")

        self.layers = layers
        self.counter_bits = counter_bits
        super().__init__(
            {
                "results": In(stream.Signature(result_layout(layers))),
                "tag": In(16),
                "expected": In(16),
                "status": In(Status),
                "busy": In(1),
                "changed": In(1),
                "dropped": In(1),
                "value": In(
                    stream.Signature(
                        data.StructLayout(
                            {"tag": 16, "row": 1, "more": 1, "status": Status, "data": 32}
                        )
                    )
                ),
                "counter": In(stream.Signature(data.StructLayout({"counter": 16, "last": 1}))),
                "o": Out(stream.Signature(data.StructLayout({"byte": 8, "last": 1}))),
            }
        )

    def elaborate(self, platform: object) -> Elaboratable:
        m = Module()

        # Results
        shape = self.results.p.shape()
        kept = Array(Signal(shape, name=f"result_{index}") for index in range(RESULTS))
        places = (RESULTS - 1).bit_length()
        count, shown = Signal(8), Signal(8)
        m.d.comb += self.results.ready.eq(1)
        with m.If(self.results.valid):
            m.d.sync += [count.eq(count + 1), kept[count[:places]].eq(self.results.p)]
        each = result_bytes(self.layers)
        index, part = Signal(range(RESULTS)), Signal(range(each))
        place = Signal(places)
        result = Signal(shape)
        m.d.comb += [
            place.eq(shown + index),  # the oldest is where the next one goes
            result.eq(kept[place]),
        ]
        result_words = Cat(result.predictions, result.errors, result.refused)

        # A STATE is due
        due, telling = Signal(), Signal()
        begun = Signal()
        with m.If(self.changed | self.dropped | self.results.valid):
            m.d.sync += due.eq(1)
        with m.Elif(begun):
            m.d.sync += due.eq(0)
        told = Signal()
        with m.If(begun):
            m.d.sync += told.eq(telling)
        with m.If(self.dropped):
            m.d.sync += telling.eq(1)
        with m.Elif(begun):
            m.d.sync += telling.eq(0)

        # Bytes
        position = Signal(range(STATE_HEAD))
        expected_high = Signal(8)
        second = Signal()  # of a counter's two bytes
        taken = self.o.valid & self.o.ready
        with m.FSM():
            with m.State("Idle"):
                m.d.sync += [position.eq(0), index.eq(0), part.eq(0), second.eq(0)]
                with m.If(self.value.valid):
                    m.next = "Value"
                with m.Elif(due):
                    m.d.comb += begun.eq(1)
                    m.next = "Head"
            with m.State("Head"):
                m.d.comb += self.o.valid.eq(1)
                with m.Switch(position):
                    for place_of, byte in enumerate(
                        (
                            ReplyKind.STATE,
                            self.tag[:8],
                            self.tag[8:],
                            Cat(self.busy, told),
                            self.status,
                            self.expected[:8],
                            expected_high,
                            shown,
                        )
                    ):
                        with m.Case(place_of):
                            m.d.comb += self.o.p.byte.eq(byte)
                with m.If(position == 5):
                    m.d.sync += [expected_high.eq(self.expected[8:]), shown.eq(count)]
                with m.If(taken):
                    m.d.sync += position.eq(position + 1)
                    with m.If(position == STATE_HEAD - 1):
                        m.next = "Results"
            with m.State("Results"):
                m.d.comb += [
                    self.o.valid.eq(1),
                    self.o.p.byte.eq(result_words.word_select(part, 8)),
                    self.o.p.last.eq((index == RESULTS - 1) & (part == each - 1)),
                ]
                with m.If(taken):
                    m.d.sync += part.eq(part + 1)
                    with m.If(part == each - 1):
                        m.d.sync += [part.eq(0), index.eq(index + 1)]
                        with m.If(index == RESULTS - 1):
                            m.next = "Idle"
            with m.State("Value"):
                m.d.comb += self.o.valid.eq(1)
                with m.Switch(position):
                    for place_of, byte in enumerate(
                        (
                            Mux(self.value.p.row, ReplyKind.ROW, ReplyKind.VALUE),
                            self.value.p.tag[:8],
                            self.value.p.tag[8:],
                            self.value.p.status,
                        )
                    ):
                        with m.Case(place_of):
                            m.d.comb += self.o.p.byte.eq(byte)
                    with m.Default():
                        m.d.comb += self.o.p.byte.eq(self.value.p.data.word_select(position[:2], 8))
                head_ends = position == 3
                with m.If(taken):
                    m.d.sync += position.eq(position + 1)
                    with m.If(self.value.p.row & head_ends):
                        m.d.comb += self.value.ready.eq(1)
                        m.next = "Idle"
                        with m.If(self.value.p.more):
                            m.next = "Row"
                    with m.If(position == 7):
                        m.d.comb += self.value.ready.eq(1)
                        m.next = "Idle"
                m.d.comb += self.o.p.last.eq(
                    Mux(self.value.p.row, head_ends & ~self.value.p.more, position == 7)
                )
            with m.State("Row"):
                two = self.counter_bits > 8
                final = second if two else 1
                m.d.comb += [
                    self.o.valid.eq(self.counter.valid),
                    self.o.p.byte.eq(self.counter.p.counter.word_select(second, 8)),
                    self.o.p.last.eq(self.counter.p.last & final),
                    self.counter.ready.eq(self.o.ready & final),
                ]
                with m.If(taken):
                    if two:
                        m.d.sync += second.eq(~second)
                    with m.If(self.counter.p.last & final):
                        m.next = "Idle"

        return m
