"""Parser of request frames: fields, and the words of a sample."""

import math

from amaranth.hdl import Cat, Elaboratable, Module, Mux, Signal, Value
from amaranth.lib import stream
from amaranth.lib.wiring import In, Out

from ..layer.sample_layouts import sample_word_layout
from ..network import layer_count
from ..planning.plan import FoldedNetwork
from ..planning.universal import UniversalTrainer
from ..primitives.component import Component
from ..primitives.loadable_counter import count_down_or_load
from ..registers.register_map import LINK_BASE
from .protocol import CRC_BYTES, RequestKind

__all__ = ["FrameFields"]

# Positions of the first bytes of fields in a frame.
NUMBER, ADDRESS, DATA, COUNT = 1, 3, 6, 10
FLAGS, WORDS = 4, 5

ARGUMENT_BYTES = COUNT - DATA
KIND_BITS = 3
FLAG_BITS = 1
LAST_POSITION = 31
"""Positions are counted up to this one, after the end of the longest frame without a sample."""

LENGTHS = {
    RequestKind.SYNC: ADDRESS,
    RequestKind.READ: DATA,
    RequestKind.WRITE: COUNT,
    RequestKind.SAMPLE: WORDS,
    RequestKind.COUNTERS: COUNT + 2,
}
"""Bytes of the content of a frame, without the words of a sample."""


