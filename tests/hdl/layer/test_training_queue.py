"""Evaluated samples and their choices, in order."""

from random import Random
from typing import Any, NamedTuple

import pytest
from amaranth.hdl import Module
from amaranth.sim import SimulatorContext

from metaplast.hdl.layer.training_queue import TrainingQueue

from ..folded_layers import FOLDED_LAYERS
from ..placed_layers import ENGINES
from ..simulate import simulate

LAYERS = {
    **FOLDED_LAYERS,
    "universal": ENGINES["pairs"],
    "shared memories": ENGINES["shared memories"],
}
CYCLES = 800


class Sample(NamedTuple):
    """An evaluated sample, with the choices of its groups in all banks.

    In a universal trainer it is a sample in a layer.
    """

    error: int
    last: int
    groups: list[list[dict[str, int]]]


def check_order(layer: str, *, flip: bool = False) -> None:
    """Queue random samples; if ``flip`` is set, every ``desired`` is expected wrongly.

    In a universal trainer, each sample has another number of groups.
    """
    random, folded = Random(5), LAYERS[layer]
    queue = TrainingQueue(folded)
    depth = folded.plan.sample_buffers * folded.layers

    def choice() -> dict[str, int]:
        return {
            "found": random.getrandbits(1),
            "offset": random.randrange(folded.config.group),
            "desired": random.getrandbits(1),
        }

    design = Module()
    design.submodules.queue = queue
    shared = folded.shared_memories

    def group_count() -> int:
        return random.randint(1, 12) if folded.universal else folded.bank_groups

    async def bench(ctx: SimulatorContext) -> None:
        queued: list[Sample] = []
        written: list[Any] = []  # choices of the sample that joins next
        groups = group_count()  # of that sample
        group = 0  # of the oldest sample with an error bit
        asked = None  # choices that were read in the cycle before
        codes: list[int] = []  # with shared memories, those that are kept and were not read
        fresh: list[int] = []  # those of the sample that joins next
        most = trained = 0
        leaving = 0.3
        for cycle in range(CYCLES):
            if cycle % 100 == 0:
                leaving = random.choice([0.1, 0.3, 0.9])
            assert ctx.get(queue.o.valid) == bool(queued)
            if queued:
                head = ctx.get(queue.o.p)
                assert head.error == queued[0].error
                assert head.last == (queued[0].last and len(queued) == 1)
            if asked is not None:
                got = ctx.get(queue.choices)
                for bank, choice_of_bank in enumerate(asked):
                    found, offset, desired = choice_of_bank.values()
                    assert got[bank].found == found
                    if found or not shared:
                        assert got[bank].offset == offset
                        assert got[bank].desired == desired ^ flip

            # A sample joins after the choices of its last group.
            kept = sum(len(sample.groups) for sample in queued if sample.error)
            room = len(queued) < depth and (shared or kept + groups <= folded.choice_depth)
            # Until a batch's last sample has left, only its further layers join.
            last = int(random.random() < 0.1)
            if queued and queued[-1].last:
                last = 1
                room = room and folded.layers > 1
            joins = room and len(written) == groups and random.random() < 0.5
            writes = room and len(written) < groups and random.random() < 0.7
            row = [choice() for _ in range(folded.plan.banks)]
            ctx.set(queue.chosen.valid, writes)
            ctx.set(queue.chosen.p, {"index": len(written) % groups, "banks": row})
            error = random.getrandbits(1)
            ctx.set(queue.i.valid, joins)
            ctx.set(queue.i.p, {"error": error, "last": last})

            # The head leaves at once, or after its last group.
            error_at_head = bool(queued) and bool(queued[0].error)
            whole = error_at_head and group == len(queued[0].groups)
            leaves = bool(queued) and (whole or not error_at_head) and random.random() < leaving
            reads = error_at_head and not whole and random.random() < 2 * leaving
            ctx.set(queue.read, reads)
            ctx.set(queue.o.ready, leaves)
            if shared:
                memory = queue.memory
                assert ctx.get(memory.read) == reads
                if ctx.get(memory.write):
                    fresh.append(ctx.get(memory.written))
                if ctx.get(memory.end):
                    codes += fresh if ctx.get(memory.keep) else []
                    fresh = []
            asked = queued[0].groups[group] if reads else None
            group += reads
            if leaves:
                group = 0
                trained += queued.pop(0).error
            if joins:
                queued.append(Sample(error, last, written))
                written, groups = [], group_count()
            if writes:
                written.append(row)
            most = max(most, len(queued))
            await ctx.tick()
            if shared and reads:
                ctx.set(queue.memory.word, codes.pop(0))
        assert most == depth or (folded.universal and most > folded.plan.sample_buffers)
        assert trained > 20

    simulate(design, bench)


@pytest.mark.parametrize("layer", LAYERS)
def test_samples_keep_their_choices(layer: str) -> None:
    check_order(layer)


def test_the_check_notices_a_flipped_bit() -> None:
    with pytest.raises(AssertionError):
        check_order("two banks", flip=True)
