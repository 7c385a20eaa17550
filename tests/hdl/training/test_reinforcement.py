"""The events of a commit."""

from collections.abc import Iterator, Sequence
from random import Random
from typing import Any

import pytest
from amaranth.sim import SimulatorContext

from metaplast.golden_model.random_stream import RandomStream
from metaplast.hdl.planning.plan import FoldedLayer
from metaplast.hdl.training.reinforcement import Reinforcement

from ..folded_layers import FOLDED_LAYERS
from ..placed_layers import ENGINES, random_layers, shape_of
from ..streams import StreamBench
from .draws import Place, place_of

COMMITS = 30


def issue(folded: FoldedLayer, draws: list[int]) -> Iterator[list[Place]]:
    """The steps of each cycle in turn, by the rules of the docstring."""
    before: list[Place] = []
    for first in range(0, len(draws), folded.plan.draws_per_cycle):
        together = [
            place_of(folded, draw) for draw in draws[first : first + folded.plan.draws_per_cycle]
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


def check_events(
    folded: FoldedLayer,
    layers: Sequence[FoldedLayer] = (),
    *,
    flip: bool = False,
    later: int = 0,
) -> None:
    """Commit: steps come in their cycles, and as many draws are taken as there are events.

    Each commit is for the next of ``layers``; if there are none, the shape is not set.
    """
    plan, component = folded.plan, Reinforcement(folded)
    streams = StreamBench(component, flip=flip)
    random, latency = streams.random, component.decode + later
    stream = RandomStream(random.getrandbits(48), 2)
    ahead = [int(draw) for draw in stream.draws(2)]
    boards: dict[str, Any] = {name: streams.scoreboard(name) for name in ("reinforce", "done")}
    for name in ("rows", "columns"):
        boards[name] = streams.scoreboard(name, getattr(component, name).shape().elem_shape)
    taken = 0

    def check(name: str, expected: int, got: int) -> None:
        boards[name].expect(expected)
        boards[name].receive(got, streams.cycle)

    async def cycle(
        ctx: SimulatorContext, steps: list[Place], *, start: int = 0, done: bool = False
    ) -> None:
        nonlocal taken
        ctx.set(component.start, start > 0)
        ctx.set(component.events, start or random.getrandbits(32))
        ctx.set(
            component.bits,
            sum(draw << 32 * n for n, draw in enumerate(ahead[: plan.draws_per_cycle])),
        )
        if ctx.get(component.draw):
            count = 1 if ctx.get(component.half) else plan.draws_per_cycle
            taken += count
            del ahead[:count]
            ahead.extend(int(draw) for draw in stream.draws(count))

        check("done", done, ctx.get(component.done))
        reinforced = sum(1 << step.bank for step in steps)
        check("reinforce", reinforced, ctx.get(component.reinforce))
        for step in steps:
            check("rows", step.row, ctx.get(component.rows[step.bank]))
            check("columns", step.column, ctx.get(component.columns[step.bank]))
        await ctx.tick()

    async def bench(ctx: SimulatorContext) -> None:
        nonlocal taken
        for commit in range(COMMITS):
            layer = folded
            if layers:
                layer = layers[commit % len(layers)]
                ctx.set(component.shape, shape_of(layer))
            count = commit + 1 if commit < 10 else random.randint(1, 40)
            following = RandomStream.from_history(*stream.history).draws(count)
            draws = [*ahead, *map(int, following)][:count]
            taken = 0
            await cycle(ctx, [], start=count)
            for _ in range(latency + 1):
                await cycle(ctx, [])
            for steps in issue(layer, draws):
                await cycle(ctx, steps)
            await cycle(ctx, [], done=True)
            assert taken == count, f"{taken} draws were taken for {count} events"
            for _ in range(random.choice([0, 0, 1, 5])):
                await cycle(ctx, [])

    streams.run(bench)


@pytest.mark.parametrize("layer", FOLDED_LAYERS)
def test_steps_are_the_draws_and_on_time(layer: str) -> None:
    check_events(FOLDED_LAYERS[layer])


@pytest.mark.parametrize("name", ENGINES)
def test_layers_are_set_at_run_time(name: str) -> None:
    check_events(ENGINES[name], random_layers(ENGINES[name], Random(6), 6))


def test_the_check_notices_a_flipped_bit() -> None:
    with pytest.raises(AssertionError, match=r"^\w+: item \d+, in cycle \d+: expected"):
        check_events(FOLDED_LAYERS["two banks"], flip=True)


def test_the_check_notices_a_wrong_latency() -> None:
    with pytest.raises(AssertionError, match=r"^\w+: item \d+, in cycle \d+: expected"):
        check_events(FOLDED_LAYERS["two banks"], later=1)
