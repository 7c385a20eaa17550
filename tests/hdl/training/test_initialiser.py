"""The seeded initial state of a layer."""

from collections.abc import Sequence
from itertools import chain
from random import Random
from typing import Any

import pytest
from amaranth.sim import SimulatorContext

from metaplast.golden_model.random_stream import (
    RandomStream,
    classifier_id,
    initial_counters_id,
    reinforcement_id,
)
from metaplast.golden_model.reference import ReferenceLayer
from metaplast.hdl.planning.plan import FoldedLayer
from metaplast.hdl.planning.universal import PlacedLayer
from metaplast.hdl.training.initialiser import Initialiser
from metaplast.sim.bench import Flow

from ..folded_layers import FOLDED_LAYERS
from ..placed_layers import ENGINES, engine_of, place_layer, random_layers, shape_of
from ..streams import StreamBench

HISTORY_BITS = 127
STREAMS = (initial_counters_id, classifier_id, reinforcement_id)


class Stream:
    """The layer's random stream, around the component.

    Attributes
    ----------
    history : int
        Its present state.
    pushes, draws : int
        The number of words that were pushed into it, and that were drawn from it.
    """

    def __init__(self, component: Initialiser):
        self.component = component
        self.history = self.pushes = self.draws = 0

    async def serve(self, ctx: SimulatorContext) -> None:
        """Give draws, and take histories."""
        dut = self.component
        while True:
            word = 0
            if self.history:
                history = self.history & (1 << 64) - 1, self.history >> 64
                word = int(RandomStream.from_history(*history).draws(1)[0])
            ctx.set(dut.bits, word)
            *_, push, pushed, draw = await ctx.tick().sample(dut.push, dut.pushed, dut.draw)
            if push:
                self.history = (self.history | pushed << HISTORY_BITS) >> 32
                self.pushes += 1
            elif draw:
                self.history = (self.history | word << HISTORY_BITS) >> 32
                self.draws += 1


def golden_columns(
    layer: FoldedLayer, golden: ReferenceLayer, *, select: int
) -> list[dict[str, Any]]:
    """The classifier's columns, with their places: ``select`` in a step."""
    first = layer.column if isinstance(layer, PlacedLayer) else 0
    columns = []
    for j in range(layer.config.neurons):
        bank, m = divmod(j, layer.bank_neurons)
        step, position = divmod(m, select)
        bits = sum(golden.p[c][j] << c for c in range(layer.config.classes))
        columns.append({"bank": bank, "step": first + step, "position": position, "bits": bits})
    return columns


