# amaranth: UnusedElaboratable=no
"""The device's end of the host link: from bytes to a trainer core and back."""

import math

from amaranth.hdl import Cat, Elaboratable, Module, Mux, Signal
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from ...golden_model.config import NetworkConfig
from ..layer import result_layout
from ..plan import NetworkPlan
from ..registers import LayerRegister, Status, request_layout, response_layout
from ..trainer_core import sample_word_layout
from .deframer import Deframer
from .framer import Framer
from .protocol import (
    CRC_BYTES,
    LINK_PAGE,
    SAMPLES_AHEAD,
    VERSION,
    LinkRegister,
    RequestKind,
    design_digest,
)
from .reply_sender import ReplySender

__all__ = ["HostLink"]

# Where fields begin in a frame.
NUMBER, ADDRESS, DATA, COUNT = 1, 3, 6, 10
WORDS = 5
LENGTHS = {
    RequestKind.SYNC: ADDRESS,
    RequestKind.READ: DATA,
    RequestKind.WRITE: COUNT,
    RequestKind.SAMPLE: WORDS,
    RequestKind.COUNTERS: COUNT + 2,
}
"""Bytes of a content, without a sample's words."""


class HostLink(wiring.Component):
    """Obey the frames of a host (docs/link.md), each at most once.

    Fields of a frame are kept as they come, and a sample's words go to the core as they come, but
    the last one. When the closing flag comes, and the frame is good, as long as it should be and,
    if it is sequenced, the one that is expected::

        SYNC        at once
        SAMPLE      Finish: the last word is offered until the core takes it, or the next frame's
                    first byte comes: then the sample is cancelled, like that of any bad frame
        READ        Request, Answer; then a VALUE is sent, and the next frame may be obeyed
        WRITE       Request, Answer; a cycle each if the core does not wait
        COUNTERS    Request, Answer for the position; then a ROW is begun, and Request and Answer
                    follow for each of its counters

    A frame that begins while another is being obeyed is dropped. Whatever the host is to know
    makes a STATE due, which is sent when nothing else is.

    Parameters
    ----------
    config : NetworkConfig
        The network.
    plan : NetworkPlan
        Fold factors of each layer.
    clock_khz : int
        For the register of that name; 0 if it is not known.

    Members
    -------
    i, o : In(stream), Out(stream)
        Bytes from and to the host.
    samples, results, requests, responses
        The core's.
    cancel : Out(1)
        The core's: drop what came of an unfinished sample.
    busy : In(1)
        The core's.

    Raises
    ------
    ConfigurationError
        If the plan does not suit the network.
    """

    def __init__(self, config: NetworkConfig, plan: NetworkPlan, *, clock_khz: int = 0):
        if not 0 <= clock_khz < 1 << 32:
            raise ValueError(f"clock_khz must be from 0 to 2^32 - 1, not {clock_khz!r}")

        self.config = config
        self.plan = plan
        self.clock_khz = clock_khz
        self._words = plan.fold(config)[0].load_words
        load = plan.layers[0].load
        super().__init__(
            {
                "i": In(stream.Signature(8)),
                "o": Out(stream.Signature(8)),
                "samples": Out(stream.Signature(sample_word_layout(load))),
                "results": In(stream.Signature(result_layout(len(config.layers)))),
                "requests": Out(stream.Signature(request_layout())),
                "responses": In(stream.Signature(response_layout())),
                "cancel": Out(1),
                "busy": In(1),
            }
        )

    def elaborate(self, platform: object) -> Elaboratable:
        m = Module()
        load = self.plan.layers[0].load

        m.submodules.deframer = deframer = Deframer()
        m.submodules.sender = sender = ReplySender(
            layers=len(self.config.layers), counter_bits=self.config.counter_bits
        )
        m.submodules.framer = framer = Framer()
        wiring.connect(m, wiring.flipped(self.i), deframer.i)
        wiring.connect(m, wiring.flipped(self.results), sender.results)
        # A byte waits in a register: what the framer does with it is of another cycle than what it
        # was made from.
        waiting = Signal()
        m.d.comb += [sender.o.ready.eq(~waiting), framer.i.valid.eq(waiting)]
        with m.If(~waiting):
            m.d.sync += [waiting.eq(sender.o.valid), framer.i.p.eq(sender.o.p)]
        with m.Elif(framer.i.ready):
            m.d.sync += waiting.eq(0)
        wiring.connect(m, framer.o, wiring.flipped(self.o))

        # What a STATE says
        number, expected, tag = Signal(16), Signal(16), Signal(16)
        status = Signal(Status)
        accept, drop, synchronise, spoilt = Signal(), Signal(), Signal(), Signal()
        m.d.sync += self.cancel.eq(spoilt)
        m.d.comb += [
            sender.tag.eq(tag),
            sender.expected.eq(expected),
            sender.status.eq(status),
            sender.busy.eq(self.busy),
            sender.changed.eq(accept | synchronise),
            sender.dropped.eq(drop),
        ]
        with m.If(accept):
            m.d.sync += expected.eq(expected + 1)

        # A frame's fields, as its bytes come
        kind = Signal(8)
        address, argument, left = Signal(24), Signal(32), Signal(16)
        position = Signal(range(32))
        byte = deframer.o.payload
        strobe = deframer.o.valid
        obeying = Signal(init=1)
        deaf = Signal()  # this frame began while another was being obeyed
        late = Signal()  # a word was not taken in time
        word_bytes = math.ceil(load / 8)
        word = Signal(8 * word_bytes)
        word_byte = Signal(range(max(word_bytes, 2)))
        words = Signal(range(self._words + 1))  # that are complete
        offering = Signal()
        finishing = Signal()
        in_words = (kind == RequestKind.SAMPLE) & (position == WORDS) & (words != self._words)

        with m.If(strobe & (position == 0)):
            m.d.sync += deaf.eq(obeying)
        with m.If(strobe & ~in_words & (position != 31)):
            m.d.sync += position.eq(position + 1)
        with m.If(strobe & ~obeying & ~deaf):
            with m.Switch(position):
                with m.Case(0):
                    m.d.sync += kind.eq(byte)
                for first, field in (
                    (NUMBER, number),
                    (ADDRESS, address),
                    (DATA, argument),
                    (COUNT, left),
                ):
                    for index in range(len(field) // 8):
                        if first + index < COUNT + 2:
                            with m.Case(first + index):
                                m.d.sync += field.word_select(index, 8).eq(byte)
            with m.If(in_words):
                m.d.sync += [word.eq(Cat(word[8:], byte)), word_byte.eq(word_byte + 1)]
                with m.If(offering):
                    m.d.sync += late.eq(1)
                with m.If(word_byte == word_bytes - 1):
                    m.d.sync += [word_byte.eq(0), words.eq(words + 1)]
                    m.d.sync += offering.eq(words != self._words - 1)
        m.d.comb += [
            self.samples.valid.eq(offering | finishing),
            self.samples.p.bits.eq(word[:load]),
            self.samples.p.label.eq(address[:8]),
            self.samples.p.last.eq(address[8]),
        ]
        with m.If(offering & self.samples.ready):
            m.d.sync += offering.eq(0)

        # The closing flag
        length = Signal.like(position)
        sequenced, complete = Signal(), Signal()
        m.d.comb += complete.eq(~late)
        with m.Switch(kind):
            for one, bytes_before in LENGTHS.items():
                with m.Case(one):
                    m.d.comb += length.eq(bytes_before + CRC_BYTES)
            with m.Default():
                m.d.comb += complete.eq(0)
        with m.If(kind == RequestKind.SAMPLE):
            m.d.comb += complete.eq(~late & ~offering & (words == self._words))
        m.d.comb += sequenced.eq((kind == RequestKind.WRITE) | (kind == RequestKind.SAMPLE))
        right = (
            deframer.good
            & complete
            & (position == length)
            & ~obeying
            & ~deaf
            & (~sequenced | (number == expected))
        )
        with m.If(deframer.end):
            m.d.sync += [position.eq(0), words.eq(0), word_byte.eq(0), offering.eq(0), late.eq(0)]
            m.d.sync += deaf.eq(0)

        # What a frame asks for
        counters = kind == RequestKind.COUNTERS
        own = Signal()  # or of no layer
        own_value = Signal(32)
        m.d.comb += [
            own.eq((address[16:] == LINK_PAGE >> 16) | (counters & (address[8:] == 0))),
            self.requests.p.write.eq(kind == RequestKind.WRITE),
            self.requests.p.address.eq(address),
            self.requests.p.data.eq(argument),
        ]
        constants = {
            LinkRegister.VERSION: VERSION,
            LinkRegister.SAMPLES_AHEAD: SAMPLES_AHEAD,
            LinkRegister.LOAD: load,
            LinkRegister.CLOCK: self.clock_khz,
            LinkRegister.DIGEST: design_digest(self.config, self.plan),
        }
        own_status = Signal(Status)
        with m.Switch(address[:16]):
            for register, value in constants.items():
                with m.Case(register):
                    m.d.comb += own_value.eq(value)
            with m.Default():
                m.d.comb += own_status.eq(Status.UNKNOWN)
        answer = Signal(Status)  # of what is being obeyed
        positioned = Signal()  # the counters to read are
        more = counters & (answer == Status.OK) & (left != 0)
        m.d.comb += [
            sender.value.p.tag.eq(number),
            sender.value.p.row.eq(counters),
            sender.value.p.more.eq(more),
            sender.value.p.status.eq(answer),
            sender.value.p.data.eq(argument),
            sender.counter.p.counter.eq(argument),
            sender.counter.p.last.eq(left == 1),
        ]
        with m.If(counters):
            m.d.comb += [
                self.requests.p.write.eq(~positioned),
                self.requests.p.address.eq(
                    Cat(
                        Mux(positioned, LayerRegister.COUNTER, LayerRegister.POSITION),
                        address[8:],
                    )
                ),
            ]

        with m.FSM():
            with m.State("Wait"):
                m.d.comb += obeying.eq(0)
                m.d.sync += positioned.eq(0)
                with m.If(deframer.end & ~right & ~deframer.empty):
                    m.d.comb += [spoilt.eq(1), drop.eq(1)]
                with m.Elif(deframer.end & right):
                    with m.Switch(kind):
                        with m.Case(RequestKind.SYNC):
                            m.d.comb += synchronise.eq(1)
                            m.d.sync += [tag.eq(number), status.eq(Status.OK)]
                        with m.Case(RequestKind.SAMPLE):
                            m.next = "Finish"
                        with m.Default():
                            m.next = "Request"
            with m.State("Finish"):
                m.d.comb += [obeying.eq(0), finishing.eq(~deframer.o.valid)]
                with m.If(deframer.o.valid):
                    m.d.comb += [spoilt.eq(1), drop.eq(1)]
                    m.next = "Wait"
                with m.Elif(self.samples.ready):
                    m.d.comb += accept.eq(1)
                    m.d.sync += status.eq(Status.OK)
                    m.next = "Wait"
            with m.State("Request"):
                with m.If(own):
                    m.d.sync += [answer.eq(own_status), argument.eq(own_value)]
                    m.next = "Reply"
                    with m.If(counters):
                        m.d.sync += answer.eq(Status.UNKNOWN)
                    with m.If(kind == RequestKind.WRITE):
                        m.d.comb += drop.eq(1)
                        m.d.sync += status.eq(Status.ACCESS)
                        m.next = "Wait"
                with m.Else():
                    m.d.comb += self.requests.valid.eq(1)
                    with m.If(self.requests.ready):
                        m.next = "Answer"
            with m.State("Answer"):
                m.d.comb += self.responses.ready.eq(1)
                with m.If(self.responses.valid):
                    with m.If(~counters | positioned):
                        m.d.sync += argument.eq(self.responses.p.data)
                    with m.If(kind == RequestKind.WRITE):
                        m.d.sync += status.eq(self.responses.p.status)
                        with m.If(self.responses.p.status == Status.OK):
                            m.d.comb += accept.eq(1)
                        with m.Else():
                            m.d.comb += drop.eq(1)
                        m.next = "Wait"
                    with m.Elif(positioned):
                        m.next = "Counter"
                    with m.Else():
                        m.d.sync += [answer.eq(self.responses.p.status), positioned.eq(counters)]
                        m.next = "Reply"
            with m.State("Reply"):
                m.d.comb += sender.value.valid.eq(1)
                with m.If(sender.value.ready):
                    m.next = "Wait"
                    with m.If(more):
                        m.next = "Request"
            with m.State("Counter"):
                m.d.comb += sender.counter.valid.eq(1)
                with m.If(sender.counter.ready):
                    m.d.sync += left.eq(left - 1)
                    m.next = "Request"
                    with m.If(left == 1):
                        m.next = "Wait"

        # A frame that began too early.
        with m.If(deframer.end & ~deframer.empty & obeying):
            m.d.comb += drop.eq(1)

        return m
