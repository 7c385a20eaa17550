# amaranth: UnusedElaboratable=no
"""The host link in gateware: carries out request frames on a trainer core, and replies."""

from typing import Any

from amaranth.hdl import Cat, Elaboratable, Module, Mux, Signal, Value
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from ..layer.sample_layouts import result_layout, sample_word_layout
from ..network import layer_count
from ..planning.plan import FoldedNetwork
from ..planning.universal import UniversalTrainer
from ..primitives.component import Component
from ..registers.register_file import RegisterFile
from ..registers.register_map import LayerRegister, LinkRegister, Status
from ..registers.requests import request_layout, response_layout
from .deframer import Deframer
from .frame_fields import FrameFields
from .framer import Framer
from .protocol import SAMPLES_AHEAD, VERSION, RequestKind, design_digest
from .register_reply import RegisterReply
from .reply_sender import ReplySender
from .sequence_number import SequenceNumber

__all__ = ["HostLink"]


def outcome_layout() -> data.StructLayout:
    """The outcome of a frame; each bit is set for one cycle.

    ``accepted``: a frame is accepted. ``refused``: a WRITE is refused. ``spoilt``: a frame is
    invalid or its sample came too late, and the words of the sample are cancelled.
    ``synchronised``: a SYNC is carried out. ``early``: a frame began while another was carried out.
    """
    return data.StructLayout(
        {"accepted": 1, "refused": 1, "spoilt": 1, "synchronised": 1, "early": 1}
    )


