"""Step saturating counters up or down: the arithmetic of hidden weights."""

from amaranth.hdl import Cat, Elaboratable, Module, Mux, signed
from amaranth.lib import data
from amaranth.lib.wiring import In, Out

from ..primitives.component import Component

__all__ = ["CounterStep"]


class CounterStep(Component):
    """Step a row of hidden weights up or down (docs/algorithm.md, 4 and 5).

    Each enabled counter changes by one and saturates; the others keep their value::

        update:     k + 1 where the input bit equals the desired bit, k − 1 where it does not
        reinforce:  k + 1 where k ≥ 0, k − 1 where k < 0

    Combinational, latency 0: the memory gives a row in one cycle, and takes the stepped row in the
    same cycle.

    Parameters
    ----------
    counters : int
        Counters in a row. At least 1.
    counter_bits : int
        Width ``B`` of a counter. 2 to 16.

    Members
    -------
    i : In(array of signed)
        Counters from the memory.
    enable : In(counters)
        Lanes whose counters change.
    reinforce : In(1)
        Step away from zero, not towards the desired activation.
    inputs : In(counters)
        Input bit of each counter.
    desired : In(1)
        Desired activation of the neuron.
    o : Out(array of signed)
        Counters to write.

    Raises
    ------
    ValueError
        If a parameter is out of its range.
    """

    def __init__(self, *, counters: int, counter_bits: int):
        if counters < 1:
            raise ValueError(f"counters must be at least 1, not {counters!r}")
        if not 2 <= counter_bits <= 16:
            raise ValueError(f"counter_bits must be from 2 to 16, not {counter_bits!r}")

        self.counters = counters
        self.counter_bits = counter_bits
        row = data.ArrayLayout(signed(counter_bits), counters)
        super().__init__(
            {
                "i": In(row),
                "enable": In(counters),
                "reinforce": In(1),
                "inputs": In(counters),
                "desired": In(1),
                "o": Out(row),
            }
        )

    def elaborate(self, platform: object) -> Elaboratable:
        m = Module()

        lowest, highest = -(1 << self.counter_bits - 1), (1 << self.counter_bits - 1) - 1
        for column in range(self.counters):
            k = self.i[column]
            negative = k[-1]
            up = Mux(self.reinforce, ~negative, self.inputs[column] == self.desired)
            stuck = Mux(up, k == highest, k == lowest)
            # One adder: + 1 is carry-in with a zero operand, − 1 is an operand of all ones.
            step = Cat(1, (~up).replicate(self.counter_bits - 1)).as_signed()
            with m.If(self.enable[column] & ~stuck):
                m.d.comb += self.o[column].eq(k + step)
            with m.Else():
                m.d.comb += self.o[column].eq(k)

        return m
