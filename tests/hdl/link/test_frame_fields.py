# amaranth: UnusedElaboratable=no
"""The fields of frames of all kinds, right ones and wrong ones; the words of samples."""

from collections.abc import Sequence
from random import Random
from typing import Any

import pytest

from metaplast.golden_model import NetworkConfig
from metaplast.hdl.link.frame_fields import FrameFields
from metaplast.hdl.link.protocol import (
    RequestKind,
    counters_request,
    read_request,
    sample_request,
    sync_request,
    write_request,
)
from metaplast.hdl.planning.plan import FoldedNetwork, LayerPlan, NetworkPlan
from metaplast.hdl.planning.universal import UniversalTrainer

from ..simulate import simulate

CRC = bytes([0xC1, 0xC2, 0xC3, 0xC4])
LOAD = 12
CONFIG = NetworkConfig(inputs=36, hidden=(4, 4), groups=(2, 2), classes=2)
FOLDED = FoldedNetwork(CONFIG, NetworkPlan((LayerPlan(simd=LOAD, input_width=LOAD), LayerPlan())))
WORDS = (0x123, 0xABC, 0x7F0)
SAMPLE = sample_request(9, 5, True, b"".join(word.to_bytes(2, "little") for word in WORDS))


class Frames:
    """Frames without escapes, to the fields, and a core that takes samples of ``count`` words."""

    def __init__(self, context: Any, dut: FrameFields):
        self.context, self.dut = context, dut
        self.count, self.taken = dut.folded.first.sample_words, 0
        self.words: list[tuple[int, int, int]] = []  # bits, label, last
        context.set(dut.samples.ready, 1)

    def get(self, name: str) -> int:
        return int(self.context.get(getattr(self.dut, name)))

    async def cycle(self) -> None:
        context, samples = self.context, self.dut.samples
        context.set(self.dut.last_word, self.taken == self.count - 1)
        if context.get(samples.valid) and context.get(samples.ready):
            p = samples.payload
            self.words.append(tuple(context.get(part) for part in (p.bits, p.label, p.last)))
            self.taken += 1
        await context.tick()

    async def send(self, content: bytes, *, gap: int = 2) -> bool:
        """Send a content with a CRC; gives whether the frame is whole."""
        context, dut = self.context, self.dut
        self.taken = 0  # the words of a frame that was not whole are cancelled
        for byte in content + CRC:
            context.set(dut.byte, byte)
            context.set(dut.strobe, 1)
            await self.cycle()
            context.set(dut.strobe, 0)
            for _ in range(gap):
                await self.cycle()
        context.set(dut.end, 1)
        whole = bool(self.get("whole"))
        await self.cycle()
        context.set(dut.end, 0)
        return whole


def run_bench(bench: Any, folded: FoldedNetwork | UniversalTrainer = FOLDED) -> None:
    dut = FrameFields(folded)

    async def run(context: Any) -> None:
        await bench(Frames(context, dut))

    simulate(dut, run)


@pytest.mark.parametrize(
    ("content", "fields"),
    [
        (sync_request(0x1234), {"kind": RequestKind.SYNC, "number": 0x1234}),
        (
            read_request(7, 0x0105),
            {"kind": RequestKind.READ, "number": 7, "register": 5, "page": 1},
        ),
        (
            write_request(0xFFFE, 0x0211, 0x89ABCDEF),
            {"kind": RequestKind.WRITE, "number": 0xFFFE, "page": 2, "argument": 0x89ABCDEF},
        ),
        (SAMPLE, {"kind": RequestKind.SAMPLE, "number": 9, "register": 5}),
        (
            counters_request(3, 0x0105, 70_000, 0x203),
            {"kind": RequestKind.COUNTERS, "argument": 70_000, "left": 0x203, "number": 3},
        ),
    ],
)
def test_fields_of_every_kind(content: bytes, fields: dict[str, int]) -> None:
    async def bench(frames: Frames) -> None:
        for _ in range(2):
            assert await frames.send(content)
            assert {name: frames.get(name) for name in fields} == fields
        assert await frames.send(content, gap=0 if content is not SAMPLE else 1)

    run_bench(bench)


KINDS = [
    pytest.param(content, id=RequestKind(content[0]).name)
    for content in (
        *(sync_request(1), read_request(2, 0x105), write_request(3, 0x105, 4), SAMPLE),
        counters_request(5, 0x105, 6, 7),
    )
]
LONGER = (*range(1, 69), 96, 128, 256, 260, 512, 1024)
"""Bytes too many: a complete period of any counter of up to ten bits is among them."""


