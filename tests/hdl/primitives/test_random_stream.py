# amaranth: UnusedElaboratable=no
"""The random stream in gateware."""

from random import Random

import pytest
from amaranth.sim import SimulatorContext

from metaplast.golden_model.random_stream import RandomStream
from metaplast.hdl.primitives.random_stream import RandomStreamGenerator

from ..simulate import simulate

HISTORY = (1 << 127) - 1
CYCLES = 200


class Model:
    """The stream's bits from a seed on, and the number of bits that were taken."""

    def __init__(self, seed: int):
        stream = RandomStream(seed, 0)
        low, high = stream.history
        self.history = low | high << 64
        draws = stream.draws(2 * CYCLES + 2)
        self.bits = self.history | int.from_bytes(draws.tobytes(), "little") << 127
        self.taken = 0

    def next(self, width: int) -> int:
        return self.bits >> 127 + self.taken & (1 << width) - 1

    @property
    def state(self) -> int:
        return self.bits >> self.taken & HISTORY


def check_bits(
    width: int, halving: bool, *, ready: float, flip_bits: int = 0, flip_state: int = 0
) -> None:
    """Load histories at times, and take bits at a rate; if asked to, expect a bit wrongly."""
    random = Random(1)
    generator = RandomStreamGenerator(width, halving=halving)

    async def bench(ctx: SimulatorContext) -> None:
        assert ctx.get(generator.state) == 0
        await ctx.tick()
        model = Model(random.getrandbits(48))
        ctx.set(generator.load, 1)
        ctx.set(generator.history, model.history)
        await ctx.tick()

        taken = 0
        for _ in range(CYCLES):
            loaded = Model(random.getrandbits(48)) if random.random() < 0.03 else None
            half, takes = halving and random.random() < 0.5, random.random() < ready
            ctx.set(generator.load, loaded is not None)
            ctx.set(generator.history, loaded.history if loaded else random.getrandbits(127))
            if halving:
                ctx.set(generator.half, half)
            ctx.set(generator.o.ready, takes)

            assert ctx.get(generator.o.valid)
            assert ctx.get(generator.state) == model.state ^ flip_state
            # The bits stand until they are taken or a history is loaded.
            assert ctx.get(generator.o.p) == model.next(width) ^ flip_bits
            if takes:
                model.taken += width // 2 if half else width
                taken += 1
            model = loaded or model
            await ctx.tick()
        assert taken == CYCLES or ready < 1

    simulate(generator, bench)


@pytest.mark.parametrize("ready", [1, 0.5])
@pytest.mark.parametrize(
    ("width", "halving"),
    [(1, False), (2, True), (31, False), (32, True), (64, False), (64, True)],
)
def test_bits_and_state_are_the_models(width: int, halving: bool, ready: float) -> None:
    check_bits(width, halving, ready=ready)


@pytest.mark.parametrize("flipped", ["flip_bits", "flip_state"])
def test_the_check_notices_a_flipped_bit(flipped: str) -> None:
    with pytest.raises(AssertionError):
        check_bits(32, True, ready=0.5, **{flipped: 1 << 31})


@pytest.mark.parametrize("width", [0, 65])
def test_a_width_beyond_one_xor_a_bit_is_refused(width: int) -> None:
    with pytest.raises(ValueError, match=f"width must be from 1 to 64, not {width}"):
        RandomStreamGenerator(width)


def test_an_odd_width_is_not_halved() -> None:
    with pytest.raises(ValueError, match="width must be even to be halved, not 5"):
        RandomStreamGenerator(5, halving=True)
