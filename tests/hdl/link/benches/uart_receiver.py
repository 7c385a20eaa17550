"""Bench of the UART receiver: bytes on a line, and what looks like bytes."""

from metaplast.sim.bench import Bench, Scoreboard, bench

BYTES = 60
SYNCHRONISER = 2
"""Cycles from the line to the receiver."""


class Line:
    """The line, idle for so long that what was on it before the reset is forgotten."""

    def __init__(self, bench: Bench):
        self.bench = bench
        self.clocks: int = bench.parameters["clocks_per_bit"]

    async def idle(self, bits: float) -> None:
        """Be high for a while."""
        await self.hold(1, round(bits * self.clocks))

    async def hold(self, level: int, cycles: int) -> None:
        """Be high or low for some cycles."""
        self.bench.write("rx", level)
        await self.bench.edges(cycles)

    async def send(self, byte: int, *, stop: int = 1, speed: float = 1.0) -> int:
        """Send a byte; the cycle in which its start bit begins."""
        begin = self.bench.cycle + 1
        levels = [0, *(byte >> bit & 1 for bit in range(8)), stop]
        ends = [round((place + 1) * self.clocks / speed) for place in range(len(levels))]
        for level, end, before in zip(levels, ends, [0, *ends], strict=False):
            await self.hold(level, end - before)
        return begin


async def set_up(bench: Bench) -> tuple[Line, Scoreboard]:
    """A line, and what is received from it."""
    line = Line(bench)
    await line.idle(20)
    return line, bench.monitor("o")


@bench
async def bytes_come(bench: Bench) -> None:
    """Back to back and with pauses, each in the cycle that the docstring says."""
    line, received = await set_up(bench)
    begun = []
    for byte in [0x00, 0xFF, 0x55, 0xAA, *bench.random.choices(range(256), k=BYTES)]:
        received.expect(byte)
        begun.append(await line.send(byte))
        if bench.random.random() < 0.3:
            await line.idle(bench.random.uniform(0, 3))
    await line.idle(2)
    n = line.clocks
    bench.check_latency(begun, received.cycles, SYNCHRONISER + n // 2 - 1 + 9 * n)


@bench
async def clocks_differ(bench: Bench) -> None:
    """A sender that is 2 % off is understood, if a bit is long enough to say so."""
    line, received = await set_up(bench)
    for speed in (0.98, 1.02):
        for byte in bench.random.choices(range(256), k=BYTES):
            received.expect(byte)
            await line.send(byte, speed=speed)
        await line.idle(2)


@bench
async def no_bytes(bench: Bench) -> None:
    """A glitch is no start bit; without a stop bit a byte is dropped; a break is nothing."""
    line, received = await set_up(bench)
    n = line.clocks
    for _ in range(8):
        for glitch in range(1, n // 2):
            await line.hold(0, glitch)
            await line.idle(2)
        await line.send(bench.random.randrange(256), stop=0)
        await line.hold(0, bench.random.randint(0, 30 * n))
        await line.idle(1)
        byte = bench.random.randrange(256)
        received.expect(byte)
        await line.send(byte)
    await line.idle(2)
