# amaranth: UnusedElaboratable=no
"""The random streams of layers in the memory of hidden weights."""

from random import Random

import pytest
from amaranth.hdl import Module, Mux
from amaranth.sim import SimulatorContext

from metaplast.golden_model.random_stream import HISTORY_BITS
from metaplast.hdl.layer.stream_store import StreamStore
from metaplast.hdl.planning.plan import MemoryKind
from metaplast.hdl.planning.universal import UniversalEngine
from metaplast.hdl.weights.row_command import RowOperation
from metaplast.hdl.weights.weight_bank import WeightBank

from ..placed_layers import engine_of
from ..simulate import simulate

MOVES = 16

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


class Store:
    """A store, the generator's history, and a memory with the timing of a bank."""

    def __init__(self, engine: UniversalEngine):
        self.engine, self.store = engine, StreamStore(engine)
        self.bits = engine.config.counter_bits
        self.pieces = -(-HISTORY_BITS // self.bits)
        self.memory: dict[tuple[int, int], int] = {}  # pieces by row and column
        self.history = 0
        self._pieces: list[int | None] = [None] * 3  # read in the cycles before
        self._replaced: tuple[int, int] | None = None  # in the cycle before

    async def cycle(self, ctx: SimulatorContext, random: Random) -> set[str]:
        """A cycle; gives the names of the outputs that are set."""
        store = self.store
        piece = self._pieces.pop(0)
        ctx.set(store.piece, random.getrandbits(self.bits) if piece is None else piece)
        ctx.set(store.history, self.history)
        outputs = ("read", "replace", "shift", "moved")
        names = {name for name in outputs if ctx.get(getattr(store, name))}
        place = ctx.get(store.row), ctx.get(store.column)
        if self._replaced is not None:
            self.memory[self._replaced] = ctx.get(store.stored)
        self._replaced = place if "replace" in names else None
        self._pieces.append(self.memory[place] if "read" in names else None)
        if "shift" in names:
            shifted = ctx.get(store.shifted)
            self.history = (self.history | shifted << HISTORY_BITS) >> self.bits
        await ctx.tick()
        return names

    async def move(self, ctx: SimulatorContext, name: str, layer: int, random: Random) -> None:
        """Load or store, and check the cycles by the docstring."""
        ctx.set(self.store.layer, layer)
        ctx.set(getattr(self.store, name), 1)
        assert await self.cycle(ctx, random) == set()
        cycles = self.pieces + 3 if name == "load" else 2 * self.pieces
        for cycle in range(cycles):
            expected = {"moved"} if cycle == cycles - 1 else set()
            if name == "load":
                expected |= {"read"} if cycle < self.pieces else set()
                expected |= {"shift"} if cycle >= 3 else set()
            else:
                expected |= {"shift"} if cycle % 2 else {"replace"}
            assert await self.cycle(ctx, random) == expected, f"cycle {cycle} of {name}"
        ctx.set(getattr(self.store, name), 0)


def check_moves(engine: UniversalEngine, *, flip: bool = False) -> None:
    """Store and load histories; if ``flip`` is set, expect the loaded ones wrongly."""
    random, model = Random(1), Store(engine)
    histories: dict[int, int] = {}

    async def bench(ctx: SimulatorContext) -> None:
        for number in range(MOVES):
            layer = random.randrange(engine.layers)
            if number < engine.layers:
                layer = number
            if number < engine.layers or random.random() < 0.4:
                histories[layer] = model.history = random.getrandbits(HISTORY_BITS)
                before = dict(model.memory)
                await model.move(ctx, "store", layer, random)
                await model.cycle(ctx, random)  # the last piece is given in the cycle of ``moved``
                changed = {place for place in model.memory if place not in before}
                assert len(changed) in (0, model.pieces)
            else:
                model.history = random.getrandbits(HISTORY_BITS)
                await model.move(ctx, "load", layer, random)
                assert model.history == histories[layer] ^ flip, f"layer {layer}"
            for _ in range(random.choice([0, 1, 3])):
                assert await model.cycle(ctx, random) == set()

    simulate(model.store, bench)
    rows = {row for row, _ in model.memory}
    assert len(model.memory) == engine.layers * model.pieces
    assert not rows & weight_rows(engine), "a history lies on hidden weights"
    assert max(rows) < engine.bank_rows


@pytest.mark.parametrize("folding", FOLDINGS)
@pytest.mark.parametrize("counter_bits", [2, 3, 8, 16])
def test_a_history_is_loaded_as_it_was_stored(counter_bits: int, folding: str) -> None:
    check_moves(engine_of(counter_bits=counter_bits, **FOLDINGS[folding]))


def test_the_check_notices_a_flipped_bit() -> None:
    with pytest.raises(AssertionError, match="layer"):
        check_moves(engine_of(counter_bits=3, **FOLDINGS["one"]), flip=True)


@pytest.mark.parametrize("folding", FOLDINGS)
@pytest.mark.parametrize("counter_bits", [2, 3, 8, 16])
def test_a_bank_keeps_histories_and_its_snapshot(counter_bits: int, folding: str) -> None:
    engine = engine_of(counter_bits=counter_bits, **FOLDINGS[folding])
    random, store, bank = Random(2), StreamStore(engine), WeightBank(engine)
    design = Module()
    design.submodules.store, design.submodules.bank = store, bank
    design.d.comb += [
        bank.i.valid.eq(store.read | store.replace),
        bank.i.p.operation.eq(Mux(store.read, RowOperation.READ, RowOperation.REPLACE)),
        bank.i.p.row.eq(store.row),
        bank.i.p.column.eq(store.column),
        bank.store.eq(store.stored),
        store.piece.eq(bank.counter),
    ]

    async def move(ctx: SimulatorContext, name: str, layer: int, history: int) -> int:
        ctx.set(store.layer, layer)
        ctx.set(getattr(store, name), 1)
        for _ in range(300):
            ctx.set(store.history, history)
            if ctx.get(store.shift):
                history = (history | ctx.get(store.shifted) << HISTORY_BITS) >> counter_bits
            moved = ctx.get(store.moved)
            await ctx.tick()
            if moved:
                ctx.set(getattr(store, name), 0)
                await ctx.tick()
                return history
        raise TimeoutError(f"{name} does not end")

    async def bench(ctx: SimulatorContext) -> None:
        histories = [random.getrandbits(HISTORY_BITS) for _ in range(engine.layers)]
        for layer, history in enumerate(histories):
            await move(ctx, "store", layer, history)
        for layer, history in enumerate(histories):
            assert await move(ctx, "load", layer, 0) == history
        ctx.set(bank.snapshot_enable, 1)
        for row in range(engine.snapshot_rows):
            ctx.set(bank.snapshot_address, row)
            await ctx.tick()
            assert list(ctx.get(bank.snapshot)) == [0] * engine.plan.pe

    simulate(design, bench)
