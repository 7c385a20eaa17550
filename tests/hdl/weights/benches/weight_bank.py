"""Bench of a bank of hidden weights: whatever is done to a row, against counters in lists."""

from typing import Any

from metaplast.hdl.planning.plan import FoldedLayer
from metaplast.hdl.weights.row_command import RowOperation
from metaplast.sim.bench import Bench, stream_bench

from ...folded_layers import FOLDED_LAYERS

CYCLES = 600
WRITES = (RowOperation.UPDATE, RowOperation.REINFORCE, RowOperation.STORE)


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
        if operation is RowOperation.STORE:
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


@stream_bench
async def commands(bench: Bench) -> None:
    """Counters, signs and counts are right and on time, as dense as commands may come."""
    folded = FOLDED_LAYERS[bench.parameters["layer"]]
    model = Model(folded)
    counters, snapshots = bench.scoreboard("counter"), bench.scoreboard("snapshot")
    saturated = bench.monitor("saturated")
    counts: list[int] = []

    # The command that came in the cycle before; the one before it, with what it needs; and the
    # signs to be kept of the one before that.
    named: dict[str, Any] | None = None
    read: tuple[dict[str, Any], int, int] | None = None
    kept: tuple[dict[str, Any], int] | None = None
    shown: int | None = None  # the counter that must be there
    lost = False  # for this cycle only
    idle = 0

    async def cycle(
        operation: RowOperation | None,
        row: int = 0,
        *,
        column: int | None = None,
        look: bool = False,
    ) -> None:
        nonlocal named, read, kept, shown, lost
        command = None
        if operation is not None:
            command = {**bench.noise("i__payload"), **model.place(row)}
            command |= {"operation": operation.value, "row": row}
            command["column"] = (
                bench.random.randrange(model.real(row)) if column is None else column
            )
        bench.write("i__valid", command is not None)
        bench.write("i__payload", bench.noise("i__payload") if command is None else command)

        inputs, store = bench.noise("inputs"), bench.noise("store")
        bench.write("inputs", inputs)
        bench.write("store", store)

        address = bench.random.randrange(len(model.snapshot))
        # It may be written in this cycle.
        looks = look and not (kept is not None and address == kept[0]["snapshot_row"])
        bench.write("snapshot_enable", looks)
        bench.write("snapshot_address", address)
        word = list(model.snapshot[address])

        await bench.edge()

        if shown is not None:
            counters.expect(shown)
            counters.receive(bench.bits("counter"), bench.cycle)
        if looked:
            snapshots.receive(bench.bits("snapshot"), bench.cycle)
        looked[:] = [True] * looks
        if looks:
            snapshots.expect(word)

        if kept is not None:
            model.keep(*kept)
        kept = None
        if lost:
            shown = None
        lost = False
        if read is not None:
            done, its_inputs, its_store = read
            done_operation = RowOperation(done["operation"])
            shown = model.rows[done["row"]][done["column"]] if known else None
            lost = folded.single_port and done_operation in WRITES
            if done_operation is RowOperation.COUNT:
                saturated.expect(model.saturated(done["row"]))
            model.obey(done, its_inputs, its_store)
            if done_operation in (RowOperation.STORE, RowOperation.SCAN):
                kept = done, model.signs(done["row"])
        read = None if named is None else (named, inputs, store)
        named = command
        if operation is RowOperation.COUNT:
            counts.append(bench.cycle)

    looked: list[bool] = []
    known = False  # what is in the rows
    for row in range(folded.bank_rows):
        for column in range(folded.plan.update_width):
            await cycle(RowOperation.STORE, row, column=column)
            await cycle(None)
    for _ in range(2):
        await cycle(None)
    known = True
    for _ in range(CYCLES):
        idle = idle - 1 if idle else bench.pause(bench.flow.idle)
        row = bench.random.randrange(folded.bank_rows)
        written = named is not None and RowOperation(named["operation"]) in WRITES
        if idle or (written and (folded.single_port or row == named["row"])):
            await cycle(None, look=True)
        else:
            await cycle(bench.random.choice(list(RowOperation)), row, look=True)
    for _ in range(4):
        await cycle(None)

    await bench.drain()
    bench.check_latency(counts, saturated.cycles, bench.parameters["latency"])
