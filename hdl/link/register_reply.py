"""Replies with register contents: a VALUE, or a ROW of counters."""

from amaranth.hdl import Cat, Const, Elaboratable, Module, Mux, Signal
from amaranth.lib import stream
from amaranth.lib.wiring import In, Out

from ..primitives.component import Component
from ..registers.register_map import Status
from .frame_fields import ARGUMENT_BYTES
from .protocol import ReplyKind
from .reply_sender import content_layout

__all__ = ["RegisterReply"]

HEAD, VALUE_BYTES = 4, 8
"""Bytes of a VALUE or ROW before the value or the counters; and all bytes of a VALUE."""


class RegisterReply(Component):
    """Send the bytes of a VALUE, or those of a ROW in parts: its head, then each counter.

    A part starts with ``begin``; its bytes are offered from the next cycle, while ``active``. Tag
    and value are shifted as their bytes are taken.

    Parameters
    ----------
    counter_bits : int
        Width of a counter. 1 to 16.

    Members
    -------
    row : In(1)
        The reply is a ROW, not a VALUE.
    counter : In(1)
        The part is a counter of a ROW.
    left : In(16)
        Counters of the ROW that are not sent yet.
    status : In(Status)
        With ``begin``: status of the request; without meaning for a counter. A ROW without OK has
        no counters.
    begin : In(1)
        Begin a part.
    active : In(1)
        Offer the bytes of the part.
    tag, value : In(8)
        Low bytes of the tag, and of the value or counter.
    o : Out(stream)
        Bytes of the content, the last one marked.
    shift_tag, shift_value : Out(1)
        Shift tag or value by a byte.
    ended : Out(1)
        The part's last byte is taken.

    Raises
    ------
    ValueError
        If ``counter_bits`` is out of its range.
    """

    def __init__(self, *, counter_bits: int):
        if not 1 <= counter_bits <= 16:
            raise ValueError(f"counter_bits must be from 1 to 16, not {counter_bits!r}")
        self.counter_bits = counter_bits
        super().__init__(
            {
                "row": In(1),
                "counter": In(1),
                "left": In(16),
                "status": In(Status),
                "begin": In(1),
                "active": In(1),
                "tag": In(8),
                "value": In(8),
                "o": Out(stream.Signature(content_layout())),
                "shift_tag": Out(1),
                "shift_value": Out(1),
                "ended": Out(1),
            }
        )

    def elaborate(self, platform: object) -> Elaboratable:
        m = Module()

        counter_bytes = 1 if self.counter_bits <= 8 else 2
        status = Signal(Status)
        place = Signal(range(VALUE_BYTES))
        with m.If(self.begin):
            m.d.sync += [place.eq(Mux(self.counter, HEAD, 0)), status.eq(self.status)]

        content = Cat(
            Mux(self.row, ReplyKind.ROW, ReplyKind.VALUE),
            self.tag,
            self.tag,
            Cat(status, Const(0, 8 - len(status))),
            self.value.replicate(ARGUMENT_BYTES),
        )
        last_of_part, no_counters, taken = Signal(), Signal(), Signal()
        m.d.comb += [
            last_of_part.eq(
                Mux(
                    self.row,
                    (self.counter & (place == HEAD + counter_bytes - 1))
                    | (~self.counter & (place == HEAD - 1)),
                    place == VALUE_BYTES - 1,
                )
            ),
            no_counters.eq(~self.row | (status != Status.OK) | (self.left == 0)),
            self.o.valid.eq(self.active),
            self.o.p.byte.eq(content.word_select(place, 8)),
            self.o.p.last.eq(last_of_part & Mux(self.counter, self.left == 1, no_counters)),
            taken.eq(self.o.valid & self.o.ready),
            self.shift_tag.eq(taken & (place != 0)),
            self.shift_value.eq(taken & (place >= HEAD)),
            self.ended.eq(taken & last_of_part),
        ]
        with m.If(taken):
            m.d.sync += place.eq(place + 1)

        return m
