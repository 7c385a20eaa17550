"""Bench of the trainer core's registers in the course of training: what writes keep and change."""

from collections.abc import Sequence

import numpy as np

from metaplast.golden_model.network import Network
from metaplast.golden_model.random_stream import RandomStream, classifier_id, initial_counters_id
from metaplast.golden_model.reference import ReferenceLayer
from metaplast.hdl.planning.cycle_model import CycleModel
from metaplast.hdl.registers.register_map import (
    GlobalRegister,
    LayerRegister,
    Status,
    layer_address,
)
from metaplast.sim.bench import Bench, bench, stream_bench

from .trainer_core import SEED, Core
from .training import Host, saturated, state_words

MAX_TRIES = 20_000
MAX_SEEDS = 10


class NoSampleError(Exception):
    """No random sample has the wanted error bits in the present state of the core."""


def sample_with(core: Core, *, error: bool) -> tuple[list[int], int]:
    """A random sample for which every layer raises its error bit, or none does."""
    for _ in range(MAX_TRIES):
        x, _ = core.sample()
        activations, scores = x, []
        for layer in core.literal.layers:
            _, activations, s = layer.forward(activations)
            scores.append(s)
        for label in range(core.config.classes):
            raised = [
                layer.error(s, label) for layer, s in zip(core.literal.layers, scores, strict=True)
            ]
            if all(raised) if error else not any(raised):
                return x, label
    raise NoSampleError(f"no sample in {MAX_TRIES} has error bits {error} in all layers")


async def train(core: Core, *, error: bool, last: bool = False) -> None:
    """Train on a sample that raises all error bits, or none, and wait until the core is idle."""
    x, label = sample_with(core, error=error)
    core.expect(x, label, train=True)
    await core.send(x, label, last=last)
    await core.idle()


async def refused(core: Core, *, last: bool) -> None:
    """Send a sample whose label is no class."""
    x, _ = core.sample()
    core.expect(x, 255, refused=True)
    await core.send(x, 255, last=last)
    await core.idle()


async def infer(core: Core, count: int) -> None:
    """Infer samples, marked as the last of a batch or not, with any label."""
    await core.host.write(GlobalRegister.MODE, 1)
    for _ in range(count):
        x, _ = core.sample()
        label = core.bench.random.randrange(256)
        core.expect(x, label)
        await core.send(x, label, last=core.bench.random.random() < 0.5)
    await core.idle()
    await core.host.write(GlobalRegister.MODE, 0)


class Writer:
    """Write counters in the core and in the reference network, which follows the documented rule.

    ``W`` takes the sign of a written counter at once between batches, but not until the layer's
    next commit after a write in the middle of a batch.
    """

    def __init__(self, core: Core):
        self.core = core
        self.behind = [False] * len(core.folded)

    def committed(self) -> None:
        """Note that the layers commit; before :meth:`.trainer_core.Core.commit`."""
        for index, layer in enumerate(self.core.literal.layers):
            self.behind[index] &= not layer.error_raised

    async def write(self, index: int, neuron: int, values: Sequence[int], *, within: bool) -> None:
        """Write the first counters of a neuron, ``within`` a batch or between two."""
        layer = self.core.literal.layers[index]
        await self.core.host.write(layer_address(index, LayerRegister.POSITION), neuron)
        self.behind[index] |= within
        for source, k in enumerate(values):
            await self.core.host.write(layer_address(index, LayerRegister.COUNTER), k)
            layer.k[neuron][source] = k
            if not self.behind[index]:
                layer.w[neuron][source] = int(k >= 0)

    async def write_some(self, *, within: bool) -> None:
        """In each layer, write new values to counters of some neurons, and other neurons again."""
        random = self.core.bench.random
        for index, layer in enumerate(self.core.literal.layers):
            for neuron in range(layer.config.neurons):
                values = list(layer.k[neuron])
                if random.random() < 0.5:
                    values = [
                        random.randint(layer.config.lowest, layer.config.highest) for _ in values
                    ]
                count = random.randint(1, layer.config.inputs)
                if random.random() < 0.7:
                    await self.write(index, neuron, values[:count], within=within)


