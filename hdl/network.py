# amaranth: UnusedElaboratable=no
"""A network in gateware: a chain of layers that train in parallel."""

from amaranth.hdl import Elaboratable, Module
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from .layer.layer_engine import LayerEngine
from .layer.sample_layouts import batch_end_layout, result_layout, sample_layout
from .planning.plan import FoldedNetwork
from .primitives.component import Component
from .registers.requests import request_layout, response_layout

__all__ = ["Network"]


class Network(Component):
    """Chain of :class:`.layer_engine.LayerEngine`, connected by streams.

    The layers train in parallel, on different samples. No layer depends on a later one, so each
    takes its samples in order and commits independently. The predictions and error bits of a
    sample pass from layer to layer with it, and are part of the result of the last layer.

    Parameters
    ----------
    folded : FoldedNetwork
        The network and how it is folded.

    Members
    -------
    i : In(stream)
        Words of samples, for the first layer.
    last_word : Out(1)
        The next word is the last of a sample.
    cancel : In(1)
        Drop the words of an incomplete sample.
    o : Out(stream)
        Results, in order.
    requests, responses : array
        Requests to the registers of each layer, and the responses.
    reset, reset_done, histories : array
        Initial state of each layer; see :class:`.layer_engine.LayerEngine`.
    mid_batch : In(1)
        A sample of the present batch was trained on.
    busy : Out(1)
        A layer is busy.
    batch_ends : Out(array)
        Counts of each layer at the end of a batch (:func:`.sample_layouts.batch_end_layout`).
    """

    def __init__(self, folded: FoldedNetwork):
        self.folded = folded
        self.layers = [
            LayerEngine(layer, width)
            for layer, width in zip(folded.layers, folded.next_input_widths, strict=True)
        ]
        count = len(self.layers)
        super().__init__(
            {
                "i": In(stream.Signature(sample_layout(folded.first.plan.input_width, 0))),
                "last_word": Out(1),
                "cancel": In(1),
                "o": Out(stream.Signature(result_layout(count))),
                "requests": In(stream.Signature(request_layout())).array(count),
                "responses": Out(stream.Signature(response_layout())).array(count),
                "reset": In(count),
                "reset_done": Out(count),
                "histories": In(stream.Signature(32)).array(count),
                "mid_batch": In(1),
                "busy": Out(1),
                "batch_ends": Out(data.ArrayLayout(batch_end_layout(), count)),
            }
        )

    def elaborate(self, platform: object) -> Elaboratable:
        m = Module()

        samples = wiring.flipped(self.i)
        for index, layer in enumerate(self.layers):
            m.submodules[f"layer_{index}"] = layer
            wiring.connect(m, samples, layer.i)
            samples = layer.o
            wiring.connect(m, wiring.flipped(self.requests[index]), layer.requests)
            wiring.connect(m, layer.responses, wiring.flipped(self.responses[index]))
            wiring.connect(m, wiring.flipped(self.histories[index]), layer.histories)
            m.d.comb += [
                layer.reset.eq(self.reset[index]),
                layer.mid_batch.eq(self.mid_batch),
                self.reset_done[index].eq(layer.reset_done),
                self.batch_ends[index].eq(layer.batch_end),
            ]
        wiring.connect(m, samples, wiring.flipped(self.o))
        m.d.comb += [
            self.last_word.eq(self.layers[0].last_word),
            self.layers[0].cancel.eq(self.cancel),
            self.busy.eq(sum(layer.busy for layer in self.layers) != 0),
        ]

        return m
