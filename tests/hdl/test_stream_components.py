# amaranth: UnusedElaboratable=no
"""Components that make a stream from a stream, in every flow: values, order, number and cycles.

A further component is a further case in the table.
"""

import zlib
from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Any

import pytest
from amaranth.lib import wiring
from amaranth.sim import SimulatorContext

from metaplast.hdl.layer.sample_serialiser import SampleSerialiser
from metaplast.hdl.link.deframer import Deframer
from metaplast.hdl.link.framer import Framer
from metaplast.hdl.link.protocol import ESCAPE, ESCAPED_BY, FLAG, encode_frame
from metaplast.hdl.link.reply_sender import ReplySender
from metaplast.sim.bench import Flow

from .link.frames import byte_items, damaged_line, random_contents
from .streams import StreamBench

BYTE_CYCLES = 9
"""Cycles of framer and deframer from a byte that enters a CRC to the next byte, without loading."""

Items = list[Any]


@dataclass(frozen=True)
class Case:
    """A component with the stream ``o``, and a test of it.

    Attributes
    ----------
    component : function
        Makes the component.
    exchange : function
        Gives items to send, and the items expected for them, from random numbers.
    cycles : function
        Gives the cycle of each expected item, from sent and expected items, if neither side waits.
    stream : str
        Name of the stream that is sent into.
    """

    component: Callable[[], wiring.Component]
    exchange: Callable[[Random], tuple[Items, Items]]
    cycles: Callable[[Items, Items], list[int]]
    stream: str = "i"


# Framer and Deframer


def contents(random: Random) -> tuple[Items, Items]:
    """Contents of all lengths; their frames."""
    chosen = random_contents(random)
    items = [item for content in chosen for item in byte_items(content)]
    return items, [byte for content in chosen for byte in encode_frame(content)]


def framer_cycles(sent: Items, expected: Items) -> list[int]:
    """A flag or an escape takes a cycle; any other byte enters the CRC before it leaves.

    A byte of the content is loaded in a cycle before that.
    """
    cycles, cycle, content = [], -1, b""
    for item in sent:
        content += bytes([item["byte"]])
        if item["last"]:
            cycles.append(cycle := cycle + 1)
            for place, byte in enumerate(content + zlib.crc32(content).to_bytes(4, "little")):
                cycle += BYTE_CYCLES + (place < len(content))
                cycles.append(cycle)
                if byte in (FLAG, ESCAPE):
                    cycles.append(cycle := cycle + 1)
            cycles.append(cycle := cycle + 1)
            content = b""
    return cycles


def unescaped(sent: Items) -> list[tuple[int, int]]:
    """The bytes between flags, each with its place in the line."""
    found, escaped = [], False
    for place, byte in enumerate(sent):
        if byte not in (FLAG, ESCAPE):
            found.append((place, byte ^ ESCAPED_BY if escaped else byte))
        escaped = byte == ESCAPE
    return found


def line(random: Random) -> tuple[Items, Items]:
    """Frames, right and damaged ones; the bytes between flags."""
    sent = list(damaged_line(random))
    return sent, [byte for _, byte in unescaped(sent)]


def deframer_cycles(sent: Items, expected: Items) -> list[int]:
    """A byte leaves in the cycle in which it is taken, and then enters the CRC."""
    places = [place for place, _ in unescaped(sent)]
    return [place + n * (BYTE_CYCLES - 1) for n, place in enumerate(places)]


# ReplySender


def replies(random: Random) -> tuple[Items, Items]:
    """Contents of replies, which leave as they come."""
    sizes = random.choices([1, 2, 8, 40], k=30)
    items = [item for size in sizes for item in byte_items(random.randbytes(size))]
    return items, items


def reply_cycles(sent: Items, expected: Items) -> list[int]:
    """A cycle before each content."""
    cycles, cycle = [], 1
    for item in sent:
        cycles.append(cycle)
        cycle += 1 + item["last"]
    return cycles


# SampleSerialiser


def samples(width: int, load: int) -> Callable[[Random], tuple[Items, Items]]:
    """Samples; their words, each with the metadata of its sample."""

    def exchange(random: Random) -> tuple[Items, Items]:
        sent, words = [], []
        for _ in range(20):
            metadata = {name: random.getrandbits(1) for name in ("last", "train", "refused")}
            metadata |= {"label": random.getrandbits(8), "errors": random.getrandbits(2)}
            metadata["predictions"] = [random.getrandbits(8) for _ in range(2)]
            bits = random.getrandbits(width)
            sent.append({"bits": bits, **metadata})
            for n in range(0, width, load):
                words.append({"bits": bits >> n & (1 << load) - 1, **metadata})
        return sent, words

    return exchange


def serialiser_cycles(sent: Items, expected: Items) -> list[int]:
    """A cycle before the words of each sample."""
    words = len(expected) // len(sent)
    return [n + n // words + 1 for n in range(len(expected))]


def serialiser(width: int, load: int) -> Case:
    """The case of a serialiser."""
    return Case(
        lambda: SampleSerialiser(width=width, input_width=load, before=2),
        samples(width, load),
        serialiser_cycles,
    )


def reply_sender(layers: int) -> Case:
    """The case of a reply sender."""
    return Case(
        lambda: ReplySender(layers=layers, classes=4), replies, reply_cycles, stream="replies"
    )


CASES = {
    "Framer": Case(Framer, contents, framer_cycles),
    "Deframer": Case(Deframer, line, deframer_cycles),
    "ReplySender, 1 layer": reply_sender(1),
    "ReplySender, 2 layers": reply_sender(2),
    "ReplySender, 3 layers": reply_sender(3),
    "ReplySender, 8 layers": reply_sender(8),
    "SampleSerialiser, 1 bit": serialiser(1, 1),
    "SampleSerialiser, 1 word": serialiser(4, 8),
    "SampleSerialiser, padded": serialiser(7, 3),
    "SampleSerialiser, 3 words": serialiser(12, 4),
}


def check(case: Case, flow: Flow, *, flip: bool = False, later: int = 0) -> None:
    """Send a case's items in a flow; if asked to, expect one bit, or all cycles, wrongly."""
    seed = list(Flow).index(flow)
    streams = StreamBench(case.component(), flow, flip=flip, seed=seed)
    sender, collector = streams.sender(case.stream), streams.collector("o")
    sent, expected = case.exchange(streams.random)
    collector.expect(*expected)

    async def bench(ctx: SimulatorContext) -> None:
        await sender.send(ctx, sent)

    streams.run(bench)
    if flow is Flow.STEADY:
        assert collector.cycles == [cycle + later for cycle in case.cycles(sent, expected)]


@pytest.mark.parametrize("flow", Flow)
@pytest.mark.parametrize("name", CASES)
def test_items_are_right_in_every_flow(name: str, flow: Flow) -> None:
    check(CASES[name], flow)


@pytest.mark.parametrize("name", CASES)
def test_the_check_notices_a_flipped_bit(name: str) -> None:
    with pytest.raises(AssertionError, match=r"^o: item \d+, in cycle \d+: expected .*, got "):
        check(CASES[name], Flow.IDLE_AND_BACK_PRESSURE, flip=True)


@pytest.mark.parametrize("name", CASES)
def test_the_check_notices_a_wrong_cycle(name: str) -> None:
    with pytest.raises(AssertionError):
        check(CASES[name], Flow.STEADY, later=1)
