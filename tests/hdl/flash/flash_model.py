"""A model of SPI flashes, written from the data sheets of W25Q128JV, W25Q128FV and IS25LP128F."""

from collections.abc import Callable, Generator
from dataclasses import dataclass
from random import Random
from typing import TypeAlias

from amaranth.sim import SimulatorContext

from metaplast.hdl.flash import FlashReader

__all__ = ["ISSI", "MACRONIX", "WINBOND", "Chip", "FlashModel", "byte_at"]

DESELECT_NS = 50
RELEASE_NS = 3_000
RESET_NS = 30_000


@dataclass(frozen=True)
class Chip:
    """What differs between manufacturers.

    Attributes
    ----------
    jedec_id : int
        Manufacturer, type, capacity.
    continues : function
        Whether mode bits let the next access begin with its address.
    leave_qpi : int
        The command that leaves QPI mode.
    quad_enable : tuple of (int, int)
        The command that reads the register with the quad enable bit, and the bit.
    enter_qpi : int
        The command that enters QPI mode.
    """

    jedec_id: int
    continues: Callable[[int], bool]
    leave_qpi: int
    quad_enable: tuple[int, int]
    enter_qpi: int


WINBOND = Chip(0xEF4018, lambda mode: mode >> 4 & 3 == 2, 0xFF, (0x35, 1), 0x38)
ISSI = Chip(0x9D6018, lambda mode: mode >> 4 == 0xA, 0xF5, (0x05, 6), 0x35)
MACRONIX = Chip(0xC22018, lambda mode: (mode ^ mode >> 4) & 15 == 15, 0xF5, (0x05, 6), 0x35)


def byte_at(address: int) -> int:
    """The byte at an address of every modelled flash."""
    return (address * 0x9E3779B1 >> 13 ^ address >> 16 ^ address) & 0xFF


@dataclass
class Take:
    """The flash takes bits at the next rising edge of SCK."""

    lines: int


@dataclass
class Give:
    """The flash outputs bits from the next falling edge of SCK on, until the one after it."""

    lines: int
    bits: int


class Skip:
    """A dummy clock."""


Access: TypeAlias = Generator[Take | Give | Skip, int, None]


