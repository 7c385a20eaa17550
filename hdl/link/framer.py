"""HDLC framer: frames as a stream of bytes."""

from amaranth.hdl import Cat, Elaboratable, Module, Mux, ResetInserter, Signal
from amaranth.lib import data, stream
from amaranth.lib.crc.catalog import CRC32_ISO_HDLC
from amaranth.lib.wiring import In, Out

from ..primitives.component import Component
from .protocol import CRC_BYTES, ESCAPE, ESCAPED_BY, FLAG

__all__ = ["Framer"]


class Framer(Component):
    """Frame contents: add flags, escapes and CRC (docs/link.md).

    Cycle by cycle, if bytes come and are taken without waiting::

        0        Flag: a flag
        1        Load: a byte of the content is taken
        2 … 9    Check: one bit per cycle goes into the CRC
        10       Send: the byte, or an escape and then the byte; then Load for the next byte
        …        after the last byte, Check and Send for each byte of the CRC, which is shifted out
        last     Flag: a flag

    Parameters
    ----------
    None.

    Members
    -------
    i : In(stream)
        Bytes of a content, the last one marked.
    o : Out(stream)
        Bytes of frames.
    """

    def __init__(self) -> None:
        super().__init__(
            {
                "i": In(stream.Signature(data.StructLayout({"byte": 8, "last": 1}))),
                "o": Out(stream.Signature(8)),
            }
        )

    def elaborate(self, platform: object) -> Elaboratable:
        m = Module()

        crc = CRC32_ISO_HDLC(data_width=1).create()
        restart = Signal()  # a reset takes less logic than the start input of the CRC
        m.submodules.crc = ResetInserter(restart)(crc)
        byte = Signal(8, init=FLAG)
        last, closing = Signal(), Signal()  # the content is taken; byte is of the CRC
        bits, crc_bytes = Signal(range(8)), Signal(range(CRC_BYTES))  # counted in Check
        special = (byte == FLAG) | (byte == ESCAPE)
        # Fed with its own inverted lowest bit, the CRC shifts without changing.
        next_bit = Mux(closing, crc.crc[0], byte[0])
        m.d.comb += [crc.data.eq(next_bit ^ closing), self.o.payload.eq(byte)]

        with m.FSM():
            with m.State("Flag"):
                m.d.comb += [self.o.valid.eq(last | self.i.valid), restart.eq(1)]
                m.d.sync += closing.eq(0)
                with m.If(self.o.valid & self.o.ready):
                    m.d.sync += last.eq(0)
                    with m.If(~last):
                        m.next = "Load"
            with m.State("Load"):
                m.d.comb += self.i.ready.eq(1)
                m.d.sync += [byte.eq(self.i.p.byte), last.eq(self.i.p.last)]
                with m.If(self.i.valid):
                    m.next = "Check"
            with m.State("Check"):
                m.d.comb += crc.valid.eq(1)
                m.d.sync += [byte.eq(Cat(byte[1:], next_bit)), bits.eq(bits + 1)]
                with m.If(bits == 7):
                    m.d.sync += crc_bytes.eq(crc_bytes + closing)
                    m.next = "Send"
            with m.State("Send"):
                m.d.comb += self.o.valid.eq(1)
                with m.If(special):
                    m.d.comb += self.o.payload.eq(ESCAPE)
                with m.If(self.o.ready):
                    with m.If(special):
                        m.d.sync += byte.eq(byte ^ ESCAPED_BY)
                    with m.Elif(~last):
                        m.next = "Load"
                    with m.Elif(closing & (crc_bytes == 0)):
                        m.d.sync += byte.eq(FLAG)
                        m.next = "Flag"
                    with m.Else():
                        m.d.sync += closing.eq(1)
                        m.next = "Check"

        return m