class FrameFields(Component):
    """Store the fields of a request frame, and offer the words of a sample to the core.

    A field is valid from the cycle after its last byte until the next frame. Each word of a sample
    is offered from the cycle after its last byte until it is taken, except the last word, which is
    offered while ``finish`` is set. If another byte comes while a word is offered, the frame is
    bad.

    The data of a WRITE, the words of a sample and the answer of the core share one shift register.

    Parameters
    ----------
    folded : FoldedNetwork or UniversalTrainer
        The network and how it is folded, or a universal trainer.

    Members
    -------
    strobe, byte : In
        A byte of a frame; ``strobe`` is set in its cycle.
    end : In(1)
        The frame's closing flag; not together with a byte.
    obeying : In(1)
        Another frame is being carried out: a frame that begins now is bad, and changes no field.
    writing : In(1)
        A WRITE is being carried out: a frame is bad if it comes to its address now. It does not
        change the address and the argument.
    whole : Out(1)
        With ``end``: the frame has a known kind, the length of that kind and no reserved flag, and
        is not bad.
    kind : Out(RequestKind)
        Kind of the frame.
    number : Out(16)
        Sequence number or tag of the frame.
    register : Out(8)
        The low byte of the address; or the label of a sample.
    page : Out
        The low bits of the middle byte of the address, enough for the layers; or the flags of a
        sample.
    link_page : Out(1)
        The high byte of the address is that of the link's registers.
    no_page : Out(1)
        The address is neither the core's nor the link's.
    argument : Out(32)
        Data of a WRITE, neuron of a COUNTERS; or the loaded value.
    left : Out(16)
        Counters to read.
    samples : Out(stream)
        Words of samples, for the core.
    finish : In(1)
        Offer the last word of a sample.
    load, loaded : In
        With ``load``, replace the argument by ``loaded``.
    clear : In(1)
        Set the argument to 0.
    load_constant, constant : In
        With ``load_constant``, in the cycle after ``clear``, replace the argument by ``constant``.
    shift_number, shift_argument : In(1)
        Shift by a byte, lowest byte first.
    count_down : In(1)
        A counter was read.
    last_word : In(1)
        From the core: the next word that it takes is the last of a sample.
    """

    def __init__(self, folded: FoldedNetwork | UniversalTrainer):
        self.folded = folded
        input_width = folded.first.plan.input_width
        super().__init__(
            {
                "strobe": In(1),
                "byte": In(8),
                "end": In(1),
                "obeying": In(1),
                "writing": In(1),
                "whole": Out(1),
                "kind": Out(RequestKind),
                "number": Out(16),
                "register": Out(8),
                "page": Out(range(layer_count(folded) + 1)),
                "link_page": Out(1),
                "no_page": Out(1),
                "argument": Out(32),
                "left": Out(16),
                "samples": Out(stream.Signature(sample_word_layout(input_width))),
                "finish": In(1),
                "last_word": In(1),
                "load": In(1),
                "loaded": In(32),
                "clear": In(1),
                "load_constant": In(1),
                "constant": In(32),
                "shift_number": In(1),
                "shift_argument": In(1),
                "count_down": In(1),
            }
        )

    def elaborate(self, platform: object) -> Elaboratable:
        m = Module()

        position = Signal(range(LAST_POSITION + 1))
        # Unknown kind, reserved flag, frame too early, or the core took a word too late
        bad = Signal()
        in_words, next_word_byte = Signal(), Signal()
        with m.If(self.strobe & (position == 0)):
            m.d.sync += bad.eq(self.obeying | (self.byte[KIND_BITS:] != 0))
            with m.If(~self.obeying):
                m.d.sync += self.kind.eq(self.byte)
        flags_byte = (self.kind == RequestKind.SAMPLE) & (position == FLAGS)
        with m.If(self.strobe & flags_byte & (self.byte[FLAG_BITS:] != 0)):
            m.d.sync += bad.eq(1)
        with m.If(self.strobe & ~in_words & (position != LAST_POSITION)):
            m.d.sync += position.eq(position + 1)

        early = self.writing & (position == ADDRESS)
        with m.If(self.strobe & early):
            m.d.sync += bad.eq(1)
        next_argument_byte = self._fields(m, position, self.strobe & ~bad & ~early)
        m.d.comb += next_word_byte.eq(self.strobe & ~bad & in_words)
        word = self._shifter(m, next_argument_byte | next_word_byte)
        offering = self._words(m, position, in_words, next_word_byte, word)
        with m.If(self.strobe & offering):
            m.d.sync += bad.eq(1)

        length = Signal.like(position)
        with m.Switch(self.kind):
            for kind, bytes_before in LENGTHS.items():
                with m.Case(kind):
                    m.d.comb += length.eq(bytes_before + CRC_BYTES)
        m.d.comb += self.whole.eq(~bad & (position == length))
        with m.If(self.end):
            m.d.sync += position.eq(0)

        return m

    def _fields(self, m: Module, position: Signal, strobe: Signal) -> Signal:
        """Store each field at its position; gives the strobe of the argument's bytes."""
        argument_byte, number_byte, count_byte = Signal(), Signal(), Signal()
        with m.If(strobe):
            with m.Switch(position):
                with m.Case(*range(NUMBER, ADDRESS)):
                    m.d.comb += number_byte.eq(1)
                with m.Case(ADDRESS):
                    m.d.sync += self.register.eq(self.byte)
                with m.Case(ADDRESS + 1):
                    above = self.byte[len(self.page) :]
                    m.d.sync += [self.page.eq(self.byte), self.no_page.eq(above != 0)]
                with m.Case(ADDRESS + 2):
                    m.d.sync += self.link_page.eq(self.byte == LINK_BASE >> 16)
                    with m.If((self.byte != 0) & (self.byte != LINK_BASE >> 16)):
                        m.d.sync += self.no_page.eq(1)
                with m.Case(*range(DATA, COUNT)):
                    m.d.comb += argument_byte.eq(self.kind != RequestKind.SAMPLE)
                with m.Case(*range(COUNT, COUNT + 2)):
                    m.d.comb += count_byte.eq(1)
        with m.If(number_byte | self.shift_number):
            m.d.sync += self.number.eq(Cat(self.number[8:], self.byte))
        with m.If(count_byte | self.count_down):
            m.d.sync += self.left.eq(
                count_down_or_load(self.left, self.count_down, Cat(self.left[8:], self.byte))
            )
        return argument_byte

    def _shifter(self, m: Module, next_byte: Value) -> Value:
        """Shift in the argument and the words of a sample; gives the word."""
        word_bytes = math.ceil(self.folded.first.plan.input_width / 8)
        shifter = Signal(8 * max(word_bytes, ARGUMENT_BYTES))
        argument, word = shifter[-8 * ARGUMENT_BYTES :], shifter[-8 * word_bytes :]
        # A constant is set in a cleared argument: this leaves one LUT for each bit, since bits that
        # are equal in all constants share a signal.
        with m.If(next_byte | self.shift_argument | self.load | self.load_constant):
            m.d.sync += shifter.eq(Cat(shifter[8:], self.byte))
            constant = self.constant & self.load_constant.replicate(32)
            above = Cat(argument[8:], self.byte & ~self.load_constant.replicate(8))
            m.d.sync += argument.eq(Mux(self.load, self.loaded, above | constant))
        with m.If(self.clear):
            m.d.sync += argument.eq(0)
        m.d.comb += self.argument.eq(argument)
        return word

    def _words(
        self, m: Module, position: Signal, in_words: Signal, next_byte: Signal, word: Value
    ) -> Signal:
        """Offer each word of a sample; gives whether one is offered."""
        width = self.folded.first.plan.input_width
        word_bytes = math.ceil(width / 8)
        byte = Signal(range(max(word_bytes, 2)))  # of the word
        complete = Signal()  # all words are
        offering = Signal()
        m.d.comb += [
            in_words.eq((self.kind == RequestKind.SAMPLE) & (position == WORDS) & ~complete),
            self.samples.valid.eq(offering | self.finish),
            self.samples.p.bits.eq(word[:width]),
            self.samples.p.label.eq(self.register),
            self.samples.p.last.eq(self.page[0]),
        ]
        word_ends = next_byte & (byte == word_bytes - 1)
        with m.If(next_byte):
            m.d.sync += byte.eq(Mux(byte == word_bytes - 1, 0, byte + 1))
        with m.If(offering & self.samples.ready):
            m.d.sync += offering.eq(0)
        with m.Elif(word_ends):
            m.d.sync += [offering.eq(~self.last_word), complete.eq(self.last_word)]
        with m.If(self.end):
            m.d.sync += [byte.eq(0), offering.eq(0), complete.eq(0)]
        return offering