@stream_bench
async def written_counters(bench: Bench) -> None:
    """``W`` follows a written counter at once between batches, and at a commit within a batch."""
    core = Core(bench)
    for seed in range(SEED, SEED + MAX_SEEDS):
        try:
            await write_counters_in_training(core, seed)
        except NoSampleError:
            continue
        return
    raise AssertionError(f"none of {MAX_SEEDS} seeds has the samples that are needed")


async def write_counters_in_training(core: Core, seed: int) -> None:
    """Write counters between batches and within them; W is as documented."""
    await core.set_up(seed)
    await core.host.write(GlobalRegister.BATCH, 65535)
    writer = Writer(core)
    for error in (True, False, True):
        await writer.write_some(within=False)
        await infer(core, 4)
        for _ in range(2):
            await train(core, error=error)
            await writer.write_some(within=True)
            await infer(core, 4)
        if error:
            await train(core, error=True)
        writer.committed()
        await train(core, error=error, last=True)
        core.commit()
        await core.idle()
        await infer(core, 4)
    await core.compare()
    for _ in range(3):
        await train(core, error=True, last=True)
        core.commit()
    await core.compare()


@bench
async def own_values(bench: Bench) -> None:
    """In the middle of a batch, writing a counter's own value changes nothing."""
    core = Core(bench)
    await core.set_up()
    await core.host.write(GlobalRegister.BATCH, 65535)
    for _ in range(3):
        for _ in range(4):
            await train(core, error=True)
        for index, layer in enumerate(core.literal.layers):
            await Writer(core).write(index, 0, layer.k[0][:1], within=True)
        for _ in range(4):
            await train(core, error=True)
        await train(core, error=True, last=True)
        core.commit()
    await core.compare()


@stream_bench
async def positions(bench: Bench) -> None:
    """COUNTER has a position from a write of POSITION until one of the events that lose it."""
    core = Core(bench)
    host = core.host
    for index, layer in enumerate(core.config.layers):
        await without_position(host, index, layer.highest)
    await core.set_up()
    await host.write(GlobalRegister.BATCH, 65535)

    for index, layer in enumerate(core.literal.layers):
        config = layer.config
        position = layer_address(index, LayerRegister.POSITION)
        counter = layer_address(index, LayerRegister.COUNTER)
        last = config.neurons - 1
        await without_position(host, index, config.highest)  # after INITIAL

        # Kept by refused requests, refused and inferred samples.
        await host.write(position, 0)
        await host.read(counter, layer.k[0][0])
        await host.write(position, config.neurons, status=Status.RANGE)
        await host.write(counter, config.highest + 1, status=Status.RANGE)
        await refused(core, last=True)
        await infer(core, 2)
        following = [k for row in layer.k for k in row][1]
        await host.read(counter, following)

        # Lost by a sample that is trained on, with or without an error, and by SATURATED.
        for error in (False, True):
            await host.write(position, 0)
            await train(core, error=error)
            await without_position(host, index, config.highest)
        await host.write(position, 0)
        await host.read(layer_address(index, LayerRegister.SATURATED), saturated(config, layer.k))
        await without_position(host, index, config.highest)

        # Lost after the last counter, whether it is read or written.
        await host.write(position, last)
        for k in layer.k[last]:
            await host.read(counter, k)
        await without_position(host, index, config.highest)
        await host.write(position, last)
        for k in layer.k[last]:
            await host.write(counter, k)
        await without_position(host, index, config.highest)

    # Kept by RESET, lost by either drawing.
    for index in range(len(core.folded)):
        await host.write(layer_address(index, LayerRegister.POSITION), 0)
    await core.reset()
    for index, layer in enumerate(core.literal.layers):
        await host.read(layer_address(index, LayerRegister.COUNTER), layer.k[0][0])
        for value in (2, 1):
            await host.write(layer_address(index, LayerRegister.POSITION), 0)
            await host.write(layer_address(index, LayerRegister.INITIAL), value)
            await core.idle()
            await without_position(host, index, layer.config.highest)
    await core.set_up()
    await core.compare()


async def without_position(host: Host, index: int, highest: int) -> None:
    """COUNTER answers that it has no position, but RANGE for a value out of range."""
    counter = layer_address(index, LayerRegister.COUNTER)
    await host.read(counter, 0, status=Status.POSITION)
    await host.write(counter, 0, status=Status.POSITION, data=0)
    await host.write(counter, highest + 1, status=Status.RANGE)


