# amaranth: UnusedElaboratable=no
"""A network in gateware: a chain of layers that train in parallel."""

from amaranth.hdl import Cat, Elaboratable, Module
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from .layer.layer_engine import LayerEngine
from .layer.sample_layouts import batch_end_layout, result_layout, sample_layout
from .layer.universal_layer_engine import UniversalLayerEngine
from .planning.plan import FoldedNetwork
from .planning.universal import UniversalTrainer
from .primitives.component import Component
from .registers.requests import request_layout, response_layout

__all__ = ["Network"]


def layer_count(design: FoldedNetwork | UniversalTrainer) -> int:
    """Layers of a network, or the largest number of layers of a universal trainer."""
    if isinstance(design, UniversalTrainer):
        return design.capacity.layers
    return len(design.layers)


class Network(Component):
    """Chain of :class:`.layer_engine.LayerEngine`, connected by streams, or a universal engine.

    The layers train in parallel, on different samples. No layer depends on a later one, so each
    takes its samples in order and commits independently. The predictions and error bits of a
    sample pass from layer to layer with it, and are part of the result of the last layer.

    A universal trainer has one :class:`.universal_layer_engine.UniversalLayerEngine`, which
    executes all layers, with one port for their registers.

    Parameters
    ----------
    folded : FoldedNetwork or UniversalTrainer
        The network and how it is folded, or a universal trainer.

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
    reset : In(1)
        Set the counts of all layers to zero, and forget error bits that were raised.
    drawing : Out(1)
        The initial state of a layer is being drawn; no sample may enter.
    mid_batch : In(1)
        A sample of the present batch was trained on.
    busy : Out(1)
        A layer is busy.
    batch_ends : Out(array)
        Counts of each layer at the end of a batch (:func:`.sample_layouts.batch_end_layout`).
    """

    def __init__(self, folded: FoldedNetwork | UniversalTrainer):
        self.folded = folded
        self.layers: list[LayerEngine]
        if isinstance(folded, UniversalTrainer):
            self.layers = [UniversalLayerEngine(folded.engine)]
        else:
            self.layers = [
                LayerEngine(layer, width)
                for layer, width in zip(folded.layers, folded.next_input_widths, strict=True)
            ]
        count, ports = layer_count(folded), len(self.layers)
        super().__init__(
            {
                "i": In(stream.Signature(sample_layout(folded.first.plan.input_width, 0))),
                "last_word": Out(1),
                "cancel": In(1),
                "o": Out(stream.Signature(result_layout(count))),
                "requests": In(stream.Signature(request_layout())).array(ports),
                "responses": Out(stream.Signature(response_layout())).array(ports),
                "reset": In(1),
                "drawing": Out(1),
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
            m.d.comb += [layer.reset.eq(self.reset), layer.mid_batch.eq(self.mid_batch)]
        wiring.connect(m, samples, wiring.flipped(self.o))
        m.d.comb += [
            self.batch_ends.eq(Cat(layer.batch_ends for layer in self.layers)),
            self.last_word.eq(self.layers[0].last_word),
            self.layers[0].cancel.eq(self.cancel),
            self.drawing.eq(Cat(layer.drawing for layer in self.layers).any()),
            self.busy.eq(sum(layer.busy for layer in self.layers) != 0),
        ]

        return m
