"""Bench of the trainer core: all accesses of a host, compared with the reference network."""

from collections.abc import Awaitable, Callable, Sequence
from copy import deepcopy

import numpy as np

from metaplast.golden_model.config import NetworkConfig
from metaplast.golden_model.network import Network
from metaplast.golden_model.random_stream import RandomStream, initial_counters_id
from metaplast.golden_model.reference import ReferenceLayer, ReferenceNetwork
from metaplast.hdl.planning.cycle_model import CycleModel
from metaplast.hdl.planning.plan import FoldedNetwork, NetworkPlan
from metaplast.hdl.registers.register_map import (
    IDENTITY,
    GlobalRegister,
    LayerRegister,
    Status,
    layer_address,
)
from metaplast.sim.bench import Bench, bench, stream_bench

from .training import BatchEnds, Host, saturated, to_words

SEED = 0x8765_4321_0FED


class Core:
    """The core and the reference network."""

    def __init__(self, bench: Bench):
        self.bench = bench
        self.config = NetworkConfig.from_dict(bench.parameters["network"])
        plan = NetworkPlan.from_dict(bench.parameters["plan"])
        self.folded = FoldedNetwork(self.config, plan).layers
        self.host = Host(bench)
        self.samples = bench.driver("samples")
        self.results = bench.monitor("results")
        self.batch_ends = BatchEnds(bench, "batch_ends")
        self.events = [11 + 2 * layer for layer in range(len(self.folded))]
        self.forget(0)

    def forget(self, seed: int) -> None:
        """Return to the initial state of a seed."""
        config = NetworkConfig.from_dict({**self.config.to_dict(), "seed": seed})
        self.literal = ReferenceNetwork(config)
        self.forget_counts()

    def forget_counts(self) -> None:
        """Count from zero."""
        self.trained = self.refused = 0
        self.errors = [0] * len(self.folded)
        self.updates = [0] * len(self.folded)
        self.right = [0] * len(self.folded)

    async def set_up(self, seed: int = SEED) -> None:
        """Seed the core and set its registers."""
        host = self.host
        for layer in range(len(self.folded)):
            await host.draw(layer, seed, self.idle)
        await host.write(GlobalRegister.RESET, 1)
        self.forget(seed)
        await host.write(GlobalRegister.BATCH, self.config.batch)
        for layer, events in zip(self.config.layers, self.events, strict=True):
            await host.write(layer_address(layer.index, LayerRegister.MARGIN), layer.margin)
            await host.write(layer_address(layer.index, LayerRegister.EVENTS), events)

    async def reset(self) -> None:
        """Clear the counts, and forget errors of the present batch."""
        await self.host.write(GlobalRegister.RESET, 1)
        self.forget_counts()
        for layer in self.literal.layers:
            layer.error_raised = False

    async def idle(self) -> None:
        """Wait until the core is not busy."""
        await self.bench.edge()
        await self.bench.wait_for("not busy", lambda: not self.bench.bits("busy"))

    def sample(self) -> tuple[list[int], int]:
        """Random bits, and a random class."""
        x = [self.bench.random.getrandbits(1) for _ in range(self.config.inputs)]
        return x, self.bench.random.randrange(self.config.classes)

    def words(self, x: Sequence[int], label: int, *, last: bool = False) -> list[dict[str, int]]:
        """Words of a sample; label and ``last`` are valid in the last one; padding is random."""
        load = self.folded[0].plan.input_width
        words = [{**self.bench.noise("samples__payload"), "bits": b} for b in to_words(x, load)]
        padding = self.bench.random.getrandbits(load) << (self.config.inputs - 1) % load + 1
        padding &= (1 << load) - 1
        words[-1] = {"bits": words[-1]["bits"] | padding, "label": label, "last": last}
        return words

    async def send(self, x: Sequence[int], label: int, *, last: bool = False) -> None:
        """Send a sample."""
        await self.samples.send(self.words(x, label, last=last))

    def expect(
        self, x: list[int], label: int, *, train: bool = False, refused: bool = False
    ) -> None:
        """Expect the result of a sample; train the reference network on it if the core trains."""
        predictions, errors = [], 0
        for index, layer in enumerate(self.literal.layers):
            z, a, s = layer.forward(x)
            error = layer.error(s, label)
            if train and error:
                chosen = layer.choose(z, a, label)
                layer.update(x, label, chosen)
                layer.error_raised = True
                self.errors[index] += 1
                self.updates[index] += sum(j >= 0 for j in chosen)
            predictions.append(s.index(max(s)))
            self.right[index] += train and predictions[-1] == label
            errors |= error << index
            x = a
        self.results.expect({"predictions": predictions, "errors": errors, "refused": refused})
        self.trained += train
        self.refused += refused

    def commit(self) -> None:
        """Commit in the reference network."""
        self.batch_ends.expect(self.errors, self.updates)
        for layer, events in zip(self.literal.layers, self.events, strict=True):
            layer.commit(events)

    async def train(self, count: int | None = None, *, strays: bool = False) -> None:
        """Train on the remaining samples of a batch.

        If it is short, its last sample is marked, else at random. Before a sample another may
        stray in whose label is no class, marked or not.
        """
        random = self.bench.random
        left = count or self.config.batch
        while left:
            x, label = self.sample()
            if strays and random.random() < 0.4:
                no_class = random.randrange(self.config.classes, 256)
                self.expect(x, no_class, refused=True)
                await self.send(x, no_class, last=random.random() < 0.5)
            left -= 1
            self.expect(x, label, train=True)
            mark = not left and (count is not None or random.random() < 0.5)
            await self.send(x, label, last=mark)
        self.commit()

    async def all_results(self) -> None:
        """Wait until all expected results have come."""
        await self.bench.wait_for("the expected results", lambda: self.results.missing <= 0)

    async def compare(self) -> None:
        """Check that state and counts equal those of the reference network."""
        host, layers = self.host, self.literal.layers
        await self.idle()
        await host.read(GlobalRegister.SAMPLES, self.trained)
        await host.read(GlobalRegister.REFUSED, self.refused)
        for index, layer in enumerate(layers):
            expected = {
                LayerRegister.ERRORS: self.errors[index],
                LayerRegister.UPDATES: self.updates[index],
                LayerRegister.RIGHT: self.right[index],
                LayerRegister.SATURATED: saturated(layer.config, layer.k),
                LayerRegister.EVENTS: self.events[index],
                LayerRegister.MARGIN: layer.config.margin,
            }
            for register, value in expected.items():
                await host.read(layer_address(index, register), value)
            await host.read_stream(index, layer.stream)
            await host.read_counters(layer)


