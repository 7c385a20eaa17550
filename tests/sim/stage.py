"""A small design for tests of the simulation: a pipeline stage, correct or with a fault."""

import enum

from amaranth.hdl import Elaboratable, Module, Mux, Signal, signed
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out


class Fault(enum.Enum):
    """Faults of a stage: with every fourth item, or with items that are not taken at once."""

    NONE = "none"
    WRONG = "wrong"
    DROPS = "drops"
    REPEATS = "repeats"
    WITHDRAWS = "withdraws"
    CHANGES = "changes"
    WAITS = "waits"


class Stage(wiring.Component):
    """Output each item with its ``value`` negated, a cycle later."""

    def __init__(self, fault: Fault = Fault.NONE):
        self.fault = fault
        item = data.StructLayout({"value": signed(6), "tags": data.ArrayLayout(3, 2)})
        super().__init__({"i": In(stream.Signature(item)), "o": Out(stream.Signature(item))})

    def elaborate(self, platform: object) -> Elaboratable:
        m = Module()

        count = Signal(2)
        faulty = count == 3
        if self.fault is Fault.WAITS:
            full = Signal()
            m.d.comb += self.o.valid.eq(full & self.o.ready)
        else:
            full = self.o.valid

        with m.If(self.o.valid & self.o.ready):
            m.d.sync += [full.eq(0), count.eq(count + 1)]
            if self.fault is Fault.REPEATS:
                m.d.sync += full.eq(faulty)
        with m.Elif(self.o.valid):
            if self.fault is Fault.WITHDRAWS:
                m.d.sync += full.eq(0)
            if self.fault is Fault.CHANGES:
                m.d.sync += self.o.p.value.eq(self.o.p.value + 1)

        m.d.comb += self.i.ready.eq(~full | (self.o.valid & self.o.ready))
        if self.fault is Fault.REPEATS:
            m.d.comb += self.i.ready.eq(~full | (self.o.valid & self.o.ready & ~faulty))
        with m.If(self.i.valid & self.i.ready):
            m.d.sync += [full.eq(1), self.o.p.eq(self.i.p)]
            wrong = (count == 2) if self.fault is Fault.WRONG else 0
            m.d.sync += self.o.p.value.eq(Mux(wrong, self.i.p.value, -self.i.p.value))
            if self.fault is Fault.DROPS:
                with m.If(faulty):
                    m.d.sync += [full.eq(0), count.eq(0)]

        return m


class Adder(wiring.Component):
    """A design without a clock."""

    a: In(4)
    b: In(signed(4))
    sum: Out(signed(6))

    def elaborate(self, platform: object) -> Elaboratable:
        m = Module()
        m.d.comb += self.sum.eq(self.a + self.b)
        return m
