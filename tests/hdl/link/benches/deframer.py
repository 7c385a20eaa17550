"""Bench of the deframer: frames, damaged ones and garbage, byte by byte."""

import zlib

from metaplast.hdl.link.protocol import ESCAPE, ESCAPED_BY, FLAG, encode_frame
from metaplast.sim.bench import Bench, Scoreboard, bench, stream_bench

FRAMES = 60
RESIDUE = zlib.crc32(b"some" + zlib.crc32(b"some").to_bytes(4, "little"))
"""The CRC of any content together with its own."""

BYTE_CYCLES = 9
"""From a byte of a content to the next byte."""


def line(bench: Bench) -> bytes:
    """Frames, of all lengths, many of them damaged in some way."""
    random = bench.random
    sent = bytearray(random.choices(range(256), k=20))
    for _ in range(FRAMES):
        special = random.random() < 0.5
        values = [FLAG, ESCAPE, 0x5E, 0x5D, 0] if special else range(256)
        content = bytes(random.choices(values, k=random.choice([0, 1, 2, 3, 7, 30])))
        frame = bytearray(encode_frame(content))
        match random.randrange(6):
            case 0:
                frame[random.randrange(len(frame))] ^= 1 << random.randrange(8)
            case 1:
                del frame[random.randrange(len(frame))]
            case 2:
                frame.insert(random.randrange(len(frame)), random.randrange(256))
            case 3:
                frame[-1:] = [ESCAPE, FLAG]
        sent += frame[1:] if random.random() < 0.5 and sent[-1] == FLAG else frame
    return bytes(sent)


def expect(bench: Bench, sent: bytes) -> tuple[Scoreboard, Scoreboard, list[int]]:
    """Expect bytes and ends of frames; those, and the places of the bytes that are given."""
    given, ends = bench.monitor("o"), bench.scoreboard("end", {"width": 2, "signed": False})

    async def watch() -> None:
        while True:
            await bench.edge()
            if bench.bits("end"):
                ends.receive(bench.bits("good") | bench.bits("empty") << 1, bench.cycle)

    bench.start(watch())
    body, escaped, places = bytearray(), False, []
    for place, byte in enumerate(sent):
        if byte == FLAG:
            good = bool(body) and zlib.crc32(body) == RESIDUE
            ends.expect(good | (not body) << 1)
            body.clear()
            escaped = False
        elif byte == ESCAPE:
            escaped = True
        else:
            body.append(byte ^ ESCAPED_BY if escaped else byte)
            given.expect(body[-1])
            places.append(place)
            escaped = False
    return given, ends, places


@stream_bench
async def frames(bench: Bench) -> None:
    """Every byte and every end comes in the cycle in which it is taken."""
    sent = line(bench)
    given, ends, places = expect(bench, sent)
    taken = await bench.driver("i").send(sent)
    await bench.drain()
    bench.check_latency([taken[place] for place in places], given.cycles, 0)
    flags = [cycle for byte, cycle in zip(sent, taken, strict=True) if byte == FLAG]
    bench.check_latency(flags, ends.cycles, 0)


@bench
async def cycles(bench: Bench) -> None:
    """After a content's byte eight cycles pass, after a flag or an escape none."""
    sent = line(bench)
    _, _, places = expect(bench, sent)
    taken = await bench.driver("i").send(sent)
    for place in range(len(sent) - 1):
        wanted = BYTE_CYCLES if place in places else 1
        assert taken[place + 1] - taken[place] == wanted, f"byte {place} took not {wanted} cycles"
