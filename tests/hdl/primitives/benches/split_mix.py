"""Bench of the seeder: histories against the model's, and how long each takes."""

from metaplast.golden_model.random_stream import RandomStream
from metaplast.sim.bench import Bench, Flow, stream_bench


@stream_bench
async def histories(bench: Bench) -> None:
    """A stream starts as the model's does, a fixed number of cycles after its seed."""
    latency = bench.parameters["latency"]
    driver, monitor = bench.driver("i"), bench.monitor("o")
    seeds = [
        {"seed": 0, "id": 0},
        {"seed": (1 << 48) - 1, "id": (1 << 16) - 1},
        *(bench.noise("i__payload") for _ in range(2)),
    ]
    for seed in seeds:
        low, high = RandomStream(seed["seed"], seed["id"]).history
        words = (low | high << 64) << 1
        monitor.expect(*(words >> 32 * n & 0xFFFFFFFF for n in range(4)))
    await driver.send(seeds)
    await bench.drain()

    if bench.flow is Flow.STEADY:
        half = latency + 2
        first = [latency + n * half for n in range(2 * len(seeds))]
        assert monitor.cycles == [cycle + n for cycle in first for n in range(2)]
