"""From a seed to the start of a bit stream, in gateware."""

from amaranth.hdl import Cat, Elaboratable, Module, Mux, Signal
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

__all__ = ["HISTORY_WORDS", "SplitMix64Seeder"]

HISTORY_WORDS = 4
"""Words of 32 bits in which a stream's history comes; bit 0 of the first is none of it."""

WORD_BITS = 64
INCREMENT = 0x9E3779B97F4A7C15
MULTIPLIERS = (0xBF58476D1CE4E5B9, 0x94D049BB133111EB)
SHIFTS = (30, 27, 31)


class SplitMix64Seeder(wiring.Component):
    """The history that a bit stream starts from (docs/algorithm.md, 6).

    Computes the first two outputs of SplitMix64 started with ``(seed << 16) | id``, one after the
    other, for the state ``x`` + one or two increments::

        x = (seed << 16) | id;        x += 0x9E3779B97F4A7C15, once or twice
        x = (x ^ x >> 30) · 0xBF58476D1CE4E5B9
        x = (x ^ x >> 27) · 0x94D049BB133111EB
        x =  x ^ x >> 31

    Small rather than quick: every step is a multiplication by shifting and adding, from the
    highest bit down, in a single 64-bit adder. One factor turns round in a ring, so that the bit
    that belongs to ``x >> s`` passes at a fixed place; the other is a constant. The steps without
    a factor multiply by one. Cycle by cycle, for each of the two outputs::

        0              Load      the ring takes the seed; the product is cleared
        1 … 64         Add       the product takes the seed, and the increments on the way
        65 … 128       Transfer  the product moves into the ring
        129 … 192      Mix       by the first multiplier
        193 … 448                twice more: Transfer, Mix

    then ``Deliver``, until two words are taken. The seed is taken with the last of the four.

    The history cannot be all zero: the output is zero for the state zero alone, and the output
    after that one is not. So the rule for that case costs no gates.

    Members
    -------
    i : In(stream)
        A seed and which of its streams.
    o : Out(stream)
        The stream's history in words, oldest bits first; bit 0 of the first is 0, and then come the
        127.

    Attributes
    ----------
    latency : int
        Cycles from the first in which ``i`` is valid to the first in which ``o`` is, and from the
        transfer of the second word to the third one.
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
        second = Signal()  # which output is made
        high = Signal()  # which of its words is delivered
        highest = Signal()  # the first output's bit that belongs to the second one's first word
        step = Signal(range(WORD_BITS))
        mixing = Signal(range(len(SHIFTS)))

        # The ring's next bit, XORed with the one ``shift`` places above it in the factor.
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
                # What is added one step before the last is doubled by the last.
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
