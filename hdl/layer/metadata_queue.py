"""Queue the metadata of samples until the end of their forward pass."""

from amaranth.hdl import Elaboratable, Module, Signal
from amaranth.lib import stream
from amaranth.lib.fifo import SyncFIFO
from amaranth.lib.wiring import In, Out

from ..planning.plan import FoldedLayer
from ..primitives.component import Component
from .sample_layouts import metadata_layout

__all__ = ["MetadataQueue"]


class MetadataQueue(Component):
    """Queue the metadata of samples from their arrival to the end of their forward pass.

    The first layer takes one sample ahead of its forward pass; more would not help it. The other
    layers take as many as they have sample buffers, so that a commit is hidden behind the work of
    the layer before. ``loaded`` is set from the cycle after a transfer on.

    Parameters
    ----------
    folded : FoldedLayer
        The layer and its fold factors.

    Members
    -------
    i : In(stream)
        Metadata of samples, in order. At most ``sample_buffers`` samples may be in the layer.
    loaded : Out(1)
        A sample waits for its forward pass.
    begin : In(1)
        The forward pass of the sample that waited longest begins; only while ``loaded`` is set.
    evaluated : Out(struct)
        Its metadata, from the next cycle to the next ``begin``.
    """

    def __init__(self, folded: FoldedLayer):
        self.folded = folded
        metadata = metadata_layout(folded.config.index)
        super().__init__(
            {
                "i": In(stream.Signature(metadata)),
                "loaded": Out(1),
                "begin": In(1),
                "evaluated": Out(metadata),
            }
        )

    def elaborate(self, platform: object) -> Elaboratable:
        m = Module()

        waiting = Signal.like(self.evaluated)
        if self.folded.config.index == 0:
            m.d.comb += self.i.ready.eq(~self.loaded)
            with m.If(self.begin):
                m.d.sync += self.loaded.eq(0)
            with m.If(self.i.valid & self.i.ready):
                m.d.sync += [self.loaded.eq(1), waiting.eq(self.i.p)]
        else:
            m.submodules.ahead = ahead = SyncFIFO(
                width=len(waiting.as_value()), depth=self.folded.plan.sample_buffers
            )
            m.d.comb += [
                self.i.ready.eq(1),  # a sample buffer is free, and so a row
                ahead.w_en.eq(self.i.valid),
                ahead.w_data.eq(self.i.p),
                ahead.r_en.eq(self.begin),
                self.loaded.eq(ahead.r_rdy),
                waiting.eq(ahead.r_data),
            ]
        with m.If(self.begin):
            m.d.sync += self.evaluated.eq(waiting)

        return m
