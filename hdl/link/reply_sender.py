"""Sender of reply contents: STATE replies, and the replies of other components."""

from amaranth.hdl import C, Cat, Elaboratable, Module, Signal, Value, unsigned
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from ..layer.sample_layouts import result_layout
from ..primitives.component import Component
from ..registers.register_map import Status
from .protocol import ReplyKind, result_bytes
from .result_ring import ResultRing

__all__ = ["ReplySender", "content_layout"]

HEAD = 8
"""Bytes of a STATE before its results."""

EXPECTED = 5
"""Position of the lower byte of ``expected``."""


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
    classes : int
        Classes: predictions are below this number. 2 to 256.

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
        If a parameter is out of its range.
    """

    def __init__(self, *, layers: int, classes: int):
        if layers < 1:
            raise ValueError(f"layers must be at least 1, not {layers!r}")
        if not 2 <= classes <= 256:
            raise ValueError(f"classes must be from 2 to 256, not {classes!r}")

        self.layers = layers
        self.classes = classes
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

        layout = self._stored_layout()
        m.submodules.ring = ring = ResultRing(width=layout.size)
        stored, result = data.View(layout, ring.result), data.View(layout, ring.o)
        m.d.comb += [
            self.results.ready.eq(1),
            ring.write.eq(self.results.valid),
            *(stored[name].eq(self.results.p[name]) for name in ("errors", "refused")),
        ]
        result_bits: list[Value] = []  # as they are sent
        for layer in range(self.layers):
            m.d.comb += stored.predictions[layer].eq(self.results.p.predictions[layer])
            prediction = result.predictions[layer]
            result_bits += [prediction, C(0, 8 - len(prediction))]
        result_bits += [result.errors, result.refused]
        shown = Signal(8)  # the count of a STATE
        oldest_next = Signal()  # the first result of a STATE is at the ring's output
        part, last_part = Signal(range(result_bytes(self.layers))), Signal()  # of the result
        last_result = Signal()
        m.d.comb += [
            oldest_next.eq(ring.place == shown[: len(ring.place)]),
            last_part.eq(part == result_bytes(self.layers) - 1),
            last_result.eq((ring.place + 1)[: len(ring.place)] == shown[: len(ring.place)]),
        ]
        begun = Signal()
        due, told = self._due(m, begun)

        position = Signal(range(HEAD))
        later = Signal(8)  # the next of the bytes that were stored with the lower ``expected``
        heads = Cat(
            C(ReplyKind.STATE, 8),
            self.tag,
            Cat(self.busy, told, C(0, 6)),
            Cat(self.status, C(0, 5)),
            self.expected[:8],
            later,
            later,
        )
        taken = self.o.valid & self.o.ready
        m.d.comb += ring.rotate.eq(~oldest_next)
        with m.FSM():
            with m.State("Idle"):
                m.d.sync += [position.eq(0), part.eq(0), shown.eq(ring.count)]
                with m.If(self.replies.valid):
                    m.next = "Reply"
                with m.Elif(due):
                    m.d.comb += begun.eq(1)
                    m.next = "Head"
            with m.State("Head"):
                m.d.comb += [
                    self.o.valid.eq((position != HEAD - 1) | oldest_next),
                    self.o.p.byte.eq(heads.word_select(position, 8)),
                ]
                with m.If(position <= EXPECTED):
                    m.d.sync += [later.eq(self.expected[8:]), shown.eq(ring.count)]
                with m.If(taken):
                    m.d.sync += position.eq(position + 1)
                    with m.If(position != EXPECTED):
                        m.d.sync += later.eq(shown)
                    with m.If(position == HEAD - 1):
                        m.next = "Results"
            with m.State("Results"):
                m.d.comb += [
                    self.o.valid.eq(1),
                    self.o.p.byte.eq(Cat(result_bits).word_select(part, 8)),
                    self.o.p.last.eq(last_result & last_part),
                    ring.rotate.eq(taken & last_part),
                ]
                with m.If(taken):
                    m.d.sync += part.eq(part + 1)
                    with m.If(last_part):
                        m.d.sync += part.eq(0)
                        with m.If(last_result):
                            m.next = "Idle"
            with m.State("Reply"):
                wiring.connect(m, wiring.flipped(self.replies), wiring.flipped(self.o))
                with m.If(taken & self.o.p.last):
                    m.next = "Idle"

        return m

    def _stored_layout(self) -> data.StructLayout:
        """Layout of a result in the ring: that of the core, without bits that are always 0."""
        prediction = unsigned((self.classes - 1).bit_length())
        return data.StructLayout(
            {
                "predictions": data.ArrayLayout(prediction, self.layers),
                "errors": self.layers,
                "refused": 1,
            }
        )

    def _due(self, m: Module, begun: Signal) -> tuple[Signal, Signal]:
        """Whether a STATE is due, and whether the present one says that a frame was dropped."""
        due, telling, told = Signal(), Signal(), Signal()
        with m.If(self.changed | self.dropped | self.results.valid):
            m.d.sync += due.eq(1)
        with m.Elif(begun):
            m.d.sync += due.eq(0)
        with m.If(begun):
            m.d.sync += told.eq(telling)
        with m.If(self.dropped):
            m.d.sync += telling.eq(1)
        with m.Elif(begun):
            m.d.sync += telling.eq(0)
        return due, told