@pytest.mark.parametrize("content", KINDS)
def test_a_frame_of_another_length_is_not_whole(content: bytes) -> None:
    async def bench(frames: Frames) -> None:
        gap = int(content is SAMPLE)
        for wrong in range(1, len(content)):
            assert not await frames.send(content[:wrong], gap=gap)
        for more in LONGER:
            # If the counters wrapped, the next frame would be found in the surplus bytes.
            longer = content + content[:1] * more
            assert not await frames.send(longer, gap=gap), f"{more} bytes more"
        assert await frames.send(content, gap=gap)

    run_bench(bench)


@pytest.mark.parametrize("content", KINDS)
def test_a_frame_of_an_unknown_kind_is_not_whole(content: bytes) -> None:
    async def bench(frames: Frames) -> None:
        kind = content[0]
        for unknown in (0, 6, 7, *(kind | 1 << bit for bit in range(3, 8))):
            assert not await frames.send(bytes([unknown]) + content[1:])
        assert not frames.words
        assert await frames.send(content)

    run_bench(bench)


def test_a_sample_with_a_reserved_flag_is_not_whole_and_no_word_is_offered() -> None:
    async def bench(frames: Frames) -> None:
        for flags in (*(1 << bit for bit in range(1, 8)), 3, 0x80 | 1, 0xFE):
            assert not await frames.send(SAMPLE[:4] + bytes([flags]) + SAMPLE[5:])
        assert not frames.words
        for last in (0, 1):
            assert await frames.send(SAMPLE[:4] + bytes([last]) + SAMPLE[5:])
        assert frames.words == [(word, 5, last) for last in (0, 1) for word in WORDS[:-1]]

    run_bench(bench)


@pytest.mark.parametrize(
    ("address", "link_page", "no_page"),
    [
        *((0x000000, 0, 0), (0x000200, 0, 0), (0x000400, 0, 1), (0x010000, 0, 1)),
        *((0xFF0000, 1, 0), (0xFF0004, 1, 0), (0xFF0400, 1, 1), (0xFE0000, 0, 1)),
    ],
)
def test_pages_of_core_and_link(address: int, link_page: int, no_page: int) -> None:
    async def bench(frames: Frames) -> None:
        assert await frames.send(read_request(0, address))
        assert (frames.get("link_page"), frames.get("no_page")) == (link_page, no_page)

    run_bench(bench)


def sample_words(words: Sequence[int]) -> list[tuple[int, int, int]]:
    return [(word, 5, 1) for word in words]


def test_words_of_a_sample_are_offered_and_the_last_one_on_demand() -> None:
    async def bench(frames: Frames) -> None:
        assert await frames.send(SAMPLE)
        for _ in range(3):
            await frames.cycle()
        assert frames.words == sample_words(WORDS[:-1])
        frames.context.set(frames.dut.finish, 1)
        await frames.cycle()
        assert frames.words == sample_words(WORDS)

    run_bench(bench)


