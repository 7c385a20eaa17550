# amaranth: UnusedElaboratable=no
"""A sample in words, for the next layer."""

from random import Random
from typing import Any

import pytest
from amaranth.sim import SimulatorContext

from metaplast.hdl.layer.sample_serialiser import SampleSerialiser

from ..simulate import simulate

SAMPLES = 20


def check_words(
    width: int, input_width: int, *, flip: bool = False, idle: float, stall: float
) -> None:
    """Serialise random samples; if ``flip`` is set, every word is expected wrongly."""
    random = Random(7)
    serialiser = SampleSerialiser(width=width, input_width=input_width, before=2)
    words = -(-width // input_width)

    def sample() -> dict[str, Any]:
        flags = {name: random.getrandbits(1) for name in ("last", "train", "refused")}
        before = {"predictions": [random.getrandbits(8) for _ in range(2)], "errors": 2}
        return {
            "bits": random.getrandbits(width),
            "label": random.getrandbits(8),
            **flags,
            **before,
        }

    async def bench(ctx: SimulatorContext) -> None:
        offered = None
        sent: dict[str, Any] = {}
        left: list[int] = []  # words of ``sent``
        taken = cycles = 0
        while taken < SAMPLES or left:
            assert cycles < 100 * SAMPLES * words, "the samples take too long"
            cycles += 1
            if offered is None and taken < SAMPLES and random.random() >= idle:
                offered = sample()
                ctx.set(serialiser.i.p, offered)
            ctx.set(serialiser.i.valid, offered is not None)
            ready = random.random() >= stall
            ctx.set(serialiser.o.ready, ready)

            assert ctx.get(serialiser.i.ready) == (not left)
            assert ctx.get(serialiser.o.valid) == bool(left)
            if left:
                word = ctx.get(serialiser.o.p)
                assert word.bits == left[0] ^ flip
                for name in ("label", "last", "train", "refused", "errors"):
                    assert getattr(word, name) == sent[name]
                assert [word.predictions[n] for n in range(2)] == sent["predictions"]
                if ready:
                    left.pop(0)
            elif offered is not None:
                sent, offered = offered, None
                left = [
                    sent["bits"] >> n * input_width & (1 << input_width) - 1 for n in range(words)
                ]
                taken += 1
            await ctx.tick()
        if not idle and not stall:
            assert cycles == SAMPLES * (1 + words)

    simulate(serialiser, bench)


@pytest.mark.parametrize("idle", [0, 0.5])
@pytest.mark.parametrize("stall", [0, 0.5])
@pytest.mark.parametrize(("width", "input_width"), [(1, 1), (4, 8), (7, 3), (12, 4)])
def test_words_carry_the_sample(width: int, input_width: int, idle: float, stall: float) -> None:
    check_words(width, input_width, idle=idle, stall=stall)


def test_the_check_notices_a_flipped_bit() -> None:
    with pytest.raises(AssertionError):
        check_words(7, 3, flip=True, idle=0, stall=0)


@pytest.mark.parametrize(("width", "input_width", "name"), [(0, 1, "width"), (1, 0, "input_width")])
def test_widths_are_positive(width: int, input_width: int, name: str) -> None:
    with pytest.raises(ValueError, match=f"^{name} must be at least 1, not 0$"):
        SampleSerialiser(width=width, input_width=input_width, before=0)
