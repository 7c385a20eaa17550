# amaranth: UnusedElaboratable=no
"""The arithmetic of hidden weights in gateware."""

from itertools import product
from random import Random

import pytest
from amaranth.sim import SimulatorContext

from metaplast.hdl.weights.counter_step import CounterStep

from ..simulate import simulate

WIDE_SAMPLES = 200


def check_steps(counters: int, counter_bits: int, *, flip: bool = False) -> None:
    """Step every counter in every situation; if ``flip`` is set, expect each row wrongly."""
    random = Random(1)
    step = CounterStep(counters=counters, counter_bits=counter_bits)
    lowest, highest = -(1 << counter_bits - 1), (1 << counter_bits - 1) - 1
    values = list(range(lowest, highest + 1))
    if counter_bits > 8:
        bounds = [lowest, lowest + 1, -2, -1, 0, 1, highest - 1, highest]
        values = bounds + random.sample(values, WIDE_SAMPLES)

    async def bench(ctx: SimulatorContext) -> None:
        for update in (0, 1):
            # Counter, whether it is stepped or replaced, and ``lower``
            changes = ((0, 0), (1, 0), (0, 1))
            situations = list(product(values, changes, (0, 1) if update else (1,)))
            random.shuffle(situations)
            situations += random.choices(situations, k=-len(situations) % counters)
            ctx.set(step.update, update)
            for start in range(0, len(situations), counters):
                row = situations[start : start + counters]
                value = random.choice(values)
                ctx.set(step.i, [k for k, _, _ in row])
                ctx.set(step.enable, sum(steps << n for n, (_, (steps, _), _) in enumerate(row)))
                ctx.set(step.replace, sum(new << n for n, (_, (_, new), _) in enumerate(row)))
                ctx.set(step.value, value)
                ctx.set(step.lower, sum(lower << n for n, (_, _, lower) in enumerate(row)))
                for n, (k, (steps, new), lower) in enumerate(row):
                    up = not lower if update else k >= 0
                    stepped = k + (1 if up else -1) * steps
                    bounded = min(max(stepped, lowest), highest)
                    assert ctx.get(step.o[n]) == (value if new else bounded) ^ flip
                    assert ctx.get(step.saturated[n]) == (bounded != stepped)
                await ctx.tick()

    simulate(step, bench)


@pytest.mark.parametrize(("counters", "counter_bits"), [(1, 2), (5, 8), (3, 16)])
def test_counters_step_and_saturate(counters: int, counter_bits: int) -> None:
    check_steps(counters, counter_bits)


def test_the_check_notices_a_flipped_bit() -> None:
    with pytest.raises(AssertionError):
        check_steps(5, 8, flip=True)


def test_a_row_has_a_counter() -> None:
    with pytest.raises(ValueError, match="counters must be at least 1, not 0"):
        CounterStep(counters=0, counter_bits=8)


@pytest.mark.parametrize("counter_bits", [1, 17])
def test_counters_have_2_to_16_bits(counter_bits: int) -> None:
    with pytest.raises(ValueError, match=f"counter_bits must be from 2 to 16, not {counter_bits}"):
        CounterStep(counters=1, counter_bits=counter_bits)
