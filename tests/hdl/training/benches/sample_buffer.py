"""Bench of the sample buffer: one who writes, one who preloads, one who fetches, at any rates."""

from collections import deque

from metaplast.sim.bench import Bench, bench

from ...folded_layers import FOLDED_LAYERS

CYCLES = 400
RATES = (
    {"write": 1.0, "preload": 1.0, "fetch": 1.0, "release": 1.0},
    {"write": 1.0, "preload": 1.0, "fetch": 0.1, "release": 0.3},  # mostly full
    {"write": 0.3, "preload": 1.0, "fetch": 0.8, "release": 1.0},  # mostly empty
    {"write": 0.7, "preload": 0.3, "fetch": 0.9, "release": 0.7},
)


@bench
async def samples(bench: Bench) -> None:
    """Words come out as they went in, when they should, and the buffer knows what it holds."""
    folded = FOLDED_LAYERS[bench.parameters["layer"]]
    words, width = folded.sample_words, folded.plan.input_width
    buffers = folded.plan.sample_buffers
    last_bits = folded.config.inputs - (words - 1) * width
    held: deque[list[int]] = deque()  # whole samples, the oldest first
    coming: list[int] = []
    preloaded = 0  # words of the held samples
    fetched: int | None = None  # words of the oldest, after the first
    asked: int | None = None  # the word that was read in the cycle before

    names = ("last_write", "full", "empty", "preloaded", "word")
    boards = {name: bench.scoreboard(name) for name in names}

    def check(name: str, value: int) -> None:
        boards[name].expect(value)
        boards[name].receive(bench.bits(name), bench.cycle)

    for rates in RATES:
        for _ in range(CYCLES):
            wants = {name: bench.random.random() < rate for name, rate in rates.items()}
            write = wants["write"] and len(held) < buffers
            # Readers come when a sample is whole; the update after the forward pass.
            preload = wants["preload"] and preloaded < len(held) * words
            evaluated = preloaded >= words
            fetch = wants["fetch"] and evaluated and fetched != words
            first = fetch and (fetched is None or bench.random.random() < 0.1)
            release = wants["release"] and evaluated and not fetch

            cancel = not write and bench.random.random() < 0.1

            bits = bench.noise("bits")
            bench.write("write", write)
            bench.write("cancel", cancel)
            bench.write("bits", bits)
            bench.write("preload", preload)
            bench.write("fetch", fetch)
            bench.write("fetch_first", first)
            bench.write("release", release)
            await bench.edge()

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

    # What was asked for last is not asked for again.
    for name in ("write", "preload", "fetch", "fetch_first", "release"):
        bench.write(name, 0)

    for value in (0, 1):
        assert value in boards["full"].received
        assert value in boards["empty"].received
