# amaranth: UnusedElaboratable=no
"""The choice of a group's neuron in gateware."""

from collections.abc import Sequence
from random import Random
from typing import Any, NamedTuple

import pytest
from amaranth.hdl import Value
from amaranth.sim import SimulatorContext

from metaplast.hdl.forward.group_selector import GroupSelector
from metaplast.sim.bench import Flow

from ..streams import IDLE_FLOWS, StreamBench, check_latency

GROUPS = 80

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


class Shape(NamedTuple):
    """Neurons of a group, and whether they come one by one."""

    group: int
    one: bool


def make_group(selector: GroupSelector, size: int, random: Random) -> list[Neuron]:
    """The neurons of a group, few of them wrong, or many."""
    share_wrong = random.choice((0.0, 0.2, 0.8, 1.0))
    nearest = random.choice((0, max(0, selector.inputs - 2)))
    group = []
    for _ in range(size):
        activation = random.getrandbits(1)
        wrong = random.random() < share_wrong
        distance = random.randint(nearest, selector.inputs)
        group.append((activation, distance, activation ^ wrong))
    return group


def check_choices(
    selector: GroupSelector, flow: Flow, shapes: Sequence[Shape] = (), *, flip: bool = False
) -> None:
    """A group's choice leaves in time after its last neurons, the choice of a part of one never.

    Each group has the next shape; if there are none, the shape is not set.
    """
    streams = StreamBench(selector, flow, flip=flip)
    random, neurons_in, choices = (
        streams.random,
        streams.sender("i"),
        streams.scoreboard("o", selector.o.p.shape()),
    )
    ends: list[int] = []

    async def collect(ctx: SimulatorContext) -> None:
        while True:
            *_, valid, bits = await ctx.tick().sample(selector.o.valid, Value.cast(selector.o.p))
            if valid:  # of no neuron, offset and activation say nothing
                choices.receive(bits if bits & 1 else 0, streams.cycle - 1)

    def transfer(step: list[Neuron], one: bool) -> dict[str, Any]:
        """A transfer of neurons; behind a neuron that comes alone is noise."""
        step = [*step, *(make_group(selector, selector.select - 1, random) if one else [])]
        return {
            "activations": sum(a << n for n, (a, _, _) in enumerate(step)),
            "distances": [distance for _, distance, _ in step],
            "desired": sum(d << n for n, (_, _, d) in enumerate(step)),
            **({"one": one} if selector.singly else {}),
        }

    async def send(ctx: SimulatorContext, neurons: list[Neuron], shape: Shape) -> int:
        count = 1 if shape.one else selector.select
        steps = [neurons[n : n + count] for n in range(0, len(neurons), count)]
        cycles = await neurons_in.send(ctx, [transfer(step, shape.one) for step in steps])
        return cycles[-1]

    async def bench(ctx: SimulatorContext) -> None:
        for number in range(GROUPS):
            shape = Shape(selector.group, False)
            if shapes:
                shape = shapes[number % len(shapes)]
            select = 1 if shape.one else selector.select
            if shapes:
                ctx.set(selector.shape.group_steps, shape.group // select)
            group = make_group(selector, shape.group, random)
            if random.random() < 0.2:
                cut = random.randrange(0, len(group), select)
                if cut:
                    await send(ctx, group[:cut], shape)
                ctx.set(selector.clear, 1)
                if random.random() < 0.5:
                    await send(ctx, group[cut : cut + select], shape)
                else:
                    await ctx.tick()
                ctx.set(selector.clear, 0)
            choices.expect(choice(group))
            ends.append(await send(ctx, group, shape))

    streams.beside(collect)
    streams.run(bench)
    check_latency(ends, choices.cycles, selector.latency)


@pytest.mark.parametrize("flow", IDLE_FLOWS)
@pytest.mark.parametrize(
    ("inputs", "group", "select", "latency"),
    [(1, 1, 1, 1), (9, 6, 3, 2), (20, 8, 1, 1), (5, 4, 4, 2)],
)
def test_choices_are_right_and_on_time(
    inputs: int, group: int, select: int, latency: int, flow: Flow
) -> None:
    selector = GroupSelector(inputs=inputs, group=group, select=select)
    assert selector.latency == latency
    check_choices(selector, flow)


@pytest.mark.parametrize("flow", IDLE_FLOWS)
@pytest.mark.parametrize("select", [1, 2, 4])
def test_groups_are_set_at_run_time(select: int, flow: Flow) -> None:
    selector = GroupSelector(inputs=24, group=12, select=select, singly=select > 1)
    together = [Shape(group, False) for group in range(select, 13, select)]
    singly = [Shape(group, True) for group in range(1, 13)] if select > 1 else []
    shapes = together + singly
    Random(select).shuffle(shapes)
    check_choices(selector, flow, shapes)


@pytest.mark.parametrize("flow", IDLE_FLOWS)
def test_the_check_notices_a_flipped_bit(flow: Flow) -> None:
    with pytest.raises(AssertionError, match=r"^o: item \d+, in cycle \d+: expected"):
        check_choices(GroupSelector(inputs=9, group=6, select=3), flow, flip=True)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"inputs": 0}, "inputs must be at least 1, not 0"),
        ({"group": 0}, "group must be at least 1, not 0"),
        ({"select": 0}, "select must divide the group of 6, not be 0"),
        ({"select": 4}, "select must divide the group of 6, not be 4"),
    ],
)
def test_parameters_out_of_range_are_refused(wrong: dict[str, Any], message: str) -> None:
    right = {"inputs": 9, "group": 6, "select": 3}
    with pytest.raises(ValueError, match=message):
        GroupSelector(**{**right, **wrong})
