"""The samples inside a layer."""

from collections import deque

import pytest
from amaranth.sim import SimulatorContext

from metaplast.hdl.training.sample_buffer import SampleBuffer

from ..folded_layers import FOLDED_LAYERS
from ..streams import StreamBench

CYCLES = 250
RATES = (
    {"write": 1.0, "preload": 1.0, "fetch": 1.0, "release": 1.0},
    {"write": 1.0, "preload": 1.0, "fetch": 0.1, "release": 0.3},  # mostly full
    {"write": 0.3, "preload": 1.0, "fetch": 0.8, "release": 1.0},  # mostly empty
    {"write": 0.7, "preload": 0.3, "fetch": 0.9, "release": 0.7},
)


def check_words(layer: str, *, flip: bool = False) -> None:
    """Write, preload and fetch at several rates: words come out as they went in, and on time."""
    folded = FOLDED_LAYERS[layer]
    buffer = SampleBuffer(folded)
    streams = StreamBench(buffer, flip=flip)
    random = streams.random
    words, width = folded.sample_words, folded.plan.input_width
    buffers = folded.plan.sample_buffers
    last_bits = folded.config.inputs - (words - 1) * width
    names = ("last_write", "full", "empty", "preloaded", "word")
    boards = {name: streams.scoreboard(name) for name in names}

    async def bench(ctx: SimulatorContext) -> None:
        held: deque[list[int]] = deque()  # whole samples, the oldest first
        coming: list[int] = []
        preloaded = 0  # words of the held samples
        fetched: int | None = None  # words of the oldest, after the first
        asked: int | None = None  # the word that was read in the cycle before

        def check(name: str, value: int) -> None:
            boards[name].expect(value)
            boards[name].receive(ctx.get(getattr(buffer, name)), streams.cycle)

        for rates in (rates for rates in RATES for _ in range(CYCLES)):
            wants = {name: random.random() < rate for name, rate in rates.items()}
            write = wants["write"] and len(held) < buffers
            # Readers come when a sample is whole; the update after the forward pass.
            preload = wants["preload"] and preloaded < len(held) * words
            evaluated = preloaded >= words
            fetch = wants["fetch"] and evaluated and fetched != words
            first = fetch and (fetched is None or random.random() < 0.1)
            release = wants["release"] and evaluated and not fetch
            cancel = not write and random.random() < 0.1
            bits = random.getrandbits(width)
            ctx.set(buffer.write, write)
            ctx.set(buffer.cancel, cancel)
            ctx.set(buffer.bits, bits)
            ctx.set(buffer.preload, preload)
            ctx.set(buffer.fetch, fetch)
            ctx.set(buffer.fetch_first, first)
            ctx.set(buffer.release, release)

            check("last_write", len(coming) == words - 1)
            check("full", len(held) == buffers)
            check("empty", not held and not coming)
            check("preloaded", preload and not fetch)
            if asked is not None:
                check("word", asked)

            asked = None
            if fetch:
                fetched = 0 if first or fetched is None else fetched
                asked = held[0][fetched]
                fetched += 1
            elif preload:
                asked = held[preloaded // words][preloaded % words]
                preloaded += 1
            if release:
                held.popleft()
                preloaded -= words
                fetched = None
            if cancel:
                coming = []
            if write:
                last = len(coming) == words - 1
                coming.append(bits & (1 << last_bits) - 1 if last else bits)
                if last:
                    held.append(coming)
                    coming = []
            await ctx.tick()

        # The last requests are not repeated.
        for name in ("write", "preload", "fetch", "fetch_first", "release"):
            ctx.set(getattr(buffer, name), 0)

    streams.run(bench)
    for value in (0, 1):
        assert value in boards["full"].received
        assert value in boards["empty"].received


@pytest.mark.parametrize("layer", FOLDED_LAYERS)
def test_words_come_out_as_they_went_in(layer: str) -> None:
    check_words(layer)


def test_the_check_notices_a_flipped_bit() -> None:
    with pytest.raises(AssertionError, match=r"^\w+: item \d+, in cycle \d+: expected"):
        check_words("two banks", flip=True)
