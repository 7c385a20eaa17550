# amaranth: UnusedElaboratable=no
"""Batches, refused labels and counts, compared with a model."""

import random
from typing import Any

import pytest

from metaplast.hdl.batch_control import BatchControl

from .simulate import simulate

WIDTH, CLASSES, WORDS, CYCLES = 3, 4, 2, 1500


class Model:
    """Model of the counts and of the marks of samples."""

    def __init__(self) -> None:
        self.left, self.trained, self.refused = 1, 0, 0
        self.mid_batch = False

    def marks(self, label: int, last: bool, infer: bool) -> dict[str, bool]:
        """The marks of a word."""
        refused = not infer and label >= CLASSES
        return {
            "last": (last or self.left == 1) and not refused,
            "train": not infer,
            "refused": refused,
        }

    def complete(self, label: int, last: bool, infer: bool, size: int) -> None:
        """Count a sample."""
        if infer:
            return
        if label >= CLASSES:
            self.refused += 1
            return
        self.trained += 1
        self.mid_batch = not (last or self.left == 1)
        self.left = self.left - 1 if self.mid_batch else size


@pytest.mark.parametrize("seed", range(3))
def test_words_are_marked_and_samples_counted(seed: int) -> None:
    dut, model, draw = (
        BatchControl(input_width=WIDTH, classes=CLASSES),
        Model(),
        random.Random(seed),
    )
    passed = 0

    async def bench(context: Any) -> None:
        nonlocal passed
        word = infer = restart = 0
        trained = refused = 0  # by a sample that was completed in the cycle before
        size = 1
        for _ in range(CYCLES):
            label, last, bits = draw.randrange(6), draw.random() < 0.2, draw.getrandbits(WIDTH)
            valid, ready, hold = (draw.random() < 0.8 for _ in range(3))
            hold = not hold
            if hold:
                size = draw.choice([1, 2, 3, 4, 65535])
                infer = draw.random() < 0.2
            restarted = restart  # the size is read in the cycle after, in which no word passes
            restart, clear_trained, clear_refused, reset = (
                hold and draw.random() < 0.2 for _ in range(4)
            )
            context.set(dut.i.payload, {"bits": bits, "label": label, "last": last})
            for port, value in (
                (dut.i.valid, valid),
                (dut.o.ready, ready),
                (dut.hold, hold),
                (dut.last_word, word == WORDS - 1),
                (dut.infer, infer),
                (dut.size, size),
                (dut.restart, restart),
                (dut.reset, reset),
                (dut.clear_trained, clear_trained),
                (dut.clear_refused, clear_refused),
            ):
                context.set(port, value)
            stopped = hold or restarted
            assert context.get(dut.o.valid) == (valid and not stopped)
            assert context.get(dut.i.ready) == (ready and not stopped)
            assert context.get(dut.trained) == model.trained - trained
            assert context.get(dut.refused) == model.refused - refused
            before = model.trained, model.refused
            assert context.get(dut.mid_batch) == model.mid_batch
            if valid and ready and not stopped:
                passed += 1
                payload = dut.o.payload
                for name, mark in model.marks(label, last, infer).items():
                    assert context.get(getattr(payload, name)) == mark, name
                assert context.get(payload.bits) == bits
                assert context.get(payload.label) == label
                if word == WORDS - 1:
                    model.complete(label, last, infer, size)
                word = (word + 1) % WORDS
            trained, refused = model.trained - before[0], model.refused - before[1]
            if restarted:
                model.left = size
            if reset:
                model.mid_batch = False
            if clear_trained:
                model.trained = 0
            if clear_refused:
                model.refused = 0
            await context.tick()

    simulate(dut, bench)
    assert passed > CYCLES // 4
