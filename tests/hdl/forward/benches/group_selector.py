"""Bench of the group selector: small distances and so ties, groups cut off by ``clear``."""

from typing import Any

from metaplast.sim.bench import Bench, stream_bench

from ...benches.watch import watch

GROUPS = 120

Neuron = tuple[int, int, int]
"""Activation, distance and desired activation."""


def choice(group: list[Neuron]) -> dict[str, Any]:
    """The choice of a group, plainly."""
    best = None
    for offset, (activation, distance, desired) in enumerate(group):
        if activation != desired and (best is None or distance < group[best][1]):
            best = offset
    if best is None:
        return {"found": 0, "offset": 0, "desired": 0}
    return {"found": 1, "offset": best, "desired": group[best][2]}


def make_group(bench: Bench) -> list[Neuron]:
    """The neurons of a group, few of them wrong, or many."""
    share_wrong = bench.random.choice((0.0, 0.2, 0.8, 1.0))
    nearest = bench.random.choice((0, max(0, bench.parameters["inputs"] - 2)))
    group = []
    for _ in range(bench.parameters["group"]):
        activation = bench.random.getrandbits(1)
        wrong = bench.random.random() < share_wrong
        distance = bench.random.randint(nearest, bench.parameters["inputs"])
        group.append((activation, distance, activation ^ wrong))
    return group


@stream_bench
async def groups(bench: Bench) -> None:
    """A group's choice leaves in time after its last neurons, the choice of a part of one never."""
    select = bench.parameters["select"]
    driver, seen = bench.driver("i"), watch(bench, "o__valid", "o__payload")
    board = bench.scoreboard("o__payload")

    async def send(neurons: list[Neuron]) -> int:
        steps = [neurons[n : n + select] for n in range(0, len(neurons), select)]
        cycles = await driver.send(
            {
                "activations": sum(a << n for n, (a, _, _) in enumerate(step)),
                "distances": [distance for _, distance, _ in step],
                "desired": sum(d << n for n, (_, _, d) in enumerate(step)),
            }
            for step in steps
        )
        return cycles[-1]

    ends = []
    for _ in range(GROUPS):
        group = make_group(bench)
        if bench.random.random() < 0.2:
            cut = bench.random.randrange(0, len(group), select)
            if cut:
                await send(group[:cut])
            bench.write("clear", 1)
            if bench.random.random() < 0.5:
                await send(group[cut : cut + select])
            else:
                await bench.edge()
            bench.write("clear", 0)
        board.expect(choice(group))
        ends.append(await send(group))
    await bench.edges(5)

    came = [cycle for cycle, valid in enumerate(seen["o__valid"]) if valid]
    for cycle in came:
        bits = seen["o__payload"][cycle]
        board.receive(
            bits if bits & 1 else 0, cycle
        )  # of no neuron, offset and activation say nothing
    bench.check_latency(ends, came, bench.parameters["latency"])
