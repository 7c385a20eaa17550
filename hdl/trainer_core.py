# amaranth: UnusedElaboratable=no
"""The trainer core: a network that learns, with the registers to set it up and watch it."""

from amaranth.hdl import Array, Cat, Elaboratable, Module, Mux, Signal, Value, ValueLike
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from ..golden_model.random_stream import classifier_id, initial_counters_id, reinforcement_id
from .layer.layer_engine import batch_end_layout, result_layout
from .network import Network
from .planning.plan import FoldedNetwork
from .primitives.split_mix import SplitMix64Seeder
from .registers.registers import (
    IDENTITY,
    GlobalRegister,
    LayerRegister,
    Status,
    exceeds,
    request_layout,
    response_layout,
)

__all__ = ["TrainerCore", "sample_word_layout"]


def sample_word_layout(load: int) -> data.StructLayout:
    """A word of a sample from outside.

    The label, and whether the sample is the last of its batch, are taken with its last word.
    """
    return data.StructLayout({"bits": load, "label": 8, "last": 1})


class TrainerCore(wiring.Component):
    """Train a network in gateware: docs/algorithm.md, all of it.

    Samples come as a stream of words; each gives a result. A batch ends after the number of
    samples in the batch register, or with a sample marked as its last; the commits follow by
    themselves. Back-pressure or gaps on any stream cost time and change nothing else.

    A sample whose label is no class is refused in training: its result says so, and it counts
    neither for its batch nor as one trained on. Requests for what cannot be are answered with the
    reason (:class:`.registers.Status`) and change nothing; writes, and reads that would disturb
    training, are refused while the core is busy. A request that finds the core idle is obeyed
    before the next sample comes in. A response follows in the cycle after its request is taken; if
    it is a layer's, in the cycle after that.

    After power-up the memories hold nothing of use: write the seed, then the reset register.

    Parameters
    ----------
    folded : FoldedNetwork
        The network and how it is folded. Its seed, batch size, robustness and reinforcement are
        values of registers, which the host writes.

    Members
    -------
    samples : In(stream)
        Words of samples (:func:`sample_word_layout`), ``load_words`` each.
    cancel : In(1)
        What came of a sample that is not complete is dropped, as if it had never come: the next
        word is a sample's first. No word is taken while it is set; between samples it changes
        nothing else.
    results : Out(stream)
        Of each sample, every layer's prediction and error bit, and whether it was refused.
    requests : In(stream)
        Reads and writes of registers.
    responses : Out(stream)
        One for each request.
    busy : Out(1)
        A sample is inside, or a commit or a reset is under way.
    batch_ends : Out(array)
        Of each layer, in the cycle in which its commit begins: its counts of errors and updated
        neurons (:func:`.layer.batch_end_layout`).
    """

    def __init__(self, folded: FoldedNetwork):
        self.folded = folded
        self.network = Network(folded)
        layers = len(folded.layers)
        super().__init__(
            {
                "samples": In(stream.Signature(sample_word_layout(folded.first.plan.load))),
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
        config, network = self.folded.config, self.network
        m.submodules.network = network

        seed = Signal(48)
        batch = Signal(16, init=1)
        infer = Signal()
        sample_count, refused_count = Signal(32), Signal(32)
        resetting = Signal()
        m.d.comb += [
            self.busy.eq(network.busy | resetting),
            self.batch_ends.eq(network.batch_ends),
        ]

        # Samples
        left_in_batch = Signal(16, init=1)  # samples until the batch is complete
        refused, last, complete = Signal(), Signal(), Signal()
        # What a request finds idle stays so until it is answered.
        requested = Signal()
        held = resetting | requested
        m.d.comb += [
            refused.eq(~infer & (self.samples.p.label >= config.classes)),
            last.eq(self.samples.p.last | (left_in_batch == 1)),
            complete.eq(network.i.valid & network.i.ready & network.last_word),
            network.i.valid.eq(self.samples.valid & ~held),
            self.samples.ready.eq(network.i.ready & ~held),
            network.cancel.eq(self.cancel),
            network.i.p.bits.eq(self.samples.p.bits),
            network.i.p.label.eq(self.samples.p.label),
            network.i.p.last.eq(last & ~refused),
            network.i.p.train.eq(~infer),
            network.i.p.refused.eq(refused),
        ]
        with m.If(complete & refused):
            m.d.sync += refused_count.eq(refused_count + 1)
        with m.Elif(complete & ~infer):
            m.d.sync += [
                sample_count.eq(sample_count + 1),
                left_in_batch.eq(Mux(last, batch, left_in_batch - 1)),
            ]
        wiring.connect(m, network.o, wiring.flipped(self.results))

        # Registers
        request = self.requests.p
        page, register = request.address[8:], request.address[:8]
        answer = Signal(response_layout())
        m.d.comb += self.responses.p.eq(answer)
        begin_reset = Signal()
        layer_requests = Array(network.requests[i].valid for i in range(len(config.layers)))
        layer_ready = Array(network.requests[i].ready for i in range(len(config.layers)))
        layer_valid = Array(network.responses[i].valid for i in range(len(config.layers)))
        layer_answers = Array(network.responses[i].p.as_value() for i in range(len(config.layers)))
        layer = Signal(range(max(len(config.layers), 2)))
        m.d.comb += layer.eq(page - 1)
        for index in range(len(config.layers)):
            m.d.comb += [
                network.requests[index].p.eq(request),
                network.responses[index].ready.eq(1),
            ]
        exclusive = request.write | (
            (page != 0)
            & ((register == LayerRegister.COUNTER) | (register == LayerRegister.SATURATED))
        )

        def respond(status: Status = Status.OK) -> None:
            m.d.sync += answer.status.eq(status)
            m.next = "Take"

        def read_only(value: ValueLike) -> None:
            m.d.sync += answer.data.eq(value)
            with m.If(request.write):
                respond(Status.ACCESS)
            with m.Else():
                respond()

        def read_write(value: Value, highest: int, *, zero: bool = True) -> Value:
            """Gives whether it is written."""
            in_range = ~exceeds(request.data, highest)
            if not zero:
                in_range &= request.data.any()
            m.d.sync += answer.data.eq(value)
            with m.If(request.write & ~in_range):
                respond(Status.RANGE)
            with m.Else():
                with m.If(request.write):
                    m.d.sync += value.eq(request.data)
                respond()
            return request.write & in_range

        with m.FSM(name="requests"):
            with m.State("Idle"):
                with m.If(self.requests.valid):
                    m.next = "Look"
            with m.State("Look"):
                m.d.comb += requested.eq(1)
                m.d.sync += answer.data.eq(0)
                with m.If(exclusive & self.busy):
                    respond(Status.BUSY)
                with m.Elif(page > len(config.layers)):
                    respond(Status.UNKNOWN)
                with m.Elif(page != 0):
                    m.next = "Layer"
                with m.Else():
                    with m.Switch(register):
                        with m.Case(GlobalRegister.IDENTITY):
                            read_only(IDENTITY)
                        with m.Case(GlobalRegister.LAYERS):
                            read_only(len(config.layers))
                        with m.Case(GlobalRegister.STATUS):
                            read_only(Cat(self.busy, resetting))
                        with m.Case(GlobalRegister.RESET):
                            with m.If(~request.write):
                                respond(Status.ACCESS)
                            with m.Elif(request.data != 1):
                                respond(Status.RANGE)
                            with m.Else():
                                m.d.comb += begin_reset.eq(1)
                                respond()
                        with m.Case(GlobalRegister.SEED_LOW):
                            read_write(seed[:32], (1 << 32) - 1)
                        with m.Case(GlobalRegister.SEED_HIGH):
                            read_write(seed[32:], (1 << 16) - 1)
                        with m.Case(GlobalRegister.BATCH):
                            with m.If(read_write(batch, (1 << 16) - 1, zero=False)):
                                m.d.sync += left_in_batch.eq(request.data)
                        with m.Case(GlobalRegister.MODE):
                            read_write(infer, 1)
                        with m.Case(GlobalRegister.SAMPLES):
                            m.d.sync += answer.data.eq(sample_count)
                            with m.If(request.write):
                                m.d.sync += sample_count.eq(0)
                            respond()
                        with m.Case(GlobalRegister.REFUSED):
                            m.d.sync += answer.data.eq(refused_count)
                            with m.If(request.write):
                                m.d.sync += refused_count.eq(0)
                            respond()
                        with m.Case(GlobalRegister.CLASSES):
                            read_only(config.classes)
                        with m.Case(GlobalRegister.COUNTER_BITS):
                            read_only(config.counter_bits)
                        with m.Default():
                            respond(Status.UNKNOWN)
            with m.State("Layer"):
                # What the layer does for a request may make the core busy.
                m.d.comb += [requested.eq(1), layer_requests[layer].eq(1)]
                with m.If(layer_ready[layer]):
                    m.d.comb += self.requests.ready.eq(1)
                    m.next = "Answer"
            with m.State("Answer"):
                # Only the layer that was asked answers.
                m.d.comb += requested.eq(1)
                with m.If(sum(layer_valid) != 0):
                    m.next = "Respond"
                for index in range(len(config.layers)):
                    with m.If(layer_valid[index]):
                        m.d.sync += answer.eq(layer_answers[index])
            with m.State("Take"):
                m.d.comb += self.requests.ready.eq(1)
                m.next = "Respond"
            with m.State("Respond"):
                m.d.comb += self.responses.valid.eq(1)
                with m.If(self.responses.ready):
                    m.next = "Idle"

        # Reset: three histories for each layer, word by word.
        m.submodules.seeder = seeder = SplitMix64Seeder()
        target = Signal(range(len(config.layers) + 1))
        kind = Signal(range(3))
        stream_ids = (initial_counters_id, classifier_id, reinforcement_id)
        m.d.comb += [
            seeder.i.p.seed.eq(seed),
            seeder.i.p.id.eq(Array(stream_id(0) for stream_id in stream_ids)[kind] + 8 * target),
        ]
        wanted = Array(network.histories[i].ready for i in range(len(config.layers)))
        offered = Array(network.histories[i].valid for i in range(len(config.layers)))
        reset_done = Signal()
        m.d.comb += reset_done.eq(network.reset_done.bit_select(target, 1))
        for index in range(len(config.layers)):
            m.d.comb += network.histories[index].payload.eq(seeder.o.p)

        with m.FSM(name="reset"):
            with m.State("Ready"):
                m.d.sync += [target.eq(0), kind.eq(0)]
                with m.If(begin_reset):
                    m.d.sync += [sample_count.eq(0), refused_count.eq(0), left_in_batch.eq(batch)]
                    m.next = "Seed"
            with m.State("Seed"):
                m.d.comb += [
                    resetting.eq(1),
                    network.reset.eq(1 << target),
                    seeder.i.valid.eq(1),
                    offered[target].eq(seeder.o.valid),
                    seeder.o.ready.eq(wanted[target]),
                ]
                with m.If(seeder.i.ready):
                    with m.If(kind == 2):
                        m.next = "Finish"
                    with m.Else():
                        m.d.sync += kind.eq(kind + 1)
            with m.State("Finish"):
                m.d.comb += [resetting.eq(1), network.reset.eq(1 << target)]
                with m.If(reset_done):
                    m.d.sync += [target.eq(target + 1), kind.eq(0)]
                    m.next = "Next"
            with m.State("Next"):
                m.d.comb += resetting.eq(1)
                with m.If(target == len(config.layers)):
                    m.next = "Ready"
                with m.Else():
                    m.next = "Seed"

        return m
