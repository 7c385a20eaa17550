"""A bank's hidden weights and their snapshot."""

from collections.abc import Sequence
from random import Random
from typing import Any

import pytest
from amaranth.hdl import Value
from amaranth.sim import SimulatorContext

from metaplast.hdl.planning.plan import FoldedLayer
from metaplast.hdl.weights.row_command import RowOperation
from metaplast.hdl.weights.weight_bank import WeightBank
from metaplast.sim.bench import Flow

from ..folded_layers import FOLDED_LAYERS
from ..placed_layers import ENGINES, random_layers, row_of, shape_of, snapshot_row_of
from ..streams import IDLE_FLOWS, StreamBench, check_latency

CYCLES = 300
WRITES = (
    RowOperation.UPDATE,
    RowOperation.REINFORCE,
    RowOperation.STORE,
    RowOperation.REPLACE,
)

Place = tuple[int, int]
"""A neuron of the bank, and a row of its word of inputs, or of padding."""


class Model:
    """The counters of a bank, row by row, and the snapshot as the neuron array reads it.

    Attributes
    ----------
    layer : FoldedLayer
        The layer of the commands.
    """

    def __init__(self, folded: FoldedLayer):
        self.folded = self.layer = folded
        plan = folded.plan
        self.rows = [[0] * plan.update_width for _ in range(folded.bank_rows)]
        self.snapshot = [[0] * plan.pe for _ in range(folded.snapshot_rows)]

    def places(self, *, padding: bool) -> list[Place]:
        """All places of the layer, or those without padding."""
        layer = self.layer
        parts = layer.words * layer.chunks if padding else layer.rows
        return [(neuron, part) for neuron in range(layer.bank_neurons) for part in range(parts)]

    def command(self, place: Place) -> dict[str, int]:
        """Where a row and its signs belong, and whether it has the last weights, or none."""
        layer, (neuron, part) = self.layer, place
        word, chunk = divmod(part, layer.chunks)
        return {
            "row": row_of(layer, neuron, part) % len(self.rows),
            "last": part == layer.rows - 1,
            "padding": part >= layer.rows,
            "snapshot_row": snapshot_row_of(layer, neuron, word),
            "snapshot_pe": neuron % layer.plan.pe,
            "snapshot_chunk": chunk,
        }

    def real(self, place: Place) -> int:
        """Counters of a row that are no padding."""
        width = self.layer.plan.update_width
        return min(max(self.layer.config.inputs - place[1] * width, 0), width)

    def saturated(self, place: Place) -> int:
        bounds = (self.folded.config.lowest, self.folded.config.highest)
        row = self.rows[self.command(place)["row"]]
        return sum(k in bounds for k in row[: self.real(place)])

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

    def signs(self, place: Place) -> int:
        """The signs of a row, as the snapshot keeps them."""
        row = self.rows[self.command(place)["row"]]
        return sum((k >= 0) << n for n, k in enumerate(row[: self.real(place)]))

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
        # and the signs to be kept of the one before that, if they are registered.
        self.named: dict[str, Any] | None = None
        self._place: Place = (0, 0)  # of that command
        self._read: tuple[dict[str, Any], Place, int, int] | None = None
        self._kept: tuple[dict[str, Any], int] | None = None
        self._shown: int | None = None  # the counter that must be there
        self._looked = False  # in the cycle before

    async def cycle(
        self,
        ctx: SimulatorContext,
        operation: RowOperation | None,
        place: Place = (0, 0),
        *,
        column: int | None = None,
        look: bool = False,
    ) -> None:
        """Give a command or none, look at the snapshot or not, and check the cycle."""
        bank, streams, model = self.bank, self.streams, self.model
        command = None
        if operation is not None:
            command = {**streams.noise(bank.i.p), **model.command(place)}
            command["operation"] = operation.value
            if column is None:
                column = streams.random.randrange(model.real(place) or 1)
            command["column"] = column
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
        writing = self._read if self.folded.single_port else self._kept
        looks = look and not (writing is not None and address == writing[0]["snapshot_row"])
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
        self._read = None if self.named is None else (self.named, self._place, inputs, store)
        self.named, self._place = command, place

    def _obey(self) -> None:
        """Let the model do the commands of the cycles before."""
        model = self.model
        if self._kept is not None:
            model.keep(*self._kept)
        self._kept = None
        if self._read is not None:
            command, place, inputs, store = self._read
            operation = RowOperation(command["operation"])
            self._shown = None
            if self.known and operation in (RowOperation.READ, RowOperation.SCAN):
                self._shown = model.rows[command["row"]][command["column"]]
            if operation is RowOperation.COUNT:
                self.saturated.expect(model.saturated(place))
            model.obey(command, inputs, store)
            if operation in (RowOperation.STORE, RowOperation.SCAN):
                signs = model.signs(place)
                if self.folded.single_port:
                    model.keep(command, signs)
                else:
                    self._kept = command, signs


