"""Bench of the seeder: histories against the model's, and how long each takes."""

from metaplast.golden_model.stream import BitStream
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
        low, high = BitStream(seed["seed"], seed["id"]).history
        monitor.expect(low | high << 64)
    await driver.send(seeds)
    await bench.drain()

    if bench.flow is Flow.STEADY:
        assert monitor.cycles == [latency + n * (latency + 1) for n in range(len(seeds))]
