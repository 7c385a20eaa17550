"""Bench of the memory of hidden weights: rows read as written, when, and for how long."""

from typing import Any

from metaplast.sim.bench import Bench, bench

CYCLES = 2000


@bench
async def rows(bench: Bench) -> None:
    """A row is there in the cycle after it is asked for, and stays as long as is promised."""
    rows, single_port = bench.parameters["rows"], bench.parameters["single_port"]
    addresses = [a for a in (*range(20), rows // 2, 16_383, 16_384, rows - 1) if a < rows]
    content: dict[int, Any] = {}
    board = bench.scoreboard("read_data")

    async def cycle(read: int | None, write: int | None) -> None:
        bench.write("read_enable", read is not None)
        bench.write("read_address", bench.random.randrange(rows) if read is None else read)
        bench.write("write_enable", write is not None)
        bench.write("write_address", bench.random.randrange(rows) if write is None else write)
        row = bench.noise("write_data")
        bench.write("write_data", row)
        await bench.edge()
        if write is not None:
            content[write] = row

    for address in addresses:
        await cycle(None, address)
    shown = None
    for _ in range(CYCLES):
        read = bench.random.choice([None, bench.random.choice(addresses)])
        write = bench.random.choice([None, bench.random.choice(addresses)])
        if read is not None and (single_port or read == write):
            write = None
        if read is not None:
            following = content[read]
        elif write is not None and single_port:
            following = None
        else:
            following = shown
        await cycle(read, write)
        if shown is not None:
            board.expect(shown)
            board.receive(bench.bits("read_data"), bench.cycle)
        shown = following

    if bench.parameters["violate"]:
        await cycle(addresses[0], addresses[-1] if single_port else addresses[0])
        await bench.edge()
