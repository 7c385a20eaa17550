"""The place of the hidden weight that a draw names."""

from random import Random

import pytest
from amaranth.sim import SimulatorContext

from metaplast.golden_model.config import NetworkConfig
from metaplast.hdl.planning.plan import FoldedLayer, LayerPlan
from metaplast.hdl.training.draw_decoder import DrawDecoder

from ..folded_layers import FOLDED_LAYERS
from ..simulate import simulate

LAYERS = {
    **FOLDED_LAYERS,
    # No divisor is a power of two: both divisions take cycles, one takes more than the other.
    "thirds": FoldedLayer(
        NetworkConfig(inputs=70, hidden=(12,), groups=(2,), classes=2).layers[0],
        LayerPlan(banks=2, pe=2, simd=12, update_width=6, input_width=6),
    ),
}

Place = tuple[int, int, int]


def place_of(folded: FoldedLayer, draw: int) -> Place | None:
    """Bank, row and column that a draw names, by the algorithm's definition."""
    config = folded.config
    j = draw % 2**config.neuron_bits
    i = (draw >> config.neuron_bits) % 2**config.input_bits
    if j >= config.neurons or i >= config.inputs:
        return None
    bank, m = divmod(j, folded.bank_neurons)
    part, column = divmod(i, folded.plan.update_width)
    return bank, m * folded.rows + part, column


def check_places(layer: str, *, flip: bool = False) -> None:
    """Decode draws, with gaps and halts; if ``flip`` is set, every column is expected wrongly."""
    folded, random = LAYERS[layer], Random(1)
    decoder = DrawDecoder(folded)

    async def bench(ctx: SimulatorContext) -> None:
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
                stages = [place_of(folded, draw) if valid else None, *stages[:-1]]
            elif taken:
                stages[-1] = None
            await ctx.tick()
        assert found > 50

    simulate(decoder, bench)


@pytest.mark.parametrize("layer", LAYERS)
def test_places_are_the_quotients_on_time(layer: str) -> None:
    check_places(layer)


def test_the_check_notices_a_flipped_bit() -> None:
    with pytest.raises(AssertionError):
        check_places("thirds", flip=True)
