"""Counters written and read one by one."""

from collections.abc import Sequence
from itertools import chain
from random import Random

import pytest
from amaranth.sim import SimulatorContext

from metaplast.hdl.planning.plan import FoldedLayer
from metaplast.hdl.weights.counter_port import CounterPort
from metaplast.sim.bench import Flow

from ..folded_layers import FOLDED_LAYERS
from ..placed_layers import ENGINES, random_layers, shape_of
from ..streams import Collector, StreamBench


class Rows:
    """The rows of a layer, and the walk over them, around the component.

    Parameters
    ----------
    port : CounterPort
        The component.
    layer : FoldedLayer
        The first layer.
    streams : StreamBench
        The bench, beside which :meth:`serve` runs.
    """

    def __init__(self, port: CounterPort, layer: FoldedLayer, streams: StreamBench):
        self.port, self.streams = port, streams
        self.take(layer)
        streams.beside(self.serve)

    def take(self, layer: FoldedLayer) -> None:
        """Go to another layer."""
        self.layer = layer
        self.k = [
            [self.streams.noise(self.port.stored) for _ in range(layer.plan.update_width)]
            for _ in range(layer.config.neurons * layer.rows)
        ]
        self.place = 0
        self.stores = 0
        self._shown: tuple[int, int] | None = None  # the counter that was read

    async def serve(self, ctx: SimulatorContext) -> None:
        """Store and read counters where the component says, and move on when it says."""
        port = self.port
        stored: tuple[int, int] | None = None  # the row and column to write in this cycle
        # The counters that were asked for in the cycles before, the latest first.
        asked: list[tuple[int, int] | None] = [None, None]
        while True:
            place, rows = self.place, self.layer.rows
            noise = self.streams.noise(port.stored)
            ctx.set(port.last_row, place % rows == rows - 1)
            ctx.set(port.stored, noise if self._shown is None else self._read())
            (
                *_,
                counter,
                ready,
                store,
                read,
                column,
                next_row,
                next_neuron,
                rewind,
            ) = await ctx.tick().sample(
                *(port.w.p, port.w.ready, port.store, port.read, port.column),
                *(port.next_row, port.next_neuron, port.walk_rewind),
            )
            if stored is not None:
                self.k[stored[0]][stored[1]] = counter
                assert ready, "a counter does not stand while it is stored"
                self.stores += 1
            stored = (place, column) if store else None
            reads = (place, column) if read else None
            *asked, now = reads, *asked
            if reads or any(asked):
                self._shown = None
            if now is not None:
                self._shown = now
            if next_row:
                self.place += 1
            if next_neuron:
                assert self.place % rows == 0, "on by a neuron from within one"
                self.place += rows
            if rewind:
                self.place = 0
            self.place %= len(self.k)

    def _read(self) -> int:
        assert self._shown is not None
        row, column = self._shown
        return self.k[row][column]

    def counters(self, neuron: int) -> list[int]:
        """A neuron's counters, in order."""
        rows = self.k[neuron * self.layer.rows : (neuron + 1) * self.layer.rows]
        return list(chain.from_iterable(rows))[: self.layer.config.inputs]


async def seek(ctx: SimulatorContext, port: CounterPort, neuron: int) -> None:
    """Go to a neuron's first counter."""
    ctx.set(port.rewind, 1)
    await ctx.tick()
    ctx.set(port.rewind, 0)
    for _ in range(neuron):
        ctx.set(port.skip, 1)
        await ctx.tick()
    ctx.set(port.skip, 0)


async def read_counters(ctx: SimulatorContext, streams: StreamBench, r: Collector, n: int) -> None:
    """Read some counters, from the present one on."""
    port = streams.component
    ctx.set(port.reading, 1)
    for _ in range(n):
        await streams.wait_for(
            ctx,
            f"r: counter {len(r.received)}",
            lambda: ctx.get(port.r.valid) and ctx.get(port.r.ready),
        )
        await ctx.tick()
    ctx.set(port.reading, 0)


def check_counters(
    folded: FoldedLayer, flow: Flow, layers: Sequence[FoldedLayer] = (), *, flip: bool = False
) -> None:
    """Write all counters, read them, and then write or read those of single neurons.

    One layer after another; without ``layers``, the shape is not set.
    """
    port = CounterPort(folded)
    streams = StreamBench(port, flow, flip=flip)
    rows, random = Rows(port, folded, streams), streams.random
    w, r = streams.sender("w"), streams.collector("r")
    stored = streams.scoreboard("stored")

    async def write(ctx: SimulatorContext, neurons: range) -> None:
        count = len(neurons) * rows.layer.config.inputs
        values = [streams.noise(port.stored) for _ in range(count)]
        sent = await w.send(ctx, values)
        await streams.ticks(ctx, 3)
        stored.expect(*values)
        for neuron in neurons:
            for k in rows.counters(neuron):
                stored.receive(k, streams.cycle)
        if not flow.idle:
            took = [cycle - sent[0] for cycle in sent]
            assert took == [2 * n for n in range(len(took))], took

    async def read(ctx: SimulatorContext, neurons: range) -> None:
        for neuron in neurons:
            r.expect(*rows.counters(neuron))
        first, begin = len(r.received), streams.cycle
        await read_counters(ctx, streams, r, len(neurons) * rows.layer.config.inputs)
        if not flow.back_pressure:
            took = [cycle - begin for cycle in r.cycles[first:]]
            assert took == [3 + 4 * n for n in range(len(took))], took

    async def exchange(ctx: SimulatorContext) -> None:
        config, plan = rows.layer.config, rows.layer.plan
        everything = range(config.neurons)
        await seek(ctx, port, 0)
        await write(ctx, everything)
        assert rows.place == 0
        await read(ctx, everything)
        assert rows.stores == config.weights
        for _ in range(6):
            # Some of a row, and then a whole neuron.
            await seek(ctx, port, random.choice(everything))
            unfinished = random.randrange(min(plan.update_width, config.inputs))
            await w.send(ctx, [streams.noise(port.stored) for _ in range(unfinished)])
            neuron = random.choice(everything)
            await seek(ctx, port, neuron)
            await random.choice([read, write])(ctx, range(neuron, neuron + 1))

    async def bench(ctx: SimulatorContext) -> None:
        if not layers:
            await exchange(ctx)
        for layer in layers:
            rows.take(layer)
            ctx.set(port.shape, shape_of(layer))
            await exchange(ctx)
            await streams.ticks(ctx, 4)

    streams.run(bench)


@pytest.mark.parametrize("flow", Flow)
@pytest.mark.parametrize("layer", FOLDED_LAYERS)
def test_counters_are_written_and_read_in_order(layer: str, flow: Flow) -> None:
    check_counters(FOLDED_LAYERS[layer], flow)


@pytest.mark.parametrize("flow", [Flow.STEADY, Flow.IDLE_AND_BACK_PRESSURE])
@pytest.mark.parametrize("name", ENGINES)
def test_layers_are_set_at_run_time(name: str, flow: Flow) -> None:
    engine = ENGINES[name]
    check_counters(engine, flow, random_layers(engine, Random(4), 4))


@pytest.mark.parametrize("flow", Flow)
def test_the_check_notices_a_flipped_bit(flow: Flow) -> None:
    with pytest.raises(AssertionError, match=r"^(r|stored): item \d+, in cycle \d+: expected"):
        check_counters(FOLDED_LAYERS["single port"], flow, flip=True)
