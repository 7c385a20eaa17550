"""The seeded initial state of a layer."""

from itertools import chain
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
from metaplast.hdl.training.initialiser import Initialiser
from metaplast.sim.bench import Flow

from ..folded_layers import FOLDED_LAYERS
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


def golden_columns(folded: FoldedLayer, golden: ReferenceLayer) -> list[dict[str, Any]]:
    """The classifier's columns, with their places."""
    columns = []
    for j in range(folded.config.neurons):
        bank, m = divmod(j, folded.bank_neurons)
        step, position = divmod(m, folded.select)
        bits = sum(golden.p[c][j] << c for c in range(folded.config.classes))
        columns.append({"bank": bank, "step": step, "position": position, "bits": bits})
    return columns


class Initialisation:
    """An initialiser with its stream, the memory that takes counters, and all that is expected."""

    def __init__(self, folded: FoldedLayer, flow: Flow, *, flip: bool):
        self.folded, self.flow, self.dut = folded, flow, Initialiser(folded)
        self.streams = StreamBench(self.dut, flow, flip=flip)
        self.stream = Stream(self.dut)
        self.streams.beside(self.stream.serve)
        self.streams.beside(self.take_counters)
        self.words, self.columns = self.streams.sender("words"), self.streams.collector("column")
        self.counters = self.streams.scoreboard("counters", self.dut.counters.p.shape())
        self.history = self.streams.scoreboard("history", HISTORY_BITS)
        self.left = 0  # counters to be taken

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

    async def run(self, ctx: SimulatorContext, seed: int) -> list[int]:
        """Reset with a seed; gives the cycles in which the words of histories were taken."""
        config, dut = self.folded.config, self.dut
        golden = ReferenceLayer(config, seed)
        self.counters.expect(*chain.from_iterable(golden.k))
        self.columns.expect(*golden_columns(self.folded, golden))
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
        for _ in range(4):
            assert [ctx.get(port) for port in (dut.active, dut.done)] == [1, 1]
            await ctx.tick()
        ctx.set(dut.reset, 0)
        await self.streams.ticks(ctx, 2)
        return sent

    def check_cycles(self, sent: list[int]) -> None:
        """Words and columns come without a gap.

        The next history is taken in the cycle after the last counter.
        """
        config, counters = self.folded.config, self.counters.cycles
        columns = self.columns.cycles[-config.neurons :]
        column_cycles = -(-config.classes // 32)
        assert columns == [sent[7] + column_cycles * (n + 1) for n in range(config.neurons)]
        if not self.flow.idle:
            assert sent[1] - sent[0] == sent[11] - sent[10] == 1
            assert sent[4] == counters[-1] + 1
            assert sent[8] == columns[-1] + 1
        if not self.flow.back_pressure:
            assert counters[-1] - counters[-config.weights] == 2 * (config.weights - 1)


def check_initial_state(layer: str, flow: Flow, *, flip: bool = False) -> None:
    """Counters, classifier and stream are as the golden model's, twice in a row."""
    folded = FOLDED_LAYERS[layer]
    config = folded.config
    initialisation = Initialisation(folded, flow, flip=flip)
    stream, streams = initialisation.stream, initialisation.streams
    draws = config.weights + config.neurons * -(-config.classes // 32)

    async def bench(ctx: SimulatorContext) -> None:
        for time in (1, 2):
            sent = await initialisation.run(ctx, streams.random.getrandbits(48))
            assert (stream.pushes, stream.draws) == (12 * time, draws * time)
            initialisation.check_cycles(sent)

    streams.run(bench)


@pytest.mark.parametrize("flow", Flow)
@pytest.mark.parametrize("layer", FOLDED_LAYERS)
def test_the_initial_state_is_the_models(layer: str, flow: Flow) -> None:
    check_initial_state(layer, flow)


@pytest.mark.parametrize("flow", Flow)
def test_the_check_notices_a_flipped_bit(flow: Flow) -> None:
    with pytest.raises(
        AssertionError, match=r"^(column|counters|history): item \d+, in cycle \d+: expected"
    ):
        check_initial_state("one row", flow, flip=True)
