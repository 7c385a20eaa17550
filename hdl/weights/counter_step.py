"""Step saturating counters up or down: the arithmetic of hidden weights."""

from amaranth.hdl import Cat, Elaboratable, Module, Mux, Signal, signed
from amaranth.lib import data
from amaranth.lib.wiring import In, Out

from ..primitives.component import Component

__all__ = ["CounterStep"]


class CounterStep(Component):
    """Step a row of hidden weights up or down, or replace counters (docs/algorithm.md, 4 and 5).

    Each enabled counter changes by one and saturates; the others keep their value, or are
    replaced::

        update:     k − 1 where ``lower`` is set, k + 1 where it is not
        reinforce:  k + 1 where k ≥ 0, k − 1 where k < 0

    A saturated counter overflows: all its bits change, and are changed back. So no comparison
    comes before the addition.

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
    update : In(1)
        Step as ``lower`` says, not away from zero.
    lower : In(counters)
        In an update, lanes whose counters are stepped down. All are set without ``update``.
    replace : In(counters)
        Lanes whose counters become ``value``; they must not be enabled.
    value : In(signed)
        See ``replace``.
    o : Out(array of signed)
        Counters to write.
    saturated : Out(counters)
        Enabled lanes that keep their counter, since it is at its bound.

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
                "update": In(1),
                "lower": In(counters),
                "replace": In(counters),
                "value": In(signed(counter_bits)),
                "o": Out(row),
                "saturated": Out(counters),
            }
        )

    def elaborate(self, platform: object) -> Elaboratable:
        m = Module()

        for column in range(self.counters):
            k, enable, lower = self.i[column], self.enable[column], self.lower[column]
            negative = k[-1]
            down = enable & lower & (self.update | negative)
            # One adder: + 1 is an operand of 1, − 1 one of all ones.
            stepped = Signal(signed(self.counter_bits), name=f"stepped_{column}")
            # A sign that changes, but not towards zero
            overflow = Mux(negative, lower & ~stepped[-1], ~(lower & self.update) & stepped[-1])
            m.d.comb += [
                stepped.eq(k + Cat(enable, down.replicate(self.counter_bits - 1)).as_signed()),
                self.saturated[column].eq(overflow),
                self.o[column].eq(
                    Mux(
                        self.replace[column],
                        self.value,
                        stepped ^ overflow.replicate(self.counter_bits),
                    )
                ),
            ]

        return m
