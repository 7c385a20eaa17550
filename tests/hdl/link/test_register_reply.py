# amaranth: UnusedElaboratable=no
"""Replies with a value or a row of counters, byte by byte."""

import random
from typing import Any

import pytest

from metaplast.hdl.link.protocol import RowReply, ValueReply, decode_reply
from metaplast.hdl.link.register_reply import RegisterReply
from metaplast.hdl.registers.register_map import Status

from ..simulate import simulate

MAX_CYCLES = 200


class Reply:
    """The rest of the link: it shifts tag and value, and takes bytes."""

    def __init__(self, context: Any, dut: RegisterReply):
        self.context, self.dut = context, dut
        self.random = random.Random(1)
        self.content = bytearray()
        self.ended = False  # the last byte was marked

    async def part(self, **members: int | Status) -> None:
        """Begin a part with these members, and take its bytes."""
        context, dut = self.context, self.dut
        tag, value = members.pop("tag"), members.pop("value")
        for name, member in {**members, "begin": 1, "active": 0}.items():
            context.set(getattr(dut, name), member)
        assert not context.get(dut.o.valid)
        await context.tick()
        context.set(dut.begin, 0)
        context.set(dut.active, 1)
        for _ in range(MAX_CYCLES):
            ready = self.random.random() < 0.7
            context.set(dut.o.ready, ready)
            context.set(dut.tag, tag & 0xFF)
            context.set(dut.value, value & 0xFF)
            assert context.get(dut.o.valid)
            if ready:
                assert not self.ended, "a byte came after the last one"
                self.content.append(context.get(dut.o.payload.byte))
                self.ended = bool(context.get(dut.o.payload.last))
            else:
                assert not context.get(dut.ended)
            tag >>= 8 * context.get(dut.shift_tag)
            value >>= 8 * context.get(dut.shift_value)
            ended = context.get(dut.ended)
            await context.tick()
            if ended:
                context.set(dut.active, 0)
                return
        raise TimeoutError(f"a part is not done within {MAX_CYCLES} cycles")


def run_bench(counter_bits: int, bench: Any) -> None:
    dut = RegisterReply(counter_bits=counter_bits)

    async def run(context: Any) -> None:
        await bench(Reply(context, dut))

    simulate(dut, run)


@pytest.mark.parametrize("left", [0, 1, 3])  # of an earlier frame
@pytest.mark.parametrize("status", [Status.OK, Status.UNKNOWN])
def test_a_value(status: Status, left: int) -> None:
    async def bench(reply: Reply) -> None:
        members = {"row": 0, "counter": 0, "left": left, "status": status}
        await reply.part(tag=0x1234, value=0x89ABCDEF, **members)
        assert reply.ended
        decoded = decode_reply(bytes(reply.content), layers=1, counter_bits=4)
        assert decoded == ValueReply(0x1234, status, 0x89ABCDEF)

    run_bench(4, bench)


@pytest.mark.parametrize("counter_bits", [4, 8, 9, 16])
@pytest.mark.parametrize("count", [0, 1, 4])
@pytest.mark.parametrize("status", [Status.OK, Status.BUSY])
def test_a_row(counter_bits: int, count: int, status: Status) -> None:
    lowest = -(1 << counter_bits - 1)
    counters = tuple(lowest + 3 * n for n in range(count if status is Status.OK else 0))

    async def bench(reply: Reply) -> None:
        members = {"row": 1, "status": status, "tag": 0xBEEF}
        await reply.part(counter=0, left=count, value=77, **members)
        for n, counter in enumerate(counters):
            assert not reply.ended
            value = counter & 0xFFFFFFFF
            await reply.part(counter=1, left=count - n, value=value, **members)
        assert reply.ended
        decoded = decode_reply(bytes(reply.content), layers=1, counter_bits=counter_bits)
        assert decoded == RowReply(0xBEEF, status, counters)

    run_bench(counter_bits, bench)


@pytest.mark.parametrize("counter_bits", [0, 17])
def test_counters_have_up_to_16_bits(counter_bits: int) -> None:
    with pytest.raises(ValueError, match=f"counter_bits must be from 1 to 16, not {counter_bits}"):
        RegisterReply(counter_bits=counter_bits)
