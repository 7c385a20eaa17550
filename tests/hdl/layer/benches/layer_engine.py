"""Bench of a layer: trained next to the literal one, and timed."""

from typing import Any

import numpy as np

from metaplast.golden_model.random_stream import RandomStream
from metaplast.golden_model.reference import ReferenceLayer
from metaplast.hdl.planning.cycle_model import CycleModel
from metaplast.hdl.planning.timing import LayerTiming
from metaplast.hdl.registers.register_map import LayerRegister
from metaplast.sim.bench import Bench, bench, stream_bench

from ...benches.training import BatchEnds, Host, saturated, to_words
from ...folded_layers import FOLDED_LAYERS


class Layer:
    """The layer in gateware and the literal one, side by side."""

    def __init__(self, bench: Bench):
        self.bench = bench
        self.folded = FOLDED_LAYERS[bench.parameters["layer"]]
        self.config = self.folded.config
        self.next_input_width = bench.parameters["next_input_width"]
        self.host = Host(bench)
        self.samples = bench.driver("i")
        self.outputs = bench.monitor("o")
        self.batch_ends = BatchEnds(bench, "batch_ends")
        self.errors = self.updates = self.right = 0
        self.events = 0

    async def reset(self, seed: int) -> None:
        """Draw the initial state, and clear the counts."""
        await self.host.draw(self.config.index, seed, self.idle)
        self.bench.write("reset", 1)
        await self.bench.edge()
        self.bench.write("reset", 0)
        self.literal = ReferenceLayer(self.config, seed)
        self.errors = self.updates = self.right = 0

    async def set(self, *, margin: int, events: int) -> None:
        """Write margin and events."""
        self.margin, self.events = margin, events
        await self.host.write(LayerRegister.MARGIN, margin)
        await self.host.write(LayerRegister.EVENTS, events)

    async def idle(self) -> None:
        """Wait until the layer is not busy."""
        await self.bench.edge()
        await self.bench.wait_for("not busy", lambda: not self.bench.bits("busy"))

    def sample(
        self, *, last: bool, train: bool = True, refused: bool = False, right: bool = False
    ) -> tuple[list[dict[str, Any]], bool, list[int]]:
        """A sample's words; its output is expected, the literal layer is trained.

        The sample's label is random, or what is predicted if ``right`` is set. Gives the words,
        the error bit, and the neuron chosen in each group, or −1.
        """
        bench, config, literal = self.bench, self.config, self.literal
        x = [bench.random.getrandbits(1) for _ in range(config.inputs)]
        z, a, s = literal.forward(x)
        first, second = sorted(s, reverse=True)[:2]
        prediction = s.index(first)
        label = prediction if right else bench.random.randrange(config.classes)
        if refused:
            label = bench.random.randrange(config.classes, 256)
        error = prediction != label or 2 * (first - second) < self.margin

        chosen = [-1] * config.group_count
        if train and not refused:
            if error:
                chosen = literal.choose(z, a, label)
                literal.update(x, label, chosen)
                literal.error_raised = True
            self.errors += error
            self.right += prediction == label
            self.updates += sum(j >= 0 for j in chosen)
            if last:
                self.batch_ends.expect([self.errors], [self.updates])
                literal.commit(self.events)

        whole = {"label": label, "last": last, "train": train, "refused": refused}
        if self.next_input_width is None:
            self.outputs.expect({"predictions": [prediction], "errors": error, "refused": refused})
        else:
            outcome = {**whole, "predictions": [prediction], "errors": error}
            for bits in to_words(a, self.next_input_width):
                self.outputs.expect({**outcome, "bits": bits})

        load = self.folded.plan.input_width
        # Until the last word, what belongs to the whole sample says nothing.
        words = [{**bench.noise("i__payload"), "bits": bits} for bits in to_words(x, load)]
        padding = bench.random.getrandbits(load) << (config.inputs - 1) % load + 1
        words[-1] |= {**whole, "bits": words[-1]["bits"] | padding & (1 << load) - 1}
        return words, error, chosen

    async def compare(self) -> None:
        """Find all state equal to the literal layer's."""
        host, literal = self.host, self.literal
        await host.read(LayerRegister.ERRORS, self.errors)
        await host.read(LayerRegister.UPDATES, self.updates)
        await host.read(LayerRegister.RIGHT, self.right)
        await host.read(LayerRegister.SATURATED, saturated(self.config, literal.k))
        await host.read_stream(self.config.index, literal.stream)
        await host.read_counters(literal)