@stream_bench
async def registers(bench: Bench) -> None:
    """Every register, bound and refusal; refused requests change nothing."""
    core = Core(bench)
    config, host = core.config, core.host
    count = len(config.layers)

    constants = {
        int(GlobalRegister.IDENTITY): IDENTITY,
        int(GlobalRegister.LAYERS): count,
        int(GlobalRegister.STATUS): 0,
        int(GlobalRegister.CLASSES): config.classes,
        int(GlobalRegister.COUNTER_BITS): config.counter_bits,
        int(GlobalRegister.INPUT_WIDTH): core.folded[0].plan.input_width,
        int(GlobalRegister.SAMPLE_WORDS): core.folded[0].sample_words,
    }
    # Lowest, highest and first value.
    ranges = {
        int(GlobalRegister.BATCH): (1, (1 << 16) - 1, 1),
        int(GlobalRegister.MODE): (0, 1, 0),
    }
    counts = [int(GlobalRegister.SAMPLES), int(GlobalRegister.REFUSED)]
    write_only = {int(GlobalRegister.RESET): (0, 2, 1 << 31)}
    known = {int(register) for register in GlobalRegister}
    for index, layer in enumerate(config.layers):

        def at(register: LayerRegister, index: int = index) -> int:
            address = layer_address(index, register)
            known.add(address)
            return address

        constants[at(LayerRegister.INPUTS)] = layer.inputs
        constants[at(LayerRegister.NEURONS)] = layer.neurons
        constants[at(LayerRegister.GROUP)] = layer.group
        ranges[at(LayerRegister.MARGIN)] = (0, layer.neurons, 0)
        ranges[at(LayerRegister.EVENTS)] = (0, layer.max_events, 0)
        counts += [at(LayerRegister.ERRORS), at(LayerRegister.UPDATES), at(LayerRegister.RIGHT)]
        write_only[at(LayerRegister.POSITION)] = (layer.neurons, (1 << 32) - 1)
        write_only[at(LayerRegister.INITIAL)] = (0, 3, (1 << 32) - 1)
        # Only refused requests are tested here.
        await host.write(at(LayerRegister.SATURATED), 0, status=Status.ACCESS)
        for value in (layer.lowest - 1, layer.highest + 1, 1 << 31, (1 << 31) - 1):
            await host.write(at(LayerRegister.COUNTER), value, status=Status.RANGE)
        for n in range(4):
            await host.write(at(LayerRegister(LayerRegister.STREAM_0 + n)), n)

    for address, value in constants.items():
        await host.read(address, value)
        await host.write(address, value, status=Status.ACCESS)
        await host.read(address, value)
    for address, (lowest, highest, first) in ranges.items():
        await host.read(address, first)
        for value in (highest, lowest):
            await host.write(address, value)
            await host.read(address, value)
            for wrong in (lowest - 1, highest + 1):
                if 0 <= wrong < 1 << 32:
                    await host.write(address, wrong, status=Status.RANGE)
                    await host.read(address, value)
    for address in counts:
        await host.read(address, 0)
        await host.write(address, bench.random.getrandbits(32))
        await host.read(address, 0)
    for address, wrong_values in write_only.items():
        await host.read(address, 0, status=Status.ACCESS)
        for wrong in wrong_values:
            await host.write(address, wrong, status=Status.RANGE)

    pages = (*range(count + 1), count + 1, 255, 256, 256 + 1, (1 << 16) - 1)
    for page in pages:
        addresses = {page << 8 | low for low in (*range(24), 127, 128, 255)} - known
        for address in addresses if page <= count else sorted(addresses)[:3]:
            await host.read(address, 0, status=Status.UNKNOWN)
            await host.write(address, 1, status=Status.UNKNOWN)
    assert not bench.bits("busy")

    if not bench.flow.back_pressure:
        times = zip(host.asked, host.driver.cycles, host.monitor.cycles, strict=True)
        for address, asked, answered in times:
            took = 2 if 1 <= address >> 8 <= count else 1
            assert answered - asked == took, f"{address:#x} was answered in {answered - asked}"


