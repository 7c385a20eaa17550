"""Reader for an SPI flash."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from amaranth.hdl import Array, Cat, Const, Elaboratable, Module, Mux, Signal, Value
from amaranth.lib import data, enum, stream
from amaranth.lib.wiring import In, Out

from ..primitives.component import Component
from ..primitives.loadable_counter import count_up_or_load

__all__ = ["MAX_CLOCK_HERTZ", "WAIT_MICROSECONDS", "FlashReader"]

MAX_CLOCK_HERTZ = 80_000_000
"""With it, CS is inactive for 50 ns between commands, and SCK has 40 MHz of the 50 MHz of 03h."""

WAIT_MICROSECONDS = 120
"""The least time that a flash has for its release from power-down, and for a reset."""

DESELECT_PERIODS = 2


class Command(enum.Enum, shape=8):
    """Commands of the flash. ONES is none: it ends a continuous read."""

    READ = 0x03
    READ_STATUS = 0x05
    READ_STATUS_2 = 0x35
    RESET_ENABLE = 0x66
    RESET = 0x99
    READ_ID = 0x9F
    RELEASE = 0xAB
    READ_QUAD = 0xEB
    ONES = 0xFF


# Sent in steps 0 to 3 of the start-up on four lines, for a flash in QPI mode, and in steps 4 to 7
# on one line. Steps 8 and 9 read the id and a status register; step 10 reads bytes. A wait follows
# the steps 1, 3, 5 and 7.
RESET_COMMANDS = (Command.ONES, Command.RELEASE, Command.RESET_ENABLE, Command.RESET)
ID_STEP = 8

# Where a manufacturer's flashes have the quad enable bit. Other flashes are read on one line, and
# never get 35h, which is the command to enter QPI mode for some of them (ISSI's and Macronix's).
QE_IN_STATUS_BIT_6 = (0x9D,)  # ISSI
QE_IN_STATUS_2_BIT_1 = (0xEF, 0x85)  # Winbond, Puya


# The phase of an access, one-hot. Before an access, CS is inactive and no bit is set.
PHASE = data.StructLayout({"idle": 1, "command": 1, "address": 1, "dummy": 1, "receive": 1})


@dataclass(frozen=True)
class Sequence:
    """Where the reader is in an access.

    A period of SCK is two cycles, with ``half`` 0 and 1, and more while a byte waits;
    ``period_ends`` is 1 in the last one. The pins follow a cycle later, so the bits of a period are
    sampled in the first cycle of the next period. ``count`` counts the periods of a phase up to the
    last one, in which its highest bit is 1. ``active`` is 1 in the phases with CS active.
    """

    count: Signal
    phase: Any
    step: Signal
    active: Signal
    half: Signal
    period_ends: Signal


class FlashReader(Component):
    """Read bytes from an SPI flash, from any address on, on one or four data lines.

    After power-up, the reader brings the flash into a known state and reads its JEDEC id; then
    ``ready`` is set. ``start`` begins a read at ``address``, which goes on until ``stop`` or the
    next ``start``. Bytes come in ascending order in ``o``. SCK has half the frequency of the clock,
    and pauses while a byte is not taken. A byte takes 4 cycles on four lines, 16 on one.
    docs/gateware.md, "SPI flash", has the start-up, the flashes, and the margins at the pins.

    Cycle by cycle; all outputs to the flash are registers. The flash takes ``d_o`` at the rising
    edge of SCK. From the falling edge on, it outputs the next bits. They are sampled two cycles
    later, by the clock edge that makes the next falling edge::

        cycle      0   1   2   3   4   5
        sck      \\___/‾‾‾\\___/‾‾‾\\___/‾‾‾
        d_o      X n     X n+1   X n+2        changes with the falling edge
        d_i      ..X n     ..X n+1 ..X n+2    changes when the flash has seen the falling edge
        sampled          ^ n     ^ n+1

    A byte is offered in the cycle after its last bit is sampled. If it is taken in this cycle, SCK
    does not pause. From the cycle after ``start`` or ``stop`` on, no byte of the ended read is
    offered.

    The first byte is offered ``6 + 2·n`` cycles after ``start``. The command, the address and the
    byte take ``n`` SCK periods: 8 + 24 + 8 = 40 with command 03h, and 8 + 6 + 2 (mode bits) +
    4 (dummy) + 2 = 22 with EBh.

    Parameters
    ----------
    lines : int
        1, or 4 to use four data lines if the quad enable bit (QE) of the flash is set. QE is never
        written.
    clock_hertz : int
        Frequency of the clock, up to 80 MHz.

    Members
    -------
    sck : Out(1)
        Clock of the flash. Low between reads.
    cs : Out(1)
        Chip select, active high: a board inverts it. Inactive for at least 4 cycles between
        commands.
    d_o, d_oe : Out(4)
        Data to the flash, and the lines that are driven: 0 is DI, 1 is DO, 2 is WP#, 3 is HOLD#.
        No line is driven while CS is inactive, so lines 2 and 3 need pull-ups. They are driven high
        while a command or a read uses one line.
    d_i : In(4)
        Data from the flash, without registers in between.
    address : In(24)
        First byte of the read that ``start`` begins.
    start : In(1)
        Begin a read in this cycle, and end the present one. Has no effect until ``ready``.
    stop : In(1)
        End the present read, unless ``start`` is set too.
    o : Out(stream)
        Bytes. ``start`` and ``stop`` withdraw a byte that is not taken.
    ready : Out(1)
        The start-up is over.
    idle : Out(1)
        The start-up is over, and there is no read.
    id : Out(24)
        JEDEC manufacturer (highest byte), type and capacity; valid with ``ready``. FFFFFFh or 0 if
        there is no flash. Of a flash with more than 16 MiB (capacity 19h and above), the first
        16 MiB can be read.
    quad : Out(1)
        Four data lines are used; valid with ``ready``.

    Raises
    ------
    ValueError
        If a parameter is out of its range.
    """

    def __init__(self, *, lines: int, clock_hertz: int):
        if lines not in (1, 4):
            raise ValueError(f"lines must be 1 or 4, not {lines!r}")
        if not 1 <= clock_hertz <= MAX_CLOCK_HERTZ:
            raise ValueError(
                f"clock_hertz must be from 1 to {MAX_CLOCK_HERTZ:,}, for 50 ns between commands, "
                f"not {clock_hertz!r}: use a slower clock domain"
            )

        self.lines = lines
        self.clock_hertz = clock_hertz
        super().__init__(
            {
                "sck": Out(1),
                "cs": Out(1),
                "d_o": Out(4),
                "d_oe": Out(4),
                "d_i": In(4),
                "address": In(24),
                "start": In(1),
                "stop": In(1),
                "o": Out(stream.Signature(8)),
                "ready": Out(1),
                "idle": Out(1),
                "id": Out(24),
                "quad": Out(1),
            }
        )

    @property
    def wait_periods(self) -> int:
        """SCK periods of a wait in the start-up: 1 more than a power of two."""
        least = max(32, -(-self.clock_hertz * WAIT_MICROSECONDS // 2_000_000))
        return (1 << (least - 1).bit_length()) + 1

    @property
    def _has_status_2(self) -> Value:
        """Whether QE is wanted, and in status register 2, by the manufacturer."""
        return Const(self.lines == 4) & _is_any(self.id[16:], QE_IN_STATUS_2_BIT_1)

    def elaborate(self, platform: object) -> Elaboratable:
        m = Module()

        # From 0 on, `count` takes `wait_periods`.
        count = Signal((self.wait_periods - 1).bit_length())
        s = Sequence(count, Signal(PHASE), Signal(4), Signal(), Signal(), Signal())
        # The period before this one was the last one of a byte.
        complete = Signal()
        m.d.comb += [
            self.o.valid.eq(complete & s.half),
            s.period_ends.eq(s.half & (self.o.ready | ~complete)),
            s.active.eq(s.phase.command | s.phase.address | s.phase.dummy | s.phase.receive),
            self.idle.eq(s.phase.idle),
        ]
        first_count = self._first_count(m, s)

        m.d.sync += s.half.eq(Mux(s.half, ~s.period_ends, ~self.idle))
        with m.If(s.period_ends):
            m.d.sync += [
                count.eq(count_up_or_load(count, Const(1, 1), count[-1], first_count)),
                complete.eq(count[-1] & self.ready & s.phase.receive),
            ]
            with m.If(count[-1]):
                self._add_next_phase(m, s)
        with m.If(self.ready & (self.start | self.stop)):
            m.d.sync += [
                s.phase.eq(0),
                s.phase.idle.eq(~self.start),
                count.eq(_first_of(DESELECT_PERIODS, count)),
                s.half.eq(0),
                complete.eq(0),
            ]

        self._add_outputs(m, s)
        self._add_inputs(m, s)

        return m

    def _add_next_phase(self, m: Module, s: Sequence) -> None:
        """Go to the next phase, and to the next step of the start-up."""
        phase, step = s.phase, s.step
        start_up_ends = ~s.active & ~self.ready & step[3] & step[1]
        m.d.sync += [
            phase.idle.eq(start_up_ends),
            phase.command.eq(~s.active & ~start_up_ends),
            phase.address.eq(phase.command & self.ready),
            phase.dummy.eq(phase.address & self.quad),
            phase.receive.eq(
                phase.dummy
                | phase.address & ~self.quad
                | phase.command & ~self.ready & step[3]
                | phase.receive & self.ready
            ),
            self.ready.eq(self.ready | start_up_ends),
        ]
        with m.If(~self.ready & (phase.receive | phase.command & ~step[3])):
            m.d.sync += step.eq(step + 1)

    def _first_count(self, m: Module, s: Sequence) -> Signal:
        """The count in the first period of the next phase."""
        phase, step = s.phase, s.step
        count = Signal.like(s.count)

        def periods(number: int) -> Any:
            return count.eq(_first_of(number, count))

        m.d.comb += periods(8)
        # The next phase is the command. Ones are the mode bits of a continuous read: in periods 7
        # and 8 on four lines, 13 to 16 on two. The flash outputs bytes after these periods.
        with m.If(~s.active & (step[2:] == 0) & (step[:2] != 0)):
            m.d.comb += periods(2)
        with m.If(~s.active & (step[2:] == 1) & (step[:2] == 0)):
            m.d.comb += periods(16)
        with m.If(phase.command & ~step[3] & step[0]):
            m.d.comb += count.eq(0)
        with m.If(phase.command & step[3] & ~self.quad):
            m.d.comb += periods(24)  # the id, the status three times, or the address
        # Address and mode bits on four lines take 8 periods, and so does a byte on one.
        with m.If(phase.address & self.quad):
            m.d.comb += periods(4)
        with m.If((phase.dummy | phase.receive) & self.quad):
            m.d.comb += periods(2)
        return count

    def _add_outputs(self, m: Module, s: Sequence) -> None:
        """Drive the pins: shift out the command, the address and the mode bits."""
        phase, step = s.phase, s.step
        command = Signal(8)
        with m.If(~step[3]):
            m.d.comb += command.eq(Array(RESET_COMMANDS)[step[:2]])
        with m.Elif(step[1]):
            m.d.comb += command.eq(Mux(self.quad, Command.READ_QUAD, Command.READ))
        with m.Elif(step[0]):
            m.d.comb += command.eq(
                Mux(self._has_status_2, Command.READ_STATUS_2, Command.READ_STATUS)
            )
        with m.Else():
            m.d.comb += command.eq(Command.READ_ID)

        # The highest nibble is sent. The mode bits are ones: the next access begins with a command.
        first, address = Signal(8), Signal(24)
        nibble = first[4:]
        on_four_lines, sending = Signal(), Signal()
        m.d.comb += [
            on_four_lines.eq((step[2:] == 0) | self.quad & ~phase.command),
            sending.eq(phase.command | phase.address),
        ]
        with m.If(sending & s.period_ends & (on_four_lines | (s.count[:2] == 0))):
            m.d.sync += Cat(address, first).eq(Cat(Const(0xF, 4), address, first))
        with m.If(~s.active):
            m.d.sync += first.eq(command)
        with m.If(self.start):
            m.d.sync += address.eq(self.address)

        # On one line, counts end in 1, 2, 3, 0 in the periods of a nibble.
        place = s.count[:2] & ~on_four_lines.replicate(2)
        m.d.sync += [
            self.cs.eq(s.active),
            # At first with CS inactive: an ECP5 does not pass its first clocks to the flash.
            self.sck.eq(s.period_ends & (s.active | (step == 0))),
            self.d_o[0].eq(Cat(nibble[0], nibble[3], nibble[2], nibble[1]).bit_select(place, 1)),
            self.d_o[1:].eq(nibble[1:] | ~on_four_lines.replicate(3)),
            self.d_oe[0].eq(sending),
            self.d_oe[1].eq(sending & on_four_lines),
            self.d_oe[2:].eq((sending | s.active & ~on_four_lines).replicate(2)),
        ]

    def _add_inputs(self, m: Module, s: Sequence) -> None:
        """Sample the bits of each period of a reply: bytes, and in the start-up the id."""
        receiving, receiving_id, enabled = Signal(), Signal(), Signal()
        with m.If(s.period_ends):
            m.d.sync += [
                receiving.eq(s.phase.receive),
                receiving_id.eq(s.phase.receive & (s.step == ID_STEP)),
            ]
        byte = self.o.payload
        with m.If(~s.half & receiving):
            m.d.sync += byte.eq(Mux(self.quad, Cat(self.d_i, byte), Cat(self.d_i[1], byte)))
        with m.If(~s.half & receiving_id):
            m.d.sync += self.id.eq(Cat(self.d_i[1], self.id))

        m.d.comb += self.quad.eq(enabled)
        if self.lines == 4:
            # At the end of the start-up, the byte is the status.
            with m.If(~self.ready & s.step[3] & s.step[1]):
                in_status = _is_any(self.id[16:], QE_IN_STATUS_BIT_6)
                m.d.sync += enabled.eq(Mux(self._has_status_2, byte[1], byte[6] & in_status))


def _first_of(periods: int, count: Signal) -> int:
    """The count from which a phase takes a number of periods, at least 2."""
    return (1 << len(count) - 1) + 1 - periods


def _is_any(value: Value, numbers: Iterable[int]) -> Value:
    return Cat(value == number for number in numbers).any()
