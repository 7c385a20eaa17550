"""Bench of the framer: contents of all bytes and lengths, as the encoder frames them."""

from itertools import pairwise

from metaplast.hdl.link.protocol import CRC_BYTES, ESCAPE, FLAG, encode_frame
from metaplast.sim.bench import Bench, bench, stream_bench

CONTENTS = 60
BYTE_CYCLES = 9
"""From a byte of a content, or of its CRC, to the next byte."""


def contents(bench: Bench) -> list[bytes]:
    """Short and long ones, half of them with many bytes to escape."""
    random = bench.random
    values = [FLAG, ESCAPE, 0x5E, 0], range(256)
    return [
        bytes(random.choices(random.choice(values), k=random.choice([1, 2, 3, 8, 40])))
        for _ in range(CONTENTS)
    ]


def items(content: bytes) -> list[dict[str, int]]:
    """What goes in."""
    return [{"byte": byte, "last": at == len(content) - 1} for at, byte in enumerate(content)]


@stream_bench
async def frames(bench: Bench) -> None:
    """A content becomes its frame."""
    framed = bench.monitor("o")
    driver = bench.driver("i")
    for content in contents(bench):
        framed.expect(*encode_frame(content))
        await driver.send(items(content))


@bench
async def cycles(bench: Bench) -> None:
    """When nobody waits, each byte is given in the cycle that the docstring says."""
    framed = bench.monitor("o")
    sent = contents(bench)
    expected = b"".join(encode_frame(content) for content in sent)
    framed.expect(*expected)
    start = bench.cycle + 1
    await bench.driver("i").send(item for content in sent for item in items(content))
    await bench.drain()

    gaps = []
    for content in sent:
        gaps.append(1)  # after the flag
        body = encode_frame(content)[1:-1]
        escaped = False
        for byte in body:
            escaped = byte == ESCAPE and not escaped
            gaps.append(1 if escaped else BYTE_CYCLES)
        gaps.append(1)  # after the closing flag
    assert framed.cycles[0] == start
    came = [later - earlier for earlier, later in pairwise(framed.cycles)]
    assert came == gaps[:-1]
    assert len(gaps) == len(expected) >= CONTENTS * (CRC_BYTES + 3)
