# amaranth: UnusedElaboratable=no
"""Bytes from a modelled SPI flash: start-up from every state, reads from random addresses."""

from dataclasses import replace
from random import Random
from typing import Any

import pytest
from amaranth.sim import SimulatorContext

from metaplast.hdl.flash import FlashReader
from metaplast.hdl.flash.flash_reader import MAX_CLOCK_HERTZ
from metaplast.sim.bench import Flow

from ..simulate import Process, simulate
from .flash_model import ISSI, MACRONIX, WINBOND, Chip, FlashModel, byte_at

SLOW = 1_000_000
"""A clock with few cycles in the waiting times."""

ACTIVE_PERIODS = 8 + 3 * 2 + 16 + 3 * 8 + (8 + 24) + (8 + 24)
"""SCK periods of the start-up with CS active: reset commands on four lines and on one, replies."""

PUYA = replace(WINBOND, jedec_id=0x856016)


class Bench:
    """A reader with a flash.

    Parameters
    ----------
    lines, clock_hertz : int
        Of the reader.
    chip : Chip, optional
        The flash; none for pins that are all 0 or 1.
    quad_enable : bool
        Whether the quad enable bit is set.
    level : int
        Data lines without a flash.
    flow : Flow
        Whether bytes are always taken when they come.
    flip : bool
        Expect one bit of the first byte wrongly, to see that it is noticed.
    """

    def __init__(
        self,
        *,
        lines: int = 4,
        clock_hertz: int = SLOW,
        chip: Chip | None = WINBOND,
        quad_enable: bool = True,
        level: int = 0,
        flow: Flow = Flow.STEADY,
        flip: bool = False,
        seed: int = 1,
    ):
        self.reader = FlashReader(lines=lines, clock_hertz=clock_hertz)
        self.random = Random(seed)
        self.flow = flow
        self.level = level
        self.flip = flip
        self.expected_quad = False
        self.model: FlashModel | None = None
        if chip is not None:
            self.model = FlashModel(self.reader, chip, quad_enable=quad_enable, random=self.random)
            known = chip.jedec_id >> 16 in (0xEF, 0x85, 0x9D)
            self.expected_quad = lines == 4 and known and quad_enable

    def run(self, bench: Process, *, limit: int = 100_000) -> None:
        """Simulate."""
        reader = self.reader

        async def constant(ctx: SimulatorContext) -> None:
            ctx.set(reader.d_i, 15 * self.level)

        flash = constant if self.model is None else self.model.run
        simulate(reader, bench, beside=[flash], limit=limit)

    # Parts of benches

    async def start_up(self, ctx: SimulatorContext) -> None:
        """Wait for the end of the start-up; a start before it has no effect."""
        reader = self.reader
        ctx.set(reader.start, 1)
        cycles = 0
        while not ctx.get(reader.ready):
            assert not ctx.get(reader.idle)
            assert not ctx.get(reader.o.valid)
            cycles += 1
            ctx.set(reader.start, cycles < 100)
            await ctx.tick()
        wait = 33  # SCK periods: 1 more than a power of two, at least 120 µs
        while wait - 1 < 60e-6 * reader.clock_hertz:
            wait = 2 * wait - 1
        assert cycles == 2 * (5 * wait + 6 * 8 + ACTIVE_PERIODS)
        assert ctx.get(reader.idle)
        assert ctx.get(reader.quad) == self.expected_quad
        if self.model is not None:
            assert self.model.clocks_before >= 8
            assert ctx.get(reader.id) == self.model.chip.jedec_id
            # 35h would let an ISSI flash enter QPI mode.
            two = reader.lines == 4 and self.model.chip.jedec_id >> 16 in (0xEF, 0x85)
            assert self.model.commands[-2:] == [0x9F, 0x35 if two else 0x05]

    @property
    def byte_cycles(self) -> int:
        """Cycles of a byte."""
        return 4 if self.expected_quad else 16

    @property
    def latency(self) -> int:
        """Cycles from a start to the first byte."""
        periods = 22 if self.expected_quad else 40
        return 2 + 2 * (2 + periods)

    async def begin(self, ctx: SimulatorContext, address: int, *, stop: int = 0) -> None:
        """Begin a read."""
        ctx.set(self.reader.address, address)
        ctx.set(self.reader.start, 1)
        ctx.set(self.reader.stop, stop)
        await ctx.tick()
        ctx.set(self.reader.address, self.random.getrandbits(24))
        ctx.set(self.reader.start, 0)
        ctx.set(self.reader.stop, 0)

    async def stop(self, ctx: SimulatorContext) -> None:
        """End a read."""
        ctx.set(self.reader.stop, 1)
        await ctx.tick()
        ctx.set(self.reader.stop, 0)
        assert ctx.get(self.reader.idle)
        assert not ctx.get(self.reader.o.valid)

    async def take(self, ctx: SimulatorContext, address: int, cycles: int) -> int:
        """Take bytes for some cycles after a start; check them and their cycles; gives how many."""
        reader, random = self.reader, self.random
        taken, due, pause, waiting = 0, self.latency, 0, False
        assert self.model is not None
        for cycle in range(1, cycles + 1):
            valid = ctx.get(reader.o.valid)
            assert valid == (cycle == due or waiting), f"byte {taken}, cycle {cycle}, not {due}"
            assert not ctx.get(reader.idle)
            if valid:
                right = byte_at((address + taken) % self.model.size)
                right ^= self.flip and taken == 0
                assert ctx.get(reader.o.payload) == right, f"byte {taken}: not {right}"
            if valid and not waiting and self.flow.back_pressure and random.random() < 0.4:
                pause = random.choice([1, 2, 3, 4, 10, 40])
            # Whether it is ready does not matter while there is no byte.
            ready = pause == 0 if valid else random.getrandbits(1)
            ctx.set(reader.o.ready, ready)
            waiting = valid and not ready
            if valid and ready:
                taken += 1
                due = cycle + self.byte_cycles
            elif waiting:
                pause -= 1
            await ctx.tick()
        return taken