class FlashModel:
    """A flash at the pins of a reader; checks levels and times at the pins in every cycle.

    In the cycle after a falling edge of SCK, the flash outputs noise. So a reader must sample at
    the end of the next cycle, at the earliest; the next bits may come after it.

    Parameters
    ----------
    reader : FlashReader
        The reader.
    chip : Chip
        The flash.
    quad_enable : bool
        Whether its quad enable bit is set.
    random : random.Random
        Noise.

    Attributes
    ----------
    power_down, qpi : bool
        States.
    continuous : int
        The command that the next access continues, EBh or BBh, or 0.
    clocks_before : int
        Clocks with CS inactive before the first access.
    commands : list of int
        All commands that were executed.
    """

    def __init__(self, reader: FlashReader, chip: Chip, *, quad_enable: bool, random: Random):
        self.chip = chip
        self.quad_enable = quad_enable
        self.power_down = self.qpi = False
        self.continuous = 0
        self.clocks_before = 0
        self.commands: list[int] = []
        self._reader = reader
        self._random = random
        self._cycle_ns = 1e9 / reader.clock_hertz
        self._reset_enabled = False
        self._access: Access | None = None
        self._request: Take | Give | Skip | None = None
        # Executes the command if CS goes inactive now, and gives the nanoseconds that it takes; any
        # further clock cancels it
        self._action: Callable[[], int] | None = None
        self._driven = 0
        self._output = 0
        self._busy_until = 0.0

    # Pins

    async def run(self, ctx: SimulatorContext) -> None:
        """Follow the pins, cycle by cycle."""
        reader, random = self._reader, self._random
        cycle, selected_at, deselected_at = 0, 0, -1000
        cs = sck = d_o = d_oe = 0
        while True:
            before = cs, sck, d_o, d_oe
            pins = reader.cs, reader.sck, reader.d_o, reader.d_oe
            cs, sck, d_o, d_oe = map(ctx.get, pins)
            rises, falls = sck and not before[1], before[1] and not sck
            lines = d_o & d_oe | random.getrandbits(2) & ~d_oe & 3 | ~d_oe & 12
            assert not (before[1] and sck), "SCK is high for more than a cycle"
            assert not d_oe or cs, "lines are driven while CS is inactive"
            if cs and not before[0]:
                high = (cycle - deselected_at) * self._cycle_ns
                assert high >= DESELECT_NS, f"CS is inactive for {high:.0f} ns"
                now = cycle * self._cycle_ns
                assert now >= self._busy_until, "CS is active before the flash is ready"
                assert not rises, "SCK rises with CS"
                selected_at = cycle
                self._access = self._run_access()
                self._request = next(self._access)
            if before[0] and not cs:
                assert not rises, "SCK rises as CS goes inactive"
                assert cycle > selected_at, "CS is active for no cycle"
                deselected_at = cycle
                if self._action is not None:
                    self._busy_until = cycle * self._cycle_ns + self._action()
                self._access = self._request = self._action = None
            if rises and cs:
                assert (d_o, d_oe) == before[2:], "data change as SCK rises"
                self._clock(lines, d_oe)
            elif rises:
                assert not selected_at, "SCK runs while CS is inactive"
                self.clocks_before += 1
            if falls and cs:
                self._drive()
            assert not self._driven & d_oe, "reader and flash drive the same line"
            settled = 0 if falls else self._driven
            noise = random.getrandbits(4)
            ctx.set(
                reader.d_i,
                lines & ~self._driven | self._output & settled | noise & self._driven & ~settled,
            )
            if not cs:
                self._driven = 0  # tSHQZ: for a part of this cycle it drives
            cycle += 1
            await ctx.tick()

    def _clock(self, lines: int, driven: int) -> None:
        """A rising edge of SCK."""
        held = not (self.quad_enable or self.qpi or lines & 8)
        if held or self._access is None:
            return
        self._action = None
        bits = 0
        match self._request:
            case Take(lines=width):
                mask = (1 << width) - 1
                # Of the mode bits of a dual read, those on DI are enough.
                assert width == 2 or driven & mask == mask, "a line that the flash reads floats"
                bits = lines & mask
        try:
            self._request = self._access.send(bits)
        except StopIteration:
            self._access = self._request = None

    def _drive(self) -> None:
        """A falling edge of SCK."""
        self._driven = 0
        match self._request:
            case Give(lines=1, bits=bits):
                self._driven, self._output = 0b0010, bits << 1
            case Give(lines=2, bits=bits):
                self._driven, self._output = 0b0011, bits
            case Give(lines=4, bits=bits):
                self._driven, self._output = 0b1111, bits

    # Commands

    def _run_access(self) -> Access:
        """All clocks of an access."""
        lines = 4 if self.qpi else 1
        command = self.continuous or (yield from _take(8, lines))
        enabled, self._reset_enabled = self._reset_enabled, False
        if self.power_down and command != 0xAB:
            return
        self.commands.append(command)
        match command:
            case 0xAB:
                self._action = self._release
            case 0x66:
                self._action = self._enable_reset
            case 0x99 if enabled:
                self._action = self._reset
            case self.chip.leave_qpi if self.qpi:
                self._action = self._leave_qpi
            case self.chip.enter_qpi if not self.qpi:
                self._action = self._enter_qpi
            case 0x9F:
                while True:
                    yield from _give(self.chip.jedec_id, 24, lines)
            case 0x05 | 0x35:
                register, bit = self.chip.quad_enable
                status = 0xFF ^ 1 << bit if command == register else 0
                status |= self.quad_enable << bit
                while True:
                    yield from _give(status, 8, lines)
            case 0x03 if not self.qpi:
                address = yield from _take(24, 1)
                yield from self._give_bytes(address, 1)
            case 0xEB if self.quad_enable or self.qpi:
                yield from self._read_with_mode_bits(4, command, dummies=0 if self.qpi else 4)
            case 0xBB:
                yield from self._read_with_mode_bits(2, command, dummies=0)
        if self._action is not None:
            yield Skip()  # The command is executed unless there is a further clock.

    def _read_with_mode_bits(self, lines: int, command: int, *, dummies: int) -> Access:
        address = yield from _take(24, lines)
        mode = yield from _take(8, lines)
        self.continuous = command if self.chip.continues(mode) else 0
        for _ in range(dummies):
            yield Skip()
        yield from self._give_bytes(address, lines)

    def _give_bytes(self, address: int, lines: int) -> Access:
        while True:
            yield from _give(byte_at(address % self.size), 8, lines)
            address += 1

    @property
    def size(self) -> int:
        """Bytes of the flash."""
        return 1 << (self.chip.jedec_id & 0xFF)

    def _release(self) -> int:
        self.power_down = False
        return RELEASE_NS

    def _enable_reset(self) -> int:
        self._reset_enabled = True
        return 0

    def _reset(self) -> int:
        self.qpi, self.continuous = False, 0
        return RESET_NS

    def _leave_qpi(self) -> int:
        self.qpi = False
        return 0

    def _enter_qpi(self) -> int:
        self.qpi = True
        return 0


def _take(count: int, lines: int) -> Generator[Take | Give | Skip, int, int]:
    """Take bits, highest first."""
    value = 0
    for _ in range(count // lines):
        value = value << lines | (yield Take(lines))
    return value


def _give(value: int, count: int, lines: int) -> Access:
    """Output bits, highest first."""
    for place in range(count - lines, -1, -lines):
        yield Give(lines, value >> place & (1 << lines) - 1)