@stream_bench
async def batches(bench: Bench) -> None:
    """What begins and ends a batch: BATCH, RESET, refused samples, samples without errors."""
    core = Core(bench)
    host = core.host
    await core.set_up()

    # BATCH begins a new count; an error raised before is committed with the new batch.
    await host.write(GlobalRegister.BATCH, 3)
    await train(core, error=True)
    await host.write(GlobalRegister.BATCH, 2)
    await train(core, error=False)
    await core.compare()
    await train(core, error=False)
    core.commit()
    await core.compare()

    # A refused sample does not end a batch.
    await train(core, error=True)
    await refused(core, last=True)
    await infer(core, 3)
    await core.compare()
    await train(core, error=True)
    core.commit()
    await core.compare()

    # RESET restarts the count, and forgets errors.
    await train(core, error=True)
    await core.reset()
    for _ in range(2):
        await train(core, error=False)
    core.commit()
    await core.compare()
    await train(core, error=True)
    await core.compare()
    await train(core, error=True)
    core.commit()
    await core.compare()


@stream_bench
async def drawn_within_a_batch(bench: Bench) -> None:
    """A drawing within a batch changes only what it draws, and ``W`` has the signs at once."""
    core = Core(bench)
    host = core.host
    await core.set_up()
    await host.write(GlobalRegister.BATCH, 65535)
    for value, stream_id in ((2, classifier_id), (1, initial_counters_id), (2, classifier_id)):
        await train(core, error=True)
        await Writer(core).write_some(within=True)
        for index, layer in enumerate(core.literal.layers):
            seed = bench.random.getrandbits(48)
            await host.write_stream(index, RandomStream(seed, stream_id(index)))
            await host.write(layer_address(index, LayerRegister.INITIAL), value)
            await core.idle()
            await host.write_stream(index, layer.stream)
            drawn = ReferenceLayer(layer.config, seed)
            if value == 1:
                layer.k, layer.w = drawn.k, drawn.w
            else:
                layer.p = drawn.p
        await infer(core, 4)
        await train(core, error=True, last=True)
        core.commit()
        await core.idle()
        await infer(core, 4)
    await core.compare()


@stream_bench
async def loaded_after_reset(bench: Bench) -> None:
    """After RESET within a batch, ``W`` has the signs of counters that are all written."""
    core = Core(bench)
    await core.set_up()
    await core.host.write(GlobalRegister.BATCH, 65535)
    await train(core, error=True)
    await Writer(core).write_some(within=True)
    await core.reset()
    for index, layer in enumerate(core.literal.layers):
        lowest, highest = layer.config.lowest, layer.config.highest
        layer.k = [[bench.random.randint(lowest, highest) for _ in row] for row in layer.k]
        layer.take_snapshot()
        await core.host.write_counters(index, layer.k)
    await infer(core, 4)
    await train(core, error=True, last=True)
    core.commit()
    await core.compare()


@stream_bench
async def batches_of_one(bench: Bench) -> None:
    """The only sample of a batch, without an error, waits for the events of the batch before."""
    core = Core(bench)
    core.events = [300 + layer for layer in range(len(core.folded))]
    await core.set_up()
    await core.host.write(GlobalRegister.BATCH, 1)
    for error in (True, False, False, True, True, False, True, False):
        x, label = sample_with(core, error=error)
        core.expect(x, label, train=True)
        core.commit()
        await core.send(x, label)
    await core.compare()


