"""XNOR and population count: the number of equal bits in two words."""

import math
from collections.abc import Sequence
from itertools import zip_longest

from amaranth.hdl import C, Cat, Elaboratable, Module, Signal, Value, ValueLike
from amaranth.lib.wiring import In, Out

from .component import Component

__all__ = ["XnorPopcount"]

GROUP = 7  # the largest count in three bits


class XnorPopcount(Component):
    """Count the equal bits of two words in a pipeline (docs/algorithm.md, 2).

    Computes::

        count = popcount(XNOR(a, b))

    for one pair of words in each cycle; the count follows its words by ``latency`` cycles. The
    levels of logic are:

    1. A full adder takes three positions. Two of them give a sum and a carry bit, each a function
       of four bits and so one LUT4; the third takes one more LUT4 each.
    2. Two such sums and a seventh position give a count from 0 to 7 in three bits. The first two
       levels work on bit planes: one vector operation serves all groups of seven positions. This
       takes no more LUTs than carry chains of three bits, and few instructions in a simulator.
    3. A tree of adders adds the counts.

    There is no handshake: the pipeline never stalls, and the component that feeds the words
    counts the cycles, because it accumulates the counts of several words.

    Parameters
    ----------
    width : int
        Bits of a word. At least 1.
    register_every : int
        Levels from one register to the next. At least 1. The last level always has a register.

    Members
    -------
    a, b : In(width)
        The words.
    count : Out(range(width + 1))
        Their number of equal bits.

    Attributes
    ----------
    latency : int
        Cycles from the words to their count. At least 1.

    Raises
    ------
    ValueError
        If a parameter is out of its range.
    """

    def __init__(self, width: int, *, register_every: int = 2):
        if width < 1:
            raise ValueError(f"width must be at least 1, not {width!r}")
        if register_every < 1:
            raise ValueError(f"register_every must be at least 1, not {register_every!r}")

        self.width = width
        self.register_every = register_every
        self.levels = 2 + math.ceil(math.log2(math.ceil(width / GROUP)))
        self.latency = math.ceil(self.levels / register_every)
        super().__init__(
            {
                "a": In(width),
                "b": In(width),
                "count": Out(range(width + 1)),
            }
        )

    def elaborate(self, platform: object) -> Elaboratable:
        m = Module()

        level = 0

        def leave(**results: ValueLike) -> list[Signal]:
            """End a level of logic; returns its results, registered where a register is due."""
            nonlocal level
            level += 1
            registered = level % self.register_every == 0 or level == self.levels
            domain = m.d.sync if registered else m.d.comb
            signals = []
            for name, value in results.items():
                signal = Signal.like(value, name=f"{name}_{level}")
                domain += signal.eq(value)
                signals.append(signal)
            return signals

        def add_three(x: Value, y: Value, z: Value) -> tuple[Value, Value]:
            """Full adder; returns the sum and the carry."""
            half = x ^ y
            return half ^ z, (x & y) | (half & z)

        # Position p of group g is bit p · groups + g. Positions beyond the words count as unequal.
        groups = math.ceil(self.width / GROUP)
        beyond = groups * GROUP - self.width
        equal = Signal(groups * GROUP)
        m.d.comb += equal.eq(Cat(~(self.a ^ self.b), C(0, beyond)))
        x = [equal.word_select(position, groups) for position in range(GROUP)]

        sum_0, carry_0 = add_three(*x[0:3])
        sum_1, carry_1 = add_three(*x[3:6])
        sum_0, carry_0, sum_1, carry_1, seventh = leave(
            sum_0=sum_0, carry_0=carry_0, sum_1=sum_1, carry_1=carry_1, seventh=x[6]
        )
        ones, carry = add_three(sum_0, sum_1, seventh)
        twos, fours = add_three(carry_0, carry_1, carry)
        planes = leave(ones=ones, twos=twos, fours=fours)

        counts: Sequence[Value] = [Cat(plane[g] for plane in planes) for g in range(groups)]
        while len(counts) > 1:
            counts = leave(
                **{
                    f"count_{n}": low + high
                    for n, (low, high) in enumerate(
                        zip_longest(counts[::2], counts[1::2], fillvalue=C(0, 0))
                    )
                }
            )
        m.d.comb += self.count.eq(counts[0])

        return m