class Initialisation:
    """An initialiser with its stream, the memory that takes counters, and all that is expected.

    Attributes
    ----------
    layer : FoldedLayer
        The layer that is initialised.
    """

    def __init__(self, folded: FoldedLayer, flow: Flow, *, flip: bool):
        self.folded, self.flow, self.dut = folded, flow, Initialiser(folded)
        self.layer = folded
        self.streams = StreamBench(self.dut, flow, flip=flip)
        self.stream = Stream(self.dut)
        self.streams.beside(self.stream.serve)
        self.streams.beside(self.take_counters)
        self.streams.beside(self.scan)
        self.words = self.streams.sender("words")
        self.columns = self.streams.collector("column", known=self.known_column)
        self.counters = self.streams.scoreboard("counters", self.dut.counters.p.shape())
        self.history = self.streams.scoreboard("history", HISTORY_BITS)
        self.left = 0  # counters to be taken
        self.scans: list[tuple[int, int]] = []  # first and last cycle of each scan

    async def take_counters(self, ctx: SimulatorContext) -> None:
        """Take counters as the counter port does, in every second cycle at best."""
        counters, last_stored = self.dut.counters, self.dut.last_stored
        offered = False
        while True:
            ready = self.left and offered and not self.streams.pause(self.flow.back_pressure)
            ctx.set(counters.ready, ready)
            ctx.set(last_stored, ready and self.left == 1)
            *_, offered, counter = await ctx.tick().sample(counters.valid, counters.p)
            if ready:
                assert offered, "a counter was withdrawn"
                self.counters.receive(counter, self.streams.cycle - 1)
                self.left -= 1
                ctx.set(counters.ready, 0)
                ctx.set(last_stored, 0)
                *_, offered = await ctx.tick().sample(counters.valid)

    def known_column(self, number: int, column: dict[str, Any]) -> dict[str, Any]:
        """A column without the bits beyond the layer's classes."""
        return {**column, "bits": column["bits"] & (1 << self.layer.config.classes) - 1}

    async def scan(self, ctx: SimulatorContext) -> None:
        """Scan all rows when it is asked for, in some cycles."""
        dut, left, first = self.dut, 0, 0
        while True:
            ctx.set(dut.scanned, left == 1)
            *_, scan = await ctx.tick().sample(dut.scan)
            assert scan or left == 0, "a scan was not held until it was done"
            if left:
                left -= 1
                if not left:
                    self.scans.append((first, self.streams.cycle - 1))
            elif scan:
                first, left = self.streams.cycle - 1, self.streams.random.randint(1, 9)

    async def run(self, ctx: SimulatorContext, seed: int) -> list[int]:
        """Reset with a seed; gives the cycles in which the words of histories were taken."""
        config, dut = self.layer.config, self.dut
        golden = ReferenceLayer(config, seed)
        self.counters.expect(*chain.from_iterable(golden.k))
        select = self.folded.select
        self.columns.expect(*golden_columns(self.layer, golden, select=select))
        low, high = golden.stream.history
        self.history.expect(low | high << 64)

        # Nothing happens before the reset.
        for _ in range(3):
            assert [ctx.get(port) for port in (dut.active, dut.done, dut.rewind)] == [0, 0, 0]
            await ctx.tick()
        ctx.set(dut.reset, 1)
        assert ctx.get(dut.rewind)
        await ctx.tick()
        self.left = config.weights
        sent: list[int] = []
        for stream_id in STREAMS:
            low, high = RandomStream(seed, stream_id(config.index)).history
            state = (low | high << 64) << 1
            sent += await self.words.send(ctx, [state >> 32 * n & 0xFFFFFFFF for n in range(4)])
        await self.streams.wait_for(ctx, "counters: the last one", lambda: not self.left)
        self.history.receive(self.stream.history, self.streams.cycle)
        if self.folded.universal:  # its stream is stored, which takes some cycles
            for stored in (0, 0, 1):
                ctx.set(dut.stored, stored)
                assert [ctx.get(port) for port in (dut.store, dut.done)] == [1, 0]
                await ctx.tick()
            ctx.set(dut.stored, 0)
        for _ in range(4):
            assert [ctx.get(port) for port in (dut.active, dut.done)] == [1, 1]
            await ctx.tick()
        ctx.set(dut.reset, 0)
        await self.streams.ticks(ctx, 2)
        return sent

    def check_cycles(self, sent: list[int]) -> None:
        """Words and columns come without a gap.

        The scan begins in the cycle after the last counter, and the next history is taken in the
        cycle after the scan.
        """
        config, counters = self.layer.config, self.counters.cycles
        columns = self.columns.cycles[-config.neurons :]
        column_cycles = -(-config.classes // 32)
        assert columns == [sent[7] + column_cycles * (n + 1) for n in range(config.neurons)]
        assert self.scans[-1][0] == counters[-1] + 1
        if not self.flow.idle:
            assert sent[1] - sent[0] == sent[11] - sent[10] == 1
            assert sent[4] == self.scans[-1][1] + 1
            assert sent[8] == columns[-1] + 1
        if not self.flow.back_pressure:
            assert counters[-1] - counters[-config.weights] == 2 * (config.weights - 1)


def check_initial_state(
    folded: FoldedLayer, flow: Flow, layers: Sequence[FoldedLayer] = (), *, flip: bool = False
) -> None:
    """Counters, classifier and stream are as the golden model's, twice in a row.

    ``layers`` are the layers of a network; without layers, no shape is set.
    """
    initialisation = Initialisation(folded, flow, flip=flip)
    stream, streams, dut = initialisation.stream, initialisation.streams, initialisation.dut

    async def initialise(ctx: SimulatorContext, layer: FoldedLayer) -> None:
        config = layer.config
        draws = config.weights + config.neurons * -(-config.classes // 32)
        before = stream.pushes, stream.draws
        sent = await initialisation.run(ctx, streams.random.getrandbits(48))
        assert (stream.pushes, stream.draws) == (before[0] + 12, before[1] + draws)
        initialisation.check_cycles(sent)

    async def bench(ctx: SimulatorContext) -> None:
        for _ in range(2):
            if not layers:
                await initialise(ctx, folded)
            for layer in layers:
                initialisation.layer = layer
                ctx.set(dut.shape, shape_of(layer))
                ctx.set(dut.last_class, layer.config.classes - 1)
                await initialise(ctx, layer)

    streams.run(bench)
    assert len(initialisation.scans) == 2 * max(len(layers), 1)


@pytest.mark.parametrize("flow", Flow)
@pytest.mark.parametrize("layer", FOLDED_LAYERS)
def test_the_initial_state_is_the_models(layer: str, flow: Flow) -> None:
    check_initial_state(FOLDED_LAYERS[layer], flow)


@pytest.mark.parametrize("flow", [Flow.STEADY, Flow.IDLE_AND_BACK_PRESSURE])
@pytest.mark.parametrize("name", ENGINES)
def test_the_state_of_layers_that_are_set_at_run_time_is_the_models(name: str, flow: Flow) -> None:
    engine = ENGINES[name]
    _, smallest, *others = random_layers(engine, Random(9), 4)
    layers = [
        place_layer(
            engine,
            inputs=layer.config.inputs,
            neurons=layer.config.neurons,
            group=layer.config.group,
            classes=3,
            index=index,
            column=layer.column,
        )
        for index, layer in enumerate([others[0], smallest, others[1]])
    ]
    check_initial_state(engine, flow, layers)


@pytest.mark.parametrize("classes", [33, 64, 40, 32, 7])
def test_a_column_takes_the_draws_of_the_networks_classes(classes: int) -> None:
    engine = engine_of(classes=64, pe=2, simd=8, update_width=4, input_width=4)
    layer = place_layer(engine, inputs=3, neurons=5, group=5, classes=classes)
    check_initial_state(engine, Flow.STEADY, [layer])


@pytest.mark.parametrize("flow", Flow)
def test_the_check_notices_a_flipped_bit(flow: Flow) -> None:
    with pytest.raises(
        AssertionError, match=r"^(column|counters|history): item \d+, in cycle \d+: expected"
    ):
        check_initial_state(FOLDED_LAYERS["one row"], flow, flip=True)
