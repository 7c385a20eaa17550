"""Collect the activations of a layer in words, for the next layer's inputs."""

from amaranth.hdl import Elaboratable, Module, Mux, Signal
from amaranth.lib.wiring import In, Out

from ..planning.universal import UniversalEngine
from ..primitives.component import Component

__all__ = ["ActivationWriter"]


class ActivationWriter(Component):
    """Collect activations in words of ``input_width`` bits, the first neuron lowest.

    A word is at ``bits`` in the cycle of the step that completes it; that of a pass's last step is
    complete, and its bits beyond the neurons are 1.

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
        for bit in range(width):
            m.d.comb += self.bits[bit].eq(collected[bit])
            for neuron in range(min(pe, bit + 1)):
                hit = place == bit - neuron
                with m.If(hit & (neuron < count)):
                    m.d.comb += self.bits[bit].eq(self.activations[neuron])
        full = place == Mux(self.one, width - 1, width - pe)  # after the step
        m.d.comb += self.write.eq(self.step & (self.last | full))
        with m.If(self.step):
            m.d.sync += [collected.eq(self.bits), place.eq(following)]
            with m.If(self.write):
                m.d.sync += [collected.eq((1 << width) - 1), place.eq(0)]

        return m
