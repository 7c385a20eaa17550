# amaranth: UnusedElaboratable=no
"""A register of a layer's settings, which come piece by piece."""

from random import Random
from typing import Any

import pytest
from amaranth.sim import SimulatorContext

from metaplast.hdl.layer.layer_settings import SETTINGS, LayerSettings, settings_layout

from ..placed_layers import ENGINES
from ..simulate import simulate


@pytest.mark.parametrize("name", ENGINES)
@pytest.mark.parametrize("piece_bits", [2, 4, 8, 16])
def test_settings_have_the_bits_of_their_pieces(piece_bits: int, name: str) -> None:
    random = Random(1)
    settings = LayerSettings(ENGINES[name], piece_bits=piece_bits)

    async def bench(ctx: SimulatorContext) -> None:
        record = 0
        for _ in range(3):
            numbers = list(range(128 // piece_bits))
            random.shuffle(numbers)
            for number in numbers:
                piece = random.getrandbits(piece_bits)
                mask = (1 << piece_bits) - 1
                ctx.set(settings.number, number)
                ctx.set(settings.piece, random.getrandbits(piece_bits))
                ctx.set(settings.load, 0)
                await ctx.tick()
                ctx.set(settings.piece, piece)
                ctx.set(settings.load, 1)
                await ctx.tick()
                record = record & ~(mask << number * piece_bits) | piece << number * piece_bits
            held: Any = settings.o
            for setting, half in SETTINGS.items():
                apart = setting in ("margin", "events")
                signal = held[setting] if apart else held.sizes[setting]
                expected = record >> 16 * (half - 8) & (1 << len(signal)) - 1
                assert ctx.get(signal) == expected, setting

    simulate(settings, bench)


def test_the_settings_fit_into_their_halves() -> None:
    halves = [*SETTINGS.values(), 16]
    for engine in ENGINES.values():
        layout = settings_layout(engine)
        for (setting, half), following in zip(SETTINGS.items(), halves[1:], strict=True):
            apart = setting in ("margin", "events")
            field = layout[setting] if apart else layout["sizes"].shape[setting]
            assert field.width <= 16 * (following - half)


def test_a_half_has_whole_pieces() -> None:
    with pytest.raises(ValueError, match="piece_bits must be 2, 4, 8 or 16, not 3"):
        LayerSettings(ENGINES["one"], piece_bits=3)
