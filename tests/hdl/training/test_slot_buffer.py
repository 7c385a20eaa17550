"""The samples inside a universal trainer."""

from random import Random

import pytest
from amaranth.sim import SimulatorContext

from metaplast.hdl.training.slot_buffer import SlotBuffer

from ..placed_layers import ENGINES
from ..simulate import simulate
from .ring import check_words, random_samples


@pytest.mark.parametrize("name", ["one", "pairs", "shared memories"])
def test_words_and_choices_come_out_as_they_went_in(name: str) -> None:
    folded, random = ENGINES[name], Random(8)
    check_words(folded, [random_samples(folded, random) for _ in range(8)])


@pytest.mark.parametrize(
    ("first", "then", "said"),
    [
        (("activate", "choose"), ("activate",), "activations come while others wait"),
        (("activate", "choose"), ("choose",), "activations come while others wait"),
        (("choose",), ("choose", "write"), "a word of a sample is written while the port is in"),
        (("activate",), ("activate", "write"), "a word of a sample is written while the port is"),
        (("read",), ("read", "fetch"), "a choice is read in the cycle of a fetch"),
    ],
)
def test_users_that_disturb_each_other_stop_a_simulation(
    first: tuple[str, ...], then: tuple[str, ...], said: str
) -> None:
    buffer = SlotBuffer(ENGINES["shared memories"])
    signals = {
        "activate": buffer.activate,
        "choose": buffer.choices.write,
        "read": buffer.choices.read,
        "write": buffer.write,
        "fetch": buffer.fetch,
    }

    async def bench(ctx: SimulatorContext) -> None:
        for ports in (first, then):
            for name, signal in signals.items():
                ctx.set(signal, name in ports)
            await ctx.tick()

    with pytest.raises(AssertionError, match=said):
        simulate(buffer, bench)


def test_the_check_notices_a_flipped_bit() -> None:
    folded, random = ENGINES["shared memories"], Random(8)
    with pytest.raises(AssertionError, match=r"^\w+: item \d+, in cycle \d+: expected"):
        check_words(folded, [random_samples(folded, random)], flip=True)
