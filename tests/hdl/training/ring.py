"""A buffer of samples, and a model of it beside it."""

from collections import deque
from collections.abc import Sequence
from random import Random
from typing import Any, NamedTuple

from amaranth.sim import SimulatorContext

from metaplast.hdl.planning.plan import FoldedLayer
from metaplast.hdl.training.sample_buffer import SampleBuffer
from metaplast.hdl.training.slot_buffer import SlotBuffer

from ..streams import StreamBench

__all__ = ["Samples", "check_words", "random_samples"]

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
    slot : int
        Words that a sample takes.
    """

    words: list[int]
    last_bits: int
    buffers: int
    slot: int


class Sample(NamedTuple):
    """A sample in a buffer: its inputs in each layer and the choices that are kept, so far."""

    layers: list[list[int]]
    choices: list[int]


def fixed_samples(folded: FoldedLayer) -> Samples:
    """Those of a fixed layer."""
    words = folded.sample_words
    last_bits = folded.config.inputs - (words - 1) * folded.plan.input_width
    return Samples([words], last_bits, folded.plan.sample_buffers, words)


def random_samples(folded: FoldedLayer, random: Random) -> Samples:
    """Those of a network on an engine."""
    words = [random.randint(1, folded.sample_words) for _ in range(random.randint(1, 3))]
    choices = random.randint(1, 9) if folded.shared_memories else 0
    slot = 1 << (sum(words) + choices - 1).bit_length()
    buffers = min(folded.plan.sample_buffers, folded.sample_depth // slot)
    return Samples(words, random.randint(1, folded.plan.input_width), buffers, slot)


class Ring:
    """A sample buffer, and a model of it beside it."""

    def __init__(self, folded: FoldedLayer, *, flip: bool):
        self.buffer: Any = (SlotBuffer if folded.universal else SampleBuffer)(folded)
        self.folded = folded
        self.width = folded.plan.input_width
        self.streams = StreamBench(self.buffer, flip=flip)
        names = ["last_write", "full", "empty", "preloaded", "word"]
        names += ["occupied"] if folded.universal else []
        self.boards = {name: self.streams.scoreboard(name) for name in names}
        self.samples = fixed_samples(folded)
        self.held: deque[Sample] = deque()  # whole samples, the oldest first
        self.coming: list[int] = []
        self.ahead = (0, 0, 0)  # sample, layer and word that is preloaded next
        self.trained = 0  # layer of the oldest sample
        self.fetched: int | None = None  # words of its inputs, after the rewind
        self.unread = 0  # number of its choice that is read next
        self.asked: int | None = None  # the word that was read in the cycle before
        self.passed = False  # the sample was read; the next one is not yet evaluated
        self.chosen: Sample | None = None  # the sample for which choices come
        self.fresh: list[int] = []  # choices of its present layer
        self.chooses = False  # they come from the next cycle on
        self.late = False  # a word of activations waits
        self.lates = 0

    def set_samples(self, ctx: SimulatorContext, samples: Samples) -> None:
        """Go to samples of other sizes; the buffer is empty."""
        self.samples, self.chosen = samples, None
        ctx.set(self.buffer.sample_words, samples.words[0])
        ctx.set(self.buffer.last_bit, samples.last_bits - 1)
        ctx.set(self.buffer.slot_words, samples.slot)
        ctx.set(self.buffer.buffers, samples.buffers)

    async def cycle(self, ctx: SimulatorContext, rates: dict[str, float], *, more: bool) -> None:
        """A cycle in which readers and writers come as often as ``rates`` say.

        Without ``more``, no sample begins.
        """
        buffer, random, samples = self.buffer, self.streams.random, self.samples
        words = samples.words
        wants = {name: random.random() < rate for name, rate in rates.items()}
        # The forward pass comes when a layer's inputs are whole, the update after it.
        sample, layer, word = self.ahead
        inputs = self.held[sample].layers[layer] if sample < len(self.held) else []
        preload = (
            wants["preload"] and len(inputs) == words[layer] and not (self.passed or self.late)
        )
        next_sample = self.passed and random.random() < 0.7
        activate = sample < len(self.held) and not (preload or self.passed or self.late)
        activate = activate and len(inputs) < words[layer] and random.random() < 0.7
        choose = layer == 0 and word > 0 and self.held[sample] is not self.chosen
        choose = choose and random.random() < 0.7
        choice = None if self.chooses else self._choice()
        occupied = activate or self.late or choice is not None
        write = wants["write"] and len(self.held) < samples.buffers
        write = write and (more or bool(self.coming)) and not occupied

        evaluated = sample > self.passed or layer > self.trained
        size = words[self.trained]
        fetch = wants["fetch"] and evaluated and self.fetched not in (None, size)
        rewind = evaluated and not fetch
        rewind = rewind and random.random() < (0.8 if self.fetched is None else 0.1)
        read = self._reads_choice(fetch)
        release = wants["release"] and evaluated and not (fetch or rewind or read)
        last_layer = self.trained == len(words) - 1
        cancel = not write and random.random() < 0.1
        bits, activations = random.getrandbits(self.width), random.getrandbits(self.width)
        ctx.set(buffer.write, write)
        ctx.set(buffer.cancel, cancel)
        ctx.set(buffer.bits, bits)
        ctx.set(buffer.preload, preload)
        ctx.set(buffer.fetch, fetch)
        ctx.set(buffer.rewind, rewind)
        ctx.set(buffer.release, release)
        if self.folded.universal:
            ctx.set(buffer.next_sample, next_sample)
            ctx.set(buffer.choose, choose)
            ctx.set(buffer.activate, activate)
            ctx.set(buffer.activations, activations)
            ctx.set(buffer.layer_words, size)
            ctx.set(buffer.release_sample, last_layer)

        self._check(ctx, "last_write", len(self.coming) == words[0] - 1)
        self._check(ctx, "full", len(self.held) == samples.buffers)
        self._check(ctx, "empty", not self.held and not self.coming)
        self._set_choices(ctx, choice, read=read, choose=choose)
        if self.folded.universal:
            self._check(ctx, "occupied", occupied)
        self._check(ctx, "preloaded", preload and not fetch and not read)
        if self.asked is not None:
            self._check(ctx, "word", self.asked)

        self.asked = None
        if fetch and self.fetched is not None:
            self.asked = self.held[0].layers[self.trained][self.fetched]
            self.fetched += 1
        elif read:
            self.asked = self.held[0].choices[self.unread]
            self.unread += 1
        elif preload:
            self.asked = inputs[word]
            self.ahead = (sample, layer, word + 1)
            if word + 1 == words[layer]:
                whole = layer == len(words) - 1
                self.ahead = (sample + 1, 0, 0) if whole else (sample, layer + 1, 0)
                self.passed = whole and self.folded.universal
        if rewind:
            self.fetched = 0
        if next_sample:
            self.passed = False
        if choose:
            self.chosen, self.fresh = self.held[sample], []
        self.chooses = choose
        if activate:
            inputs.append(activations)
        self.late = activate and choice is not None
        self.lates += self.late
        if release:
            self.fetched = None
            self.trained += 1
            if last_layer:
                self.trained = self.unread = 0
                self.held.popleft()
                self.ahead = (self.ahead[0] - 1, *self.ahead[1:])
        if cancel:
            self.coming = []
        if write:
            if len(self.coming) == words[0] - 1:
                bits |= (1 << self.width) - (1 << samples.last_bits)  # padding
                self.held.append(Sample([[*self.coming, bits], *([] for _ in words[1:])], []))
                self.coming = []
            else:
                self.coming.append(bits)
        await ctx.tick()

    def _choice(self) -> int | None:
        """A choice that is written in this cycle."""
        random, samples, chosen = self.streams.random, self.samples, self.chosen
        if not self.folded.shared_memories or chosen is None or self.late:
            return None
        count = len(chosen.choices) + len(self.fresh)
        room = chosen in self.held and count < samples.slot - sum(samples.words)
        return random.getrandbits(self.width) if room and random.random() < 0.5 else None

    def _reads_choice(self, fetch: bool) -> bool:
        """Whether the oldest sample's next choice is read in this cycle."""
        count = len(self.held[0].choices) if self.held else 0
        return not fetch and self.unread < count and self.streams.random.random() < 0.3

    def _set_choices(
        self, ctx: SimulatorContext, choice: int | None, *, read: bool, choose: bool
    ) -> None:
        """Write a choice of the sample for which they come, and read one of the oldest sample."""
        if not self.folded.shared_memories:
            return
        port, random = self.buffer.choices, self.streams.random
        end = choice is None and not choose and self.chosen is not None and random.random() < 0.1
        keep = random.random() < 0.7
        ctx.set(port.write, choice is not None)
        ctx.set(port.read, read)
        ctx.set(port.end, end)
        ctx.set(port.keep, keep)
        if choice is not None:
            ctx.set(port.written, choice)
            self.fresh.append(choice)
        if end and self.chosen is not None:
            self.chosen.choices.extend(self.fresh if keep else [])
            self.fresh = []

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
        names = ["write", "cancel", "preload", "fetch", "rewind", "release"]
        if self.folded.universal:
            names += ["activate", "next_sample", "choose"]
        for name in names:
            ctx.set(getattr(self.buffer, name), 0)
        self._set_choices(ctx, None, read=False, choose=True)


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
                await ctx.tick()
            cycles = CYCLES // 2 if networks else CYCLES
            for rates in (rates for rates in RATES for _ in range(cycles)):
                await ring.cycle(ctx, rates, more=True)
            await ring.empty(ctx)

    ring.streams.run(bench)
    assert (ring.lates > 20) == folded.shared_memories
    for value in (0, 1):
        assert value in ring.boards["full"].received
        assert value in ring.boards["empty"].received
