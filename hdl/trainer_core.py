# amaranth: UnusedElaboratable=no
"""The trainer core: a network with on-chip training, and its registers."""

from amaranth.hdl import Elaboratable, Module
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from .batch_control import BatchControl
from .layer.sample_layouts import batch_end_layout, result_layout, sample_word_layout
from .layer.universal_layer_engine import UniversalLayerEngine
from .network import Network, layer_count
from .planning.plan import FoldedNetwork
from .planning.universal import UniversalTrainer
from .primitives.component import Component
from .registers.register_file import RegisterFile
from .registers.register_map import (
    IDENTITY,
    GlobalRegister,
    UniversalLayerRegister,
    UniversalRegister,
)
from .registers.request_router import RequestRouter
from .registers.requests import request_layout, response_layout

__all__ = ["TrainerCore"]


class TrainerCore(Component):
    """Train a network in gateware, by the whole of docs/algorithm.md.

    Samples enter as a stream of words; each gives a result. A batch ends after the number of
    samples in the batch register, or with a sample marked as its last; then the layers commit.
    Back-pressure and gaps on any stream only cost time.

    A sample whose label is no class is refused in training: its result says so, and it counts
    neither for its batch nor as a trained sample. Invalid requests are answered with the reason
    (:class:`.register_map.Status`) and change nothing; writes, and reads that would disturb
    training, are refused while the core is busy. A request that comes while the core is idle is
    carried out before the next sample enters. The response follows in the cycle after the request
    is taken; one cycle later for registers of a layer.

    After power-up the memories are undefined: draw the initial state of each layer, then write the
    reset register (docs/gateware.md).

    Parameters
    ----------
    folded : FoldedNetwork or UniversalTrainer
        The network and how it is folded, or a universal trainer, whose network is set by registers.
        The network's seed, batch size, robustness and reinforcement are
        values of registers, which the host writes.

    Members
    -------
    samples : In(stream)
        Words of samples (:func:`sample_word_layout`), ``sample_words`` each.
    cancel : In(1)
        Drop the words of an incomplete sample: the next word is the first of a sample. No word is
        taken while it is set; between samples it has no other effect.
    results : Out(stream)
        For each sample, the prediction and error bit of each layer, and whether it was refused.
    requests : In(stream)
        Reads and writes of registers.
    responses : Out(stream)
        One for each request.
    busy : Out(1)
        A sample is in the core, or a commit or the drawing of an initial state is under way.
    batch_ends : Out(array)
        For each layer, in the cycle in which its commit begins: its counts of errors and updated
        neurons (:func:`.sample_layouts.batch_end_layout`).
    last_word : Out(1)
        The next word is the last of a sample.
    """

    def __init__(self, folded: FoldedNetwork | UniversalTrainer):
        self.folded = folded
        self.network = Network(folded)
        layers = layer_count(folded)
        super().__init__(
            {
                "samples": In(stream.Signature(sample_word_layout(folded.first.plan.input_width))),
                "last_word": Out(1),
                "cancel": In(1),
                "results": Out(stream.Signature(result_layout(layers))),
                "requests": In(stream.Signature(request_layout())),
                "responses": Out(stream.Signature(response_layout())),
                "busy": Out(1),
                "batch_ends": Out(data.ArrayLayout(batch_end_layout(), layers)),
            }
        )

    def elaborate(self, platform: object) -> Elaboratable:
        m = Module()
        folded, network = self.folded, self.network
        first, config = folded.first, folded.first.config
        layers = layer_count(folded)

        m.submodules.network = network
        if isinstance(folded, UniversalTrainer):
            registers = RegisterFile(UniversalRegister, folded.engine)
            router = RequestRouter(
                layers=layers,
                registers=UniversalRegister,
                layer_registers=UniversalLayerRegister,
                shared=True,
            )
        else:
            registers = RegisterFile(GlobalRegister)
            router = RequestRouter(layers=layers)
        m.submodules.registers = registers
        m.submodules.router = router
        m.submodules.batch = batch = BatchControl(
            input_width=first.plan.input_width, classes=config.classes
        )
        m.d.comb += [self.busy.eq(network.busy), self.batch_ends.eq(network.batch_ends)]

        # Samples
        wiring.connect(m, wiring.flipped(self.samples), batch.i)
        wiring.connect(m, batch.o, network.i)
        wiring.connect(m, network.o, wiring.flipped(self.results))
        m.d.comb += [
            network.cancel.eq(self.cancel),
            self.last_word.eq(network.last_word),
            batch.last_word.eq(network.last_word),
            batch.hold.eq(network.drawing | router.hold),
        ]

        # Requests
        request = self.requests.p
        wiring.connect(m, wiring.flipped(self.requests), router.requests)
        wiring.connect(m, router.responses, wiring.flipped(self.responses))
        for layer in range(len(network.layers)):
            wiring.connect(m, router.layer_requests[layer], network.requests[layer])
            wiring.connect(m, network.responses[layer], router.layer_responses[layer])
        m.d.comb += [
            router.busy.eq(self.busy),
            router.status.eq(registers.status),
            router.value.eq(registers.value),
            registers.enable.eq(router.enable),
            registers.write.eq(request.write),
            registers.offset.eq(request.address[:8]),
            registers.data.eq(request.data),
        ]

        # Registers of the core
        values, written = registers.values, registers.written
        m.d.comb += [
            values.identity.eq(IDENTITY),
            values.status.eq(self.busy),
            values.samples.eq(batch.trained),
            values.refused.eq(batch.refused),
            values.counter_bits.eq(config.counter_bits),
            values.input_width.eq(first.plan.input_width),
            batch.infer.eq(values.mode),
            batch.size.eq(values.batch),
            batch.restart.eq(written.batch | written.reset),
            batch.reset.eq(written.reset),
            network.reset.eq(written.reset),
            network.mid_batch.eq(batch.mid_batch),
            batch.clear_trained.eq(written.samples | written.reset),
            batch.clear_refused.eq(written.refused | written.reset),
        ]

        if isinstance(folded, UniversalTrainer):
            self._set_network(m, registers, batch)
        else:
            m.d.comb += [
                values.layers.eq(layers),
                values.classes.eq(config.classes),
                values.sample_words.eq(first.sample_words),
            ]

        return m

    def _set_network(self, m: Module, registers: RegisterFile, batch: BatchControl) -> None:
        """Set the network of a universal trainer from its registers; give its capacities."""
        network, values = self.network, registers.values
        (engine,) = network.layers
        assert isinstance(engine, UniversalLayerEngine)
        capacity, plan = engine.engine.capacity, engine.engine.plan
        last_class = values.classes - 1
        m.d.comb += [
            engine.last_layer.eq(values.layers - 1),
            engine.last_class.eq(last_class),
            engine.buffers.eq(values.buffers),
            engine.sample_stride.eq(values.stride),
            batch.last_class.eq(last_class),
            values.sample_words.eq(engine.sample_words),
            values.max_layers.eq(capacity.layers),
            values.max_inputs.eq(capacity.inputs),
            values.max_neurons.eq(capacity.neurons),
            values.max_classes.eq(capacity.classes),
            values.max_rows.eq(capacity.rows),
            values.max_columns.eq(capacity.columns),
            values.max_sample_words.eq(capacity.sample_words),
            values.max_choices.eq(capacity.choices),
            values.max_buffers.eq(plan.sample_buffers),
            values.pe.eq(plan.pe),
            values.simd.eq(plan.simd),
            values.max_group.eq(engine.engine.max_group),
        ]
