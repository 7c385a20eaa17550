# amaranth: UnusedElaboratable=no
"""The random streams and settings of layers in the memory of hidden weights."""

from random import Random
from typing import Any

import pytest
from amaranth.hdl import Module, Mux
from amaranth.sim import SimulatorContext

from metaplast.golden_model.random_stream import HISTORY_BITS
from metaplast.hdl.layer.layer_settings import SETTINGS
from metaplast.hdl.layer.record_store import RecordStore
from metaplast.hdl.planning.plan import MemoryKind
from metaplast.hdl.planning.universal import UniversalEngine
from metaplast.hdl.weights.row_command import RowOperation
from metaplast.hdl.weights.weight_bank import WeightBank

from ..placed_layers import engine_of
from ..simulate import simulate

MOVES = 40
MAX_CYCLES = 300

FOLDINGS = {
    "one": {"pe": 1, "simd": 8, "update_width": 2, "input_width": 4},
    "single port": {
        "pe": 2,
        "simd": 8,
        "update_width": 4,
        "input_width": 4,
        "memory": MemoryKind.SPRAM,
    },
    # A word of a neuron has three rows.
    "three chunks": {"pe": 1, "simd": 24, "update_width": 8, "input_width": 8},
    "one counter": {"pe": 1, "simd": 1, "update_width": 1, "input_width": 1},
}


