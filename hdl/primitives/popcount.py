"""XNOR and population count: the number of equal bits in two words."""

import math
from collections.abc import Sequence

from amaranth.hdl import C, Cat, Elaboratable, Module, Signal, Value, ValueLike
from amaranth.lib.wiring import In, Out

from .component import Component
from .vector_adder import VectorAdder

__all__ = ["XnorPopcount"]

GROUP = 7  # the largest count in three bits


class XnorPopcount(Component):
    """Count the equal bits of two words in a pipeline (docs/algorithm.md, 2).

    Computes::

        count = popcount(XNOR(a, b))

    for one pair of words in each cycle; the count follows its words by ``latency`` cycles. The
    levels of logic are:

    1. Two positions give a sum and a carry bit, each a function of four bits and so one LUT4. A
       full adder takes two such sums and a fifth position, in one LUT4 for each output.
    2. It and the last two positions of a group give a count from 0 to 7 in three bits: at most
       three bits of weight 2 are set, so their count is two LUT4. A group takes 12. The first two
       levels work on bit planes: one vector operation serves all groups of seven positions. This
       takes few instructions in a simulator.
    3. A tree of adders adds the counts. The first ones can be in DSPs.

    There is no handshake: the pipeline never stalls, and the component that feeds the words
    counts the cycles, because it accumulates the counts of several words.

    Parameters
    ----------
    width : int
        Bits of a word. At least 1.
    register_every : int
        Levels from one register to the next. At least 1. The last level always has a register.
    dsps : int
        DSPs of an iCE40 UltraPlus for the adders of the tree (:class:`.vector_adder.VectorAdder`).
        At least 0.

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

    def __init__(self, width: int, *, register_every: int = 2, dsps: int = 0):
        if width < 1:
            raise ValueError(f"width must be at least 1, not {width!r}")
        if register_every < 1:
            raise ValueError(f"register_every must be at least 1, not {register_every!r}")
        if dsps < 0:
            raise ValueError(f"dsps must be at least 0, not {dsps!r}")

        self.width = width
        self.register_every = register_every
        self.dsps = dsps
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

        def is_registered() -> bool:
            """Whether the present level ends with a register."""
            return level % self.register_every == 0 or level == self.levels

        def leave(**results: ValueLike) -> list[Signal]:
            """End a level of logic; returns its results, registered where a register is due."""
            domain = m.d.sync if is_registered() else m.d.comb
            signals = []
            for name, value in results.items():
                signal = Signal.like(value, name=f"{name}_{level}")
                domain += signal.eq(value)
                signals.append(signal)
            return signals

        # Position p of group g is bit p · groups + g. Positions beyond the words count as unequal.
        groups = math.ceil(self.width / GROUP)
        beyond = groups * GROUP - self.width
        equal = Signal(groups * GROUP)
        m.d.comb += equal.eq(Cat(~(self.a ^ self.b), C(0, beyond)))
        x = [equal.word_select(position, groups) for position in range(GROUP)]

        level = 1
        sum_0, sum_1 = x[0] ^ x[1], x[2] ^ x[3]
        sum_2, carry_0, carry_1, carry_2, sum_3, carry_3 = leave(
            sum_2=sum_0 ^ sum_1 ^ x[4],
            carry_0=x[0] & x[1],
            carry_1=x[2] & x[3],
            carry_2=(sum_0 & sum_1) | ((sum_0 ^ sum_1) & x[4]),
            sum_3=x[5] ^ x[6],
            carry_3=x[5] & x[6],
        )
        level = 2
        carry_4 = carry_3 | (sum_2 & sum_3)
        planes = leave(
            ones=sum_2 ^ sum_3,
            twos=carry_0 ^ carry_1 ^ carry_2 ^ carry_4,
            fours=(carry_0 & carry_1)
            | (carry_2 & carry_4)
            | ((carry_0 ^ carry_1) & (carry_2 ^ carry_4)),
        )

        counts: Sequence[Value] = [Cat(plane[g] for plane in planes) for g in range(groups)]
        dsps = self.dsps
        while len(counts) > 1:
            level += 1
            pairs = list(zip(counts[::2], counts[1::2], strict=False))
            alone = list(counts[2 * len(pairs) :])
            counts = []
            while dsps and len(pairs) > 1:
                width = max(map(len, pairs[0]))
                length = min(VectorAdder.max_length(width), len(pairs))
                adder = VectorAdder(length=length, width=width, registered=is_registered())
                m.submodules[f"adder_{dsps}"] = adder
                for n, (low, high) in enumerate(pairs[:length]):
                    m.d.comb += [adder.a[n].eq(low), adder.b[n].eq(high)]
                counts += [adder.o[n] for n in range(length)]
                pairs = pairs[length:]
                dsps -= 1
            others = [low + high for low, high in pairs] + alone
            counts += leave(**{f"count_{n}": count for n, count in enumerate(others)})
        m.d.comb += self.count.eq(counts[0])

        return m
