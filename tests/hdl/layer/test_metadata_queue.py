"""The metadata of samples that wait for their forward pass."""

from random import Random
from typing import Any

import pytest
from amaranth.sim import SimulatorContext

from metaplast.golden_model.config import NetworkConfig
from metaplast.hdl.layer.metadata_queue import MetadataQueue
from metaplast.hdl.planning.plan import FoldedLayer, LayerPlan

from ..simulate import simulate

CONFIG = NetworkConfig(inputs=4, hidden=(4, 4), groups=(2, 2), classes=3)
PLAN = LayerPlan(sample_buffers=3)


def check_order(layer: int, *, flip: bool = False) -> None:
    """Queue random samples; if ``flip`` is set, every label is expected wrongly."""
    random = Random(4)
    queue = MetadataQueue(FoldedLayer(CONFIG.layers[layer], PLAN))
    ahead = 1 if layer == 0 else PLAN.sample_buffers

    def sample() -> dict[str, Any]:
        flags = {name: random.getrandbits(1) for name in ("last", "train", "refused")}
        before = {
            "predictions": [random.getrandbits(8) for _ in range(layer)],
            "errors": random.getrandbits(layer),
        }
        return {"label": random.getrandbits(8), **flags, **before}

    async def bench(ctx: SimulatorContext) -> None:
        waiting: list[dict[str, Any]] = []
        evaluated = None
        most = 0
        for _ in range(400):
            assert ctx.get(queue.loaded) == bool(waiting)
            if layer == 0:
                assert ctx.get(queue.i.ready) == (not waiting)
            if evaluated is not None:
                got = ctx.get(queue.evaluated)
                assert got.label == evaluated["label"] ^ flip
                assert [got.last, got.train, got.refused, got.errors] == [
                    evaluated[name] for name in ("last", "train", "refused", "errors")
                ]
                assert [got.predictions[n] for n in range(layer)] == evaluated["predictions"]

            arrives, begins = len(waiting) < ahead and random.random() < 0.5, bool(waiting)
            begins &= random.random() < 0.4
            came = sample()
            ctx.set(queue.i.valid, arrives)
            ctx.set(queue.i.p, came)
            ctx.set(queue.begin, begins)
            if begins:
                evaluated = waiting.pop(0)
            if arrives:
                waiting.append(came)
            most = max(most, len(waiting))
            await ctx.tick()
        assert most == ahead

    simulate(queue, bench)


@pytest.mark.parametrize("layer", [0, 1])
def test_metadata_comes_out_with_its_sample(layer: int) -> None:
    check_order(layer)


def test_the_check_notices_a_flipped_bit() -> None:
    with pytest.raises(AssertionError):
        check_order(1, flip=True)
