"""Evaluated samples and their choices, in order."""

from random import Random
from typing import Any

import pytest
from amaranth.sim import SimulatorContext

from metaplast.hdl.layer.training_queue import TrainingQueue

from ..folded_layers import FOLDED_LAYERS
from ..simulate import simulate


def check_order(layer: str, *, flip: bool = False) -> None:
    """Queue random samples; if ``flip`` is set, every ``desired`` is expected wrongly."""
    random, folded = Random(5), FOLDED_LAYERS[layer]
    queue = TrainingQueue(folded)
    sample_buffers, groups, banks = (
        folded.plan.sample_buffers,
        folded.bank_groups,
        folded.plan.banks,
    )

    def choice() -> dict[str, int]:
        return {
            "found": random.getrandbits(1),
            "offset": random.randrange(folded.config.group),
            "desired": random.getrandbits(1),
        }

    async def bench(ctx: SimulatorContext) -> None:
        queued: list[tuple[int, int, list[Any]]] = []
        written: list[Any] = []  # choices of the sample that joins next
        asked = None  # choices that were read in the cycle before
        most = 0
        for _ in range(600):
            assert ctx.get(queue.o.valid) == bool(queued)
            if queued:
                head = ctx.get(queue.o.p)
                assert (head.error, head.last) == queued[0][:2]
            if asked is not None:
                got = ctx.get(queue.choices)
                for bank, choice_of_bank in enumerate(asked):
                    found, offset, desired = choice_of_bank.values()
                    assert (got[bank].found, got[bank].offset) == (found, offset)
                    assert got[bank].desired == desired ^ flip

            # A group's choices come in a cycle, and with the last or after it the sample joins.
            room = len(queued) < sample_buffers
            writes = room and len(written) < groups and random.random() < 0.7
            row = [choice() for _ in range(banks)]
            ctx.set(queue.chosen.valid, writes)
            ctx.set(queue.chosen.p, {"index": len(written) % groups, "banks": row})
            if writes:
                written.append(row)
            joins = room and len(written) == groups and random.random() < 0.5
            error, last = random.getrandbits(1), random.getrandbits(1)
            ctx.set(queue.i.valid, joins)
            ctx.set(queue.i.p, {"error": error, "last": last})

            group = random.randrange(groups)
            ctx.set(queue.group, group)
            asked = queued[0][2][group] if queued else None
            leaves = random.random() < 0.3
            ctx.set(queue.o.ready, leaves)
            if leaves and queued:
                queued.pop(0)
            if joins:
                queued.append((error, last, written))
                written = []
            most = max(most, len(queued))
            await ctx.tick()
        assert most == sample_buffers

    simulate(queue, bench)


@pytest.mark.parametrize("layer", FOLDED_LAYERS)
def test_samples_keep_their_choices(layer: str) -> None:
    check_order(layer)


def test_the_check_notices_a_flipped_bit() -> None:
    with pytest.raises(AssertionError):
        check_order("two banks", flip=True)
