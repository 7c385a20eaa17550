"""The host link's frames and messages, as its page tells them."""

import random
import re
import zlib
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, strategies as st

from metaplast.golden_model import NetworkConfig
from metaplast.hdl.link.protocol import (
    ESCAPE,
    FLAG,
    LAP,
    RESULTS,
    FrameDecoder,
    FrameError,
    RowReply,
    SampleResult,
    StateReply,
    ValueReply,
    counters_request,
    decode_reply,
    design_digest,
    encode_frame,
    frames_between,
    next_number,
    read_request,
    sample_request,
    sync_request,
    write_request,
)
from metaplast.hdl.planning.plan import FoldedNetwork, LayerPlan, NetworkPlan
from metaplast.hdl.planning.universal import Capacity, UniversalTrainer
from metaplast.hdl.registers.register_map import (
    LayerRegister,
    LinkRegister,
    Status,
    layer_address,
    link_address,
)

PAGE = Path(__file__).resolve().parents[3] / "docs/link.md"
CONFIG = NetworkConfig(inputs=24, hidden=(12, 8), groups=(4, 4), classes=4, counter_bits=4)
PLAN = NetworkPlan((LayerPlan(simd=8, input_width=4), LayerPlan()))

# Flags and escapes are what is special, so they are drawn often.
CONTENTS = st.lists(st.sampled_from([FLAG, ESCAPE, 0x5D, 0x5E]) | st.integers(0, 255), min_size=1)
GARBAGE = st.binary(max_size=20).map(lambda content: content.replace(bytes([FLAG]), b""))


# Frames


@given(CONTENTS.map(bytes))
def test_a_frame_is_a_content_and_its_crc_between_flags(content: bytes) -> None:
    frame = encode_frame(content)
    assert frame[0] == frame[-1] == FLAG
    assert FLAG not in frame[1:-1]
    pairs = re.findall(rb"\x7d(.)|([^\x7d])", frame[1:-1], re.DOTALL)
    body = bytes(escaped[0] ^ 0x20 if escaped else plain[0] for escaped, plain in pairs)
    assert body == content + zlib.crc32(content).to_bytes(4, "little")


@given(st.lists(st.tuples(GARBAGE, CONTENTS.map(bytes))), st.randoms(use_true_random=False))
def test_frames_are_found_among_garbage(
    pieces: list[tuple[bytes, bytes]], random: random.Random
) -> None:
    sent = b"".join(garbage + encode_frame(content) for garbage, content in pieces)
    decoder, found = FrameDecoder(), []
    while sent:
        size = random.randint(1, 30)
        found += decoder.feed(sent[:size])
        sent = sent[size:]
    assert found == [content for _, content in pieces]
    assert decoder.damaged == sum(garbage.strip(bytes([ESCAPE])) != b"" for garbage, _ in pieces)


def test_a_flag_may_end_a_frame_and_begin_the_next() -> None:
    contents = [b"one", b"two", b"three"]
    sent = b"".join(encode_frame(content)[:-1] for content in contents) + bytes([FLAG] * 3)
    decoder = FrameDecoder()
    assert decoder.feed(sent) == contents
    assert decoder.damaged == 0


@given(CONTENTS.map(bytes), st.data())
def test_a_damaged_frame_is_none(content: bytes, data: st.DataObject) -> None:
    frame = bytearray(encode_frame(content))
    place = data.draw(st.integers(1, len(frame) - 2))
    frame[place] ^= 1 << data.draw(st.integers(0, 7))
    decoder = FrameDecoder()
    assert content not in decoder.feed(bytes(frame))
    assert decoder.feed(encode_frame(b"next")) == [b"next"]


def test_a_frame_of_no_content_is_damaged() -> None:
    decoder = FrameDecoder()
    assert decoder.feed(encode_frame(b"")) == []
    assert decoder.damaged == 1


def test_a_frame_that_is_too_long_is_damaged() -> None:
    decoder = FrameDecoder(longest=12)
    assert decoder.feed(encode_frame(bytes(8)) + encode_frame(bytes(9))) == [bytes(8)]
    assert decoder.damaged == 1
    assert decoder.feed(encode_frame(bytes(8))) == [bytes(8)]


