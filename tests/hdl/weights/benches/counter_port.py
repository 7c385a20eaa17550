"""Bench of the access to counters one by one: rows stored and read, place by place."""

from itertools import chain
from typing import Any

from metaplast.hdl.planning.plan import FoldedLayer
from metaplast.sim.bench import Bench, stream_bench

from ...folded_layers import FOLDED_LAYERS


class Rows:
    """The layer's rows, and the walk over them, around the component.

    Parameters
    ----------
    bench : Bench
        The bench.
    folded : FoldedLayer
        The layer.
    """

    def __init__(self, bench: Bench, folded: FoldedLayer):
        self.bench = bench
        self.folded = folded
        self.k = [
            [bench.noise("stored") for _ in range(folded.plan.update_width)]
            for _ in range(folded.config.neurons * folded.rows)
        ]
        self.place = 0
        self.stores = 0
        bench.start(self._serve())

    async def _serve(self) -> None:
        bench, rows = self.bench, self.folded.rows
        stored: tuple[int, int] | None = None  # the row and column to write in this cycle
        # The counters that were asked for in the cycles before, the latest first, and the last one.
        asked: list[tuple[int, int] | None] = [None, None]
        shown: tuple[int, int] | None = None
        while True:
            place = self.place
            bench.write("last_row", place % rows == rows - 1)
            bench.write("stored", bench.noise("stored") if shown is None else self.at(*shown))
            await bench.edge()
            if stored is not None:
                row, column = stored
                self.k[row][column] = bench.read("w__payload")
                assert bench.bits("w__ready"), "a counter does not stand while it is stored"
                self.stores += 1
            stored = (place, bench.bits("column")) if bench.bits("store") else None
            reads = (place, bench.bits("column")) if bench.bits("read") else None
            *asked, now = reads, *asked
            if reads or any(asked):
                shown = None
            if now is not None:
                shown = now
            if bench.bits("next_row"):
                self.place += 1
            if bench.bits("next_neuron"):
                assert self.place % rows == 0, "on by a neuron from within one"
                self.place += rows
            if bench.bits("walk_rewind"):
                self.place = 0
            self.place %= len(self.k)

    def at(self, row: int, column: int) -> int:
        """A counter."""
        return int(self.k[row][column])

    def counters(self, neuron: int) -> list[int]:
        """A neuron's counters, in order."""
        rows = self.k[neuron * self.folded.rows : (neuron + 1) * self.folded.rows]
        return list(chain.from_iterable(rows))[: self.folded.config.inputs]


class Host:
    """What the component is told."""

    def __init__(self, bench: Bench):
        self.bench = bench

    async def seek(self, neuron: int) -> None:
        """To a neuron's first counter."""
        self.bench.write("rewind", 1)
        await self.bench.edge()
        self.bench.write("rewind", 0)
        self.bench.write("skip", 1)
        await self.bench.edges(neuron)
        self.bench.write("skip", 0)

    async def read(self, count: int, monitor: Any) -> None:
        """Some counters, from here on."""
        wanted = len(monitor.received) + count
        self.bench.write("reading", 1)
        while len(monitor.received) < wanted:
            await self.bench.edge()
            if self.bench.bits("r__valid") and self.bench.bits("r__ready"):
                count -= 1
            self.bench.write("reading", count > 0)


@stream_bench
async def counters(bench: Bench) -> None:
    """All counters are written, and read, and then those of single neurons."""
    folded = FOLDED_LAYERS[bench.parameters["layer"]]
    config, plan = folded.config, folded.plan
    rows, host = Rows(bench, folded), Host(bench)
    driver, monitor = bench.driver("w"), bench.monitor("r")
    stored = bench.scoreboard("stored", bench.ports["w__payload"])

    async def write(neurons: range) -> None:
        values = [bench.noise("w__payload") for _ in range(len(neurons) * config.inputs)]
        sent = await driver.send(values)
        await bench.edges(3)
        stored.expect(*values)
        for neuron in neurons:
            for k in rows.counters(neuron):
                stored.receive(k & (1 << config.counter_bits) - 1, bench.cycle)
        if not bench.flow.idle:
            took = [cycle - sent[0] for cycle in sent]
            assert took == [2 * n for n in range(len(took))], took

    async def read(neurons: range) -> None:
        for neuron in neurons:
            monitor.expect(*rows.counters(neuron))
        first = len(monitor.received)
        begin = bench.cycle + 1
        await host.read(len(neurons) * config.inputs, monitor)
        if not bench.flow.back_pressure:
            took = [cycle - begin for cycle in monitor.cycles[first:]]
            assert took == [3 + 4 * n for n in range(len(took))], took

    everything = range(config.neurons)
    await host.seek(0)
    await write(everything)
    assert rows.place == 0
    await read(everything)
    assert rows.stores == config.weights
    for _ in range(6):
        # Some of a row, and then a whole neuron.
        await host.seek(bench.random.choice(everything))
        unfinished = bench.random.randrange(min(plan.update_width, config.inputs))
        await driver.send(bench.noise("w__payload") for _ in range(unfinished))
        neuron = bench.random.choice(everything)
        await host.seek(neuron)
        await bench.random.choice([read, write])(range(neuron, neuron + 1))
