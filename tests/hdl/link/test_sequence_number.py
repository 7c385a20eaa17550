"""Numbers of sequenced frames."""

from random import Random

import pytest
from amaranth.hdl import ResetInserter, Signal
from amaranth.sim import SimulatorContext

from metaplast.hdl.link.protocol import LAP, next_number
from metaplast.hdl.link.sequence_number import SequenceNumber

from ..simulate import simulate

PAUSES = 100
"""Cycles at the beginning and at the end in which a step may be left out."""


def check_numbers(*, flip: bool = False) -> None:
    """Step through 0 to 65535, then from 32768 on, and reset; expect all wrongly if ``flip``.

    The number stands in a cycle without a step.
    """
    random, counter, reset = Random(1), SequenceNumber(), Signal()

    async def bench(ctx: SimulatorContext) -> None:
        number = 0

        async def some_cycles(*, step: float) -> None:
            nonlocal number
            for _ in range(PAUSES):
                steps = random.random() < step
                ctx.set(counter.step, steps)
                assert ctx.get(counter.number) == number ^ flip
                if steps:
                    number = next_number(number)
                await ctx.tick()

        await some_cycles(step=0.7)
        ctx.set(counter.step, 1)
        for _ in range(2 * LAP):
            assert ctx.get(counter.number) == number
            number = next_number(number)
            await ctx.tick()
        await some_cycles(step=0.7)
        assert LAP < number < LAP + 3 * PAUSES
        ctx.set(reset, 1)
        await ctx.tick()
        ctx.set(reset, 0)
        number = 0
        await some_cycles(step=0.7)

    simulate(ResetInserter(reset)(counter), bench)


def test_numbers_follow_each_other() -> None:
    check_numbers()


def test_the_check_notices_a_flipped_bit() -> None:
    with pytest.raises(AssertionError):
        check_numbers(flip=True)
