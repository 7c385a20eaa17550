"""Which neurons were updated since their last scan."""

from random import Random

import pytest
from amaranth.hdl import Module
from amaranth.lib import wiring
from amaranth.sim import SimulatorContext

from metaplast.hdl.primitives.simple_dual_port_ram import SimpleDualPortRAM
from metaplast.hdl.training.dirty_neurons import DirtyNeurons

from ..folded_layers import FOLDED_LAYERS
from ..placed_layers import ENGINES
from ..simulate import simulate

CYCLES = 500
LAYERS = {
    **FOLDED_LAYERS,
    **{name: ENGINES[name] for name in ("one", "pairs", "shared memories")},
}


def check_marks(layer: str, *, flip: bool = False) -> None:
    """Set, clear and look at marks in one cycle; if ``flip`` is set, expect each look wrongly.

    A look finds the marks of the cycles before, of any bank, and stays until the next look.
    """
    folded, random = LAYERS[layer], Random(1)
    component = DirtyNeurons(folded)
    banks, neurons = folded.plan.banks, folded.bank_neurons
    design = Module()
    design.submodules.component = component
    if folded.shared_memories:
        memory = SimpleDualPortRAM(shape=1, depth=folded.dirty_depth)
        design.submodules.memory = memory
        wiring.connect(design, component.memory, memory)

    async def bench(ctx: SimulatorContext) -> None:
        marked: list[set[int]] = [set() for _ in range(banks)]
        found: bool | None = None
        seen = set()
        for _ in range(CYCLES):
            clear, look = random.random() < 0.3, random.random() < 0.7
            cleared, looked = random.randrange(neurons), random.randrange(neurons)
            positions = [random.randrange(neurons) for _ in range(banks)]
            mark = 0 if clear else random.getrandbits(banks) & random.getrandbits(banks)
            # In a universal trainer, positions are of a layer that begins anywhere.
            base = random.randrange(folded.dirty_depth - neurons + 1) if folded.universal else 0
            # A mark that is written in this cycle must not be looked at.
            cleared, looked = base + cleared, base + looked
            positions = [base + position for position in positions]
            written = {j for bank, j in enumerate(positions) if mark >> bank & 1}
            look &= looked not in (written | {cleared} if clear else written)
            ctx.set(component.mark, mark)
            ctx.set(component.base, base)
            ctx.set(component.neurons, [position - base for position in positions])
            ctx.set(component.look, look)
            behind = looked > base and random.random() < 0.5
            ctx.set(component.looked, looked - base - behind)
            ctx.set(component.behind, behind)
            ctx.set(component.clear, clear)
            ctx.set(component.cleared, cleared - base)
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

    simulate(design, bench)


@pytest.mark.parametrize("layer", LAYERS)
def test_marks_stay_until_they_are_cleared(layer: str) -> None:
    check_marks(layer)


def test_the_check_notices_a_flipped_bit() -> None:
    with pytest.raises(AssertionError):
        check_marks("two banks", flip=True)