@stream_bench
async def training(bench: Bench) -> None:
    """Complete and short batches, refused labels; then inference only; then training again."""
    core = Core(bench)
    host = core.host
    await core.set_up()
    for count in (None, 1, core.config.batch - 1, None):
        await core.train(count, strays=True)
    await core.compare()

    # Inference within a batch: no label is refused, and ``last`` has no effect.
    for _ in range(2):
        x, label = core.sample()
        core.expect(x, label, train=True)
        await core.send(x, label)
    await core.idle()
    await host.write(GlobalRegister.MODE, 1)
    for _ in range(6):
        x, _ = core.sample()
        label = bench.random.randrange(256)
        core.expect(x, label)
        await core.send(x, label, last=bench.random.random() < 0.5)
    await core.compare()
    await host.write(GlobalRegister.MODE, 0)
    for _ in range(core.config.batch - 2):
        x, label = core.sample()
        core.expect(x, label, train=True)
        await core.send(x, label)
    core.commit()
    await core.compare()

    # A new batch size begins a new batch.
    x, label = core.sample()
    core.expect(x, label, train=True)
    await core.send(x, label)
    await core.idle()
    await host.write(GlobalRegister.BATCH, 2)
    for _ in range(2):
        x, label = core.sample()
        core.expect(x, label, train=True)
        await core.send(x, label)
    core.commit()
    await core.compare()

    # Counts are cleared by writes.
    await host.write(GlobalRegister.SAMPLES, 0)
    await host.write(GlobalRegister.REFUSED, 0)
    for index in range(len(core.folded)):
        await host.write(layer_address(index, LayerRegister.ERRORS), 0)
        await host.write(layer_address(index, LayerRegister.UPDATES), 0)
        await host.write(layer_address(index, LayerRegister.RIGHT), 0)
    core.forget_counts()
    await core.train(1)
    await core.compare()


@stream_bench
async def continuing(bench: Bench) -> None:
    """Training continues exactly from a state that is read and written back."""
    core = Core(bench)
    await core.set_up()
    await core.train()
    await core.compare()
    saved = deepcopy(core.literal)
    await core.train()
    await core.idle()

    await core.set_up()
    for index, layer in enumerate(saved.layers):
        await core.host.write_counters(index, layer.k)
        await core.host.write_stream(index, layer.stream)
    core.literal = saved
    await core.host.write(GlobalRegister.MODE, 1)
    for _ in range(4):
        x, label = core.sample()
        core.expect(x, label)
        await core.send(x, label)
    await core.idle()
    await core.host.write(GlobalRegister.MODE, 0)
    await core.train()
    await core.compare()


