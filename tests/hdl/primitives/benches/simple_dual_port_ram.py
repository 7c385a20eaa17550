"""Bench of the memory whose rows are never read and written in one cycle."""

from typing import Any

from metaplast.sim.bench import Bench, bench

CYCLES = 2000


@bench
async def rows(bench: Bench) -> None:
    """A row is there in the cycle after it is asked for, and stays until the next one is."""
    rows, granularity = bench.parameters["rows"], bench.parameters["granularity"]
    addresses = list(range(min(rows, 20)))
    content: dict[int, Any] = {}
    board = bench.scoreboard("read_data")

    async def cycle(read: int | None, write: int | None, parts: int) -> None:
        bench.write("read_enable", read is not None)
        bench.write("read_address", bench.random.randrange(rows) if read is None else read)
        bench.write("write_enable", 0 if write is None else parts)
        bench.write("write_address", bench.random.randrange(rows) if write is None else write)
        row = bench.noise("write_data")
        bench.write("write_data", row)
        await bench.edge()
        if write is not None:
            mask = -1
            if granularity:
                part = (1 << granularity) - 1
                mask = sum(part << n * granularity for n in range(8) if parts >> n & 1)
            content[write] = content.get(write, 0) & ~mask | row & mask

    whole = (1 << bench.ports["write_enable"]["width"]) - 1
    for address in addresses:
        await cycle(None, address, whole)
    shown = None
    for _ in range(CYCLES):
        read = bench.random.choice([None, bench.random.choice(addresses)])
        write = bench.random.choice([None, bench.random.choice(addresses)])
        if read is not None and read == write:
            write = None
        following = shown if read is None else content[read]
        await cycle(read, write, bench.random.randint(1, whole))
        if shown is not None:
            board.expect(shown)
            board.receive(bench.bits("read_data"), bench.cycle)
        shown = following

    if bench.parameters["violate"]:
        await cycle(addresses[0], addresses[0], whole)
        await bench.edge()
