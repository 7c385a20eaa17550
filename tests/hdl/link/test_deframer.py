"""Frames from bytes: their ends; the bytes are in ../test_stream_components.py, too."""

import zlib

import pytest
from amaranth.hdl import Cat
from amaranth.sim import SimulatorContext

from metaplast.hdl.link.deframer import Deframer
from metaplast.hdl.link.protocol import ESCAPE, ESCAPED_BY, FLAG
from metaplast.sim.bench import Flow

from ..streams import IDLE_FLOWS, StreamBench, check_latency
from .frames import damaged_line

RESIDUE = zlib.crc32(b"some" + zlib.crc32(b"some").to_bytes(4, "little"))
"""The CRC of any content together with its own."""


def check_frames(flow: Flow, *, flip: bool = False) -> None:
    """Every byte and every end of a frame comes in the cycle in which it is taken."""
    deframer = Deframer()
    streams = StreamBench(deframer, flow, flip=flip)
    sender, given, ends = streams.sender("i"), streams.collector("o"), streams.scoreboard("end", 2)
    sent = damaged_line(streams.random, count=30)

    body, escaped = bytearray(), False
    byte_places, flag_places = [], []
    for place, byte in enumerate(sent):
        if byte == FLAG:
            good = bool(body) and zlib.crc32(body) == RESIDUE
            ends.expect(good | (not body) << 1)
            flag_places.append(place)
            body.clear()
        elif byte != ESCAPE:
            body.append(byte ^ ESCAPED_BY if escaped else byte)
            given.expect(body[-1])
            byte_places.append(place)
        escaped = byte == ESCAPE

    async def collect_ends(ctx: SimulatorContext) -> None:
        while True:
            *_, end, kind = await ctx.tick().sample(
                deframer.end, Cat(deframer.good, deframer.empty)
            )
            if end:
                ends.receive(kind, streams.cycle - 1)

    async def bench(ctx: SimulatorContext) -> None:
        await sender.send(ctx, sent)

    streams.beside(collect_ends)
    streams.run(bench)
    check_latency([sender.cycles[place] for place in byte_places], given.cycles, 0)
    check_latency([sender.cycles[place] for place in flag_places], ends.cycles, 0)


@pytest.mark.parametrize("flow", IDLE_FLOWS)
def test_frames_are_taken_apart(flow: Flow) -> None:
    check_frames(flow)


@pytest.mark.parametrize("flow", IDLE_FLOWS)
def test_the_check_notices_a_flipped_bit(flow: Flow) -> None:
    with pytest.raises(AssertionError, match=r"^(o|end): item \d+, in cycle \d+: expected"):
        check_frames(flow, flip=True)
