"""The place of the hidden weight that a draw names."""

from collections.abc import Sequence
from random import Random

import pytest
from amaranth.sim import SimulatorContext

from metaplast.golden_model.config import NetworkConfig
from metaplast.hdl.planning.plan import FoldedLayer, LayerPlan
from metaplast.hdl.training.draw_decoder import DrawDecoder

from ..folded_layers import FOLDED_LAYERS
from ..placed_layers import ENGINES, random_layers, shape_of
from ..simulate import simulate
from .draws import Place, place_of

LAYERS = {
    **FOLDED_LAYERS,
    # No divisor is a power of two: both divisions take cycles, one takes more than the other.
    "thirds": FoldedLayer(
        NetworkConfig(inputs=70, hidden=(12,), groups=(2,), classes=2).layers[0],
        LayerPlan(banks=2, pe=2, simd=12, update_width=6, input_width=6),
    ),
}


def check_places(
    folded: FoldedLayer, layers: Sequence[FoldedLayer] = (), *, flip: bool = False
) -> None:
    """Decode draws, with gaps and halts, for one layer after another.

    Without ``layers``, the shape is not set. If ``flip`` is set, every column is expected wrongly.
    """
    random, decoder = Random(1), DrawDecoder(folded)

    async def decode(ctx: SimulatorContext, layer: FoldedLayer) -> None:
        stages: list[Place | None] = [None] * decoder.latency
        found = 0
        for _ in range(300):
            draw, valid, enable = (
                random.getrandbits(32),
                random.random() < 0.9,
                random.random() < 0.8,
            )
            taken = not enable and random.random() < 0.5
            ctx.set(decoder.i.p, draw)
            ctx.set(decoder.i.valid, valid)
            ctx.set(decoder.enable, enable)
            ctx.set(decoder.o.ready, taken)

            expected = stages[-1]
            assert ctx.get(decoder.o.valid) == (expected is not None)
            if expected is not None:
                found += 1
                bank, row, column = expected
                place = ctx.get(decoder.o.p)
                assert (place.bank, place.row, place.column) == (bank, row, column ^ flip)

            if enable:
                stages = [place_of(layer, draw) if valid else None, *stages[:-1]]
            elif taken:
                stages[-1] = None
            await ctx.tick()
        assert found > 30

    async def bench(ctx: SimulatorContext) -> None:
        if not layers:
            await decode(ctx, folded)
        for layer in layers:
            ctx.set(decoder.shape, shape_of(layer))
            await ctx.tick()
            await decode(ctx, layer)
            # No draw is in the pipeline when the shape changes.
            ctx.set(decoder.i.valid, 0)
            ctx.set(decoder.enable, 1)
            for _ in range(decoder.latency + 1):
                await ctx.tick()

    simulate(decoder, bench)


@pytest.mark.parametrize("layer", LAYERS)
def test_places_are_the_quotients_on_time(layer: str) -> None:
    check_places(LAYERS[layer])


@pytest.mark.parametrize("name", ENGINES)
def test_layers_are_set_at_run_time(name: str) -> None:
    check_places(ENGINES[name], random_layers(ENGINES[name], Random(5), 8))


def test_the_check_notices_a_flipped_bit() -> None:
    with pytest.raises(AssertionError):
        check_places(LAYERS["thirds"], flip=True)
