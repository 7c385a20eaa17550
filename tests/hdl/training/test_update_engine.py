"""The walk through the chosen neurons' rows."""

from collections.abc import Sequence
from itertools import chain
from random import Random
from typing import Any

import pytest
from amaranth.sim import SimulatorContext

from metaplast.golden_model.config import NetworkConfig
from metaplast.hdl.planning.plan import FoldedLayer, LayerPlan
from metaplast.hdl.planning.timing import LayerTiming
from metaplast.hdl.planning.universal import PlacedLayer
from metaplast.hdl.training.update_engine import UpdateEngine
from metaplast.sim.bench import Flow

from ..folded_layers import FOLDED_LAYERS
from ..placed_layers import ENGINES, random_layers, row_of, shape_of
from ..streams import IDLE_FLOWS, StreamBench

LAYERS = {
    **FOLDED_LAYERS,
    # A word of the sample serves three rows, so that its rest moves on twice.
    "three rows a word": FoldedLayer(
        NetworkConfig(inputs=12, hidden=(4,), groups=(2,), classes=2).layers[0],
        LayerPlan(pe=2, simd=6, update_width=2, input_width=6),
    ),
}
SAMPLES = 20
ALWAYS = ("update", "found", "chosen", "done", "rewind", "fetch", "read")

Choices = list[list[dict[str, Any]]]  # of each group of a bank, those of all banks


def plan_sample(folded: FoldedLayer, choices: Choices, words: list[int]) -> list[dict[str, Any]]:
    """What happens in each cycle of a sample; ``inputs`` belong to the cycle after."""
    plan = folded.plan
    cycles: list[dict[str, Any]] = [{"read": 1, "rewind": 1, "group": 0}]
    for group, banks in enumerate(choices):
        found = [choice["found"] for choice in banks]
        chosen = sum(bit << n for n, bit in enumerate(found))
        cycles.append({"found": sum(found), "chosen": chosen})
        if any(found):
            first = [group * folded.config.group + choice["offset"] for choice in banks]
            cycles[-1]["neurons"] = first
            if isinstance(folded, PlacedLayer):
                cycles.append({})  # Address
        for cycle in range(folded.rows * folded.row_cycles if any(found) else 0):
            row, phase = divmod(cycle, folded.row_cycles)
            if phase:
                cycles.append({})
                continue
            word, part = divmod(row, folded.transfer_rows)
            mask = (1 << plan.update_width) - 1
            cycles.append(
                {
                    "update": sum(bit << n for n, bit in enumerate(found)),
                    "rows": [row_of(folded, neuron, row) for neuron in first],
                    "desired": [choice["desired"] for choice in banks],
                    "fetch": part == 0,
                    "word": words[word],
                    "inputs": words[word] >> part * plan.update_width & mask,
                }
            )
        if group + 1 < folded.bank_groups:
            cycles[-1] |= {"read": 1, "rewind": 1, "group": group + 1}
    if isinstance(folded, PlacedLayer):
        cycles.append({})  # Done
    cycles[-1]["done"] = 1
    return cycles


