# amaranth: UnusedElaboratable=no
"""The local prediction and the error bit in gateware."""

from collections.abc import Sequence
from random import Random
from typing import Any

import pytest
from amaranth.sim import SimulatorContext

from metaplast.hdl.forward.error_detector import ErrorDetector
from metaplast.sim.bench import Flow

from ..streams import StreamBench, check_latency

RANDOM_CASES = 20


def make_cases(classes: int, neurons: int, random: Random) -> list[tuple[list[int], int, int]]:
    """Scores, label and margin."""
    everyone = [random.randrange(neurons) for _ in range(classes)]
    top, other = random.sample(range(classes), 2)
    cases = []
    # One class leads by 0, by 1 and by all; the label is the leader, one that ties, or no class.
    for lead in {0, 1, neurons}:
        scores = [min(score, neurons - lead) for score in everyone]
        scores[top], scores[other] = neurons, neurons - lead
        for label in (top, other, 255):
            margins = {min(max(2 * lead + d, 0), neurons) for d in (-1, 0, 1)}
            cases += [(scores, label, margin) for margin in (0, neurons, *margins)]
    cases.append(([0] * classes, 0, 0))
    cases.append(([neurons] * classes, 0, 1))
    for _ in range(RANDOM_CASES):
        highest = random.randint(0, neurons)
        scores = [random.randint(highest // 2, highest) for _ in range(classes)]
        label = scores.index(max(scores))
        if random.random() < 0.3:
            label = random.randrange(classes)
        first, second = sorted(scores, reverse=True)[:2]
        margin = min(max(2 * (first - second) + random.randint(-1, 2), 0), neurons)
        cases.append((scores, label, margin))
    return cases


def expected(scores: list[int], label: int, margin: int) -> dict[str, Any]:
    """Prediction and error bit, plainly."""
    first, second = sorted(scores, reverse=True)[:2]
    prediction = scores.index(first)
    error = prediction != label or 2 * (first - second) < margin
    return {"prediction": prediction, "error": error}


def check_errors(
    detector: ErrorDetector, flow: Flow, networks: Sequence[int] = (), *, flip: bool = False
) -> None:
    """A result comes a fixed number of cycles after the start, and stays until it is taken.

    The scores come in successive cycles. The classes of each case are the next of ``networks``.
    """
    streams = StreamBench(detector, flow, flip=flip)
    results, seen = streams.collector("o"), streams.watch("o.valid")
    cases = []
    for classes in networks or [detector.classes]:
        made = make_cases(classes, detector.neurons, streams.random)
        cases += made[:: 1 + classes // 40 + 2 * bool(networks)]
    streams.random.shuffle(cases)
    results.expect(*(expected(*case) for case in cases))
    starts, latencies = [], []

    async def bench(ctx: SimulatorContext) -> None:
        for number, (scores, label, margin) in enumerate(cases):
            for _ in range(streams.pause(flow.idle)):
                streams.set_noise(ctx, detector.score, detector.label)
                await ctx.tick()
            ctx.set(detector.start, 1)
            classes = len(scores)
            if networks:
                ctx.set(detector.last_class, classes - 1)
            ctx.set(detector.label, label)
            ctx.set(detector.margin, margin)
            starts.append(streams.cycle)
            latencies.append(classes + 2)
            for c, score in enumerate(scores):
                ctx.set(detector.score, score)
                assert c == 0 or ctx.get(detector.next)
                await ctx.tick()
                ctx.set(detector.start, 0)
            for _ in range(2):
                streams.set_noise(ctx, detector.score)  # it is needed no more
                await ctx.tick()
            await streams.wait_for(
                ctx, f"o: result {number}", lambda number=number: len(results.received) > number
            )

    streams.run(bench)
    valid = seen["o.valid"]
    rises = [n for n, now in enumerate(valid) if now and not (n and valid[n - 1])]
    ends = [start + latency for start, latency in zip(starts, latencies, strict=True)]
    check_latency(ends, rises, 0)
    if not flow.back_pressure:
        assert results.cycles == rises
        if not flow.idle:
            assert starts == [sum(latencies[:n]) + n for n in range(len(starts))]


@pytest.mark.parametrize("flow", Flow)
@pytest.mark.parametrize(("classes", "neurons"), [(2, 1), (5, 16), (11, 33), (256, 3)])
def test_errors_are_right_and_on_time(classes: int, neurons: int, flow: Flow) -> None:
    detector = ErrorDetector(classes=classes, neurons=neurons)
    assert detector.latency == classes + 2
    check_errors(detector, flow)


@pytest.mark.parametrize("flow", Flow)
def test_classes_are_set_at_run_time(flow: Flow) -> None:
    detector = ErrorDetector(classes=11, neurons=16)
    check_errors(detector, flow, [2, 11, 3, 10, 7])


@pytest.mark.parametrize("flow", Flow)
def test_the_check_notices_a_flipped_bit(flow: Flow) -> None:
    with pytest.raises(AssertionError, match=r"^o: item \d+, in cycle \d+: expected"):
        check_errors(ErrorDetector(classes=5, neurons=16), flow, flip=True)


@pytest.mark.parametrize("classes", [1, 257])
def test_there_are_2_to_256_classes(classes: int) -> None:
    with pytest.raises(ValueError, match=f"classes must be from 2 to 256, not {classes}"):
        ErrorDetector(classes=classes, neurons=8)


def test_a_layer_has_a_neuron() -> None:
    with pytest.raises(ValueError, match="neurons must be at least 1, not 0"):
        ErrorDetector(classes=2, neurons=0)
