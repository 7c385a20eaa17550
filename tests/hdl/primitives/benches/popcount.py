"""Bench of the popcount: a pair of words a cycle, each count a fixed number of cycles later."""

from metaplast.sim.bench import Bench, bench

PAIRS = 500


@bench
async def counts(bench: Bench) -> None:
    """Counts are the number of equal bits: of all pairs of short words, of many of long ones."""
    width, latency = bench.parameters["width"], bench.parameters["latency"]
    everything = (1 << width) - 1
    if width <= 4:
        pairs = [(a, b) for a in range(1 << width) for b in range(1 << width)]
    else:
        a = [bench.random.getrandbits(width) for _ in range(PAIRS)]
        pairs = [(x, x) for x in a[:2]] + [(x, x ^ everything) for x in a[2:4]]
        pairs += [(a[n % PAIRS], a[n % PAIRS] ^ 1 << n) for n in range(width)]
        pairs += [(x, bench.random.getrandbits(width)) for x in a]

    board = bench.scoreboard("count")
    for cycle in range(len(pairs) + latency):
        x, y = pairs[cycle] if cycle < len(pairs) else (bench.noise("a"), bench.noise("b"))
        bench.write("a", x)
        bench.write("b", y)
        await bench.edge()
        if cycle < len(pairs):
            board.expect(width - (x ^ y).bit_count())
        if cycle >= latency:
            board.receive(bench.bits("count"), bench.cycle)
    assert board.cycles == list(range(latency, latency + len(pairs)))