# Numbers


def test_numbers_below_the_lap_come_once() -> None:
    numbers = [next_number(0, count) for count in range(4 * LAP + 2)]
    assert numbers == [*range(2 * LAP), *range(LAP, 2 * LAP), *range(LAP, 2 * LAP), LAP, LAP + 1]
    assert numbers[1:] == [next_number(number) for number in numbers[:-1]]


COUNTS = st.integers(0, 4 * LAP) | st.sampled_from([LAP, 2 * LAP, 3 * LAP])
NEAR = st.integers(0, LAP // 2 - 1)


@given(COUNTS, NEAR)
def test_frames_between_numbers_that_a_device_comes_to(count: int, more: int) -> None:
    number, later = next_number(0, count), next_number(0, count + more)
    assert frames_between(number, later) == more
    assert frames_between(later, number) == -more


@given(COUNTS.map(lambda count: count + 1), NEAR)
def test_a_device_that_was_reset_is_not_ahead(count: int, since: int) -> None:
    ahead = frames_between(next_number(0, count), next_number(0, min(since, count - 1)))
    assert ahead is None or ahead < 0


# Messages


def test_requests() -> None:
    assert sync_request(0x1234).hex(" ") == "01 34 12"
    assert read_request(2, 0xFF0003).hex(" ") == "02 02 00 03 00 ff"
    assert write_request(0xFFFF, 0x000104, 7).hex(" ") == "03 ff ff 04 01 00 07 00 00 00"
    assert write_request(0, 6, -2).hex(" ") == "03 00 00 06 00 00 fe ff ff ff"
    assert sample_request(5, 9, True, b"\xab\xcd").hex(" ") == "04 05 00 09 01 ab cd"
    assert sample_request(5, 9, False, b"").hex(" ") == "04 05 00 09 00"
    position = layer_address(1, LayerRegister.POSITION)
    asked = counters_request(3, position, 258, 24)
    assert asked.hex(" ") == "05 03 00 05 02 00 02 01 00 00 18 00"


@pytest.mark.parametrize("layers", [1, 3, 7, 8])
def test_states(layers: int) -> None:
    results = tuple(
        SampleResult(
            predictions=tuple(range(index, index + layers)),
            errors=tuple((layer + index) % 3 == 0 for layer in range(layers)),
            refused=index == 2,
        )
        for index in range(RESULTS)
    )
    content = bytearray.fromhex("81 34 12 03 04 cd ab fe")
    for result in results:
        bits = sum(error << layer for layer, error in enumerate(result.errors))
        bits |= result.refused << layers
        content += bytes(result.predictions) + bits.to_bytes(2 if layers > 7 else 1, "little")
    expected = StateReply(
        tag=0x1234,
        busy=True,
        dropped=True,
        status=Status.RANGE,
        expected=0xABCD,
        count=0xFE,
        results=results,
    )
    assert decode_reply(bytes(content), layers=layers, counter_bits=8) == expected


def test_values() -> None:
    content = bytes.fromhex("82 34 12 03 78 56 34 92")
    reply = decode_reply(content, layers=2, counter_bits=8)
    assert reply == ValueReply(0x1234, Status.ACCESS, 0x92345678)


def test_rows() -> None:
    narrow = bytes.fromhex("83 01 00 00 f8 07 00")
    assert decode_reply(narrow, layers=2, counter_bits=4) == RowReply(1, Status.OK, (-8, 7, 0))
    wide = bytes.fromhex("83 01 00 00 00 ff 34 12")
    assert decode_reply(wide, layers=2, counter_bits=9) == RowReply(1, Status.OK, (-256, 0x1234))
    refused = bytes.fromhex("83 01 00 01")
    assert decode_reply(refused, layers=2, counter_bits=4) == RowReply(1, Status.BUSY, ())


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "no reply begins with $"),
        ("82 01 00", "no reply begins with 820100"),
        ("81 01 00 00", "no reply begins with 81010000"),
        ("01 00 00 00 00", "no reply begins with 0100000000"),
        ("82 00 00 06 00 00 00 00", "no reply begins with 8200000600"),
        ("82 00 00 00 00 00 00", "a reply VALUE of 7 bytes is none of this network's"),
        ("83 00 00 00 00", "a reply ROW of 5 bytes is none of this network's"),
        ("81 00 00 00 00 00 00 00 00", "a reply STATE of 9 bytes is none of this network's"),
    ],
)
def test_what_is_no_reply(content: str, message: str) -> None:
    with pytest.raises(FrameError, match=message):
        decode_reply(bytes.fromhex(content), layers=2, counter_bits=9)


