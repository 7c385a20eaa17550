# amaranth: UnusedElaboratable=no
"""Counting equal bits in gateware."""

import math
from itertools import product
from random import Random

import pytest
from amaranth.back import rtlil
from amaranth.sim import SimulatorContext

from metaplast.hdl.primitives.popcount import XnorPopcount
from metaplast.hdl.primitives.vector_adder import CELL

from ...sim.netlists import ICE40
from ..simulate import simulate


def word_pairs(width: int) -> list[tuple[int, int]]:
    """All pairs of short words; of long ones, equal, opposite, almost equal and random ones."""
    if width <= 4:
        return list(product(range(1 << width), repeat=2))
    random, everything = Random(1), (1 << width) - 1
    words = [random.getrandbits(width) for _ in range(max(150, width))]
    return [
        *((x, x) for x in words[:2]),
        *((x, x ^ everything) for x in words[2:4]),
        *((words[n], words[n] ^ 1 << n) for n in range(width)),
        *((x, random.getrandbits(width)) for x in words),
    ]


def check_counts(popcount: XnorPopcount, *, flip: bool = False) -> None:
    """Count a pair of words a cycle; if ``flip`` is set, every count is expected wrongly."""
    pairs, latency = word_pairs(popcount.width), popcount.latency

    async def bench(ctx: SimulatorContext) -> None:
        for cycle in range(len(pairs) + latency):
            a, b = pairs[cycle % len(pairs)]
            ctx.set(popcount.a, a)
            ctx.set(popcount.b, b)
            if cycle >= latency:
                a, b = pairs[cycle - latency]
                assert ctx.get(popcount.count) == (popcount.width - (a ^ b).bit_count()) ^ flip
            await ctx.tick()

    simulate(popcount, bench)


@pytest.mark.parametrize(
    ("width", "register_every"),
    [(1, 2), (2, 1), (3, 9), (4, 2), (7, 1), (8, 2), (22, 1), (64, 2), (112, 2), (129, 3)],
)
def test_counts_are_right_and_on_time(width: int, register_every: int) -> None:
    check_counts(XnorPopcount(width, register_every=register_every))


@pytest.mark.parametrize("dsps", [1, 2, 5, 9])
@pytest.mark.parametrize("width", [20, 104, 200, 392])
def test_counts_in_dsps_are_right_and_on_time(width: int, dsps: int) -> None:
    popcount = XnorPopcount(width, dsps=dsps)
    assert popcount.latency == XnorPopcount(width).latency
    check_counts(popcount)


@pytest.mark.parametrize(("width", "dsps", "used"), [(14, 5, 0), (200, 0, 0), (200, 5, 5)])
def test_dsps_are_not_taken_for_a_single_sum(width: int, dsps: int, used: int) -> None:
    text = rtlil.convert(XnorPopcount(width, dsps=dsps), platform=ICE40.platform)
    assert text.count(f"cell \\{CELL} ") == used


def test_the_check_notices_a_flipped_bit() -> None:
    with pytest.raises(AssertionError):
        check_counts(XnorPopcount(22), flip=True)


def test_registers_stand_every_so_many_levels() -> None:
    levels = 2 + math.ceil(math.log2(math.ceil(112 / 7)))
    assert [XnorPopcount(112, register_every=every).latency for every in range(1, 8)] == [
        math.ceil(levels / every) for every in range(1, 8)
    ]


def test_a_word_has_a_bit() -> None:
    with pytest.raises(ValueError, match="width must be at least 1, not 0"):
        XnorPopcount(0)


def test_dsps_are_no_less_than_none() -> None:
    with pytest.raises(ValueError, match="dsps must be at least 0, not -1"):
        XnorPopcount(8, dsps=-1)


def test_registers_are_a_level_apart() -> None:
    with pytest.raises(ValueError, match="register_every must be at least 1, not 0"):
        XnorPopcount(8, register_every=0)
