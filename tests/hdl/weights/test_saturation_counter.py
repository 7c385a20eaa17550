# amaranth: UnusedElaboratable=no
"""How many counters of a row are at a bound."""

from random import Random

import pytest
from amaranth.sim import SimulatorContext

from metaplast.hdl.weights.saturation_counter import SaturationCounter

from ..simulate import simulate


def check_counts(counters: int, *, flip: bool = False) -> None:
    """Count random rows with gaps; if ``flip`` is set, every number is expected wrongly."""
    random = Random(3)
    counter = SaturationCounter(counters=counters)

    async def bench(ctx: SimulatorContext) -> None:
        stages: list[int | None] = [None] * counter.latency
        for _ in range(200):
            expected = stages.pop()
            assert ctx.get(counter.o.valid) == (expected is not None)
            if expected is not None:
                assert ctx.get(counter.o.p) == expected ^ flip

            saturated, real = random.getrandbits(counters), random.getrandbits(counters)
            valid = random.random() < 0.8
            ctx.set(counter.i.valid, valid)
            ctx.set(counter.i.p, {"saturated": saturated, "real": real})
            stages.insert(0, (saturated & real).bit_count() if valid else None)
            await ctx.tick()

    simulate(counter, bench)


@pytest.mark.parametrize("counters", [1, 3, 8, 16])
def test_numbers_are_right_and_on_time(counters: int) -> None:
    check_counts(counters)


def test_the_check_notices_a_flipped_bit() -> None:
    with pytest.raises(AssertionError):
        check_counts(8, flip=True)


def test_a_row_has_a_counter() -> None:
    with pytest.raises(ValueError, match="counters must be at least 1, not 0"):
        SaturationCounter(counters=0)
