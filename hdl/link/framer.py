"""HDLC framer: frames as a stream of bytes."""

from amaranth.hdl import Elaboratable, Module, Mux, ResetInserter, Signal
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
        1        Byte: a byte of the content, or an escape and then the byte
        2 … 9    Check: one bit per cycle goes into the CRC
        …        after the last byte, the four bytes of the CRC in the same way; this shifts it out
        last     Close: a flag

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
        shifting, left = Signal(8), Signal(range(8))
        escaped = Signal()
        ending, closing = Signal(), Signal()  # all bytes are sent; all bytes are in the CRC
        crc_byte = Signal(range(CRC_BYTES))
        byte = Mux(closing, crc.crc[:8], self.i.p.byte)
        special = (byte == FLAG) | (byte == ESCAPE)
        # Fed with its own inverted lowest bit, the CRC shifts without changing.
        m.d.comb += crc.data.eq(Mux(closing, ~crc.crc[0], shifting[0]))

        with m.FSM():
            with m.State("Flag"):
                m.d.comb += [
                    self.o.valid.eq(self.i.valid),
                    self.o.payload.eq(FLAG),
                    restart.eq(1),
                ]
                m.d.sync += [ending.eq(0), closing.eq(0), crc_byte.eq(0)]
                with m.If(self.o.valid & self.o.ready):
                    m.next = "Byte"
            with m.State("Byte"):
                m.d.comb += [
                    self.o.valid.eq(closing | self.i.valid),
                    self.o.payload.eq(
                        Mux(special & ~escaped, ESCAPE, Mux(escaped, byte ^ ESCAPED_BY, byte))
                    ),
                ]
                with m.If(self.o.valid & self.o.ready):
                    m.d.sync += escaped.eq(special & ~escaped)
                    with m.If(~special | escaped):
                        m.d.comb += self.i.ready.eq(~closing)
                        m.d.sync += [
                            shifting.eq(byte),
                            left.eq(7),
                            ending.eq(closing | self.i.p.last),
                            crc_byte.eq(crc_byte + closing),
                        ]
                        m.next = "Check"
            with m.State("Check"):
                m.d.comb += crc.valid.eq(1)
                m.d.sync += [shifting.eq(shifting >> 1), left.eq(left - 1)]
                with m.If(left == 0):
                    m.d.sync += closing.eq(ending)
                    m.next = "Byte"
                    with m.If(closing & (crc_byte == 0)):
                        m.next = "Close"
            with m.State("Close"):
                m.d.comb += [self.o.valid.eq(1), self.o.payload.eq(FLAG)]
                with m.If(self.o.ready):
                    m.next = "Flag"

        return m
