"""Bench of the stage of a pipeline."""

from typing import Any

from metaplast.sim.bench import Bench, Flow, stream_bench

ITEMS = 30


def negated(item: dict[str, Any]) -> dict[str, Any]:
    """The stage's result for an item; −(−32) does not fit and is unchanged."""
    return {**item, "value": item["value"] if item["value"] == -32 else -item["value"]}


@stream_bench
async def items(bench: Bench) -> None:
    """Items come negated, in order, and in the next cycle without back-pressure."""
    driver, monitor = bench.driver("i"), bench.monitor("o")
    items = [bench.noise("i__payload") for _ in range(ITEMS)]
    monitor.expect(*map(negated, items[: ITEMS - bench.parameters.get("unexpected", 0)]))
    sent = await driver.send(items)
    await bench.drain(patience=100)
    bench.report({"flow": bench.flow.name, "cycles": bench.cycle})
    await bench.finish()
    if bench.flow in (Flow.STEADY, Flow.IDLE):
        bench.check_latency(sent, monitor.cycles, bench.parameters.get("latency", 1))
    if bench.flow is Flow.STEADY:
        assert sent == list(range(ITEMS))
