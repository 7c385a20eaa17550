"""Bench of the reinforcement: every draw's step, in the cycle that the rules give it."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from metaplast.golden_model.random_stream import RandomStream
from metaplast.hdl.planning.plan import FoldedLayer
from metaplast.sim.bench import Bench, bench

from ...folded_layers import FOLDED_LAYERS

COMMITS = 60


class Step(NamedTuple):
    """A counter to reinforce."""

    bank: int
    row: int
    column: int


def decode(folded: FoldedLayer, draw: int) -> Step | None:
    """The counter that a draw names, if it names one."""
    config = folded.config
    j = draw & (1 << config.neuron_bits) - 1
    i = draw >> config.neuron_bits & (1 << config.input_bits) - 1
    if j >= config.neurons or i >= config.inputs:
        return None
    bank, neuron = divmod(j, folded.bank_neurons)
    part, column = divmod(i, folded.plan.update_width)
    return Step(bank, neuron * folded.rows + part, column)


def issue(folded: FoldedLayer, draws: list[int]) -> Iterator[list[Step]]:
    """The steps of each cycle in turn, by the rules of the docstring."""
    before: list[Step] = []
    for first in range(0, len(draws), folded.plan.draws_per_cycle):
        together = [
            decode(folded, draw) for draw in draws[first : first + folded.plan.draws_per_cycle]
        ]
        steps = [step for step in together if step is not None]
        if folded.single_port:
            yield steps
            if steps:
                yield []
            continue
        cycles = [steps]
        if len(steps) == 2 and steps[0].bank == steps[1].bank:
            cycles = [steps[:1], steps[1:]]
        for cycle in cycles:
            if {step[:2] for step in cycle} & {step[:2] for step in before}:
                yield []
            yield cycle
            before = cycle


@bench
async def events(bench: Bench) -> None:
    """Steps come in their cycles, as many draws are taken as there are events, and it ends then."""
    folded, latency = FOLDED_LAYERS[bench.parameters["layer"]], bench.parameters["latency"]
    plan = folded.plan
    stream = RandomStream(bench.random.getrandbits(48), 2)
    ahead = [int(draw) for draw in stream.draws(2)]
    boards: dict[str, Any] = {name: bench.scoreboard(name) for name in ("reinforce", "done")}
    for name in ("rows", "columns"):
        boards[name] = bench.scoreboard(name, bench.ports[name]["element"])
    taken = 0

    def check(name: str, expected: int, got: int) -> None:
        boards[name].expect(expected)
        boards[name].receive(got, bench.cycle)

    async def cycle(steps: list[Step], *, start: int = 0, done: bool = False) -> None:
        nonlocal taken
        bench.write("start", start > 0)
        bench.write("events", start or bench.noise("events"))
        bench.write(
            "bits", sum(draw << 32 * n for n, draw in enumerate(ahead[: plan.draws_per_cycle]))
        )
        await bench.edge()
        if bench.bits("draw"):
            count = 1 if bench.bits("half") else plan.draws_per_cycle
            taken += count
            del ahead[:count]
            ahead.extend(int(draw) for draw in stream.draws(count))

        check("done", done, bench.bits("done"))
        check("reinforce", sum(1 << step.bank for step in steps), bench.bits("reinforce"))
        rows, columns = bench.read("rows"), bench.read("columns")
        for step in steps:
            check("rows", step.row, rows[step.bank])
            check("columns", step.column, columns[step.bank])

    for commit in range(COMMITS):
        count = commit + 1 if commit < 10 else bench.random.randint(1, 40)
        draws = [*ahead, *map(int, RandomStream.from_history(*stream.history).draws(count))][:count]
        taken = 0
        await cycle([], start=count)
        for _ in range(latency + 1):
            await cycle([])
        for steps in issue(folded, draws):
            await cycle(steps)
        await cycle([], done=True)
        assert taken == count, f"{taken} draws were taken for {count} events"
        for _ in range(bench.random.choice([0, 0, 1, 5])):
            await cycle([])
