# amaranth: UnusedElaboratable=no
"""How many counters of a row are at a bound."""

from random import Random

import pytest
from amaranth.sim import SimulatorContext

from metaplast.hdl.weights.saturation_counter import SaturationCounter

from ..simulate import simulate


def check_counts(counters: int, counter_bits: int, *, flip: bool = False) -> None:
    """Count random rows with gaps; if ``flip`` is set, every number is expected wrongly."""
    random = Random(3)
    counter = SaturationCounter(counters=counters, counter_bits=counter_bits)
    lowest, highest = -(2 ** (counter_bits - 1)), 2 ** (counter_bits - 1) - 1

    async def bench(ctx: SimulatorContext) -> None:
        stages: list[int | None] = [None] * counter.latency
        for _ in range(200):
            expected = stages.pop()
            assert ctx.get(counter.o.valid) == (expected is not None)
            if expected is not None:
                assert ctx.get(counter.o.p) == expected ^ flip

            values = (lowest, lowest + 1, -1, 0, highest - 1, highest)
            row = random.choices(values, k=counters)
            real, valid = random.getrandbits(counters), random.random() < 0.8
            ctx.set(counter.i.valid, valid)
            ctx.set(counter.i.p, {"row": row, "real": real})
            saturated = sum(k in (lowest, highest) and real >> n & 1 for n, k in enumerate(row))
            stages.insert(0, saturated if valid else None)
            await ctx.tick()

    simulate(counter, bench)


@pytest.mark.parametrize(("counters", "counter_bits"), [(1, 2), (3, 4), (8, 8), (16, 16)])
def test_numbers_are_right_and_on_time(counters: int, counter_bits: int) -> None:
    check_counts(counters, counter_bits)


def test_the_check_notices_a_flipped_bit() -> None:
    with pytest.raises(AssertionError):
        check_counts(8, 8, flip=True)


@pytest.mark.parametrize(
    ("counters", "counter_bits", "message"),
    [
        (0, 8, "counters must be at least 1, not 0"),
        (8, 1, "counter_bits must be from 2 to 16, not 1"),
        (8, 17, "counter_bits must be from 2 to 16, not 17"),
    ],
)
def test_parameters_have_ranges(counters: int, counter_bits: int, message: str) -> None:
    with pytest.raises(ValueError, match=f"^{message}$"):
        SaturationCounter(counters=counters, counter_bits=counter_bits)