@stream_bench
async def kept_by_reset(bench: Bench) -> None:
    """RESET keeps the stored registers; ``rst`` restores their reset values."""
    core = Core(bench)
    host = core.host
    await core.set_up()
    stored = {
        int(GlobalRegister.BATCH): 3,
        int(GlobalRegister.MODE): 1,
    }
    for layer in core.config.layers:
        stored[layer_address(layer.index, LayerRegister.MARGIN)] = layer.neurons
        stored[layer_address(layer.index, LayerRegister.EVENTS)] = 5
    await train(core, error=True)
    for address, value in stored.items():
        await host.write(address, value)
    await core.reset()
    for address, value in stored.items():
        await host.read(address, value)
    counts = [int(GlobalRegister.SAMPLES), int(GlobalRegister.REFUSED)]
    for index in range(len(core.folded)):
        for local in (LayerRegister.ERRORS, LayerRegister.UPDATES, LayerRegister.RIGHT):
            counts.append(layer_address(index, local))
    for address in counts:
        await host.read(address, 0)

    # ``rst`` drops an incomplete sample, and all registers are as after power-up.
    *words, _ = core.words(*core.sample())
    await core.samples.send(words)
    await bench.edge()
    assert bench.bits("busy") == bool(words)
    bench.dut.rst.value = 1
    await bench.edges(2)
    bench.dut.rst.value = 0
    await bench.edge()
    assert not bench.bits("busy")
    for address in (*stored, *counts):
        await host.read(address, 1 if address == GlobalRegister.BATCH else 0)
    for index, layer in enumerate(core.config.layers):
        await without_position(host, index, layer.highest)
        for word in range(4):
            await host.read(layer_address(index, LayerRegister.STREAM_0 + word), 0)
    await core.set_up()
    await core.train()
    await core.compare()


@stream_bench
async def histories(bench: Bench) -> None:
    """A history without a bit set is refused by its last word; the unused bit does not count."""
    core = Core(bench)
    await core.set_up()

    async def write(index: int, before: list[int], words: Sequence[int]) -> list[int]:
        """Write a history; gives the four words that are read then."""
        refused = not any((words[0] & ~1, *words[1:]))
        for n, word in enumerate(words):
            status = Status.RANGE if refused and n == 3 else Status.OK
            address = layer_address(index, LayerRegister.STREAM_0 + n)
            await core.host.write(address, word, status=status)
        after = [*before, *(words[:3] if refused else words)][-4:]
        after[0] &= ~1
        for n, word in enumerate(after):
            await core.host.read(layer_address(index, LayerRegister.STREAM_0 + n), word)
        return after

    for index, layer in enumerate(core.literal.layers):
        words = await write(index, state_words(layer.stream), (0, 0, 0, 0))
        words = await write(index, words, (1, 0, 0, 0))
        for n in range(4):
            words = await write(index, words, [2 << 8 * n if n == m else 0 for m in range(4)])
            words = await write(index, words, (0, 0, 0, 0))
        await write(index, words, (0, 0, 0, 1))
        await core.host.write_stream(index, layer.stream)
    await core.train()
    await core.compare()


@stream_bench
async def responses_to_writes(bench: Bench) -> None:
    """A write's response has the value before, or 0 for a register that cannot be read at once."""
    core = Core(bench)
    host = core.host
    await core.set_up()
    await train(core, error=True)
    await refused(core, last=False)
    config = core.config
    await host.write(GlobalRegister.BATCH, 0, status=Status.RANGE, data=config.batch)
    await host.write(GlobalRegister.BATCH, 9, data=config.batch)
    await host.write(GlobalRegister.BATCH, config.batch, data=9)
    await host.write(GlobalRegister.CLASSES, 2, status=Status.ACCESS, data=config.classes)
    await host.write(GlobalRegister.SAMPLES, 7, data=1)
    await host.write(GlobalRegister.REFUSED, 7, data=1)
    core.trained = core.refused = 0
    await host.write(200, 7, status=Status.UNKNOWN, data=0)
    await host.write(GlobalRegister.RESET, 2, status=Status.RANGE, data=0)
    for index, layer in enumerate(core.literal.layers):
        at = layer_address(index, LayerRegister.MARGIN)
        await host.write(at | LayerRegister.EVENTS, 5, data=core.events[index])
        await host.write(at | LayerRegister.EVENTS, core.events[index], data=5)
        await host.write(at | LayerRegister.ERRORS, 7, data=core.errors[index])
        await host.write(at | LayerRegister.RIGHT, 7, data=core.right[index])
        core.errors[index] = core.right[index] = 0
        words = state_words(layer.stream)
        await host.write(at | LayerRegister.STREAM_3, words[3] ^ 1, data=words[3])
        await host.write_stream(index, layer.stream)
        await host.write(at | LayerRegister.SATURATED, 0, status=Status.ACCESS, data=0)
        await host.write(at | LayerRegister.INITIAL, 3, status=Status.RANGE, data=0)
        await host.write(at | LayerRegister.POSITION, 0, data=0)
        await host.read(at | LayerRegister.COUNTER, layer.k[0][0])
        await host.write(at | LayerRegister.COUNTER, layer.config.highest, data=0)
    await host.write(GlobalRegister.RESET, 1, data=0)
    await host.write(layer_address(0, LayerRegister.INITIAL), 1, data=0)
    await host.write(GlobalRegister.BATCH, 1, status=Status.BUSY, data=0)
    await core.idle()
    await core.set_up()
    await core.compare()


