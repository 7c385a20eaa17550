# amaranth: UnusedElaboratable=no
"""Counts and settings of layers in the memory of sums: values and cycles of each run."""

from random import Random
from typing import Any

import pytest
from amaranth.sim import SimulatorContext

from metaplast.hdl.layer.layer_rows import COUNTS, LayerRows
from metaplast.hdl.layer.layer_settings import SETTINGS
from metaplast.hdl.planning.universal import UniversalEngine

from ..placed_layers import ENGINES
from ..simulate import simulate

RUNS = 60
MASK = (1 << 32) - 1


class Rows:
    """The rows with their memory, and what they should hold."""

    def __init__(self, engine: UniversalEngine, random: Random):
        self.engine, self.rows, self.random = engine, LayerRows(engine), random
        # Settings are 0 until they are written.
        top = engine.sums_depth - 1
        self.memory = [0 if top - row & 8 else random.getrandbits(16) for row in range(top + 1)]
        self.written: set[int] = set()
        self.counts = [dict.fromkeys(COUNTS, 0) for _ in range(engine.layers)]
        self.settings = [dict.fromkeys(SETTINGS, 0) for _ in range(engine.layers)]
        self._row: int | None = None

    async def cycle(self, ctx: SimulatorContext) -> None:
        """A cycle of the memory, whose row is there in the cycle after its read."""
        memory = self.rows.memory
        ctx.set(memory.row, self.random.getrandbits(16) if self._row is None else self._row)
        self._row = None
        if ctx.get(memory.read):
            self._row = self.memory[ctx.get(memory.read_address)]
        if ctx.get(memory.write):
            address = ctx.get(memory.write_address)
            self.memory[address] = ctx.get(memory.data)
            self.written.add(address)
        await ctx.tick()

    async def run(self, ctx: SimulatorContext, rows: int, *, loads: bool = False) -> None:
        """Let a run of so many rows end; it began with the cycle before."""
        for number in range(rows + 1):
            assert ctx.get(self.rows.busy), f"row {number} of {rows}"
            assert ctx.get(self.rows.loads) == loads
            await self.cycle(ctx)
        assert not ctx.get(self.rows.busy)

    async def clear(self, ctx: SimulatorContext) -> None:
        ctx.set(self.rows.clear, 1)
        await self.cycle(ctx)
        ctx.set(self.rows.clear, 0)
        await self.run(ctx, 8 * self.engine.layers)
        self.counts = [dict.fromkeys(COUNTS, 0) for _ in self.counts]

    async def add(self, ctx: SimulatorContext) -> None:
        random, layer = self.random, self.random.randrange(self.engine.layers)
        amounts = {
            "errors": random.getrandbits(1),
            "updates": random.randint(0, self.engine.config.neurons),
            "right": random.getrandbits(1),
        }
        ctx.set(self.rows.add, 1)
        ctx.set(self.rows.evaluated, layer)
        ctx.set(self.rows.amounts, amounts)
        await self.cycle(ctx)
        ctx.set(self.rows.add, 0)
        ctx.set(self.rows.evaluated, random.randrange(self.engine.layers))
        await self.run(ctx, 6)
        for name, amount in amounts.items():
            self.counts[layer][name] = self.counts[layer][name] + amount & MASK

    async def load(self, ctx: SimulatorContext) -> None:
        """The margin of the array's layer in the first cycle, and sizes of that in the others."""
        first, then = (self.random.randrange(self.engine.layers) for _ in range(2))
        ctx.set(self.rows.load, 1)
        ctx.set(self.rows.array_layer, first)
        await self.cycle(ctx)
        ctx.set(self.rows.load, 0)
        ctx.set(self.rows.array_layer, then)
        await self.run(ctx, 6, loads=True)
        self.compare_settings(ctx, margin_of=first, sizes_of=then)

    def compare_settings(self, ctx: SimulatorContext, *, margin_of: int, sizes_of: int) -> None:
        loaded: Any = self.rows.settings
        assert ctx.get(loaded.margin) == self.settings[margin_of]["margin"], "margin"
        for name, _ in loaded.sizes.shape():
            assert ctx.get(loaded.sizes[name]) == self.settings[sizes_of][name], name

    async def access(self, ctx: SimulatorContext, layer: int, name: str, data: int | None) -> None:
        """Read a count or a setting, or write one; a load follows after a setting."""
        rows, random = self.rows, self.random
        setting = name in SETTINGS
        ctx.set(rows.array_layer, 0)
        ctx.set(rows.layer, layer)
        ctx.set(rows.half, SETTINGS[name] if setting else 2 * COUNTS.index(name))
        ctx.set(rows.single, setting and name != "events")
        ctx.set(rows.write, data is not None)
        ctx.set(rows.data, random.getrandbits(32) if data is None else data)
        ctx.set(rows.access, 1)
        await self.cycle(ctx)
        halves = []
        for number in range(3):
            assert ctx.get(rows.accessed) == (number == 2)
            if number:
                ctx.set(rows.memory.row, self._row)
                halves.append(ctx.get(rows.value))
            await self.cycle(ctx)
        if data is None:
            held = self.settings if setting else self.counts
            value = (halves[1] & ~0xFFFF) | (halves[0] & 0xFFFF)
            assert value == held[layer][name], name
        ctx.set(rows.access, 0)
        if data is not None and setting:
            self.settings[layer][name] = data
            await self.run(ctx, 6, loads=True)
            self.compare_settings(ctx, margin_of=0, sizes_of=0)
        elif data is not None:
            self.counts[layer][name] = 0


