# amaranth: UnusedElaboratable=no
"""The scores of the local classifier in gateware."""

from random import Random
from typing import Any

import pytest
from amaranth.sim import SimulatorContext

from metaplast.hdl.forward.local_scores import LocalScores
from metaplast.sim.bench import Flow

from ..streams import IDLE_FLOWS, StreamBench

PASSES = 25


def make_pass(scores: LocalScores, random: Random, number: int) -> list[dict[str, Any]]:
    """Transfers of a pass; in the first two, all neurons agree with the classifier, and none.

    If neurons can come singly, they do in every second pass, in any number; what is beyond the
    first of a transfer is noise.
    """
    width, classes = scores.width, scores.classes
    count = scores.neurons // width
    one = scores.singly and number % 2 == 1
    if scores.singly:
        count = random.randint(1, scores.neurons if one else count)
    transfers = []
    for n in range(count):
        activations = random.getrandbits(width)
        columns = [random.getrandbits(classes) for _ in range(width)]
        if number < 2:
            agreeing = (1 << classes) - 1
            columns = [agreeing * (activations >> j & 1 ^ number) for j in range(width)]
        last = n == count - 1
        transfers.append({"activations": activations, "columns": columns, "last": last})
        if scores.singly:
            transfers[-1]["one"] = one
    return transfers


def added(scores: list[int], transfer: dict[str, Any]) -> list[int]:
    """The scores with a transfer's neurons, plainly."""
    activations, columns = transfer["activations"], transfer["columns"]
    if transfer.get("one"):
        columns = columns[:1]
    return [
        score + sum(column >> c & 1 == activations >> j & 1 for j, column in enumerate(columns))
        for c, score in enumerate(scores)
    ]


def check_scores(component: LocalScores, flow: Flow, *, flip: bool = False) -> None:
    """Neurons are in the scores a fixed number of cycles later; then the scores leave in turn.

    In every third pass only some of them leave.
    """
    streams, latency = StreamBench(component, flow, flip=flip), component.latency
    sender, seen = streams.sender("i"), streams.watch("score", "done", "next")
    boards = {name: streams.scoreboard(name) for name in ("score", "done")}
    due: dict[int, dict[str, Any]] = {}  # transfers by the cycle in which they are in the scores
    cleared: list[int] = []

    async def bench(ctx: SimulatorContext) -> None:
        for number in range(PASSES):
            ctx.set(component.clear, 1)
            cleared.append(streams.cycle)
            await ctx.tick()
            ctx.set(component.clear, 0)
            transfers = make_pass(component, streams.random, number)
            cycles = await sender.send(ctx, transfers)
            if not flow.idle:
                assert cycles == list(range(cycles[0], cycles[0] + len(transfers)))
            due.update((n + latency, sent) for n, sent in zip(cycles, transfers, strict=True))
            await streams.ticks(ctx, latency - 1 + streams.pause(flow.idle))
            classes = component.classes
            for _ in range(classes if number % 3 else streams.random.randrange(classes)):
                ctx.set(component.next, 1)
                await ctx.tick()
                ctx.set(component.next, 0)
                await streams.ticks(ctx, streams.pause(flow.idle))
        await streams.ticks(ctx, 2)

        scores: list[int] = []
        for cycle in range(streams.cycle):
            transfer = due.get(cycle)
            boards["done"].expect(transfer is not None and transfer["last"])
            boards["done"].receive(seen["done"][cycle], cycle)
            if cycle - 1 in cleared:
                scores = [0] * component.classes
            elif transfer is not None:
                scores = added(scores, transfer)
            elif cycle and seen["next"][cycle - 1]:
                scores = scores[1:]
            if cycle > cleared[0] and scores:
                boards["score"].expect(scores[0])
                boards["score"].receive(seen["score"][cycle], cycle)

    streams.run(bench)
    assert sum(seen["done"]) == PASSES


@pytest.mark.parametrize("flow", IDLE_FLOWS)
@pytest.mark.parametrize(
    ("classes", "neurons", "width", "latency"), [(2, 3, 1, 2), (10, 40, 8, 3), (33, 6, 6, 2)]
)
def test_scores_are_right_and_on_time(
    classes: int, neurons: int, width: int, latency: int, flow: Flow
) -> None:
    scores = LocalScores(classes=classes, neurons=neurons, width=width)
    assert scores.latency == latency
    check_scores(scores, flow)


@pytest.mark.parametrize("flow", IDLE_FLOWS)
@pytest.mark.parametrize("width", [2, 4])
def test_neurons_can_come_singly(width: int, flow: Flow) -> None:
    check_scores(LocalScores(classes=5, neurons=12, width=width, singly=True), flow)


@pytest.mark.parametrize("flow", IDLE_FLOWS)
def test_the_check_notices_a_flipped_bit(flow: Flow) -> None:
    with pytest.raises(AssertionError, match=r"^\w+: item \d+, in cycle \d+: expected"):
        check_scores(LocalScores(classes=2, neurons=3, width=1), flow, flip=True)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"classes": 1}, "classes must be at least 2, not 1"),
        ({"neurons": 0}, "neurons must be at least 1, not 0"),
        ({"width": 0}, "width must be from 1 to 8, not 0"),
        ({"width": 9}, "width must be from 1 to 8, not 9"),
    ],
)
def test_parameters_out_of_range_are_refused(wrong: dict[str, Any], message: str) -> None:
    right = {"classes": 10, "neurons": 8, "width": 4}
    with pytest.raises(ValueError, match=message):
        LocalScores(**{**right, **wrong})
