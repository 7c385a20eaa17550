"""The initial state of a layer, drawn from its random stream."""

from collections.abc import Sequence
from itertools import chain
from random import Random
from typing import Any

import pytest
from amaranth.sim import SimulatorContext

from metaplast.golden_model.random_stream import RandomStream, classifier_id, initial_counters_id
from metaplast.golden_model.reference import ReferenceLayer
from metaplast.hdl.planning.plan import FoldedLayer
from metaplast.hdl.planning.universal import PlacedLayer
from metaplast.hdl.training.initialiser import Initialiser
from metaplast.sim.bench import Flow

from ..folded_layers import FOLDED_LAYERS
from ..placed_layers import ENGINES, engine_of, place_layer, random_layers, shape_of
from ..streams import StreamBench

HISTORY_BITS = 127


class Stream:
    """The layer's random stream, around the component.

    Attributes
    ----------
    history : int
        Its present state.
    draws : int
        The number of words that were drawn from it.
    """

    def __init__(self, component: Initialiser):
        self.component = component
        self.history = self.draws = 0

    def load(self, ctx: SimulatorContext, stream: RandomStream) -> None:
        """Continue from the state of a stream."""
        low, high = stream.history
        self.history = low | high << 64
        ctx.set(self.component.bits, self.word())

    def word(self) -> int:
        """The next draw."""
        history = self.history & (1 << 64) - 1, self.history >> 64
        return int(RandomStream.from_history(*history).draws(1)[0]) if self.history else 0

    async def serve(self, ctx: SimulatorContext) -> None:
        """Give draws."""
        while True:
            *_, draw = await ctx.tick().sample(self.component.draw)
            if draw:
                self.history = (self.history | self.word() << HISTORY_BITS) >> 32
                self.draws += 1
                ctx.set(self.component.bits, self.word())


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
        self.columns = self.streams.collector("column", known=self.known_column)
        self.counters = self.streams.scoreboard("counters", self.dut.counters.p.shape())
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

    async def draw(self, ctx: SimulatorContext, start: Any, stream: RandomStream) -> range:
        """Draw from a stream, after a cycle of ``start``; gives the cycles while ``active``."""
        self.stream.load(ctx, stream)
        for _ in range(3):  # nothing happens before
            assert not ctx.get(self.dut.active)
            await ctx.tick()
        ctx.set(start, 1)
        assert not ctx.get(self.dut.active)
        await ctx.tick()
        ctx.set(start, 0)
        begin = self.streams.cycle
        await self.streams.wait_for(
            ctx, "the end of a drawing", lambda: not ctx.get(self.dut.active)
        )
        return range(begin, self.streams.cycle)

    async def draw_counters(self, ctx: SimulatorContext, seed: int) -> None:
        """Draw the counters: the scan begins after the last, and is the end."""
        config = self.layer.config
        self.counters.expect(*chain.from_iterable(ReferenceLayer(config, seed).k))
        self.left, before = config.weights, self.stream.draws
        stream = RandomStream(seed, initial_counters_id(config.index))
        active = await self.draw(ctx, self.dut.draw_counters, stream)
        assert self.stream.draws - before == config.weights
        cycles, (first, last) = self.counters.cycles[-config.weights :], self.scans[-1]
        assert first == cycles[-1] + 1
        assert last == active[-1]
        if not self.flow.back_pressure:
            assert cycles == [active[0] + 1 + 2 * n for n in range(config.weights)]

    async def draw_classifier(self, ctx: SimulatorContext, seed: int) -> None:
        """Draw the classifier: its columns come without a gap, and the last is the end."""
        config, select = self.layer.config, self.folded.select
        golden = ReferenceLayer(config, seed)
        self.columns.expect(*golden_columns(self.layer, golden, select=select))
        before = self.stream.draws
        stream = RandomStream(seed, classifier_id(config.index))
        active = await self.draw(ctx, self.dut.draw_classifier, stream)
        draws = -(-config.classes // 32)
        assert self.stream.draws - before == config.neurons * draws
        cycles = self.columns.cycles[-config.neurons :]
        assert cycles == [active[0] + draws * (n + 1) - 1 for n in range(config.neurons)]
        assert cycles[-1] == active[-1]


def check_initial_state(
    folded: FoldedLayer, flow: Flow, layers: Sequence[FoldedLayer] = (), *, flip: bool = False
) -> None:
    """Counters and classifier are as the golden model's, twice in a row.

    ``layers`` are the layers of a network; without layers, no shape is set.
    """
    initialisation = Initialisation(folded, flow, flip=flip)
    streams, dut = initialisation.streams, initialisation.dut

    async def initialise(ctx: SimulatorContext) -> None:
        seed = streams.random.getrandbits(48)
        await initialisation.draw_counters(ctx, seed)
        await initialisation.draw_classifier(ctx, seed)

    async def bench(ctx: SimulatorContext) -> None:
        for _ in range(2):
            if not layers:
                await initialise(ctx)
            for layer in layers:
                initialisation.layer = layer
                ctx.set(dut.shape, shape_of(layer))
                ctx.set(dut.last_class, layer.config.classes - 1)
                await initialise(ctx)

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
        AssertionError, match=r"^(column|counters): item \d+, in cycle \d+: expected"
    ):
        check_initial_state(FOLDED_LAYERS["one row"], flow, flip=True)
