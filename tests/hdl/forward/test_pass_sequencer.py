"""When a pass reads the sample, and when the snapshot."""

from collections.abc import Sequence
from random import Random

import pytest
from amaranth.sim import SimulatorContext

from metaplast.hdl.forward.pass_sequencer import PassSequencer
from metaplast.hdl.planning.plan import FoldedLayer

from ..forward_layers import FORWARD_LAYERS
from ..placed_layers import ENGINES, random_layers, shape_of, snapshot_row_of
from ..simulate import simulate

SAMPLES = 12


def check_sequence(
    folded: FoldedLayer, layers: Sequence[FoldedLayer] = (), *, flip: bool = False
) -> None:
    """Compare every cycle of a few passes; if ``flip`` is set, addresses are expected wrongly.

    The passes are for one layer after another; without ``layers``, the shape is not set.
    """
    random, sequencer = Random(2), PassSequencer(folded)
    layer = folded

    async def bench(ctx: SimulatorContext) -> None:
        nonlocal layer
        evaluating = False  # from a sample's begin until its result is taken

        async def cycle(
            *, preload: bool = False, preloaded: bool = False, shift: bool = False,
            address: int | None = None, begin: bool = False, array_end: bool = False,
            word: int = 0,
        ) -> bool:  # fmt: skip
            """Check a cycle; gives whether a pass may start in the next one."""
            nonlocal evaluating
            hold, end = random.random() < 0.3, evaluating and random.random() < 0.1
            may_start = not evaluating and not hold
            ctx.set(sequencer.hold, hold)
            ctx.set(sequencer.end, end)
            ctx.set(sequencer.preloaded, preloaded)
            assert ctx.get(sequencer.preload) == preload
            assert ctx.get(sequencer.shift) == shift
            assert ctx.get(sequencer.begin) == begin
            assert ctx.get(sequencer.array_end) == array_end
            assert ctx.get(sequencer.snapshot_enable) == (address is not None)
            if address is not None:
                assert ctx.get(sequencer.snapshot_address) == address ^ flip
                assert ctx.get(sequencer.first_word) == (word == 0)
                assert ctx.get(sequencer.last_word) == (word == layer.words - 1)
            evaluating = begin or (evaluating and not end)
            await ctx.tick()
            return may_start

        async def load(word: int) -> bool:
            """Fill the register; gives whether the array may start."""
            may_start = True
            for filled in range(folded.word_transfers):
                beyond = word * layer.word_transfers + filled >= layer.sample_words
                if not beyond:
                    while random.random() < 0.2:
                        await cycle(preload=True, word=word)
                may_start = await cycle(
                    preload=not beyond, preloaded=not beyond, shift=True, word=word
                )
            return may_start

        async def array(word: int) -> int:
            """Read the rows of a word; gives the cycles."""
            last = word == layer.words - 1
            steps = layer.set_cycles if last else 1
            cycles = layer.sets * steps if last else layer.word_cycles
            for n in range(cycles):
                number, step = divmod(n, steps)
                reads = step == 0 and number < layer.sets
                row = snapshot_row_of(layer, number * layer.plan.pe, word) if reads else None
                begin, array_end = word == 0 and n == 0, last and n == cycles - 1
                await cycle(address=row, begin=begin, array_end=array_end, word=word)
            return cycles

        for layer in layers or [folded]:
            await cycle()
            if layers:
                ctx.set(sequencer.shape, shape_of(layer))
            ctx.set(sequencer.loaded, 1)
            await cycle()
            samples = SAMPLES // 3 if layers else SAMPLES
            for sample in range(samples):
                for word in range(layer.words):
                    may_start = await load(word)
                    while word == 0 and not may_start:
                        may_start = await cycle()
                    if sample == samples - 1:
                        ctx.set(sequencer.loaded, 0)
                    cycles = await array(word)
                if cycles == 1 and layer.words == 1 and sample < samples - 1:
                    await cycle()  # Idle: in the cycle of its begin, no further sample is loaded

    simulate(sequencer, bench)


@pytest.mark.parametrize("layer", FORWARD_LAYERS)
def test_reads_come_in_their_cycles(layer: str) -> None:
    check_sequence(FORWARD_LAYERS[layer])


@pytest.mark.parametrize("name", ENGINES)
def test_layers_are_set_at_run_time(name: str) -> None:
    check_sequence(ENGINES[name], random_layers(ENGINES[name], Random(10), 10))


def test_the_check_notices_a_flipped_bit() -> None:
    with pytest.raises(AssertionError):
        check_sequence(FORWARD_LAYERS["one by one"], flip=True)
