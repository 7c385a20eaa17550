# amaranth: UnusedElaboratable=no
"""Numbers of sequenced frames."""

from random import Random

import pytest
from amaranth.hdl import Cat, Module, ResetInserter, Signal
from amaranth.sim import SimulatorContext

from metaplast.hdl.link.protocol import LAP, next_number
from metaplast.hdl.link.sequence_number import SequenceNumber

from ..simulate import simulate

COUNTERS = 128
"""Counters side by side, so that few cycles show all numbers."""


def check_successors(*, flip: bool = False) -> None:
    """After each of 0 to 65535 comes the next number; if ``flip`` is set, expect it wrongly."""
    design, counters = Module(), [SequenceNumber() for _ in range(COUNTERS)]
    design.submodules += counters
    together = Cat(counter.number for counter in counters)

    async def bench(ctx: SimulatorContext) -> None:
        share = 2 * LAP // COUNTERS
        numbers = [n * share for n in range(COUNTERS)]
        for counter, number in zip(counters, numbers, strict=True):
            ctx.set(counter.number, number)
            ctx.set(counter.step, 1)
        for _ in range(share):
            numbers = [next_number(number) for number in numbers]
            await ctx.tick()
            expected = sum(number << 16 * n for n, number in enumerate(numbers))
            assert ctx.get(together) == expected ^ flip

    simulate(design, bench)


def test_numbers_follow_each_other() -> None:
    check_successors()


def test_the_check_notices_a_flipped_bit() -> None:
    with pytest.raises(AssertionError):
        check_successors(flip=True)


def test_a_number_stands_without_a_step_and_is_0_after_a_reset() -> None:
    random, counter, reset = Random(1), SequenceNumber(), Signal()

    async def bench(ctx: SimulatorContext) -> None:
        number = 0
        for cycle in range(300):
            if cycle == 100:
                number = 2 * LAP - 10
                ctx.set(counter.number, number)
            step, resets = random.random() < 0.7, cycle == 200
            ctx.set(counter.step, step)
            ctx.set(reset, resets)
            assert ctx.get(counter.number) == number
            if resets:
                assert LAP < number < LAP + 100
            number = 0 if resets else next_number(number) if step else number
            await ctx.tick()

    simulate(ResetInserter(reset)(counter), bench)
