"""Activations of a layer in words, for the next layer's inputs."""

from random import Random

import pytest
from amaranth.sim import SimulatorContext

from metaplast.hdl.layer.activation_writer import ActivationWriter

from ..placed_layers import ENGINES
from ..simulate import simulate

PASSES = 40


def check_words(name: str, *, flip: bool = False) -> None:
    """Words of passes of random lengths, with idle cycles, come on time; ``flip`` one bit."""
    engine, random = ENGINES[name], Random(1)
    writer = ActivationWriter(engine)
    pe, width = engine.plan.pe, engine.plan.input_width
    late = not engine.shared_memories

    async def bench(ctx: SimulatorContext) -> None:
        due: int | None = None  # the word that the step before completed
        for _ in range(PASSES):
            one = pe > 1 and random.random() < 0.5
            count = 1 if one else pe
            steps = random.randint(1, 3 * width // count)
            collected: list[int] = []
            while steps:
                step = random.random() < 0.8
                bits = [random.getrandbits(1) for _ in range(pe)]
                ctx.set(writer.step, step)
                ctx.set(writer.activations, sum(bit << n for n, bit in enumerate(bits)))
                ctx.set(writer.one, one)
                ctx.set(writer.last, steps == 1)
                word = None
                if step:
                    collected += bits[:count]
                    steps -= 1
                    if len(collected) == width or not steps:
                        collected += [1] * (width - len(collected))
                        word = sum(bit << n for n, bit in enumerate(collected)) ^ flip
                        collected = []
                expected, due = (due, word) if late else (word, None)
                assert ctx.get(writer.write) == (expected is not None)
                if expected is not None:
                    assert ctx.get(writer.bits) == expected, "a word is wrong"
                await ctx.tick()

    simulate(writer, bench)


@pytest.mark.parametrize("name", ENGINES)
def test_words_are_complete_and_on_time(name: str) -> None:
    check_words(name)


@pytest.mark.parametrize("name", ENGINES)
def test_the_check_notices_a_flipped_bit(name: str) -> None:
    with pytest.raises(AssertionError, match="a word is wrong"):
        check_words(name, flip=True)
