"""The samples inside a layer."""

from collections import deque
from collections.abc import Sequence
from random import Random
from typing import NamedTuple

import pytest
from amaranth.sim import SimulatorContext

from metaplast.hdl.planning.plan import FoldedLayer
from metaplast.hdl.training.sample_buffer import SampleBuffer

from ..folded_layers import FOLDED_LAYERS
from ..placed_layers import ENGINES
from ..streams import StreamBench

CYCLES = 250
RATES = (
    {"write": 1.0, "preload": 1.0, "fetch": 1.0, "release": 1.0},
    {"write": 1.0, "preload": 1.0, "fetch": 0.1, "release": 0.3},  # mostly full
    {"write": 0.3, "preload": 1.0, "fetch": 0.8, "release": 1.0},  # mostly empty
    {"write": 0.7, "preload": 0.3, "fetch": 0.9, "release": 0.7},
)


class Samples(NamedTuple):
    """The sizes of samples in a buffer.

    Attributes
    ----------
    words : list of int
        Words of the inputs of each layer.
    last_bits : int
        Bits of a sample in the last word that enters.
    buffers : int
        Samples in the ring.
    """

    words: list[int]
    last_bits: int
    buffers: int


class Sample(NamedTuple):
    """A sample in a buffer: the words of the inputs of each layer, as far as they are known."""

    layers: list[list[int]]


def fixed_samples(folded: FoldedLayer) -> Samples:
    """Those of a fixed layer."""
    words = folded.sample_words
    last_bits = folded.config.inputs - (words - 1) * folded.plan.input_width
    return Samples([words], last_bits, folded.plan.sample_buffers)


