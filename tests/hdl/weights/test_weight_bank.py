"""A bank's hidden weights and their snapshot."""

from typing import Any

import pytest
from amaranth.hdl import Value
from amaranth.sim import SimulatorContext

from metaplast.hdl.planning.plan import FoldedLayer
from metaplast.hdl.weights.row_command import RowOperation
from metaplast.hdl.weights.weight_bank import WeightBank
from metaplast.sim.bench import Flow

from ..folded_layers import FOLDED_LAYERS
from ..streams import IDLE_FLOWS, StreamBench, check_latency

CYCLES = 300
WRITES = (
    RowOperation.UPDATE,
    RowOperation.REINFORCE,
    RowOperation.STORE,
    RowOperation.REPLACE,
)


class Model:
    """The counters of a bank, row by row, and the snapshot as the neuron array reads it."""

    def __init__(self, folded: FoldedLayer):
        self.folded = folded
        plan = folded.plan
        self.rows = [[0] * plan.update_width for _ in range(folded.bank_rows)]
        self.snapshot = [[0] * plan.pe for _ in range(folded.sets * folded.words)]

    def place(self, row: int) -> dict[str, int]:
        """Where a row's signs belong, and whether it is its neuron's last."""
        folded, plan = self.folded, self.folded.plan
        neuron, part = divmod(row, folded.rows)
        word, chunk = divmod(part, plan.simd // plan.update_width)
        return {
            "last": part == folded.rows - 1,
            "snapshot_row": neuron // plan.pe * folded.words + word,
            "snapshot_pe": neuron % plan.pe,
            "snapshot_chunk": chunk,
        }

    def real(self, row: int) -> int:
        """Counters in a row that are no padding."""
        part = row % self.folded.rows
        return min(self.folded.plan.update_width, self.folded.config.inputs - self._first(part))

    def _first(self, part: int) -> int:
        return part * self.folded.plan.update_width

    def saturated(self, row: int) -> int:
        bounds = (self.folded.config.lowest, self.folded.config.highest)
        return sum(k in bounds for k in self.rows[row][: self.real(row)])

    def obey(self, command: dict[str, Any], inputs: int, store: int) -> None:
        """What a command does to the counters."""
        operation, row = RowOperation(command["operation"]), command["row"]
        if operation is RowOperation.UPDATE:
            for column in range(self.folded.plan.update_width):
                self._step(row, column, up=(inputs >> column & 1) == command["desired"])
        if operation is RowOperation.REINFORCE:
            self._step(row, command["column"], up=self.rows[row][command["column"]] >= 0)
        if operation in (RowOperation.STORE, RowOperation.REPLACE):
            self.rows[row][command["column"]] = store

    def signs(self, row: int) -> int:
        """The signs of a row, as the snapshot keeps them."""
        return sum((k >= 0) << n for n, k in enumerate(self.rows[row][: self.real(row)]))

    def keep(self, command: dict[str, Any], signs: int) -> None:
        """What a command does to the snapshot."""
        counters = self.folded.plan.update_width
        word = self.snapshot[command["snapshot_row"]]
        column, shift = command["snapshot_pe"], command["snapshot_chunk"] * counters
        word[column] = word[column] & ~((1 << counters) - 1 << shift) | signs << shift

    def _step(self, row: int, column: int, *, up: bool) -> None:
        config = self.folded.config
        k = self.rows[row][column] + (1 if up else -1)
        self.rows[row][column] = min(max(k, config.lowest), config.highest)


class Bank:
    """A bank beside its model, cycle by cycle.

    Attributes
    ----------
    known : bool
        Whether the rows hold known counters.
    counted : list of int
        The cycles of commands to count.
    """

    def __init__(self, folded: FoldedLayer, flow: Flow, *, flip: bool):
        self.folded, self.model, self.bank = folded, Model(folded), WeightBank(folded)
        self.streams = StreamBench(self.bank, flow, flip=flip)
        self.counters = self.streams.scoreboard("counter")
        self.snapshots = self.streams.scoreboard("snapshot")
        self.saturated = self.streams.collector("saturated")
        self.known = False
        self.counted: list[int] = []
        # The command that came in the cycle before; the one before it, with its bits and counter;
        # and the signs to be kept of the one before that.
        self.named: dict[str, Any] | None = None
        self._read: tuple[dict[str, Any], int, int] | None = None
        self._kept: tuple[dict[str, Any], int] | None = None
        self._shown: int | None = None  # the counter that must be there
        self._lost = False  # for this cycle only
        self._looked = False  # in the cycle before

    async def cycle(
        self,
        ctx: SimulatorContext,
        operation: RowOperation | None,
        row: int = 0,
        *,
        column: int | None = None,
        look: bool = False,
    ) -> None:
        """Give a command or none, look at the snapshot or not, and check the cycle."""
        bank, streams, model = self.bank, self.streams, self.model
        command = None
        if operation is not None:
            command = {**streams.noise(bank.i.p), **model.place(row)}
            command |= {"operation": operation.value, "row": row}
            command["column"] = (
                streams.random.randrange(model.real(row)) if column is None else column
            )
            if operation is RowOperation.COUNT:
                self.counted.append(streams.cycle)
        ctx.set(bank.i.valid, command is not None)
        streams.set_noise(ctx, bank.i.p)
        if command is not None:
            ctx.set(bank.i.p, command)

        inputs, store = streams.noise(bank.inputs), streams.noise(bank.store)
        ctx.set(bank.inputs, inputs)
        ctx.set(bank.store, store)

        address = streams.random.randrange(len(model.snapshot))
        # It may be written in this cycle.
        looks = look and not (self._kept is not None and address == self._kept[0]["snapshot_row"])
        ctx.set(bank.snapshot_enable, looks)
        ctx.set(bank.snapshot_address, address)

        if self._shown is not None:
            self.counters.expect(self._shown)
            self.counters.receive(ctx.get(bank.counter), streams.cycle)
        if self._looked:
            self.snapshots.receive(ctx.get(Value.cast(bank.snapshot)), streams.cycle)
        if looks:
            self.snapshots.expect(list(model.snapshot[address]))
        self._looked = looks
        await ctx.tick()
        self._obey()
        self._read = None if self.named is None else (self.named, inputs, store)
        self.named = command

    def _obey(self) -> None:
        """Let the model do the commands of the cycles before."""
        model = self.model
        if self._kept is not None:
            model.keep(*self._kept)
        self._kept = None
        if self._lost:
            self._shown = None
        self._lost = False
        if self._read is not None:
            command, inputs, store = self._read
            operation = RowOperation(command["operation"])
            self._shown = model.rows[command["row"]][command["column"]] if self.known else None
            self._lost = self.folded.single_port and operation in WRITES
            if operation is RowOperation.COUNT:
                self.saturated.expect(model.saturated(command["row"]))
            model.obey(command, inputs, store)
            if operation in (RowOperation.STORE, RowOperation.SCAN):
                self._kept = command, model.signs(command["row"])


def check_commands(layer: str, flow: Flow, *, flip: bool = False, later: int = 0) -> None:
    """Give commands as dense as they may come, and check counters, signs, counts and latency."""
    folded = FOLDED_LAYERS[layer]
    bank = Bank(folded, flow, flip=flip)
    streams, random = bank.streams, bank.streams.random

    async def bench(ctx: SimulatorContext) -> None:
        for row in range(folded.bank_rows):
            for column in range(folded.plan.update_width):
                await bank.cycle(ctx, RowOperation.STORE, row, column=column)
                await bank.cycle(ctx, None)
        for _ in range(2):
            await bank.cycle(ctx, None)
        bank.known = True
        idle = 0
        for _ in range(CYCLES):
            idle = idle - 1 if idle else streams.pause(flow.idle)
            row, named = random.randrange(folded.bank_rows), bank.named
            written = named is not None and RowOperation(named["operation"]) in WRITES
            if idle or (written and (folded.single_port or row == named["row"])):
                await bank.cycle(ctx, None, look=True)
            else:
                await bank.cycle(ctx, random.choice(list(RowOperation)), row, look=True)
        for _ in range(4):
            await bank.cycle(ctx, None)

    streams.run(bench)
    check_latency(bank.counted, bank.saturated.cycles, bank.bank.saturated_latency + later)


@pytest.mark.parametrize("flow", IDLE_FLOWS)
@pytest.mark.parametrize("layer", FOLDED_LAYERS)
def test_rows_signs_and_counts_are_right_and_on_time(layer: str, flow: Flow) -> None:
    check_commands(layer, flow)


@pytest.mark.parametrize("flow", IDLE_FLOWS)
def test_the_check_notices_a_flipped_bit(flow: Flow) -> None:
    with pytest.raises(
        AssertionError, match=r"^(counter|snapshot|saturated): item \d+, in cycle \d+: expected"
    ):
        check_commands("single port", flow, flip=True)


def test_the_check_notices_a_wrong_latency() -> None:
    with pytest.raises(AssertionError, match=r"item 0 took \d+ cycles, not \d+"):
        check_commands("single port", Flow.STEADY, later=1)
