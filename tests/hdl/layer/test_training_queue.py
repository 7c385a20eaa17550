"""Evaluated samples and their choices, in order."""

from random import Random
from typing import Any, NamedTuple

import pytest
from amaranth.hdl import Module
from amaranth.lib import wiring
from amaranth.sim import SimulatorContext

from metaplast.hdl.layer.training_queue import TrainingQueue
from metaplast.hdl.primitives.simple_dual_port_ram import SimpleDualPortRAM

from ..folded_layers import FOLDED_LAYERS
from ..placed_layers import ENGINES
from ..simulate import simulate

LAYERS = {
    **FOLDED_LAYERS,
    "universal": ENGINES["pairs"],
    "shared memories": ENGINES["shared memories"],
}
CYCLES = 800
SLOT = 16  # words, if memories are shared


class Sample(NamedTuple):
    """An evaluated sample, with the choices of its groups in all banks.

    In a universal trainer it is a sample in a layer: ``final`` in the last one. With shared
    memories, ``slot`` is the place of its choices.
    """

    error: int
    last: int
    groups: list[list[dict[str, int]]]
    final: bool
    slot: int


class Places:
    """Slots of the samples that come to the queue and leave it.

    Attributes
    ----------
    layers : int
        Layers of the sample that comes which have not joined; 0 before the next sample begins.
    """

    def __init__(self, random: Random, count: int):
        self.random, self.count = random, count
        self.layers = self.coming = self.held = 0

    def begin(self) -> bool:
        """Begin a sample, if there is a slot."""
        if self.layers or self.held == self.count:
            return False
        self.layers, self.held = self.random.randint(1, 3), self.held + 1
        self.coming = (self.coming + 1) % self.count
        return True


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
    places = Places(random, folded.sample_depth // SLOT)
    if shared:
        memory = SimpleDualPortRAM(shape=folded.plan.input_width, depth=folded.sample_depth)
        design.submodules.memory = memory
        wiring.connect(design, queue.memory, memory)

    def group_count() -> int:
        most = SLOT // 3 if shared else 12
        return random.randint(1, most) if folded.universal else folded.bank_groups

    async def bench(ctx: SimulatorContext) -> None:
        queued: list[Sample] = []
        written: list[Any] = []  # choices of the sample that joins next
        groups = group_count()  # of that sample
        group = 0  # of the oldest sample with an error bit
        asked = None  # choices that were read in the cycle before
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
            begins = shared and places.begin()
            if shared:
                room = places.layers > 0 and not begins
                ctx.set(queue.begin, begins)
                ctx.set(queue.chosen_end, places.coming * SLOT + SLOT - 1)
                ctx.set(queue.trained_end, queued[0].slot * SLOT + SLOT - 1 if queued else 0)
            else:
                room = len(queued) < depth and kept + groups <= folded.choice_depth
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

            # The head leaves at once, or with its last group.
            wants = bool(queued) and random.random() < leaving
            error_at_head = bool(queued) and bool(queued[0].error)
            next_group = wants and error_at_head
            leaves = wants and (not error_at_head or group == len(queued[0].groups) - 1)
            reads = error_at_head and not (next_group and leaves) and random.random() < 0.7
            ctx.set(queue.next_group, next_group)
            ctx.set(queue.read, reads)
            ctx.set(queue.o.ready, leaves)
            if shared:
                ctx.set(queue.leave, leaves and queued[0].final)
            group += next_group
            asked = queued[0].groups[group] if reads else None
            if leaves:
                group = 0
                places.held -= queued[0].final
                trained += queued.pop(0).error
            if joins:
                places.layers -= shared
                final = shared and places.layers == 0
                queued.append(Sample(error, last, written, final, places.coming))
                written, groups = [], group_count()
            if writes:
                written.append(row)
            most = max(most, len(queued))
            await ctx.tick()
        assert most == depth or (folded.universal and most > folded.plan.sample_buffers)
        assert trained > 20

    simulate(design, bench)


@pytest.mark.parametrize("layer", LAYERS)
def test_samples_keep_their_choices(layer: str) -> None:
    check_order(layer)


def test_the_check_notices_a_flipped_bit() -> None:
    with pytest.raises(AssertionError):
        check_order("two banks", flip=True)