def check_reads(bench: Bench, reads: int, longest: int, *, limit: int = 100_000) -> None:
    """Read from random addresses, one after the other; each read ends in a random cycle."""
    random, reader = bench.random, bench.reader
    taken = 0

    async def run(ctx: SimulatorContext) -> None:
        nonlocal taken
        assert bench.model is not None
        await bench.start_up(ctx)
        size = min(bench.model.size, 1 << 24)
        for number in range(reads):
            address = random.randrange(size)
            if number % 3 == 0:
                address = size - random.randrange(1, 10)  # and on from 0
            # Some reads end before the first byte, and some while a byte waits.
            cycles = bench.latency + longest if number == 0 else random.randint(1, longest)
            await bench.begin(ctx, address, stop=random.getrandbits(1))
            taken += await bench.take(ctx, address, cycles)
            if random.random() < 0.3:
                await bench.stop(ctx)
                for _ in range(random.choice([0, 1, 2, 20])):
                    ctx.set(reader.o.ready, random.getrandbits(1))
                    assert ctx.get(reader.idle)
                    await ctx.tick()
        assert ctx.get(reader.id) == bench.model.chip.jedec_id
        assert bench.model.commands.count(0xEB if bench.expected_quad else 0x03) > reads // 2

    bench.run(run, limit=limit)
    assert taken > reads


@pytest.mark.parametrize("flow", [Flow.STEADY, Flow.BACK_PRESSURE])
@pytest.mark.parametrize("quad_enable", [False, True])
@pytest.mark.parametrize("lines", [1, 4])
@pytest.mark.parametrize("chip", [WINBOND, ISSI], ids=["Winbond", "ISSI"])
def test_bytes_are_right_and_on_time(chip: Chip, lines: int, quad_enable: bool, flow: Flow) -> None:
    bench = Bench(chip=chip, lines=lines, quad_enable=quad_enable, flow=flow)
    check_reads(bench, 20, 300)


@pytest.mark.parametrize(
    "chip",
    [
        PUYA,
        MACRONIX,
        replace(WINBOND, jedec_id=0x1C4018),  # unknown
        replace(WINBOND, jedec_id=0xEF4014),  # 1 MiB
        replace(WINBOND, jedec_id=0xEF4019),  # 32 MiB, of which 16 are read
    ],
    ids=["Puya", "Macronix", "unknown", "1 MiB", "32 MiB"],
)
def test_flashes_of_other_makers_and_sizes(chip: Chip) -> None:
    check_reads(Bench(chip=chip), 12, 200)


STATES: dict[str, dict[str, Any]] = {
    "power-down": {"power_down": True},
    "continuous quad read": {"continuous": 0xEB},
    "continuous dual read": {"continuous": 0xBB},
    "QPI": {"qpi": True},
    "QPI, power-down": {"qpi": True, "power_down": True},
    "QPI, continuous read": {"qpi": True, "continuous": 0xEB},
}


@pytest.mark.parametrize("lines", [1, 4])
@pytest.mark.parametrize("chip", [WINBOND, ISSI, MACRONIX], ids=["Winbond", "ISSI", "Macronix"])
@pytest.mark.parametrize("state", STATES)
def test_the_flash_may_be_in_any_state_at_first(state: str, chip: Chip, lines: int) -> None:
    bench = Bench(chip=chip, lines=lines)
    assert bench.model is not None
    for name, value in STATES[state].items():
        setattr(bench.model, name, value)
    check_reads(bench, 5, 200)


@pytest.mark.slow
def test_the_fastest_clock() -> None:
    check_reads(Bench(clock_hertz=MAX_CLOCK_HERTZ), 20, 100)


@pytest.mark.parametrize("level", [0, 1])
def test_an_absent_flash_does_not_hang_the_reader(level: int) -> None:
    bench = Bench(chip=None, level=level)
    reader = bench.reader

    async def run(ctx: SimulatorContext) -> None:
        await bench.start_up(ctx)
        assert ctx.get(reader.id) == 0xFFFFFF * level
        await bench.begin(ctx, 0)
        for cycle in range(1, bench.latency + 1):
            assert ctx.get(reader.o.valid) == (cycle == bench.latency)
            await ctx.tick()
        assert ctx.get(reader.o.payload) == 0xFF * level
        await bench.stop(ctx)

    bench.run(run)


def test_the_check_notices_a_flipped_bit() -> None:
    with pytest.raises(AssertionError, match=r"^byte 0: "):
        check_reads(Bench(flip=True), 1, 10)


@pytest.mark.parametrize("lines", [0, 2, 8])
def test_there_are_one_or_four_lines(lines: int) -> None:
    with pytest.raises(ValueError, match=f"lines must be 1 or 4, not {lines}"):
        FlashReader(lines=lines, clock_hertz=SLOW)


@pytest.mark.parametrize("clock_hertz", [0, MAX_CLOCK_HERTZ + 1])
def test_the_clock_is_slow_enough(clock_hertz: int) -> None:
    message = f"clock_hertz must be from 1 to 80,000,000, .* not {clock_hertz}: use a slower clock"
    with pytest.raises(ValueError, match=message):
        FlashReader(lines=4, clock_hertz=clock_hertz)