@stream_bench
async def drawings(bench: Bench) -> None:
    """Every drawing gives the same state; during a drawing, requests are refused, samples wait."""
    core = Core(bench)
    host = core.host
    await core.set_up()
    for _ in range(2):
        x, label = core.sample()
        core.expect(x, label, train=True)
        await core.send(x, label)
        await core.idle()
        await core.set_up()
        await core.compare()
    await core.train()
    await core.idle()

    for index, layer in enumerate(core.literal.layers):
        # A sample that comes during a drawing waits, and is trained on with the new counters.
        await draw_counters(core, index)
        await host.read(GlobalRegister.STATUS, 1)
        x, label = core.sample()
        core.expect(x, label, train=True)
        sent = len(core.samples.cycles)
        task = bench.start(core.send(x, label))
        await host.read(GlobalRegister.SAMPLES, core.trained - 1)
        assert bench.bits("busy")
        assert len(core.samples.cycles) == sent, "a sample came in during a drawing"
        await task
        await core.idle()
        await host.write_stream(index, layer.stream)
    await core.train(2)
    await core.compare()

    for index in range(len(core.folded)):

        async def draw(index: int = index) -> None:
            await core.idle()
            await draw_counters(core, index)

        await refuse_everything(core, before=draw)
        await core.idle()
        await host.write_stream(index, core.literal.layers[index].stream)
    await core.train()
    await core.compare()


async def draw_counters(core: Core, index: int) -> None:
    """Draw the initial counters of a layer, from a stream that the host writes."""
    layer, stream_id = core.literal.layers[index], initial_counters_id(index)
    seed = core.bench.random.getrandbits(48)
    await core.host.write_stream(index, RandomStream(seed, stream_id))
    await core.host.write(layer_address(index, LayerRegister.INITIAL), 1)
    layer.k = ReferenceLayer(layer.config, seed).k
    layer.take_snapshot()


async def nothing() -> None:
    """Do nothing."""


async def refuse_everything(core: Core, *, before: Callable[[], Awaitable[None]] = nothing) -> None:
    """Requests that need the core idle are refused while it is busy, even invalid ones.

    ``before`` makes the core busy before each request; by default it stays busy.
    """
    host, layers = core.host, len(core.folded)
    for register in (*GlobalRegister, 200):
        await before()
        await host.write(register, 1, status=Status.BUSY, data=0)
    for index in (0, layers - 1):
        for local in (*LayerRegister, 200):
            await before()
            await host.write(layer_address(index, local), 1, status=Status.BUSY, data=0)
        for local in (LayerRegister.COUNTER, LayerRegister.SATURATED):
            await before()
            await host.read(layer_address(index, local), 0, status=Status.BUSY)
            await before()
            await host.read(layer_address(layers, local), 0, status=Status.BUSY)
        await host.read(layer_address(index, LayerRegister.POSITION), 0, status=Status.ACCESS)
    await host.read(200, 0, status=Status.UNKNOWN)


@stream_bench
async def busy(bench: Bench) -> None:
    """Requests from the first word of a sample to the end of its commit do not disturb it."""
    core = Core(bench)
    host = core.host
    core.events = [4000] * len(core.folded)
    await core.set_up()
    await host.write(GlobalRegister.BATCH, 1)
    for _ in range(2):
        x, label = core.sample()
        *words, last_word = core.words(x, label)
        if words:
            await core.samples.send(words)
            await bench.edge()
            assert bench.bits("busy")
            await refuse_everything(core)
            await host.read(GlobalRegister.STATUS, 0b01)
            await host.read(GlobalRegister.SAMPLES, core.trained)
        await core.samples.send([last_word])
        core.expect(x, label, train=True)
        await core.all_results()
        if core.literal.layers[-1].error_raised:
            await refuse_everything(core)
        core.commit()
        for index in range(len(core.folded)):
            await host.read(layer_address(index, LayerRegister.ERRORS), core.errors[index])
        await core.idle()
    await core.compare()


