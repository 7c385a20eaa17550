"""Counters that count or are loaded, over all values."""

from typing import Any

import pytest
from amaranth.hdl import Module, Signal

from metaplast.hdl.primitives.loadable_counter import count_down_or_load, count_up_or_load

from ..simulate import simulate


@pytest.mark.parametrize("bits", [1, 2, 4])
def test_every_value_is_followed_by_the_one_below_or_the_loaded_one(bits: int) -> None:
    counter, loaded, after = Signal(bits), Signal(bits), Signal(bits)
    down = Signal()
    m = Module()
    m.d.comb += after.eq(count_down_or_load(counter, down, loaded))
    values = range(1 << bits)

    async def bench(context: Any) -> None:
        for value in values:
            context.set(counter, value)
            context.set(down, 1)
            assert context.get(after) == (value - 1) % len(values)
            context.set(down, 0)
            for other in values:
                context.set(loaded, other)
                assert context.get(after) == other

    simulate(m, bench)


@pytest.mark.parametrize(("bits", "amount_bits"), [(1, 1), (3, 1), (4, 2), (3, 3)])
def test_every_value_is_followed_by_the_sum_or_the_loaded_one(bits: int, amount_bits: int) -> None:
    counter, loaded, after = Signal(bits), Signal(bits), Signal(bits)
    amount, load = Signal(amount_bits), Signal()
    m = Module()
    m.d.comb += after.eq(count_up_or_load(counter, amount, load, loaded))
    values = range(1 << bits)

    async def bench(context: Any) -> None:
        for value in values:
            context.set(counter, value)
            for number in range(1 << amount_bits):
                context.set(amount, number)
                context.set(load, 0)
                assert context.get(after) == (value + number) % len(values)
                context.set(load, 1)
                for other in values:
                    context.set(loaded, other)
                    assert context.get(after) == other

    simulate(m, bench)