def random_samples(folded: FoldedLayer, random: Random) -> Samples:
    """Those of a network on an engine."""
    words = [random.randint(1, folded.sample_words) for _ in range(random.randint(1, 3))]
    buffers = min(folded.plan.sample_buffers, folded.sample_depth // sum(words))
    return Samples(words, random.randint(1, folded.plan.input_width), buffers)


class Ring:
    """A sample buffer, and a model of it beside it."""

    def __init__(self, folded: FoldedLayer, *, flip: bool):
        self.buffer = SampleBuffer(folded)
        self.width = folded.plan.input_width
        self.streams = StreamBench(self.buffer, flip=flip)
        names = ("last_write", "full", "empty", "preloaded", "word")
        self.boards = {name: self.streams.scoreboard(name) for name in names}
        self.samples = fixed_samples(folded)
        self.held: deque[Sample] = deque()  # whole samples, the oldest first
        self.coming: list[int] = []
        self.ahead = (0, 0, 0)  # sample, layer and word that is preloaded next
        self.trained = 0  # layer of the oldest sample
        self.fetched: int | None = None  # words of its inputs, after the first
        self.asked: int | None = None  # the word that was read in the cycle before

    def set_samples(self, ctx: SimulatorContext, samples: Samples) -> None:
        """Go to samples of other sizes; the buffer is empty."""
        self.samples, stride = samples, sum(samples.words)
        ctx.set(self.buffer.sample_words, samples.words[0])
        ctx.set(self.buffer.last_bit, samples.last_bits - 1)
        ctx.set(self.buffer.sample_stride, stride)
        ctx.set(self.buffer.buffers, samples.buffers)
        ctx.set(self.buffer.end, samples.buffers * stride)

    async def cycle(self, ctx: SimulatorContext, rates: dict[str, float], *, more: bool) -> None:
        """A cycle in which readers and writers come as often as ``rates`` say.

        Without ``more``, no sample begins.
        """
        buffer, random, samples = self.buffer, self.streams.random, self.samples
        words = samples.words
        wants = {name: random.random() < rate for name, rate in rates.items()}
        write = wants["write"] and len(self.held) < samples.buffers
        write = write and (more or bool(self.coming))

        # The forward pass comes when a layer's inputs are whole, the update after it.
        sample, layer, word = self.ahead
        inputs = self.held[sample].layers[layer] if sample < len(self.held) else []
        preload = wants["preload"] and len(inputs) == words[layer]
        activate = sample < len(self.held) and not (preload or write)
        activate = activate and len(inputs) < words[layer] and random.random() < 0.7
        evaluated = sample > 0 or layer > self.trained
        size = words[self.trained]
        fetch = wants["fetch"] and evaluated and self.fetched != size
        first = fetch and (self.fetched is None or random.random() < 0.1)
        release = wants["release"] and evaluated and not fetch
        last_layer = self.trained == len(words) - 1
        cancel = not write and random.random() < 0.1
        bits, activations = random.getrandbits(self.width), random.getrandbits(self.width)
        ctx.set(buffer.write, write)
        ctx.set(buffer.cancel, cancel)
        ctx.set(buffer.bits, bits)
        ctx.set(buffer.preload, preload)
        ctx.set(buffer.fetch, fetch)
        ctx.set(buffer.fetch_first, first)
        ctx.set(buffer.release, release)
        if buffer.folded.universal:
            ctx.set(buffer.activate, activate)
            ctx.set(buffer.activations, activations)
            ctx.set(buffer.layer_words, size)
            ctx.set(buffer.release_sample, last_layer)

        self._check(ctx, "last_write", len(self.coming) == words[0] - 1)
        self._check(ctx, "full", len(self.held) == samples.buffers)
        self._check(ctx, "empty", not self.held and not self.coming)
        self._check(ctx, "preloaded", preload and not fetch)
        if self.asked is not None:
            self._check(ctx, "word", self.asked)

        self.asked = None
        if fetch:
            self.fetched = 0 if first or self.fetched is None else self.fetched
            self.asked = self.held[0].layers[self.trained][self.fetched]
            self.fetched += 1
        elif preload:
            self.asked = inputs[word]
            self.ahead = (sample, layer, word + 1)
            if word + 1 == words[layer]:
                whole = layer == len(words) - 1
                self.ahead = (sample + 1, 0, 0) if whole else (sample, layer + 1, 0)
        if activate:
            inputs.append(activations)
        if release:
            self.fetched = None
            self.trained += 1
            if last_layer:
                self.trained = 0
                self.held.popleft()
                self.ahead = (self.ahead[0] - 1, *self.ahead[1:])
        if cancel:
            self.coming = []
        if write:
            if len(self.coming) == words[0] - 1:
                bits |= (1 << self.width) - (1 << samples.last_bits)  # padding
                self.held.append(Sample([[*self.coming, bits], *([] for _ in words[1:])]))
                self.coming = []
            else:
                self.coming.append(bits)
        await ctx.tick()

    def _check(self, ctx: SimulatorContext, name: str, value: int) -> None:
        self.boards[name].expect(value)
        self.boards[name].receive(ctx.get(getattr(self.buffer, name)), self.streams.cycle)

    async def empty(self, ctx: SimulatorContext) -> None:
        """Let all samples leave; a cycle later, the ring is at its begin."""
        for _ in range(2000):
            if not self.held and not self.coming:
                self.rest(ctx)
                await ctx.tick()
                return
            await self.cycle(ctx, RATES[0], more=False)
        raise TimeoutError("the buffer does not become empty")

    def rest(self, ctx: SimulatorContext) -> None:
        """Ask for nothing more."""
        for name in ("write", "cancel", "activate", "preload", "fetch", "fetch_first", "release"):
            ctx.set(getattr(self.buffer, name), 0)


def check_words(
    folded: FoldedLayer, networks: Sequence[Samples] = (), *, flip: bool = False
) -> None:
    """Write, preload and fetch at several rates: words come out as they went in, and on time.

    For the samples of one network after another; without networks, no size is set.
    """
    ring = Ring(folded, flip=flip)

    async def bench(ctx: SimulatorContext) -> None:
        for samples in networks or [ring.samples]:
            if networks:
                ring.set_samples(ctx, samples)
            cycles = CYCLES // 2 if networks else CYCLES
            for rates in (rates for rates in RATES for _ in range(cycles)):
                await ring.cycle(ctx, rates, more=True)
            await ring.empty(ctx)

    ring.streams.run(bench)
    for value in (0, 1):
        assert value in ring.boards["full"].received
        assert value in ring.boards["empty"].received


@pytest.mark.parametrize("layer", FOLDED_LAYERS)
def test_words_come_out_as_they_went_in(layer: str) -> None:
    check_words(FOLDED_LAYERS[layer])


@pytest.mark.parametrize("name", ["one", "pairs"])
def test_sizes_are_set_at_run_time(name: str) -> None:
    folded, random = ENGINES[name], Random(8)
    check_words(folded, [random_samples(folded, random) for _ in range(5)])


def test_the_check_notices_a_flipped_bit() -> None:
    with pytest.raises(AssertionError, match=r"^\w+: item \d+, in cycle \d+: expected"):
        check_words(FOLDED_LAYERS["two banks"], flip=True)
