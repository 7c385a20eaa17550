"""Collect the activations of a layer in words, for the next layer's inputs."""

from amaranth.hdl import Elaboratable, Module, Mux, Signal
from amaranth.lib.wiring import In, Out

from ..planning.universal import UniversalEngine
from ..primitives.component import Component

__all__ = ["ActivationWriter"]


class ActivationWriter(Component):
    """Collect activations in words of ``input_width`` bits, the first neuron lowest.

    A word is at ``bits`` in the cycle after the step that completes it; with shared memories, in
    the cycle of that step. The word of a pass's last step is complete, and its bits beyond the
    neurons are 1.

    Parameters
    ----------
    engine : UniversalEngine
        The engine.

    Members
    -------
    step : In(1)
        Neurons leave the array.
    activations : In(pe)
        Their activations.
    one : In(1)
        Only the first of them is a neuron.
    last : In(1)
        It is the last step of a pass.
    write : Out(1)
        A word is complete.
    bits : Out(input_width)
        The word.
    """

    def __init__(self, engine: UniversalEngine):
        self.engine = engine
        plan = engine.plan
        super().__init__(
            {
                "step": In(1),
                "activations": In(plan.pe),
                "one": In(1),
                "last": In(1),
                "write": Out(1),
                "bits": Out(plan.input_width),
            }
        )

    def elaborate(self, platform: object) -> Elaboratable:
        m = Module()
        pe, width = self.engine.plan.pe, self.engine.plan.input_width

        collected = Signal(width, init=(1 << width) - 1)
        place = Signal(range(max(width, 2)))  # of the step's first neuron
        count = Mux(self.one, 1, pe)
        following = place + count
        bits = Signal(width)  # those that are collected, and those of the step
        for bit in range(width):
            m.d.comb += bits[bit].eq(collected[bit])
            for neuron in range(min(pe, bit + 1)):
                hit = place == bit - neuron
                with m.If(hit & (neuron < count)):
                    m.d.comb += bits[bit].eq(self.activations[neuron])
        full = place == Mux(self.one, width - 1, width - pe)  # after the step
        complete = self.step & (self.last | full)
        domain = m.d.comb if self.engine.shared_memories else m.d.sync
        domain += [self.write.eq(complete), self.bits.eq(bits)]
        with m.If(self.step):
            m.d.sync += [collected.eq(bits), place.eq(following)]
            with m.If(complete):
                m.d.sync += [collected.eq((1 << width) - 1), place.eq(0)]

        return m