@stream_bench
async def at_once(bench: Bench) -> None:
    """If a sample and a request come together, the order is defined."""
    core = Core(bench)
    host, random = core.host, bench.random
    await core.set_up()
    await host.write(GlobalRegister.BATCH, 1)
    counter = layer_address(0, LayerRegister.COUNTER)
    events = layer_address(0, LayerRegister.EVENTS)
    for turn in range(24):
        # Rows of the first layer are single counters.
        await host.write(layer_address(0, LayerRegister.POSITION), 0)
        x, label = core.sample()
        first, second = (0, 0) if turn == 0 else (random.randrange(4), random.randrange(4))

        async def send(x: list[int], label: int, delay: int) -> None:
            await bench.edges(delay)
            await core.send(x, label)

        task = bench.start(send(x, label, first))
        await bench.edges(second)
        literal = core.literal.layers[0]
        if turn < 4:
            if await host.attempt(int(GlobalRegister.RESET), 1):
                core.forget_counts()
        elif turn < 8:
            if await host.attempt(layer_address(0, LayerRegister.INITIAL), 1):
                literal.k = drawn_counters(literal)
                literal.take_snapshot()
        elif turn % 3 == 0:
            if await host.attempt(events, turn):
                core.events[0] = turn
        elif turn % 3 == 1:
            k = -1 if literal.k[0][0] >= 0 else 0
            if await host.attempt(counter, k):
                literal.k[0][0], literal.w[0][0] = k, int(k >= 0)
        else:
            await host.attempt(layer_address(0, LayerRegister.SATURATED))
        core.expect(x, label, train=True)
        core.commit()
        await task
        await core.all_results()
        await core.compare()


def drawn_counters(layer: ReferenceLayer) -> list[list[int]]:
    """Initial counters from the layer's present stream, which goes on."""
    config = layer.config
    bits = config.initial_bits
    return [
        [(int(draw) + (1 << bits - 1)) % (1 << bits) - (1 << bits - 1) for draw in draws]
        for draws in (layer.stream.draws(config.inputs) for _ in range(config.neurons))
    ]


@stream_bench
async def cancelling(bench: Bench) -> None:
    """``cancel`` drops an incomplete sample without any effect, and no word is taken meanwhile."""
    core = Core(bench)
    random = bench.random

    def begun() -> list[dict[str, int]]:
        *words, _ = core.words(*core.sample(), last=True)
        return words[: random.randint(0, len(words))]

    await core.set_up()
    for _ in range(4):
        for _ in range(core.config.batch):
            for _ in range(random.randrange(3)):
                await core.samples.send(begun())
                bench.write("cancel", 1)
                await bench.edge()
                bench.write("cancel", 0)
            await core.samples.send(begun())
            bench.write("cancel", 1)
            x, label = core.sample()
            core.expect(x, label, train=True)
            sent = len(core.samples.cycles)
            task = bench.start(core.send(x, label))
            await bench.edges(random.randint(1, 4))
            assert len(core.samples.cycles) == sent, "a word was taken while cancel was set"
            bench.write("cancel", 0)
            await task
        core.commit()

        await core.idle()
        words = begun()
        await core.samples.send(words)
        await bench.edge()
        assert bench.bits("busy") == bool(words)
        bench.write("cancel", 1)
        await bench.edge()
        bench.write("cancel", 0)
        await bench.edge()
        assert not bench.bits("busy")
        await core.compare()


@bench
async def cycles(bench: Bench) -> None:
    """Without gaps, samples take the cycles of the cycle model."""
    core = Core(bench)
    await core.set_up()
    model = CycleModel(core.folded, [layer.stream for layer in core.literal.layers])
    golden = Network(core.literal.config)
    words = []
    for count in (core.config.batch, 1, core.config.batch, core.config.batch):
        samples = [core.sample() for _ in range(count)]
        for n, (x, label) in enumerate(samples):
            core.expect(x, label, train=True)
            words += core.words(x, label, last=n == count - 1)
        core.commit()
        x, y = (np.array(part) for part in zip(*samples, strict=True))
        model.train(golden.train_batch(x.astype(np.uint8), y, core.events))
    begin = bench.cycle + 1
    await core.samples.send(words)
    await core.idle()
    took = bench.cycle - begin
    assert took == model.idle, f"it took {took} cycles, the model says {model.idle}"
    await core.compare()
