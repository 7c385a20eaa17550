"""Serialise a layer's activations into the words of the next layer's sample."""

from amaranth.hdl import Elaboratable, Module, Signal
from amaranth.lib import stream
from amaranth.lib.wiring import In, Out

from ..primitives.component import Component
from .sample_layouts import sample_layout

__all__ = ["SampleSerialiser"]


class SampleSerialiser(Component):
    """Pass a sample on word by word, while the next one is evaluated.

    The first word is at ``o`` in the cycle after the sample was taken, the next one in the cycle
    after each transfer. A sample is taken in the cycle after the last word's transfer at the
    earliest. Bits beyond the sample are zero.

    Parameters
    ----------
    width : int
        Bits of a sample. At least 1.
    input_width : int
        Bits of a word. At least 1.
    before : int
        Layers before the one that takes the words.

    Members
    -------
    i : In(stream)
        Whole samples (:func:`.sample_layouts.sample_layout`).
    o : Out(stream)
        Words of samples, all with the sample's metadata.

    Raises
    ------
    ValueError
        If a parameter is out of its range.
    """

    def __init__(self, *, width: int, input_width: int, before: int):
        for name, value in (("width", width), ("input_width", input_width)):
            if value < 1:
                raise ValueError(f"{name} must be at least 1, not {value!r}")

        self.width = width
        self.input_width = input_width
        self.words = -(-width // input_width)
        super().__init__(
            {
                "i": In(stream.Signature(sample_layout(width, before))),
                "o": Out(stream.Signature(sample_layout(input_width, before))),
            }
        )

    def elaborate(self, platform: object) -> Elaboratable:
        m = Module()

        left = Signal(range(self.words + 1))
        sample = Signal.like(self.i.p)
        m.d.comb += [
            self.i.ready.eq(left == 0),
            self.o.valid.eq(left != 0),
            *(self.o.p[name].eq(sample[name]) for name, _ in self.o.p.shape()),
        ]
        with m.If(self.i.valid & self.i.ready):
            m.d.sync += [left.eq(self.words), sample.eq(self.i.p)]
        with m.Elif(self.o.valid & self.o.ready):
            m.d.sync += [left.eq(left - 1), sample.bits.eq(sample.bits >> self.input_width)]

        return m
