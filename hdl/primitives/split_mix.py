"""Seed the random streams with SplitMix64, in gateware."""

from amaranth.hdl import Cat, Elaboratable, Module, Mux, Signal
from amaranth.lib import data, stream
from amaranth.lib.wiring import In, Out

from .component import Component

__all__ = ["HISTORY_WORDS", "SplitMix64Seeder"]

HISTORY_WORDS = 4
"""Words of 32 bits in a stream's history of 127 bits; bit 0 of the first word is unused."""

WORD_BITS = 64
INCREMENT = 0x9E3779B97F4A7C15
MULTIPLIERS = (0xBF58476D1CE4E5B9, 0x94D049BB133111EB)
SHIFTS = (30, 27, 31)


class SplitMix64Seeder(Component):
    """Compute the initial history of a random stream (docs/algorithm.md, 6).

    Computes the first two outputs of SplitMix64 from the state ``(seed << 16) | id``, one after
    the other::

        x = (seed << 16) | id;        x += 0x9E3779B97F4A7C15, once or twice
        x = (x ^ x >> 30) · 0xBF58476D1CE4E5B9
        x = (x ^ x >> 27) · 0x94D049BB133111EB
        x =  x ^ x >> 31

    The component is small and slow: every step is a multiplication by shifting and adding, from
    the highest bit down, with a single 64-bit adder. One factor rotates in a ring register, so that
    the bit of ``x >> s`` is always at the same place; the other factor is a constant. Steps without
    a factor multiply by one. Cycle by cycle, for each of the two outputs::

        0              Load      load the seed into the ring; clear the product
        1 … 64         Add       add the seed and the increments to the product
        65 … 128       Transfer  move the product into the ring
        129 … 192      Mix       multiply by the first multiplier
        193 … 448                Transfer and Mix, twice more

    then Deliver, until two words are taken. The seed is taken with the last of the four words.

    The history is never all zero: an output is zero only for the state zero, and then the next
    output is not zero. The algorithm's rule for an all-zero history needs no logic.

    Members
    -------
    i : In(stream)
        A seed and the number of a stream.
    o : Out(stream)
        The stream's history in words, oldest bits first. Bit 0 of the first word is 0; the 127 bits
        follow.

    Attributes
    ----------
    latency : int
        Cycles from the first cycle in which ``i`` is valid to the first in which ``o`` is valid,
        and from the transfer of the second word to the third word.
    """

    latency = 1 + WORD_BITS + len(SHIFTS) * 2 * WORD_BITS

    def __init__(self) -> None:
        super().__init__(
            {
                "i": In(stream.Signature(data.StructLayout({"seed": 48, "id": 16}))),
                "o": Out(stream.Signature(32)),
            }
        )

    def elaborate(self, platform: object) -> Elaboratable:
        m = Module()

        ring = Signal(WORD_BITS)
        product = Signal(WORD_BITS)
        second = Signal()  # the second output is being computed
        high = Signal()  # the output's high word is delivered
        highest = Signal()  # highest bit of the first output, for the second one's first word
        step = Signal(range(WORD_BITS))
        mixing = Signal(range(len(SHIFTS)))

        # The ring's next bit is XORed with the bit of the factor ``shift`` places above it.
        distance = Signal()
        reached = Signal()  # step ≥ shift
        with m.Switch(mixing):
            for index, shift in enumerate(SHIFTS):
                with m.Case(index):
                    m.d.comb += distance.eq(reached & ring[shift - 1])
                    m.d.sync += reached.eq((step + 1)[: len(step)] >= shift)

        running = Signal()
        shifted_in = Signal()
        term = Signal(WORD_BITS)
        fed = Signal()
        with m.If(running):
            m.d.sync += [
                step.eq(step + 1),
                product.eq(Cat(shifted_in, product[:-1]) + term),
                ring.eq(Cat(fed, ring[:-1])),
            ]
        m.d.comb += fed.eq(ring[-1])

        with m.FSM():
            with m.State("Load"):
                m.d.sync += [
                    ring.eq(Cat(self.i.p.id, self.i.p.seed)),
                    product.eq(0),
                ]
                with m.If(self.i.valid):
                    m.next = "Add"

            with m.State("Add"):
                m.d.comb += [running.eq(1), shifted_in.eq(ring[-1])]
                # The last step doubles what the step before it adds.
                with m.If(step == WORD_BITS - 1 - second):
                    m.d.comb += term.eq(INCREMENT)
                with m.If(step == WORD_BITS - 1):
                    m.next = "Transfer"

            with m.State("Transfer"):
                m.d.comb += [running.eq(1), fed.eq(product[-1])]
                with m.If(step == WORD_BITS - 1):
                    m.next = "Mix"

            with m.State("Mix"):
                m.d.comb += running.eq(1)
                bit = ring[-1] ^ distance
                with m.Switch(mixing):
                    for index, multiplier in enumerate(MULTIPLIERS):
                        with m.Case(index):
                            m.d.comb += term.eq(Mux(bit, multiplier, 0))
                    with m.Default():
                        m.d.comb += shifted_in.eq(bit)
                with m.If(step == WORD_BITS - 1):
                    with m.If(mixing == len(SHIFTS) - 1):
                        m.d.sync += mixing.eq(0)
                        m.next = "Deliver"
                    with m.Else():
                        m.d.sync += mixing.eq(mixing + 1)
                        m.next = "Transfer"

            with m.State("Deliver"):
                m.d.comb += self.o.valid.eq(1)
                with m.If(self.o.ready):
                    m.d.sync += high.eq(~high)
                    with m.If(high):
                        m.d.comb += self.i.ready.eq(second)
                        m.d.sync += [second.eq(~second), highest.eq(product[-1] & ~second)]
                        m.next = "Load"

        shifted = Cat(highest, product)
        m.d.comb += self.o.p.eq(Mux(high, shifted[32:64], shifted[:32]))

        return m
