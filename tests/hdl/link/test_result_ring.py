"""The ring of results, compared with a model."""

import random
from typing import Any

import pytest

from metaplast.hdl.link.protocol import RESULTS
from metaplast.hdl.link.result_ring import ResultRing

from ..simulate import simulate

WIDTH, CYCLES = 5, 1500


@pytest.mark.parametrize("seed", range(3))
def test_a_result_replaces_the_oldest_wherever_the_ring_is(seed: int) -> None:
    dut, draw = ResultRing(width=WIDTH), random.Random(seed)
    results: list[int | None] = [None] * RESULTS
    count = place = compared = 0

    async def bench(context: Any) -> None:
        nonlocal count, place, compared
        for _ in range(CYCLES):
            write, rotate = (draw.random() < 0.4 for _ in range(2))
            result = draw.getrandbits(WIDTH)
            for port, value in ((dut.write, write), (dut.rotate, rotate), (dut.result, result)):
                context.set(port, value)
            assert context.get(dut.count) == count % 256
            assert context.get(dut.place) == place
            if results[place] is not None:
                assert context.get(dut.o) == results[place]
                compared += 1
            if write:
                results[count % RESULTS] = result
                count += 1
            if rotate:
                place = (place + 1) % RESULTS
            await context.tick()

    simulate(dut, bench)
    assert count > 256
    assert compared > CYCLES // 2