def check_runs(name: str, *, flip: bool = False) -> None:
    """Do runs at random, and compare counts and settings; ``flip`` changes a bit of the memory."""
    engine, random = ENGINES[name], Random(1)
    model = Rows(engine, random)
    highest = {
        "margin": engine.config.neurons,
        "inputs": engine.config.inputs,
        "neurons": engine.config.neurons,
        "group": engine.max_group,
        "base": engine.snapshot_rows - 1,
        "column": engine.classifier_rows - 1,
        "events": engine.config.max_events,
    }

    async def bench(ctx: SimulatorContext) -> None:
        await model.clear(ctx)
        for layer in range(engine.layers):
            for setting, most in highest.items():
                await model.access(ctx, layer, setting, random.choice([most, 0, most // 2]))
        for _ in range(RUNS):
            layer, setting = random.randrange(engine.layers), random.choice(list(SETTINGS))
            kind = random.randrange(6)
            if kind == 0:
                await model.load(ctx)
            elif kind == 1:
                await model.access(ctx, layer, setting, random.randint(0, highest[setting]))
            elif kind == 2:
                await model.access(ctx, layer, random.choice(COUNTS), random.choice([None, 5]))
            else:
                await model.add(ctx)
        # A count carries into its high half.
        top = engine.sums_depth - 1
        model.memory[top] = model.memory[top - 16] = 0xFFFF
        for layer in (0, 1):
            model.counts[layer]["errors"] |= 0xFFFF
        for _ in range(20):
            await model.add(ctx)
        model.memory[top] ^= flip
        for layer in range(engine.layers):
            for each in (*COUNTS, *SETTINGS):
                await model.access(ctx, layer, each, None)
        await model.clear(ctx)
        for layer in range(engine.layers):
            for each in (*COUNTS, *SETTINGS):
                await model.access(ctx, layer, each, None)

    simulate(model.rows, bench)
    assert min(model.written) >= engine.sets, "a row of sums is written"


@pytest.mark.parametrize("name", ["one", "three chunks"])
def test_counts_and_settings_are_as_they_were_written(name: str) -> None:
    check_runs(name)


def test_the_check_notices_a_flipped_bit() -> None:
    with pytest.raises(AssertionError, match="errors"):
        check_runs("one", flip=True)
