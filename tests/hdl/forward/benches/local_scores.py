"""Bench of the local scores: in every cycle the sum of what came through, and when it is done."""

from typing import Any

from metaplast.sim.bench import Bench, stream_bench

from ...benches.watch import watch

PASSES = 25


def make_pass(bench: Bench, number: int) -> list[dict[str, Any]]:
    """Transfers of a pass; in the first two, all neurons agree with the classifier, and none."""
    width, classes = bench.parameters["width"], bench.parameters["classes"]
    count = bench.parameters["neurons"] // width
    transfers = []
    for n in range(count):
        activations = bench.random.getrandbits(width)
        columns = [bench.random.getrandbits(classes) for _ in range(width)]
        if number < 2:
            agreeing = (1 << classes) - 1
            columns = [agreeing * (activations >> j & 1 ^ number) for j in range(width)]
        last = n == count - 1
        transfers.append({"activations": activations, "columns": columns, "last": last})
    return transfers


def added(scores: list[int], transfer: dict[str, Any]) -> list[int]:
    """The scores with a transfer's neurons, plainly."""
    activations, columns = transfer["activations"], transfer["columns"]
    return [
        score + sum(column >> c & 1 == activations >> j & 1 for j, column in enumerate(columns))
        for c, score in enumerate(scores)
    ]


@stream_bench
async def passes(bench: Bench) -> None:
    """Neurons are in the scores a fixed number of cycles later, and stand until all are cleared."""
    latency, classes = bench.parameters["latency"], bench.parameters["classes"]
    driver, seen = bench.driver("i"), watch(bench, "scores", "done")
    sent: list[dict[str, Any]] = []
    cycles: list[int] = []
    cleared: list[int] = []
    for number in range(PASSES):
        bench.write("clear", 1)
        await bench.edge()
        bench.write("clear", 0)
        cleared.append(bench.cycle)
        transfers = make_pass(bench, number)
        came = await driver.send(transfers)
        if not bench.flow.idle:
            assert came == list(range(came[0], came[0] + len(transfers)))
        sent += transfers
        cycles += came
        await bench.edges(latency + bench.pause(bench.flow.idle))
    await bench.edges(2)

    boards = {name: bench.scoreboard(name) for name in ("scores", "done")}
    due = {cycle + latency: transfer for cycle, transfer in zip(cycles, sent, strict=True)}
    scores: list[int] = []
    for cycle in range(cleared[0] + 1, bench.cycle):
        transfer = due.get(cycle)
        if cycle - 1 in cleared:
            scores = [0] * classes
        elif transfer is not None:
            scores = added(scores, transfer)
        boards["scores"].expect(scores)
        boards["scores"].receive(seen["scores"][cycle], cycle)
    for cycle in range(bench.cycle):
        transfer = due.get(cycle)
        boards["done"].expect(transfer is not None and transfer["last"])
        boards["done"].receive(seen["done"][cycle], cycle)
    assert sum(seen["done"]) == PASSES