def test_link_registers_have_a_page_of_their_own() -> None:
    assert link_address(LinkRegister.DIGEST) == 0xFF0004


@pytest.mark.parametrize(
    ("change", "same"),
    [
        ({"inputs": 25}, False),
        ({"hidden": (12, 12)}, False),
        ({"groups": (2, 4)}, False),
        ({"classes": 3}, False),
        ({"counter_bits": 5}, False),
        ({"robustness": 0.5, "batch": 3, "seed": 12, "reinforcement": 2.0}, True),
    ],
)
def test_a_digest_tells_shapes_apart(change: dict[str, object], same: bool) -> None:
    other = NetworkConfig.from_dict({**CONFIG.to_dict(), **change})
    assert (
        design_digest(FoldedNetwork(other, PLAN)) == design_digest(FoldedNetwork(CONFIG, PLAN))
    ) is same


def test_a_digest_tells_plans_apart() -> None:
    other = NetworkPlan((LayerPlan(simd=8, input_width=8), LayerPlan()))
    digest = design_digest(FoldedNetwork(CONFIG, PLAN))
    assert digest != design_digest(FoldedNetwork(CONFIG, other))
    assert 0 <= digest < 1 << 32


def test_a_digest_tells_universal_trainers_apart() -> None:
    names = ("inputs", "neurons", "rows", "columns", "sample_words", "choices")
    capacity = dict.fromkeys(names, 64)
    small = Capacity(layers=2, classes=4, counter_bits=8, **capacity)
    large = replace(small, layers=3)
    one, other = LayerPlan(simd=8, input_width=4), LayerPlan(simd=8, input_width=8)
    trainers = [
        UniversalTrainer(of, plan) for of, plan in ((small, one), (large, one), (small, other))
    ]
    assert len({design_digest(trainer) for trainer in trainers}) == 3
    assert design_digest(UniversalTrainer(small, one, fpga="x")) == design_digest(trainers[0])


# The page


def test_the_page_shows_these_frames() -> None:
    shown = re.findall(r"^    (.*?) +((?:[0-9a-f]{2} ?)+)$", PAGE.read_text("utf-8"), re.MULTILINE)
    replies = {
        name: bytes.fromhex(content) for name, content in shown if name.startswith("content of ")
    }
    frames = {name: bytes.fromhex(frame) for name, frame in shown if name not in replies}
    assert frames == {
        "SYNC": encode_frame(sync_request(0x7E01)),
        "READ": encode_frame(read_request(2, link_address(LinkRegister.VERSION))),
        "WRITE": encode_frame(write_request(0, 6, 20)),
        "SAMPLE": encode_frame(sample_request(1, 2, False, bytes([0x5A, 0x3C, 0x0F]))),
        "COUNTERS": encode_frame(
            counters_request(3, layer_address(0, LayerRegister.POSITION), 1, 24)
        ),
        "VALUE": encode_frame(bytes.fromhex("82 02 00 00 02 00 00 00")),
        "STATE": encode_frame(replies["content of STATE"]),
    }
    assert decode_reply(replies["content of STATE"], layers=2, counter_bits=4) == StateReply(
        tag=0x7E01,
        busy=False,
        dropped=False,
        status=Status.OK,
        expected=2,
        count=1,
        results=(SampleResult((0, 0), (False, False), False),) * 3
        + (SampleResult((2, 1), (False, True), False),),
    )