class Engine:
    """An update engine, whose cycles are compared with planned ones."""

    def __init__(self, folded: FoldedLayer, flow: Flow, *, flip: bool):
        self.engine = engine = UpdateEngine(folded)
        self.streams = streams = StreamBench(engine, flow, flip=flip)
        self.banks = range(folded.plan.banks)
        self._boards = {name: streams.scoreboard(name) for name in (*ALWAYS, "inputs")}
        for name in ("rows", "neurons"):
            shape = getattr(engine, name).shape().elem_shape
            self._boards[name] = streams.scoreboard(name, shape)
        self._boards["desired"] = streams.scoreboard("desired", 1)
        self._asked: Any = None  # the choices that were asked for in the cycle before
        self._read: int | None = None  # the sample's word that was
        self._inputs: int | None = None  # their value in this cycle

    def _check(self, name: str, expected: int, got: int) -> None:
        self._boards[name].expect(expected)
        self._boards[name].receive(got, self.streams.cycle)

    async def cycle(
        self, ctx: SimulatorContext, plan: dict[str, Any], choices: Choices, *, start: bool
    ) -> None:
        """Answer the requests of the cycle before, and check this one."""
        engine = self.engine
        self.streams.set_noise(ctx, engine.choices, engine.word)
        ctx.set(engine.start, start)
        if self._asked is not None:
            ctx.set(engine.choices, self._asked)
        if self._read is not None:
            ctx.set(engine.word, self._read)

        for name in ALWAYS:
            self._check(name, plan.get(name, 0), ctx.get(getattr(engine, name)))
        for bank in self.banks:
            if plan.get("chosen", 0) >> bank & 1:
                self._check("neurons", plan["neurons"][bank], ctx.get(engine.neurons[bank]))
            if plan.get("update", 0) >> bank & 1:
                self._check("rows", plan["rows"][bank], ctx.get(engine.rows[bank]))
                self._check("desired", plan["desired"][bank], ctx.get(engine.desired[bank]))
        if self._inputs is not None:
            self._check("inputs", self._inputs, ctx.get(engine.inputs))
        self._asked = None
        if "group" in plan:
            self._asked = choices[plan["group"]]
        self._read = plan["word"] if plan.get("fetch") else None
        self._inputs = plan.get("inputs")
        await ctx.tick()


def check_updates(
    folded: FoldedLayer, flow: Flow, layers: Sequence[FoldedLayer] = (), *, flip: bool = False
) -> None:
    """Each cycle is as planned, from a sample's first to its last, and between samples.

    Each sample is for the next of ``layers``; if there are none, the shape is not set.
    """
    engine = Engine(folded, flow, flip=flip)
    random = engine.streams.random

    async def bench(ctx: SimulatorContext) -> None:
        share = 1.0
        for sample in range(SAMPLES):
            layer = folded
            if layers:
                layer = layers[sample // 2 % len(layers)]
                ctx.set(engine.engine.shape, shape_of(layer))
            choices = [
                [
                    {**choice, "found": random.random() < share}
                    for choice in engine.streams.noise(engine.engine.choices)
                ]
                for _ in range(layer.bank_groups)
            ]
            for choice in chain.from_iterable(choices):
                choice["offset"] %= layer.config.group
            share = (1.0, 0.0, 0.2, 0.5)[sample % 4]
            words = [random.getrandbits(layer.plan.input_width) for _ in range(layer.sample_words)]
            planned = plan_sample(layer, choices, words)

            rounds = sum(any(choice["found"] for choice in banks) for banks in choices)
            count = 1 + layer.bank_groups + rounds * LayerTiming.of(layer).round + bool(layers)
            assert len(planned) == count, "the plan is not as long as is promised"
            for plan in planned:
                await engine.cycle(ctx, plan, choices, start=True)
            for _ in range(engine.streams.pause(flow.idle)):
                await engine.cycle(ctx, {}, choices, start=False)
        await engine.cycle(ctx, {}, [], start=False)

    engine.streams.run(bench)


@pytest.mark.parametrize("flow", IDLE_FLOWS)
@pytest.mark.parametrize("layer", LAYERS)
def test_rows_and_inputs_come_as_planned(layer: str, flow: Flow) -> None:
    check_updates(LAYERS[layer], flow)


@pytest.mark.parametrize("flow", IDLE_FLOWS)
@pytest.mark.parametrize("name", ENGINES)
def test_layers_are_set_at_run_time(name: str, flow: Flow) -> None:
    check_updates(ENGINES[name], flow, random_layers(ENGINES[name], Random(7), 10))


@pytest.mark.parametrize("flow", IDLE_FLOWS)
def test_the_check_notices_a_flipped_bit(flow: Flow) -> None:
    with pytest.raises(AssertionError, match=r"^\w+: item \d+, in cycle \d+: expected"):
        check_updates(LAYERS["single port"], flow, flip=True)
