"""The sum of the banks' saturated counters."""

from random import Random

import pytest
from amaranth.sim import SimulatorContext

from metaplast.hdl.layer.saturation_total import SaturationTotal

from ..folded_layers import FOLDED_LAYERS
from ..simulate import simulate

LATENCY = 4


def check_total(layer: str, *, flip: bool = False) -> None:
    """Add up a few scans; if ``flip`` is set, every total is expected wrongly."""
    random, folded = Random(6), FOLDED_LAYERS[layer]
    saturation = SaturationTotal(folded, latency=LATENCY)
    rows, banks, counters = folded.bank_rows, folded.plan.banks, folded.plan.update_width

    async def bench(ctx: SimulatorContext) -> None:
        for _ in range(5):
            ctx.set(saturation.clear, 1)
            await ctx.tick()
            ctx.set(saturation.clear, 0)
            expected = 0
            # Row n is named in cycle n; its numbers come ``LATENCY`` cycles later.
            for cycle in range(rows + LATENCY + 2):
                numbers = [random.randint(0, counters) for _ in range(banks)]
                valid = LATENCY <= cycle < LATENCY + rows
                expected += valid * sum(numbers)
                ctx.set(saturation.numbers, numbers)
                ctx.set(saturation.valid, valid)
                ctx.set(saturation.end, cycle == rows - 1)
                assert ctx.get(saturation.counting) == (cycle >= rows)
                assert ctx.get(saturation.done) == (cycle == rows + LATENCY + 1)
                if ctx.get(saturation.done):
                    total = expected % (1 << len(saturation.total))
                    assert ctx.get(saturation.total) == total ^ flip
                await ctx.tick()
            assert not ctx.get(saturation.counting)

    simulate(saturation, bench)


@pytest.mark.parametrize("layer", FOLDED_LAYERS)
def test_the_total_is_right_and_on_time(layer: str) -> None:
    check_total(layer)


def test_the_check_notices_a_flipped_bit() -> None:
    with pytest.raises(AssertionError):
        check_total("two banks", flip=True)