def check_commands(
    folded: FoldedLayer,
    flow: Flow,
    layers: Sequence[FoldedLayer] = (),
    *,
    flip: bool = False,
    later: int = 0,
) -> None:
    """Give commands as dense as they may come, and check counters, signs, counts and latency.

    The commands are for one layer after another; without ``layers``, the shape is not set.
    """
    bank = Bank(folded, flow, flip=flip)
    streams, random, model = bank.streams, bank.streams.random, bank.model
    only_scanned = [operation for operation in RowOperation if operation not in WRITES]

    async def bench(ctx: SimulatorContext) -> None:
        for layer in layers or [folded]:
            model.layer = layer
            if layers:
                ctx.set(bank.bank.shape, shape_of(layer))
            bank.known = False
            for place in model.places(padding=False):
                for column in range(folded.plan.update_width):
                    await bank.cycle(ctx, RowOperation.STORE, place, column=column)
                    await bank.cycle(ctx, None)
            for _ in range(2):
                await bank.cycle(ctx, None)
            bank.known = True
            idle = 0
            places = model.places(padding=True)
            for _ in range(CYCLES // 2 if layers else CYCLES):
                idle = idle - 1 if idle else streams.pause(flow.idle)
                place, named = random.choice(places), bank.named
                written = named is not None and RowOperation(named["operation"]) in WRITES
                again = named is not None and named["row"] == model.command(place)["row"]
                if idle or (written and (folded.single_port or again)):
                    await bank.cycle(ctx, None, look=True)
                else:
                    operations = list(RowOperation) if model.real(place) else only_scanned
                    await bank.cycle(ctx, random.choice(operations), place, look=True)
            for _ in range(4):
                await bank.cycle(ctx, None)

    streams.run(bench)
    check_latency(bank.counted, bank.saturated.cycles, bank.bank.saturated_latency + later)


@pytest.mark.parametrize("flow", IDLE_FLOWS)
@pytest.mark.parametrize("layer", FOLDED_LAYERS)
def test_rows_signs_and_counts_are_right_and_on_time(layer: str, flow: Flow) -> None:
    check_commands(FOLDED_LAYERS[layer], flow)


@pytest.mark.parametrize("flow", IDLE_FLOWS)
@pytest.mark.parametrize("name", ENGINES)
def test_layers_are_set_at_run_time(name: str, flow: Flow) -> None:
    engine = ENGINES[name]
    check_commands(engine, flow, random_layers(engine, Random(3), 4))


@pytest.mark.parametrize("flow", IDLE_FLOWS)
def test_the_check_notices_a_flipped_bit(flow: Flow) -> None:
    with pytest.raises(
        AssertionError, match=r"^(counter|snapshot|saturated): item \d+, in cycle \d+: expected"
    ):
        check_commands(FOLDED_LAYERS["single port"], flow, flip=True)


def test_the_check_notices_a_wrong_latency() -> None:
    with pytest.raises(AssertionError, match=r"item 0 took \d+ cycles, not \d+"):
        check_commands(FOLDED_LAYERS["single port"], Flow.STEADY, later=1)
