"""Bench of the UART transmitter: the line, cycle by cycle."""

from metaplast.sim.bench import Bench, bench, stream_bench

BYTES = 40


async def send(bench: Bench, values: list[int]) -> list[int]:
    """Send bytes, find the line right in every cycle, and tell when they were taken."""
    clocks = bench.parameters["clocks_per_bit"]
    line = bench.scoreboard("tx")
    driver = bench.driver("i")
    sending = bench.start(driver.send(values))
    first = bench.cycle + 1
    while not sending.done():
        await bench.edge()
        line.receive(bench.bits("tx"), bench.cycle)
    for _ in range(12 * clocks):
        await bench.edge()
        line.receive(bench.bits("tx"), bench.cycle)

    levels = [1] * (bench.cycle + 1)
    for byte, taken in zip(values, driver.cycles, strict=True):
        bits = [0, *(byte >> bit & 1 for bit in range(8)), 1]
        levels[taken + 1 : taken + 1 + 10 * clocks] = [b for b in bits for _ in range(clocks)]
    line.expect(*levels[first:])
    return driver.cycles


@stream_bench
async def bytes_go(bench: Bench) -> None:
    """Each is on the line from the cycle after it was taken on."""
    await send(bench, [0x00, 0xFF, 0x55, *bench.random.choices(range(256), k=BYTES)])


@bench
async def without_a_gap(bench: Bench) -> None:
    """Ten bits after a byte the next one is taken."""
    cycles = await send(bench, bench.random.choices(range(256), k=BYTES))
    bench.check_latency(cycles[:-1], cycles[1:], 10 * bench.parameters["clocks_per_bit"])