def weight_rows(engine: UniversalEngine) -> set[int]:
    """Rows that can have hidden weights of a layer."""
    plan = engine.plan
    return set(range(engine.capacity.rows * plan.pe * plan.simd // plan.update_width))


def half_of(record: int, half: int) -> int:
    return record >> 16 * half & 0xFFFF


def with_half(record: int, half: int, value: int) -> int:
    return record ^ (half_of(record, half) ^ value & 0xFFFF) << 16 * half


class Store:
    """A store, the generator's history, and a memory with the timing of a bank."""

    def __init__(self, engine: UniversalEngine):
        self.engine, self.store = engine, RecordStore(engine)
        self.bits = engine.piece_bits
        self.pieces = 128 // self.bits
        self.memory: dict[tuple[int, int], int] = {}  # pieces by row and column
        self.history = 0
        self.settings: list[int] = []  # pieces that were loaded
        self._pieces: list[int | None] = [None] * 3  # read in the cycles before
        self._replaced: tuple[int, int] | None = None  # in the cycle before

    async def cycle(self, ctx: SimulatorContext, random: Random) -> set[str]:
        """A cycle; gives the names of the outputs that are set."""
        store = self.store
        piece = self._pieces.pop(0)
        ctx.set(store.piece, random.getrandbits(self.bits) if piece is None else piece)
        ctx.set(store.history, self.history)
        outputs = ("fetch", "replace", "shift", "set", "moved")
        names = {name for name in outputs if ctx.get(getattr(store, name))}
        place = ctx.get(store.row), ctx.get(store.column)
        if self._replaced is not None:
            self.memory[self._replaced] = ctx.get(store.stored) & (1 << self.bits) - 1
        self._replaced = place if "replace" in names else None
        self._pieces.append(self.memory[place] if "fetch" in names else None)
        shifted = ctx.get(store.shifted)
        if "shift" in names:
            self.history = (self.history | shifted << HISTORY_BITS) >> self.bits
        if "set" in names:
            assert ctx.get(store.set_number) == len(self.settings)
            self.settings.append(shifted)
        await ctx.tick()
        return names

    async def move(
        self, ctx: SimulatorContext, name: str, random: Random, pieces: int, **inputs: int
    ) -> None:
        """Move ``pieces`` pieces, and check the cycles by the docstring."""
        for port, value in inputs.items():
            ctx.set(getattr(self.store, port), value)
        ctx.set(getattr(self.store, name), 1)
        assert await self.cycle(ctx, random) == set()
        reads = name in ("load", "read", "load_settings")
        cycles = pieces + 3 if reads else 2 * pieces
        arrives = "set" if name == "load_settings" else "shift"
        for cycle in range(cycles):
            expected = {"moved"} if cycle == cycles - 1 else set()
            if reads:
                expected |= {"fetch"} if cycle < pieces else set()
                expected |= {arrives} if cycle >= 3 else set()
            elif cycle % 2 == 0:
                expected |= {"replace"}
            elif name == "store":
                expected |= {"shift"}
            assert await self.cycle(ctx, random) == expected, f"cycle {cycle} of {name}"
        ctx.set(getattr(self.store, name), 0)
        ctx.set(self.store.single, random.getrandbits(1))


class Records:
    """Records of all layers, moved at random and compared."""

    def __init__(self, engine: UniversalEngine, random: Random):
        self.model, self.random = Store(engine), random
        self.records = [0] * engine.layers

    async def write_all(self, ctx: SimulatorContext) -> None:
        """Write every half of every record, as a host does."""
        for layer in range(len(self.records)):
            for half in range(0, 8, 2):
                await self.write(ctx, layer, half, single=False)
            for name, half in SETTINGS.items():
                await self.write(ctx, layer, half, single=name != "events")

    async def write(self, ctx: SimulatorContext, layer: int, half: int, *, single: bool) -> None:
        random, model = self.random, self.model
        word = random.getrandbits(32)
        pieces = model.pieces // 8 * (1 if single else 2)
        values = {"layer": layer, "half": half, "word": word, "single": single}
        await model.move(ctx, "write", random, pieces, **values)
        await model.cycle(ctx, random)  # the last piece is given in the cycle of ``moved``
        for index in range(1 if single else 2):
            self.records[layer] = with_half(self.records[layer], half + index, word >> 16 * index)
        self.records[layer] &= ~1  # bit 0 is unused

    async def any_move(self, ctx: SimulatorContext, *, flip: bool) -> None:
        """A move of a random kind."""
        random, model = self.random, self.model
        layer = random.randrange(len(self.records))
        record = self.records[layer]
        kind = random.choice(["load", "store", "read", "load_settings", "stream", "setting"])
        if kind == "store":
            model.history = random.getrandbits(HISTORY_BITS)
            self.records[layer] = record >> 128 << 128 | model.history << 1
            await model.move(ctx, "store", random, model.pieces, layer=layer)
            await model.cycle(ctx, random)
        elif kind == "load":
            model.history = random.getrandbits(HISTORY_BITS)
            await model.move(ctx, "load", random, model.pieces, layer=layer)
            expected = (record & (1 << 128) - 1) >> 1
            assert model.history == expected ^ flip, f"stream of layer {layer}"
        elif kind == "load_settings":
            model.settings = []
            await model.move(ctx, "load_settings", random, model.pieces, layer=layer)
            expected = [
                record >> 128 + model.bits * n & (1 << model.bits) - 1 for n in range(model.pieces)
            ]
            assert model.settings == expected, f"settings of layer {layer}"
        elif kind == "read":
            half = 2 * random.randrange(4)
            pieces = model.pieces // 4
            await model.move(ctx, "read", random, pieces, layer=layer, half=half, single=0)
            word = half_of(record, half) | half_of(record, half + 1) << 16
            assert model.history >> HISTORY_BITS - 32 == word, f"word of layer {layer}"
        elif kind == "stream":
            await self.write(ctx, layer, 2 * random.randrange(4), single=False)
        else:
            name = random.choice(list(SETTINGS))
            await self.write(ctx, layer, SETTINGS[name], single=name != "events")


def check_moves(engine: UniversalEngine, *, flip: bool = False) -> None:
    """Write records, and move their parts; if ``flip`` is set, expect streams wrongly."""
    random = Random(1)
    records = Records(engine, random)
    model = records.model

    async def bench(ctx: SimulatorContext) -> None:
        await records.write_all(ctx)
        for _ in range(MOVES):
            await records.any_move(ctx, flip=flip)
            for _ in range(random.choice([1, 3])):
                assert await model.cycle(ctx, random) == set()

    simulate(model.store, bench)
    rows = {row for row, _ in model.memory}
    assert len(model.memory) == engine.layers * 2 * model.pieces
    assert not rows & weight_rows(engine), "a record lies on hidden weights"
    assert max(rows) < engine.bank_rows


@pytest.mark.parametrize("folding", FOLDINGS)
@pytest.mark.parametrize("counter_bits", [2, 3, 8, 16])
def test_records_are_moved_as_they_were_stored(counter_bits: int, folding: str) -> None:
    check_moves(engine_of(counter_bits=counter_bits, **FOLDINGS[folding]))


def test_the_check_notices_a_flipped_bit() -> None:
    with pytest.raises(AssertionError, match="stream of layer"):
        check_moves(engine_of(counter_bits=3, **FOLDINGS["one"]), flip=True)


@pytest.mark.parametrize("folding", FOLDINGS)
@pytest.mark.parametrize("counter_bits", [2, 3, 8, 16])
def test_a_bank_keeps_records_and_its_snapshot(counter_bits: int, folding: str) -> None:
    engine = engine_of(counter_bits=counter_bits, **FOLDINGS[folding])
    random, store, bank = Random(2), RecordStore(engine), WeightBank(engine)
    bits = engine.piece_bits
    design = Module()
    design.submodules.store, design.submodules.bank = store, bank
    design.d.comb += [
        bank.i.valid.eq(store.fetch | store.replace),
        bank.i.p.operation.eq(Mux(store.fetch, RowOperation.READ, RowOperation.REPLACE)),
        bank.i.p.row.eq(store.row),
        bank.i.p.column.eq(store.column),
        bank.store.eq(store.stored),
        store.piece.eq(bank.counter),
    ]

    async def move(ctx: SimulatorContext, name: str, value: int = 0, **inputs: Any) -> int:
        """Move a history or a word; settings that were loaded come in a value of 128 bits."""
        for port, given in inputs.items():
            ctx.set(getattr(store, port), given)
        ctx.set(getattr(store, name), 1)
        for _ in range(MAX_CYCLES):
            ctx.set(store.history, value)
            shifted, moved = ctx.get(store.shifted), ctx.get(store.moved)
            if ctx.get(store.shift):
                value = (value | shifted << HISTORY_BITS) >> bits
            if ctx.get(store.set):
                value |= shifted << bits * ctx.get(store.set_number)
            await ctx.tick()
            if moved:
                ctx.set(getattr(store, name), 0)
                await ctx.tick()
                return value
        raise TimeoutError(f"{name} does not end")

    async def bench(ctx: SimulatorContext) -> None:
        histories = [random.getrandbits(HISTORY_BITS) for _ in range(engine.layers)]
        words = [[random.getrandbits(32) for _ in range(4)] for _ in range(engine.layers)]
        for layer, history in enumerate(histories):
            await move(ctx, "store", history, layer=layer)
            for half, word in zip(range(8, 16, 2), words[layer], strict=True):
                await move(ctx, "write", layer=layer, half=half, word=word, single=0)
        for layer, history in enumerate(histories):
            assert await move(ctx, "load", layer=layer) == history
            settings = await move(ctx, "load_settings", layer=layer)
            assert settings == sum(word << 32 * n for n, word in enumerate(words[layer]))
        ctx.set(bank.snapshot_enable, 1)
        for row in range(engine.snapshot_rows):
            ctx.set(bank.snapshot_address, row)
            await ctx.tick()
            assert list(ctx.get(bank.snapshot)) == [0] * engine.plan.pe

    simulate(design, bench)