class HostLink(Component):
    """Carry out the frames of a host (docs/link.md), each at most once.

    The fields of a frame are stored as they come, and the words of a sample go to the core as they
    come, except the last one. At the closing flag, a frame is carried out if CRC and length are
    right and, for a sequenced frame, its number is the expected one::

        SYNC        at once
        SAMPLE      Finish: the last word is offered until the core takes it, or the first byte of
                    the next frame comes: then the sample is cancelled, as for any bad frame
        READ        Request, Answer; then Reply, until a VALUE is sent
        WRITE       Request, Answer; a cycle each if the core does not wait
        COUNTERS    Request, Answer for the position; then Reply, until the head of a ROW is sent;
                    then all three for each of its counters

    The link answers requests for its own registers and for layers that do not exist. A frame that
    begins while another is carried out is dropped, except that the kind and the number of a frame
    may come during a WRITE. Each change that the host must know makes a
    STATE due, which is sent when no other reply is.

    Parameters
    ----------
    folded : FoldedNetwork or UniversalTrainer
        The network and how it is folded, or a universal trainer.
    clock_khz : int
        Value of the register CLOCK; 0 if it is not known.

    Members
    -------
    i, o : In(stream), Out(stream)
        Bytes from and to the host.
    samples, results, requests, responses
        Streams of the core.
    cancel : Out(1)
        To the core: drop the words of an incomplete sample.
    busy : In(1)
        The core is busy.
    last_word : In(1)
        From the core: the next word that it takes is the last of a sample.

    Raises
    ------
    ValueError
        If ``clock_khz`` is out of its range.
    """

    def __init__(self, folded: FoldedNetwork | UniversalTrainer, *, clock_khz: int = 0):
        if not 0 <= clock_khz < 1 << 32:
            raise ValueError(f"clock_khz must be from 0 to 2^32 - 1, not {clock_khz!r}")

        self.folded = folded
        self.clock_khz = clock_khz
        input_width = folded.first.plan.input_width
        super().__init__(
            {
                "i": In(stream.Signature(8)),
                "o": Out(stream.Signature(8)),
                "samples": Out(stream.Signature(sample_word_layout(input_width))),
                "results": In(stream.Signature(result_layout(layer_count(folded)))),
                "requests": Out(stream.Signature(request_layout())),
                "responses": In(stream.Signature(response_layout())),
                "last_word": In(1),
                "cancel": Out(1),
                "busy": In(1),
            }
        )

    def elaborate(self, platform: object) -> Elaboratable:
        m = Module()

        m.submodules.deframer = deframer = Deframer()
        m.submodules.fields = fields = FrameFields(self.folded)
        config = self.folded.first.config
        m.submodules.reply = reply = RegisterReply(counter_bits=config.counter_bits)
        m.submodules.sender = sender = ReplySender(
            layers=layer_count(self.folded), classes=config.classes
        )
        m.submodules.framer = framer = Framer()
        m.submodules.expected = sequence = SequenceNumber()
        wiring.connect(m, wiring.flipped(self.i), deframer.i)
        wiring.connect(m, fields.samples, wiring.flipped(self.samples))
        wiring.connect(m, wiring.flipped(self.results), sender.results)
        wiring.connect(m, reply.o, sender.replies)
        wiring.connect(m, sender.o, framer.i)
        wiring.connect(m, framer.o, wiring.flipped(self.o))

        sequenced = fields.kind.matches(RequestKind.WRITE, RequestKind.SAMPLE)
        in_sequence = ~sequenced | (fields.number == sequence.number)
        write = Signal()  # the frame that is carried out is a WRITE
        frame, right = Signal(), Signal()
        m.d.comb += [
            fields.strobe.eq(deframer.o.valid),
            fields.byte.eq(deframer.o.payload),
            fields.end.eq(deframer.end),
            fields.last_word.eq(self.last_word),
            frame.eq(deframer.end & ~deframer.empty),
            right.eq(deframer.good & fields.whole & in_sequence),
        ]
        positioned = Signal()  # the register POSITION is written, for the counters to read
        own, status = self._request(m, fields, write, positioned)
        self._answer(m, fields, reply, positioned, status)
        outcome: Any = Signal(outcome_layout())
        self._state(m, sender, sequence, outcome, fields.number, status)

        answered = own | self.responses.valid
        obeying = Signal(init=1)
        m.d.comb += [fields.obeying.eq(obeying & ~write), fields.writing.eq(obeying & write)]
        with m.FSM():
            with m.State("Wait"):
                m.d.comb += obeying.eq(0)
                m.d.sync += [positioned.eq(0), write.eq(fields.kind == RequestKind.WRITE)]
                with m.If(frame & ~right):
                    m.d.comb += outcome.spoilt.eq(1)
                with m.Elif(frame):
                    with m.Switch(fields.kind):
                        with m.Case(RequestKind.SYNC):
                            m.d.comb += outcome.synchronised.eq(1)
                        with m.Case(RequestKind.SAMPLE):
                            m.next = "Finish"
                        with m.Default():
                            m.next = "Request"
            with m.State("Finish"):
                m.d.comb += [obeying.eq(0), fields.finish.eq(~fields.strobe)]
                with m.If(fields.strobe):
                    m.d.comb += outcome.spoilt.eq(1)
                    m.next = "Wait"
                with m.Elif(self.samples.ready):
                    m.d.comb += outcome.accepted.eq(1)
                    m.next = "Wait"
            with m.State("Request"):
                m.d.comb += [self.requests.valid.eq(~own), fields.clear.eq(own)]
                with m.If(own | self.requests.ready):
                    m.next = "Answer"
            with m.State("Answer"):
                m.d.comb += [
                    self.responses.ready.eq(1),
                    fields.load.eq(self.responses.valid & ~own),
                    fields.load_constant.eq(own),
                    reply.begin.eq(answered),
                ]
                with m.If(write & answered):
                    accepted = status == Status.OK
                    m.d.comb += [outcome.accepted.eq(accepted), outcome.refused.eq(~accepted)]
                    m.next = "Wait"
                with m.Elif(answered):
                    m.next = "Reply"
            with m.State("Reply"):
                m.d.comb += reply.active.eq(1)
                with m.If(reply.ended):
                    m.d.sync += positioned.eq(1)
                    m.d.comb += fields.count_down.eq(positioned)
                    m.next = "Request"
                    with m.If(reply.o.p.last):
                        m.next = "Wait"

        # A frame that began while another was carried out
        with m.If(frame & obeying):
            m.d.comb += outcome.early.eq(1)

        return m

    def _state(
        self,
        m: Module,
        sender: ReplySender,
        sequence: SequenceNumber,
        outcome: data.View,
        number: Signal,
        status: Value,
    ) -> None:
        """Store the contents of a STATE, and make one due."""
        m.d.sync += self.cancel.eq(outcome.spoilt)
        m.d.comb += [
            sender.expected.eq(sequence.number),
            sender.busy.eq(self.busy),
            sender.changed.eq(outcome.accepted | outcome.synchronised),
            sender.dropped.eq(outcome.refused | outcome.spoilt | outcome.early),
            sequence.step.eq(outcome.accepted),
        ]
        latest = Signal(Status)
        tag = Signal(16)
        m.d.comb += [sender.status.eq(latest), sender.tag.eq(tag)]
        with m.If(outcome.synchronised):
            m.d.sync += tag.eq(number)
        with m.If(outcome.accepted | outcome.synchronised):
            m.d.sync += latest.eq(Status.OK)
        with m.If(outcome.refused):
            m.d.sync += latest.eq(status)

    def _request(
        self, m: Module, fields: FrameFields, write: Signal, positioned: Signal
    ) -> tuple[Signal, Signal]:
        """Make the request of a frame; gives whether the link answers it, and the status.

        The link answers for its own registers, and for layers that do not exist.
        """
        counters = ~write & (fields.kind == RequestKind.COUNTERS)
        m.d.comb += [
            self.requests.p.write.eq(write | (counters & ~positioned)),
            self.requests.p.address.eq(Cat(fields.register, fields.page)),
            self.requests.p.data.eq(fields.argument),
        ]
        # A COUNTERS that is carried out has the address of POSITION.
        with m.If(positioned):
            m.d.comb += self.requests.p.address[:8].eq(
                fields.register ^ (LayerRegister.POSITION ^ LayerRegister.COUNTER)
            )

        m.submodules.registers = registers = RegisterFile(LinkRegister)
        values = registers.values
        own, known = Signal(), Signal()  # the link answers; it has such a register
        status = Signal(Status)  # of the answer
        m.d.comb += [
            own.eq(
                fields.link_page
                | fields.no_page
                | (counters & ((fields.page == 0) | (fields.register != LayerRegister.POSITION)))
            ),
            known.eq(
                fields.link_page
                & ~fields.no_page
                & (fields.page == 0)
                & fields.register.matches(*LinkRegister)
                & ~counters
            ),
            registers.write.eq(write),
            registers.offset.eq(fields.register),
            registers.data.eq(fields.argument),
            registers.enable.eq(known & fields.load_constant),
            values.version.eq(VERSION),
            values.samples_ahead.eq(SAMPLES_AHEAD),
            values.input_width.eq(self.folded.first.plan.input_width),
            values.clock.eq(self.clock_khz),
            values.digest.eq(design_digest(self.folded)),
        ]
        with m.If(~own):
            m.d.comb += status.eq(self.responses.p.status)
        with m.Elif(known):
            m.d.comb += status.eq(registers.status)
        with m.Else():
            m.d.comb += status.eq(Status.UNKNOWN)
        m.d.comb += [
            fields.loaded.eq(self.responses.p.data),
            fields.constant.eq(Mux(known, registers.value, 0)),
        ]
        return own, status

    def _answer(
        self,
        m: Module,
        fields: FrameFields,
        reply: RegisterReply,
        positioned: Signal,
        status: Signal,
    ) -> None:
        """Reply with an answer; the fields store its value and shift it out."""
        m.d.comb += [
            fields.shift_number.eq(reply.shift_tag),
            fields.shift_argument.eq(reply.shift_value),
            reply.row.eq(fields.kind == RequestKind.COUNTERS),
            reply.counter.eq(positioned),
            reply.left.eq(fields.left),
            reply.status.eq(status),
            reply.tag.eq(fields.number[:8]),
            reply.value.eq(fields.argument[:8]),
        ]
