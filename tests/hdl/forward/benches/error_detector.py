"""Bench of the error detector: scores with ties and leads around the margin, and the cycles."""

from typing import Any

from metaplast.sim.bench import Bench, stream_bench

from ...benches.watch import watch

RANDOM_CASES = 60
PATIENCE = 100


def make_cases(bench: Bench) -> list[tuple[list[int], int, int]]:
    """Scores, label and margin."""
    classes, neurons = bench.parameters["classes"], bench.parameters["neurons"]
    everyone = [bench.random.randrange(neurons) for _ in range(classes)]
    top, other = bench.random.sample(range(classes), 2)
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
        highest = bench.random.randint(0, neurons)
        scores = [bench.random.randint(highest // 2, highest) for _ in range(classes)]
        label = scores.index(max(scores))
        if bench.random.random() < 0.3:
            label = bench.random.randrange(classes)
        first, second = sorted(scores, reverse=True)[:2]
        margin = min(max(2 * (first - second) + bench.random.randint(-1, 2), 0), neurons)
        cases.append((scores, label, margin))
    return cases


def expected(scores: list[int], label: int, margin: int) -> dict[str, Any]:
    """Prediction and error bit, plainly."""
    first, second = sorted(scores, reverse=True)[:2]
    prediction = scores.index(first)
    error = prediction != label or 2 * (first - second) < margin
    return {"prediction": prediction, "error": error}


@stream_bench
async def errors(bench: Bench) -> None:
    """A result comes a fixed number of cycles after the scores, and stays until it is taken."""
    latency = bench.parameters["latency"]
    seen = watch(bench, "o__valid")
    monitor = bench.monitor("o")
    starts = []
    for scores, label, margin in make_cases(bench):
        for _ in range(bench.pause(bench.flow.idle)):
            bench.write("scores", bench.noise("scores"))
            bench.write("label", bench.noise("label"))
            await bench.edge()
        monitor.expect(expected(scores, label, margin))
        bench.write("start", 1)
        bench.write("scores", scores)
        bench.write("label", label)
        bench.write("margin", margin)
        await bench.edge()
        starts.append(bench.cycle)
        bench.write("start", 0)
        await bench.edges(bench.parameters["classes"])
        bench.write("scores", bench.noise("scores"))  # they are needed no more
        taken, waited = False, 0
        while not taken:
            await bench.edge()
            taken = bool(bench.bits("o__valid") and bench.bits("o__ready"))
            waited += 1
            assert waited < PATIENCE, "a result never comes"
    await bench.edge()

    valid = seen["o__valid"]
    rises = [n for n, now in enumerate(valid) if now and not (n and valid[n - 1])]
    bench.check_latency(starts, rises, latency)
    if not bench.flow.back_pressure:
        assert monitor.cycles == rises
        if not bench.flow.idle:
            assert starts == [n * (latency + 1) for n in range(len(starts))]
