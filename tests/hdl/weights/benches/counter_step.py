"""Bench of the counter step: rows of counters in all situations, stepped within the cycle."""

from itertools import product

from metaplast.sim.bench import Bench, bench

WIDE_SAMPLES = 500


@bench
async def rows(bench: Bench) -> None:
    """Every counter moves by one, saturating, or stays; a row a cycle."""
    bits, counters = bench.parameters["counter_bits"], bench.parameters["counters"]
    lowest, highest = -(1 << bits - 1), (1 << bits - 1) - 1
    counters = list(range(lowest, highest + 1))
    if bits > 8:
        around = [lowest, lowest + 1, -2, -1, 0, 1, highest - 1, highest]
        counters = around + bench.random.sample(counters, WIDE_SAMPLES)

    board = bench.scoreboard("o")
    count = 0
    for reinforce, desired in product((0, 1), repeat=2):
        situations = list(product(counters, (0, 1), (0, 1)))
        bench.random.shuffle(situations)
        situations += bench.random.choices(situations, k=-len(situations) % counters)
        for start in range(0, len(situations), counters):
            row = situations[start : start + counters]
            bench.write("i", [k for k, _, _ in row])
            bench.write(
                "enable", sum(enable << column for column, (_, enable, _) in enumerate(row))
            )
            bench.write("inputs", sum(x << column for column, (_, _, x) in enumerate(row)))
            bench.write("reinforce", reinforce)
            bench.write("desired", desired)
            await bench.edge()

            expected = []
            for k, enable, x in row:
                up = k >= 0 if reinforce else x == desired
                step = (1 if up else -1) if enable else 0
                expected.append(min(max(k + step, lowest), highest))
            board.expect(expected)
            board.receive(bench.bits("o"), bench.cycle)
            count += 1
    assert board.cycles == list(range(count))
