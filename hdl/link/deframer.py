"""HDLC deframer: frames from a stream of bytes."""

from amaranth.hdl import Cat, Elaboratable, Module, ResetInserter, Signal
from amaranth.lib import stream
from amaranth.lib.crc.catalog import CRC32_ISO_HDLC
from amaranth.lib.wiring import In, Out

from ..primitives.component import Component
from .protocol import ESCAPE, ESCAPED_BY, FLAG

__all__ = ["Deframer"]


class Deframer(Component):
    """Remove the escapes of frames and check their CRC (docs/link.md), bit-serially.

    Cycle by cycle, for a byte that is taken in cycle 0::

        0        for a flag, ``end`` is set; an escape is stored; for other bytes ``o`` is valid,
                 and:
        1 … 8    one bit per cycle goes into the CRC; no byte is taken

    Parameters
    ----------
    None.

    Members
    -------
    i : In(stream)
        Bytes.
    o : Out(stream)
        Bytes of a frame, including the CRC. Never waits.
    end : Out(1)
        A flag was received.
    good : Out(1)
        With ``end``: there are bytes since the previous flag, and they end with their CRC.
    empty : Out(1)
        With ``end``: there is no byte since the previous flag.
    """

    def __init__(self) -> None:
        super().__init__(
            {
                "i": In(stream.Signature(8)),
                "o": Out(stream.Signature(8, always_ready=True)),
                "end": Out(1),
                "good": Out(1),
                "empty": Out(1),
            }
        )

    def elaborate(self, platform: object) -> Elaboratable:
        m = Module()

        crc = CRC32_ISO_HDLC(data_width=1).create()
        restart = Signal()  # a reset takes less logic than the start input of the CRC
        m.submodules.crc = ResetInserter(restart)(crc)
        shifting = Signal(
            9, init=1
        )  # the byte, and a one above it that comes down to the lowest place
        checked = shifting[1:] == 0
        escaped, some = Signal(), Signal()
        m.d.comb += [
            self.i.ready.eq(checked),
            self.o.payload.eq(self.i.payload ^ (escaped << ESCAPED_BY.bit_length() - 1)),
            self.good.eq(crc.match_detected),  # not without bytes
            self.empty.eq(~some),
            crc.data.eq(shifting[0]),
            crc.valid.eq(~checked),
        ]

        with m.If(~checked):
            m.d.sync += shifting.eq(shifting >> 1)
        with m.Elif(self.i.valid):
            with m.If(self.i.payload == FLAG):
                m.d.comb += [self.end.eq(1), restart.eq(1)]
                m.d.sync += [some.eq(0), escaped.eq(0)]
            with m.Elif(self.i.payload == ESCAPE):
                m.d.sync += escaped.eq(1)
            with m.Else():
                m.d.comb += self.o.valid.eq(1)
                m.d.sync += [
                    shifting.eq(Cat(self.o.payload, 1)),
                    escaped.eq(0),
                    some.eq(1),
                ]

        return m
