"""When a pass reads the sample, and when the snapshot."""

from random import Random

import pytest
from amaranth.sim import SimulatorContext

from metaplast.hdl.forward.pass_sequencer import PassSequencer

from ..forward_layers import FORWARD_LAYERS
from ..simulate import simulate

SAMPLES = 12


def check_sequence(layer: str, *, flip: bool = False) -> None:
    """Compare every cycle of a few passes; if ``flip`` is set, addresses are expected wrongly."""
    folded, random = FORWARD_LAYERS[layer], Random(2)
    sequencer = PassSequencer(folded)

    async def bench(ctx: SimulatorContext) -> None:
        evaluating = False  # from a sample's begin until its result is taken

        async def cycle(
            *, preload: bool = False, preloaded: bool = False, shift: bool = False,
            address: int | None = None, begin: bool = False, word: int = 0,
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
            assert ctx.get(sequencer.snapshot_enable) == (address is not None)
            if address is not None:
                assert ctx.get(sequencer.snapshot_address) == address ^ flip
                assert ctx.get(sequencer.first_word) == (word == 0)
                assert ctx.get(sequencer.last_word) == (word == folded.words - 1)
            evaluating = begin or (evaluating and not end)
            await ctx.tick()
            return may_start

        async def load(word: int) -> bool:
            """Fill the register; gives whether the array may start."""
            may_start = True
            for filled in range(folded.word_transfers):
                beyond = word * folded.word_transfers + filled >= folded.sample_words
                if not beyond:
                    while random.random() < 0.2:
                        await cycle(preload=True, word=word)
                may_start = await cycle(
                    preload=not beyond, preloaded=not beyond, shift=True, word=word
                )
            return may_start

        await cycle()
        ctx.set(sequencer.loaded, 1)
        await cycle()
        for _ in range(SAMPLES):
            for word in range(folded.words):
                may_start = await load(word)
                while word == 0 and not may_start:
                    may_start = await cycle()
                last = word == folded.words - 1
                steps = folded.steps if last else 1
                cycles = folded.sets * steps if last else folded.word_cycles
                for n in range(cycles):
                    number, step = divmod(n, steps)
                    reads = step == 0 and number < folded.sets
                    row = number * folded.words + word if reads else None
                    await cycle(address=row, begin=word == 0 and n == 0, word=word)
            if cycles == 1 and folded.words == 1:
                await cycle()  # Idle: in the cycle of its begin, no further sample is loaded yet

    simulate(sequencer, bench)


@pytest.mark.parametrize("layer", FORWARD_LAYERS)
def test_reads_come_in_their_cycles(layer: str) -> None:
    check_sequence(layer)


def test_the_check_notices_a_flipped_bit() -> None:
    with pytest.raises(AssertionError):
        check_sequence("one by one", flip=True)
