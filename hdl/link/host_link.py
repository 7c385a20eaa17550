# amaranth: UnusedElaboratable=no
"""The device's end of the host link: from bytes to a trainer core and back."""

import math

from amaranth.hdl import Cat, Const, Elaboratable, Module, Mux, Signal
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from ..layer.layer_engine import result_layout
from ..planning.plan import FoldedNetwork
from ..registers.registers import LayerRegister, Status, request_layout, response_layout
from ..trainer_core import sample_word_layout
from .deframer import Deframer
from .framer import Framer
from .protocol import (
    CRC_BYTES,
    LINK_PAGE,
    SAMPLES_AHEAD,
    VERSION,
    LinkRegister,
    ReplyKind,
    RequestKind,
    design_digest,
)
from .reply_sender import ReplySender
from .sequence_number import SequenceNumber

__all__ = ["HostLink"]

# Where fields begin in a frame.
NUMBER, ADDRESS, DATA, COUNT = 1, 3, 6, 10
WORDS = 5

ARGUMENT_BYTES = COUNT - DATA
KIND_BITS = 3
REPLY_HEAD, VALUE_BYTES = 4, 8  # of a VALUE or ROW before what was asked for; of a VALUE
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
        READ        Request, Answer; then Reply, until a VALUE is sent
        WRITE       Request, Answer; a cycle each if the core does not wait
        COUNTERS    Request, Answer for the position; then Reply, until the head of a ROW is sent;
                    then all three for each of its counters

    The link itself answers for its own registers, and for those of layers that are not there. A
    frame that begins while another is being obeyed is dropped. Whatever the host is to know makes
    a STATE due, which is sent when nothing else is.

    There is one shift register for a WRITE's data, a sample's word, and what the core answers.

    Parameters
    ----------
    folded : FoldedNetwork
        The network and how it is folded.
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
    ValueError
        If ``clock_khz`` is out of its range.
    """

    def __init__(self, folded: FoldedNetwork, *, clock_khz: int = 0):
        if not 0 <= clock_khz < 1 << 32:
            raise ValueError(f"clock_khz must be from 0 to 2^32 - 1, not {clock_khz!r}")

        self.folded = folded
        self.clock_khz = clock_khz
        self._words = folded.first.load_words
        load = folded.first.plan.load
        super().__init__(
            {
                "i": In(stream.Signature(8)),
                "o": Out(stream.Signature(8)),
                "samples": Out(stream.Signature(sample_word_layout(load))),
                "results": In(stream.Signature(result_layout(len(folded.layers)))),
                "requests": Out(stream.Signature(request_layout())),
                "responses": In(stream.Signature(response_layout())),
                "cancel": Out(1),
                "busy": In(1),
            }
        )

    def elaborate(self, platform: object) -> Elaboratable:
        m = Module()
        load = self.folded.first.plan.load

        m.submodules.deframer = deframer = Deframer()
        m.submodules.sender = sender = ReplySender(layers=len(self.folded.layers))
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
        m.submodules.expected = sequence = SequenceNumber()
        number, tag = Signal(16), Signal(16)
        status = Signal(Status)
        accept, drop, synchronise, spoilt = Signal(), Signal(), Signal(), Signal()
        m.d.sync += self.cancel.eq(spoilt)
        m.d.comb += [
            sender.tag.eq(tag),
            sender.expected.eq(sequence.number),
            sender.status.eq(status),
            sender.busy.eq(self.busy),
            sender.changed.eq(accept | synchronise),
            sender.dropped.eq(drop),
            sequence.step.eq(accept),
        ]

        # A frame's fields, as its bytes come
        kind = Signal(RequestKind)
        register = Signal(8)  # or a sample's label
        page = Signal(range(len(self.folded.layers) + 1))  # of the core's; or a sample's flags
        own_page, no_page = Signal(), Signal()  # the link's; neither its nor the core's
        left = Signal(16)
        word_bytes = math.ceil(load / 8)
        shifter = Signal(8 * max(word_bytes, ARGUMENT_BYTES))
        argument, word = shifter[-8 * ARGUMENT_BYTES :], shifter[-8 * word_bytes :]
        next_number, next_data = Signal(), Signal()  # shift by a byte
        answered = Signal()
        answer_status, answer_data = Signal(Status), Signal(32)
        position = Signal(range(32))
        byte = deframer.o.payload
        strobe = deframer.o.valid
        obeying = Signal(init=1)
        bad = Signal()  # of no known kind, or too early, or the core was too late for a word
        word_byte = Signal(range(max(word_bytes, 2)))
        words = Signal(range(self._words + 1))  # that are complete
        offering = Signal()
        finishing = Signal()
        sample = kind == RequestKind.SAMPLE
        in_words = sample & (position == WORDS) & (words != self._words)

        with m.If(strobe & (position == 0)):
            m.d.sync += bad.eq(obeying | (byte[KIND_BITS:] != 0))
            with m.If(~obeying):
                m.d.sync += kind.eq(byte)
        with m.If(strobe & ~in_words & (position != 31)):
            m.d.sync += position.eq(position + 1)
        with m.If(strobe & ~bad):
            with m.Switch(position):
                with m.Case(*range(NUMBER, ADDRESS)):
                    m.d.comb += next_number.eq(1)
                with m.Case(ADDRESS):
                    m.d.sync += register.eq(byte)
                with m.Case(ADDRESS + 1):
                    m.d.sync += [page.eq(byte), no_page.eq(byte[len(page) :] != 0)]
                with m.Case(ADDRESS + 2):
                    m.d.sync += own_page.eq(byte == LINK_PAGE >> 16)
                    with m.If((byte != 0) & (byte != LINK_PAGE >> 16)):
                        m.d.sync += no_page.eq(1)
                with m.Case(*range(DATA, COUNT)):
                    m.d.comb += next_data.eq(~sample)
                with m.Case(*range(COUNT, COUNT + 2)):
                    m.d.sync += left.eq(Cat(left[8:], byte))
            with m.If(in_words):
                m.d.comb += next_data.eq(1)
                m.d.sync += word_byte.eq(word_byte + 1)
                with m.If(word_byte == word_bytes - 1):
                    m.d.sync += [word_byte.eq(0), words.eq(words + 1)]
                    m.d.sync += offering.eq(words != self._words - 1)
            with m.If(offering):
                m.d.sync += bad.eq(1)
        with m.If(next_number):
            m.d.sync += number.eq(Cat(number[8:], byte))
        with m.If(next_data | answered):
            m.d.sync += [
                shifter.eq(Cat(shifter[8:], byte)),
                argument.eq(Mux(answered, answer_data, Cat(argument[8:], byte))),
            ]
        m.d.comb += [
            self.samples.valid.eq(offering | finishing),
            self.samples.p.bits.eq(word[:load]),
            self.samples.p.label.eq(register),
            self.samples.p.last.eq(page[0]),
        ]
        with m.If(offering & self.samples.ready):
            m.d.sync += offering.eq(0)

        # The closing flag
        length = Signal.like(position)
        with m.Switch(kind):
            for one, bytes_before in LENGTHS.items():
                with m.Case(one):
                    m.d.comb += length.eq(bytes_before + CRC_BYTES)
        write = kind == RequestKind.WRITE
        in_sequence = ~(write | sample) | (number == sequence.number)
        right = deframer.good & ~bad & (position == length) & in_sequence
        with m.If(deframer.end):
            m.d.sync += [position.eq(0), words.eq(0), word_byte.eq(0), offering.eq(0), bad.eq(0)]

        # What a frame asks for: of the core, or of the link, which answers for what is not there
        counters = kind == RequestKind.COUNTERS
        positioned = Signal()  # the counters to read are
        own, known = Signal(), Signal()
        own_value = Signal(32)
        own_status = Signal(Status)
        constants = {
            LinkRegister.VERSION: VERSION,
            LinkRegister.SAMPLES_AHEAD: SAMPLES_AHEAD,
            LinkRegister.LOAD: load,
            LinkRegister.CLOCK: self.clock_khz,
            LinkRegister.DIGEST: design_digest(self.folded),
        }
        m.d.comb += [
            own.eq(own_page | no_page | (counters & (page == 0))),
            known.eq(own_page & ~no_page & (page == 0) & ~counters),
            own_status.eq(Status.UNKNOWN),
        ]
        with m.If(known):
            with m.Switch(register):
                for own_register, value in constants.items():
                    with m.Case(own_register):
                        m.d.comb += [own_value.eq(value), own_status.eq(Status.OK)]
        with m.If(own_page & write):
            m.d.comb += own_status.eq(Status.ACCESS)
        m.d.comb += [
            self.requests.p.write.eq(write | (counters & ~positioned)),
            self.requests.p.address.eq(Cat(register, page)),
            self.requests.p.data.eq(argument),
        ]
        with m.If(counters):
            m.d.comb += self.requests.p.address[:8].eq(
                Mux(positioned, LayerRegister.COUNTER, LayerRegister.POSITION)
            )

        # The reply: kind, tag, status, and bytes of the core's answer
        answer = Signal(Status)
        place = Signal(range(VALUE_BYTES))
        more = counters & (answer == Status.OK) & (left != 0)
        reply = sender.replies
        replied = reply.valid & reply.ready
        reply_bytes = Cat(
            Mux(counters, ReplyKind.ROW, ReplyKind.VALUE),
            number[:8],
            number[:8],
            Cat(answer, Const(0, 5)),
            argument[:8].replicate(ARGUMENT_BYTES),
        )
        counter_bytes = math.ceil(self.folded.config.counter_bits / 8)
        of_counter = positioned & (place == REPLY_HEAD + counter_bytes - 1)
        ends = Mux(
            counters,
            of_counter | (~positioned & (place == REPLY_HEAD - 1)),
            place == VALUE_BYTES - 1,
        )
        m.d.comb += [
            reply.p.byte.eq(reply_bytes.word_select(place, 8)),
            reply.p.last.eq(ends & Mux(positioned, left == 1, ~more)),
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
                m.d.comb += [obeying.eq(0), finishing.eq(~strobe)]
                with m.If(strobe):
                    m.d.comb += [spoilt.eq(1), drop.eq(1)]
                    m.next = "Wait"
                with m.Elif(self.samples.ready):
                    m.d.comb += accept.eq(1)
                    m.d.sync += status.eq(Status.OK)
                    m.next = "Wait"
            with m.State("Request"):
                m.d.comb += self.requests.valid.eq(~own)
                with m.If(own | self.requests.ready):
                    m.next = "Answer"
            with m.State("Answer"):
                m.d.comb += [
                    self.responses.ready.eq(~own),
                    answered.eq(own | self.responses.valid),
                    answer_status.eq(Mux(own, own_status, self.responses.p.status)),
                    answer_data.eq(Mux(own, own_value, self.responses.p.data)),
                ]
                with m.If(write & answered):
                    m.d.sync += status.eq(answer_status)
                    m.d.comb += [accept.eq(answer_status == Status.OK), drop.eq(~accept)]
                    m.next = "Wait"
                with m.Elif(answered):
                    m.d.sync += place.eq(Mux(positioned, REPLY_HEAD, 0))
                    with m.If(~positioned):
                        m.d.sync += answer.eq(answer_status)
                    m.next = "Reply"
            with m.State("Reply"):
                m.d.comb += reply.valid.eq(1)
                with m.If(replied):
                    m.d.sync += place.eq(place + 1)
                    m.d.comb += [next_number.eq(place != 0), next_data.eq(place >= REPLY_HEAD)]
                    with m.If(ends):
                        m.d.sync += positioned.eq(1)
                        m.next = "Request"
                        with m.If(positioned):
                            m.d.sync += left.eq(left - 1)
                        with m.If(reply.p.last):
                            m.next = "Wait"

        # A frame that began too early.
        with m.If(deframer.end & ~deframer.empty & obeying):
            m.d.comb += drop.eq(1)

        return m