@pytest.mark.parametrize(("inputs", "input_width"), [(590, 196), (784, 392), (391, 391), (20, 7)])
def test_words_of_any_width_with_padding_and_a_tail(inputs: int, input_width: int) -> None:
    config = NetworkConfig(inputs=inputs, hidden=(4,), groups=(2,), classes=2)
    plan = LayerPlan(simd=input_width, input_width=input_width)
    count, size = -(-inputs // input_width), -(-input_width // 8)
    random = Random(inputs)
    sent = random.randbytes(count * size)  # also beyond the word, and after the last input
    words = [
        int.from_bytes(sent[at : at + size], "little") % (1 << input_width)
        for at in range(0, len(sent), size)
    ]

    async def bench(frames: Frames) -> None:
        for missing in (1, size):
            assert not await frames.send(sample_request(1, 5, True, sent[:-missing]), gap=1)
        frames.words.clear()  # with bytes of the CRC in place of the missing ones
        assert await frames.send(sample_request(1, 5, True, sent), gap=1)
        assert frames.words == sample_words(words[:-1])
        frames.context.set(frames.dut.finish, 1)
        await frames.cycle()
        assert frames.words == sample_words(words)

    run_bench(bench, FoldedNetwork(config, NetworkPlan((plan,))))


def test_the_core_determines_the_words_of_a_sample() -> None:
    async def bench(frames: Frames) -> None:
        for frames.count in (1, 3, 5, 2):
            words = WORDS[:1] * (frames.count - 1) + WORDS[1:2]
            sent = b"".join(word.to_bytes(2, "little") for word in words)
            for wrong in (sent[:-1], sent + bytes(1), sent + bytes(2)):
                assert not await frames.send(sample_request(9, 5, True, wrong))
            frames.words.clear()
            assert await frames.send(sample_request(9, 5, True, sent))
            frames.context.set(frames.dut.finish, 1)
            await frames.cycle()
            frames.context.set(frames.dut.finish, 0)
            assert frames.words == sample_words(words)

    run_bench(bench)


def test_a_word_that_is_not_taken_in_time_spoils_the_frame() -> None:
    async def bench(frames: Frames) -> None:
        frames.context.set(frames.dut.samples.ready, 0)
        assert not await frames.send(SAMPLE)
        assert not frames.words
        frames.context.set(frames.dut.samples.ready, 1)
        for _ in range(3):
            await frames.cycle()
        assert not frames.words
        assert await frames.send(SAMPLE)
        assert frames.words == sample_words(WORDS[:-1])

    run_bench(bench)


def test_a_frame_that_begins_while_another_is_obeyed_changes_nothing() -> None:
    async def bench(frames: Frames) -> None:
        first = write_request(5, 0x0211, 0x89ABCDEF)
        names = ("kind", "number", "register", "page", "argument")
        assert await frames.send(first)
        before = [frames.get(name) for name in names]
        frames.context.set(frames.dut.obeying, 1)
        assert not await frames.send(counters_request(8, 0x0105, 1, 2))
        assert [frames.get(name) for name in names] == before
        frames.context.set(frames.dut.obeying, 0)
        assert await frames.send(first)

    run_bench(bench)


@pytest.mark.parametrize("bytes_before", range(6))
def test_the_kind_and_the_number_may_come_while_a_write_is_carried_out(bytes_before: int) -> None:
    async def bench(frames: Frames) -> None:
        context, dut = frames.context, frames.dut
        content = counters_request(8, 0x0105, 1, 2)
        names = ("register", "page", "argument")
        assert await frames.send(write_request(5, 0x0211, 0x89ABCDEF))
        before = [frames.get(name) for name in names]
        context.set(dut.writing, 1)
        for index, byte in enumerate(content + CRC):
            if index == bytes_before:
                assert [frames.get(name) for name in names] == before
                context.set(dut.writing, 0)
            context.set(dut.byte, byte)
            context.set(dut.strobe, 1)
            await frames.cycle()
        context.set(dut.strobe, 0)
        context.set(dut.end, 1)
        in_time = bytes_before <= 3
        assert bool(frames.get("whole")) == in_time
        after = [0x05, 0x01, 1] if in_time else before
        assert [frames.get(name) for name in names] == after
        await frames.cycle()
        context.set(dut.end, 0)
        assert await frames.send(content)

    run_bench(bench)


def test_an_answer_replaces_the_argument_and_is_shifted_out() -> None:
    async def bench(frames: Frames) -> None:
        context, dut = frames.context, frames.dut
        assert await frames.send(counters_request(0x0102, 0x0105, 1, 2))
        context.set(dut.loaded, 0xA1B2C3D4)
        context.set(dut.load, 1)
        await frames.cycle()
        context.set(dut.load, 0)
        assert frames.get("argument") == 0xA1B2C3D4
        context.set(dut.shift_argument, 1)
        await frames.cycle()
        context.set(dut.shift_argument, 0)
        assert frames.get("argument") & 0xFFFFFF == 0xA1B2C3
        context.set(dut.shift_number, 1)
        context.set(dut.count_down, 1)
        await frames.cycle()
        assert frames.get("number") & 0xFF == 1
        assert frames.get("left") == 1

    run_bench(bench)


def test_a_constant_replaces_a_cleared_argument() -> None:
    async def bench(frames: Frames) -> None:
        context, dut = frames.context, frames.dut
        for constant in (0xA1B2C3D4, 0, 0xFFFFFFFF):
            assert await frames.send(write_request(5, 0x0105, 0x89ABCDEF))
            context.set(dut.clear, 1)
            await frames.cycle()
            context.set(dut.clear, 0)
            assert frames.get("argument") == 0
            context.set(dut.byte, 0x7E)
            context.set(dut.constant, constant)
            context.set(dut.load_constant, 1)
            await frames.cycle()
            context.set(dut.load_constant, 0)
            assert frames.get("argument") == constant

    run_bench(bench)