@stream_bench
async def training(bench: Bench) -> None:
    """Batches of all kinds of samples; the state in between, looked at without leaving a trace."""
    layer = Layer(bench)
    config = layer.config
    random = bench.random
    for seed in (bench.random.getrandbits(48), 1):
        await layer.reset(seed)
        await layer.compare()
        await layer.set(margin=config.neurons // 3, events=7)
        for batch in range(4):
            for number in range(samples := random.randint(1, 6)):
                last = number == samples - 1
                # Of those that are not trained on, no mark ends a batch.
                for _ in range(random.randrange(2)):
                    await layer.samples.send(
                        layer.sample(last=random.random() < 0.5, train=False)[0]
                    )
                    await layer.samples.send(layer.sample(last=False, refused=True)[0])
                await layer.samples.send(layer.sample(last=last)[0])
                if number == 0 and not last:
                    await layer.idle()
                    # W does not follow the counters before the commit.
                    count = saturated(config, layer.literal.k)
                    await layer.host.read(LayerRegister.SATURATED, count)
            if batch == 2:
                await layer.idle()
                await layer.set(margin=config.neurons, events=0)
        await layer.idle()
        await layer.compare()

    # W follows what is written.
    config_range = (config.lowest, config.highest)
    layer.literal.k = [[random.randint(*config_range) for _ in row] for row in layer.literal.k]
    layer.literal.take_snapshot()
    await layer.host.write_counters(config.index, layer.literal.k)
    layer.literal.stream = RandomStream(random.getrandbits(48), 1)
    await layer.host.write_stream(config.index, layer.literal.stream)
    await layer.set(margin=1, events=3)
    for number in range(3):
        await layer.samples.send(layer.sample(last=number == 2)[0])
    await layer.idle()
    await layer.compare()


@stream_bench
async def reset_within_a_batch(bench: Bench) -> None:
    """A reset forgets the error bits of a batch that it cuts short."""
    layer = Layer(bench)
    await layer.reset(1)
    await layer.set(margin=layer.config.neurons, events=5)
    while not layer.literal.error_raised:
        await layer.samples.send(layer.sample(last=False)[0])
    await layer.idle()
    await layer.reset(2)
    await layer.set(margin=0, events=5)
    words, error, _ = layer.sample(last=True, right=True)
    assert not error
    await layer.samples.send(words)
    await layer.idle()
    await layer.compare()


@stream_bench
async def cycles(bench: Bench) -> None:
    """Without gaps, a layer takes the cycles that the model says."""
    layer = Layer(bench)
    await layer.reset(3)
    await layer.set(margin=layer.config.neurons // 4, events=9)
    model = CycleModel([layer.folded], [layer.literal.stream])
    begin = None
    for samples in (1, 5, 9):
        words, errors, chosen = [], [], []
        for number in range(samples):
            sample, error, groups = layer.sample(last=number == samples - 1)
            words += sample
            errors.append([error])
            chosen.append(groups)
        if begin is not None:
            model.wait(bench.cycle + 1 - begin)
        begin = bench.cycle + 1 if begin is None else begin
        first = len(layer.outputs.cycles)
        offered = bench.cycle + 1
        model.train_batch(np.array(errors), [np.array(chosen)], [layer.events])
        await layer.samples.send(words)
        await layer.idle()
        if layer.next_input_width is None and not (bench.flow.idle or bench.flow.back_pressure):
            assert bench.cycle - begin == model.idle
            timing = LayerTiming.of(layer.folded)
            latency = layer.folded.sample_words + layer.folded.word_transfers + timing.result + 1
            assert layer.outputs.cycles[first] - offered == latency


@bench
async def busy_until_sent(bench: Bench) -> None:
    """A layer is busy until the last word of its last sample is taken."""
    layer = Layer(bench)
    await layer.reset(4)
    await layer.set(margin=0, events=0)
    layer.outputs.stop()
    words, error, _ = layer.sample(last=False, right=True)
    assert not error
    await layer.samples.send(words)
    await bench.wait_for("an output", lambda: bench.bits("o__valid"))
    while layer.outputs.missing > 0:
        await bench.edges(40)
        assert bench.bits("busy")
        assert bench.bits("o__valid")
        bench.write("o__ready", 1)
        await bench.edge()
        layer.outputs.receive(bench.bits("o__payload"), bench.cycle)
        bench.write("o__ready", 0)
    await bench.edges(4)
    assert not bench.bits("busy")
