"""Which neurons were updated since their last scan."""

from random import Random

import pytest
from amaranth.sim import SimulatorContext

from metaplast.hdl.training.dirty_neurons import DirtyNeurons

from ..folded_layers import FOLDED_LAYERS
from ..placed_layers import ENGINES
from ..simulate import simulate

CYCLES = 500
LAYERS = {**FOLDED_LAYERS, "universal": ENGINES["one"]}


def check_marks(layer: str, *, flip: bool = False) -> None:
    """Set, clear and look at marks in one cycle; if ``flip`` is set, expect each look wrongly.

    A look finds the marks of the cycles before, of any bank, and stays until the next look.
    """
    folded, random = LAYERS[layer], Random(1)
    component = DirtyNeurons(folded)
    banks, neurons = folded.plan.banks, folded.bank_neurons
    if folded.universal:
        neurons = 3 * 16  # those of a layer lie behind those of the layer before

    async def bench(ctx: SimulatorContext) -> None:
        marked: list[set[int]] = [set() for _ in range(banks)]
        found: bool | None = None
        seen = set()
        for _ in range(CYCLES):
            clear, look = random.random() < 0.3, random.random() < 0.7
            cleared, looked = random.randrange(neurons), random.randrange(neurons)
            positions = [random.randrange(neurons) for _ in range(banks)]
            mark = 0 if clear else random.getrandbits(banks) & random.getrandbits(banks)
            # A mark that is written in this cycle must not be looked at.
            written = {j for bank, j in enumerate(positions) if mark >> bank & 1}
            look &= looked not in (written | {cleared} if clear else written)
            ctx.set(component.mark, mark)
            ctx.set(component.neurons, positions)
            ctx.set(component.look, look)
            ctx.set(component.looked, looked)
            ctx.set(component.clear, clear)
            ctx.set(component.cleared, cleared)
            if found is not None:
                seen.add(found)
                assert ctx.get(component.marked) == found ^ flip
            if look:
                found = any(looked in positions for positions in marked)
            for bank, position in enumerate(positions):
                if clear:
                    marked[bank].discard(cleared)
                elif mark >> bank & 1:
                    marked[bank].add(position)
            await ctx.tick()
        assert seen == {False, True}

    simulate(component, bench)


@pytest.mark.parametrize("layer", LAYERS)
def test_marks_stay_until_they_are_cleared(layer: str) -> None:
    check_marks(layer)


def test_the_check_notices_a_flipped_bit() -> None:
    with pytest.raises(AssertionError):
        check_marks("two banks", flip=True)
