# amaranth: UnusedElaboratable=no
"""Bytes from a serial line."""

import pytest
from amaranth.sim import SimulatorContext

from metaplast.hdl.link.uart_receiver import UartReceiver

from ..streams import StreamBench, check_latency

CLOCKS = [4, 5, 16, 104]
SYNCHRONISER = 2
"""Cycles from the line to the receiver."""


class Line:
    """A line to a receiver, and the bytes received from it."""

    def __init__(self, clocks: int, *, flip: bool = False):
        self.clocks = clocks
        self.receiver = UartReceiver(clocks_per_bit=clocks)
        self.streams = StreamBench(self.receiver, flip=flip)
        self.received = self.streams.collector("o")

    def random_bytes(self) -> list[int]:
        """Random bytes, fewer for long bits."""
        return self.streams.random.choices(range(256), k=max(4, 160 // self.clocks))

    async def idle(self, ctx: SimulatorContext, bits: float) -> None:
        """Be high for a while."""
        await self.hold(ctx, 1, round(bits * self.clocks))

    async def hold(self, ctx: SimulatorContext, level: int, cycles: int) -> None:
        """Be high or low for some cycles."""
        ctx.set(self.receiver.rx, level)
        await self.streams.ticks(ctx, cycles)

    async def send(
        self, ctx: SimulatorContext, byte: int, *, stop: int = 1, speed: float = 1.0
    ) -> int:
        """Send a byte; gives the cycle in which its start bit begins."""
        begin = self.streams.cycle
        levels = [0, *(byte >> bit & 1 for bit in range(8)), stop]
        ends = [round((place + 1) * self.clocks / speed) for place in range(len(levels))]
        for level, end, before in zip(levels, ends, [0, *ends], strict=False):
            await self.hold(ctx, level, end - before)
        return begin


def check_bytes(clocks: int, *, flip: bool = False) -> None:
    """Bytes come, back to back and with pauses, each a fixed time after its start bit."""
    line = Line(clocks, flip=flip)
    random = line.streams.random
    begun = []

    async def bench(ctx: SimulatorContext) -> None:
        await line.idle(ctx, 20)
        for byte in [0x00, 0xFF, 0x55, 0xAA, *line.random_bytes()]:
            line.received.expect(byte)
            begun.append(await line.send(ctx, byte))
            if random.random() < 0.3:
                await line.idle(ctx, random.uniform(0, 3))
        await line.idle(ctx, 2)

    line.streams.run(bench)
    latency = SYNCHRONISER + clocks // 2 - 1 + 9 * clocks
    check_latency(begun, line.received.cycles, latency)


@pytest.mark.parametrize("clocks_per_bit", CLOCKS)
def test_bytes_are_received_on_time(clocks_per_bit: int) -> None:
    check_bytes(clocks_per_bit)


@pytest.mark.parametrize("clocks_per_bit", CLOCKS)
def test_a_sender_that_is_2_percent_off_is_understood(clocks_per_bit: int) -> None:
    line = Line(clocks_per_bit)

    async def bench(ctx: SimulatorContext) -> None:
        await line.idle(ctx, 20)
        for speed in (0.98, 1.02):
            for byte in line.random_bytes():
                line.received.expect(byte)
                await line.send(ctx, byte, speed=speed)
            await line.idle(ctx, 2)

    line.streams.run(bench)


@pytest.mark.parametrize("clocks_per_bit", CLOCKS)
def test_glitches_breaks_and_bytes_without_a_stop_bit_are_no_bytes(clocks_per_bit: int) -> None:
    line, n = Line(clocks_per_bit), clocks_per_bit
    random = line.streams.random
    glitches = range(1, n // 2) if n < 20 else (1, 2, n // 4, n // 2 - 2, n // 2 - 1)

    async def bench(ctx: SimulatorContext) -> None:
        await line.idle(ctx, 20)
        for _ in range(3):
            for glitch in glitches:
                await line.hold(ctx, 0, glitch)
                await line.idle(ctx, 2)
            await line.send(ctx, random.randrange(256), stop=0)
            await line.hold(ctx, 0, random.randint(0, 30 * n))
            await line.idle(ctx, 1)
            byte = random.randrange(256)
            line.received.expect(byte)
            await line.send(ctx, byte)
        await line.idle(ctx, 2)

    line.streams.run(bench)


def test_the_check_notices_a_flipped_bit() -> None:
    with pytest.raises(AssertionError, match=r"^o: item \d+, in cycle \d+: expected"):
        check_bytes(5, flip=True)


def test_a_bit_has_a_middle() -> None:
    with pytest.raises(ValueError, match="clocks_per_bit must be at least 4, not 3"):
        UartReceiver(clocks_per_bit=3)
