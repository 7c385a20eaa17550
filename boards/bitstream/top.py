# amaranth: UnusedElaboratable=no
"""The top level of a bitstream: clock, reset and pins of a board."""

import math
from fractions import Fraction
from typing import Any

from amaranth.hdl import ClockDomain, ClockSignal, Elaboratable, Module, ResetSignal, Signal
from amaranth.lib import io
from amaranth.lib.cdc import ResetSynchronizer

from ..pll.pll import PLL
from ..targets.board_target import BoardTarget

__all__ = ["BoardTop"]

SETTLING_SECONDS = Fraction(20, 1_000_000)
"""Length of the reset: block RAMs of an iCE40 read as zeros for about 3 µs after configuration."""


class BoardTop(Elaboratable):
    """The top level: clock and reset generation, and a design connected to the UART pins.

    The clock comes from the crystal or from a PLL. After the PLL is locked, the reset stays active
    until the memories of the FPGA can be read; it is released synchronously.

    Parameters
    ----------
    board : BoardTarget
        The board.
    design : amaranth.lib.wiring.Component
        The design, with ports ``rx``, ``tx`` and ``busy``.
    clock : Fraction
        The clock in hertz.
    pll : PLL or None
        The PLL that makes the clock; None if the crystal does.
    """

    def __init__(self, board: BoardTarget, design: Any, clock: Fraction, pll: PLL | None):
        self.board = board
        self.design = design
        self.clock = clock
        self.pll = pll

    def elaborate(self, platform: Any) -> Elaboratable:
        m = Module()
        m.submodules.trainer = self.design

        pins = platform.request(self.board.crystal, dir="-")
        start = ClockDomain("start", local=True)
        clock, locked = Signal(name="clock"), Signal(name="locked")
        m.domains += [start, ClockDomain("sync")]
        if self.pll is None:
            m.submodules.crystal = crystal = io.Buffer(io.Direction.Input, pins)
            m.d.comb += [clock.eq(crystal.i), locked.eq(1)]
        elif self.board.fpga.family == "ice40":
            # The PLL of an iCE40 includes the cell of the pin.
            m.submodules.pll = self.pll.instance(pins.io, clock, locked)
        else:
            m.submodules.crystal = crystal = io.Buffer(io.Direction.Input, pins)
            m.submodules.pll = self.pll.instance(crystal.i, clock, locked)
        platform.add_clock_constraint(clock, float(self.clock))
        m.d.comb += [ClockSignal("start").eq(clock), ClockSignal("sync").eq(clock)]
        m.submodules.unlocked = ResetSynchronizer(~locked, domain="start")

        cycles = math.ceil(SETTLING_SECONDS * self.clock)
        passed = Signal(range(cycles + 1))
        settled = Signal()
        with m.If(passed != cycles):
            m.d.start += passed.eq(passed + 1)
        m.d.start += settled.eq(passed == cycles)
        m.d.comb += ResetSignal("sync").eq(~settled)

        uart = platform.request("uart", dir="-")
        m.submodules.rx = rx = io.Buffer(io.Direction.Input, uart.rx)
        m.submodules.tx = tx = io.Buffer(io.Direction.Output, uart.tx)
        m.d.comb += [self.design.rx.eq(rx.i), tx.o.eq(self.design.tx)]
        m.submodules.led = led = io.Buffer(io.Direction.Output, platform.request("led", 0, dir="-"))
        m.d.comb += led.o.eq(self.design.busy)
        return m
