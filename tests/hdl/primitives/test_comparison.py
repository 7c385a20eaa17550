"""Comparison of numbers, over all values."""

from typing import Any

import pytest
from amaranth.hdl import Module, Signal

from metaplast.hdl.primitives.comparison import is_greater

from ..simulate import simulate


@pytest.mark.parametrize(("bits", "other_bits"), [(1, 1), (3, 3), (4, 2)])
def test_numbers_are_compared(bits: int, other_bits: int) -> None:
    a, b, greater = Signal(bits), Signal(other_bits), Signal()
    than_constants = Signal(1 << bits)
    m = Module()
    m.d.comb += greater.eq(is_greater(a, b))
    for constant in range(1 << bits):
        m.d.comb += than_constants[constant].eq(is_greater(a, constant))

    async def bench(context: Any) -> None:
        for value in range(1 << bits):
            context.set(a, value)
            assert context.get(than_constants) == (1 << value) - 1
            for other in range(1 << other_bits):
                context.set(b, other)
                assert context.get(greater) == (value > other)

    simulate(m, bench)


@pytest.mark.parametrize("b", [Signal(4), 8])
def test_a_number_with_more_bits_is_refused(b: Any) -> None:
    with pytest.raises(ValueError, match="b must have at most 3 bits, as a, not 4"):
        is_greater(Signal(3), b)
