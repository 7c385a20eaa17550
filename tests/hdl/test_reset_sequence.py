# amaranth: UnusedElaboratable=no
"""The reset sequence: histories of each layer, one layer after the other."""

import random
from typing import Any

import pytest

from metaplast.golden_model.random_stream import (
    RandomStream,
    classifier_id,
    initial_counters_id,
    reinforcement_id,
)
from metaplast.hdl.reset_sequence import ResetSequence

from .simulate import simulate

LAYERS, WORDS = 3, 12
MASK = (1 << 32) - 1


def histories(seed: int, layer: int) -> list[int]:
    """Words of the three histories of a layer, lowest first: 127 bits above an unused bit."""
    words = []
    for stream_id in (initial_counters_id, classifier_id, reinforcement_id):
        low, high = RandomStream(seed, stream_id(layer)).history
        words += [(low | high << 64) << 1 >> 32 * n & MASK for n in range(4)]
    return words


@pytest.mark.parametrize("ready", [1.0, 0.5])
def test_layers_get_the_histories_of_a_seed_in_turn(ready: float) -> None:
    dut, draw, seed = ResetSequence(layers=LAYERS), random.Random(5), 0x8765_4321_0FED
    got: list[list[int]] = [[] for _ in range(LAYERS)]

    async def bench(context: Any) -> None:
        context.set(dut.seed, seed)
        await context.tick()
        assert not context.get(dut.active)
        assert not context.get(dut.reset)
        context.set(dut.start, 1)
        await context.tick()
        context.set(dut.start, 0)
        while context.get(dut.active):
            reset = context.get(dut.reset)
            assert reset.bit_count() <= 1
            layer = reset.bit_length() - 1
            # A layer is done some time after its last word.
            finish = layer >= 0 and len(got[layer]) == WORDS and draw.random() < 0.2
            context.set(dut.reset_done, reset if finish else 0)
            for index, port in enumerate(dut.histories):
                takes = index == layer and len(got[index]) < WORDS and draw.random() < ready
                context.set(port.ready, takes)
                assert index == layer or not context.get(port.valid)
                if takes and context.get(port.valid):
                    assert all(len(other) == WORDS for other in got[:index])
                    got[index].append(context.get(port.payload))
            await context.tick()

    simulate(dut, bench, limit=20_000, waits_for="the end of the reset")
    assert got == [histories(seed, layer) for layer in range(LAYERS)]


def test_at_least_one_layer_is_required() -> None:
    with pytest.raises(ValueError, match="layers must be at least 1, not 0"):
        ResetSequence(layers=0)
