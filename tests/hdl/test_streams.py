# amaranth: UnusedElaboratable=no
"""The helpers of these tests: they pass a sound design, and notice each fault."""

from typing import Any

import pytest
from amaranth.hdl import Elaboratable, Module
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out
from amaranth.sim import SimulatorContext

from metaplast.sim.bench import Flow

from ..sim.stage import Fault, Stage
from .simulate import simulate
from .streams import StreamBench, check_latency

ITEMS = 30
ITEM = data.StructLayout({"value": 6, "tags": 6})


class Deaf(wiring.Component):
    """A component that takes no item, and gives none."""

    i: In(stream.Signature(ITEM))
    o: Out(stream.Signature(ITEM))

    def elaborate(self, platform: object) -> Elaboratable:
        return Module()


def negated(item: dict[str, Any]) -> dict[str, Any]:
    """The item that the stage makes; −(−32) does not fit and stays."""
    return {**item, "value": item["value"] if item["value"] == -32 else -item["value"]}


def check_stage(
    stage: Stage, flow: Flow, *, expected: int = ITEMS, flip: bool = False, latency: int = 1
) -> None:
    """Send items through a stage; expect some of them."""
    streams = StreamBench(stage, flow, flip=flip)
    sender, collector = streams.sender("i"), streams.collector("o")
    items = [streams.noise(stage.i.p) for _ in range(max(ITEMS, expected))]
    collector.expect(*map(negated, items[:expected]))

    async def bench(ctx: SimulatorContext) -> None:
        await sender.send(ctx, items[:ITEMS])

    streams.run(bench)
    if not flow.back_pressure:
        check_latency(sender.cycles, collector.cycles, latency)
    if flow is Flow.STEADY:
        assert sender.cycles == list(range(ITEMS))
    else:
        assert max(sender.cycles) > ITEMS


@pytest.mark.parametrize("flow", Flow)
def test_a_sound_design_passes_however_its_streams_flow(flow: Flow) -> None:
    check_stage(Stage(), flow)


@pytest.mark.parametrize("flow", [Flow.BACK_PRESSURE, Flow.IDLE_AND_BACK_PRESSURE])
@pytest.mark.parametrize(
    ("fault", "message"),
    [
        (Fault.WRONG, r"^o: item \d+, in cycle \d+: expected {'value': .*}, got {'value': "),
        (Fault.DROPS, r"^o: item \d+, in cycle \d+: expected"),
        (Fault.REPEATS, r"^o: item 4, in cycle \d+: expected"),
        (Fault.WITHDRAWS, r"^o: item \d+, in cycle \d+: withdrawn before it was taken"),
        (Fault.CHANGES, r"^o: item \d+, in cycle \d+: expected .* as offered before, got "),
    ],
)
def test_a_faulty_design_is_noticed(fault: Fault, message: str, flow: Flow) -> None:
    with pytest.raises(AssertionError, match=message):
        check_stage(Stage(fault), flow)


@pytest.mark.parametrize("flow", [Flow.BACK_PRESSURE, Flow.IDLE_AND_BACK_PRESSURE])
def test_a_design_that_waits_for_ready_is_noticed(flow: Flow) -> None:
    with pytest.raises(TimeoutError, match=r"^i: ready for item \d+: not within 2,000 cycles$"):
        check_stage(Stage(Fault.WAITS), flow)


@pytest.mark.parametrize("flow", Flow)
@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"expected": ITEMS - 1}, r"^o: after the 29 expected items came {.*}, in cycle \d+$"),
        ({"expected": ITEMS + 2}, "^o: 2 of 32 expected items never came$"),
        ({"flip": True}, r"^o: item \d+, in cycle \d+: expected {.*}, got {.*}$"),
        ({"expected": 0}, "(?m)^the bench expected nothing$"),
    ],
)
def test_a_wrong_expectation_is_noticed(wrong: dict[str, Any], message: str, flow: Flow) -> None:
    with pytest.raises(AssertionError, match=message):
        check_stage(Stage(), flow, **wrong)


def test_a_wrong_latency_is_noticed() -> None:
    with pytest.raises(AssertionError, match=r"(?m)^item 0 took 1 cycles, not 2$"):
        check_stage(Stage(), Flow.STEADY, latency=2)
    with pytest.raises(AssertionError, match=r"(?m)^2 items were sent, 1 came$"):
        check_latency([1, 2], [2], 1)


def test_a_wait_has_a_limit_and_names_its_event() -> None:
    streams = StreamBench(Deaf())
    sender = streams.sender("i")

    async def send(ctx: SimulatorContext) -> None:
        await sender.send(ctx, [0])

    async def wait(ctx: SimulatorContext) -> None:
        await streams.wait_for(ctx, "o: an item", lambda: ctx.get(streams.component.o.valid))

    async def wait_long(ctx: SimulatorContext) -> None:
        while not ctx.get(streams.component.o.valid):
            await ctx.tick()

    with pytest.raises(TimeoutError, match=r"^i: ready for item 0: not within 2,000 cycles$"):
        streams.run(send)
    with pytest.raises(TimeoutError, match=r"^o: an item: not within 2,000 cycles$"):
        streams.run(wait)
    with pytest.raises(TimeoutError, match=r"^the end of the bench: not within 300 cycles$"):
        streams.run(wait_long, limit=300)
    with pytest.raises(TimeoutError, match=r"^an item of o: not within 300 cycles$"):
        simulate(Deaf(), wait_long, limit=300, waits_for="an item of o")