@stream_bench
async def withdrawn_words(bench: Bench) -> None:
    """While ``cancel`` is high, a word may be offered and withdrawn without being taken."""
    core = Core(bench)
    await core.set_up()
    for _ in range(core.config.batch):
        await core.idle()
        *words, _ = core.words(*core.sample())
        await core.samples.send(words)
        bench.write("cancel", 1)
        await bench.edge()
        assert bench.bits("busy") == bool(words)
        for _ in range(3):
            bench.write("samples__valid", 1)
            await bench.edge()
            assert not bench.bits("samples__ready")
            bench.write("samples__valid", 0)
            await bench.edge()
        bench.write("cancel", 0)
        await bench.edge()
        assert not bench.bits("busy"), "a word was taken while cancel was high"
        x, label = core.sample()
        core.expect(x, label, train=True)
        await core.send(x, label)
    core.commit()
    await core.compare()


@bench
async def busy_rises(bench: Bench) -> None:
    """``busy`` rises in the cycle after a sample's first word, and with the transfer of INITIAL."""
    core = Core(bench)
    host, busy = core.host, []

    async def watch() -> None:
        while True:
            await bench.edge()
            busy.append(bench.bits("busy"))

    await core.set_up()
    first = bench.cycle + 1  # the cycle of busy[0]
    bench.start(watch())
    for _ in range(2):
        x, label = core.sample()
        core.expect(x, label, train=True)
        words = await core.samples.send(core.words(x, label))
        await core.idle()
        assert busy[words[0] - first :][:2] == [0, 1]
    stream = RandomStream(SEED, initial_counters_id(0))
    for value in (2, 1):
        await host.write_stream(0, stream)
        await host.write(layer_address(0, LayerRegister.INITIAL), value)
        await core.idle()
        taken, answered = host.driver.cycles[-1], host.monitor.cycles[-1]
        assert answered == taken + 2
        assert busy[taken - 1 - first :][:4] == [0, 1, 1, 1]
    core.forget(SEED)

    # A count of saturated counters makes the core busy, and is over before the response.
    address = layer_address(0, LayerRegister.SATURATED)
    begin = bench.cycle
    await host.read(address, saturated(core.config.layers[0], core.literal.layers[0].k))
    counted = busy[begin - first : host.monitor.cycles[-1] - first + 1]
    assert any(counted)
    assert not counted[-1]

    # Other requests do not.
    begin = bench.cycle
    await host.write(layer_address(0, LayerRegister.POSITION), core.config.layers[0].neurons - 1)
    await host.read(layer_address(0, LayerRegister.COUNTER), core.literal.layers[0].k[-1][0])
    await host.write(layer_address(0, LayerRegister.EVENTS), 3)
    await host.write(GlobalRegister.MODE, 0)
    await host.write(GlobalRegister.RESET, 1)
    assert not any(busy[begin - first :])


@bench
async def endings(bench: Bench) -> None:
    """``busy`` falls in the cycle of the cycle model, however a training ends."""
    core = Core(bench)
    for events, errors in (
        *((0, [True]), (0, [True, False]), (0, [False])),
        *((40, [True]), (40, [True, False])),
    ):
        core.events = [events] * len(core.folded)
        await core.set_up()
        model = CycleModel(core.folded, [layer.stream for layer in core.literal.layers])
        golden, words = Network(core.literal.config), []
        for error in errors:
            x, label = sample_with(core, error=error)
            core.expect(x, label, train=True)
            core.commit()
            words += core.words(x, label, last=True)
            sample, labels = np.array([x], dtype=np.uint8), np.array([label])
            model.train(golden.train_batch(sample, labels, core.events))
        begin = bench.cycle + 1
        await core.samples.send(words)
        await core.idle()
        took = bench.cycle - begin
        assert took == model.idle, f"{events=}, {errors=}: it took {took}, not {model.idle} cycles"
        await core.compare()
