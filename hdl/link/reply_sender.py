"""Sender of reply contents: STATE replies, and the replies of other components."""

from amaranth.hdl import Array, Cat, Const, Elaboratable, Module, Signal
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from ..layer.sample_layouts import result_layout
from ..primitives.component import Component
from ..registers.register_map import Status
from .protocol import RESULTS, ReplyKind, result_bytes

__all__ = ["ReplySender", "content_layout"]

HEAD = 8
"""Bytes of a STATE before its results."""

EXPECTED = 5
"""Position of the lower byte of ``expected``."""

PLACE_BITS = (RESULTS - 1).bit_length()
"""Bits of a place in the ring of results, whose size is a power of two."""


def content_layout() -> data.StructLayout:
    """Layout of a byte of a content; ``last`` marks the last one."""
    return data.StructLayout({"byte": 8, "last": 1})


class ReplySender(Component):
    """Send the bytes of replies: an offered reply, or else a STATE if one is due.

    A STATE is due when its contents have changed since the last one began. Its bytes are kind,
    tag (2), flags, status, expected (2), count, results. A byte has the value of the cycle in which
    it is sent, except count, results and the higher byte of ``expected``, which have the value of
    the cycle of the lower byte. A result that comes after this cycle replaces the oldest one, if
    that is not sent yet.

    There is one cycle before each reply.

    Parameters
    ----------
    layers : int
        Layers of the network. At least 1.

    Members
    -------
    results : In(stream)
        Results of the core. ``ready`` is always set.
    tag, expected : In(16)
        Fields of STATE.
    status : In(3)
        Field of STATE.
    busy : In(1)
        Field of STATE.
    changed, dropped : In(1)
        Make a STATE due; with ``dropped``, it says that a frame was dropped.
    replies : In(stream)
        Bytes of other contents, the last one of each marked.
    o : Out(stream)
        Bytes of contents, the last one of each marked.

    Raises
    ------
    ValueError
        If there is no layer.
    """

    def __init__(self, *, layers: int):
        if layers < 1:
            raise ValueError(f"layers must be at least 1, not {layers!r}")

        self.layers = layers
        super().__init__(
            {
                "results": In(stream.Signature(result_layout(layers))),
                "tag": In(16),
                "expected": In(16),
                "status": In(Status),
                "busy": In(1),
                "changed": In(1),
                "dropped": In(1),
                "replies": In(stream.Signature(content_layout())),
                "o": Out(stream.Signature(content_layout())),
            }
        )

    def elaborate(self, platform: object) -> Elaboratable:
        m = Module()

        # Results: a ring, in which a new result replaces the oldest, even while a STATE is sent
        each = result_bytes(self.layers)
        result = self.results.p
        words = Cat(result.predictions, result.errors, result.refused)
        ring = Array(Signal(len(words), name=f"result_{place}") for place in range(RESULTS))
        count, shown = Signal(8), Signal(8)
        m.d.comb += self.results.ready.eq(1)
        with m.If(self.results.valid):
            m.d.sync += [count.eq(count + 1), ring[count[:PLACE_BITS]].eq(words)]
        place, part = Signal(PLACE_BITS), Signal(range(each))  # of the byte that is sent
        last_place, last_part = Signal(), Signal()
        m.d.comb += [
            last_place.eq((place + 1)[:PLACE_BITS] == shown[:PLACE_BITS]),
            last_part.eq(part == each - 1),
        ]

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
        position = Signal(range(HEAD))
        later = Signal(8)  # the next of the bytes that were stored with the lower ``expected``
        heads = Cat(
            Const(ReplyKind.STATE, 8),
            self.tag,
            Cat(self.busy, told, Const(0, 6)),
            Cat(self.status, Const(0, 5)),
            self.expected[:8],
            later,
            later,
        )
        taken = self.o.valid & self.o.ready
        with m.FSM():
            with m.State("Idle"):
                m.d.sync += [position.eq(0), part.eq(0)]
                with m.If(self.replies.valid):
                    m.next = "Reply"
                with m.Elif(due):
                    m.d.comb += begun.eq(1)
                    m.next = "Head"
            with m.State("Head"):
                m.d.comb += [
                    self.o.valid.eq(1),
                    self.o.p.byte.eq(heads.word_select(position, 8)),
                ]
                with m.If(position == EXPECTED):
                    m.d.sync += [later.eq(self.expected[8:]), shown.eq(count), place.eq(count)]
                with m.If(taken):
                    m.d.sync += position.eq(position + 1)
                    with m.If(position != EXPECTED):
                        m.d.sync += later.eq(shown)
                    with m.If(position == HEAD - 1):
                        m.next = "Results"
            with m.State("Results"):
                m.d.comb += [
                    self.o.valid.eq(1),
                    self.o.p.byte.eq(ring[place].word_select(part, 8)),
                    self.o.p.last.eq(last_place & last_part),
                ]
                with m.If(taken):
                    m.d.sync += part.eq(part + 1)
                    with m.If(last_part):
                        m.d.sync += [part.eq(0), place.eq(place + 1)]
                        with m.If(last_place):
                            m.next = "Idle"
            with m.State("Reply"):
                wiring.connect(m, wiring.flipped(self.replies), wiring.flipped(self.o))
                with m.If(taken & self.o.p.last):
                    m.next = "Idle"

        return m
