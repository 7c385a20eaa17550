"""Bench of the initial state: counters, classifier and stream against the golden model's."""

from itertools import chain
from typing import Any

from metaplast.golden_model.random_stream import (
    RandomStream,
    classifier_id,
    initial_counters_id,
    reinforcement_id,
)
from metaplast.golden_model.reference import ReferenceLayer
from metaplast.sim.bench import Bench, stream_bench

from ...folded_layers import FOLDED_LAYERS

HISTORY_BITS = 127
STREAMS = (initial_counters_id, classifier_id, reinforcement_id)


class Stream:
    """The layer's bit stream, around the component; ``history`` is its present state."""

    def __init__(self, bench: Bench):
        self.bench = bench
        self.history = 0
        self.pushes = 0
        self.draws = 0
        bench.start(self._serve())

    async def _serve(self) -> None:
        while True:
            stream = None
            if self.history:
                stream = RandomStream.from_history(self.history & (1 << 64) - 1, self.history >> 64)
            draw = int(stream.draws(1)[0]) if stream is not None else 0
            self.bench.write("bits", draw)
            await self.bench.edge()
            if self.bench.bits("push"):
                pushed = self.history | self.bench.bits("pushed") << HISTORY_BITS
                self.history = pushed >> 32
                self.pushes += 1
            elif self.bench.bits("draw"):
                self.history = (self.history | draw << HISTORY_BITS) >> 32
                self.draws += 1


@stream_bench
async def initial_state(bench: Bench) -> None:
    """Everything is as the golden model's, twice in a row."""
    folded = FOLDED_LAYERS[bench.parameters["layer"]]
    config = folded.config
    stream = Stream(bench)
    words, columns = bench.driver("words"), bench.monitor("column")
    counters = bench.scoreboard("counters", bench.ports["counters__payload"])
    history = bench.scoreboard("history", {"width": HISTORY_BITS, "signed": False})
    draws_a_column = -(-config.classes // 32)

    async def take_counters() -> None:
        """As the counter access does, in every second cycle at best."""
        left = config.weights
        while left:
            valid = bench.bits("counters__valid")
            ready = valid and not bench.pause(bench.flow.back_pressure)
            bench.write("counters__ready", ready)
            bench.write("last_stored", ready and left == 1)
            await bench.edge()
            if ready:
                assert bench.bits("counters__valid")
                counters.receive(bench.bits("counters__payload"), bench.cycle)
                left -= 1
                bench.write("counters__ready", 0)
                bench.write("last_stored", 0)
                if left:
                    await bench.edge()

    for time in range(2):
        seed = bench.random.getrandbits(48)
        golden = ReferenceLayer(config, seed)
        counters.expect(*chain.from_iterable(golden.k))
        expected: list[dict[str, Any]] = []
        for j in range(config.neurons):
            bank, m = divmod(j, folded.bank_neurons)
            step, position = divmod(m, folded.select)
            bits = sum(golden.p[c][j] << c for c in range(config.classes))
            expected.append({"bank": bank, "step": step, "position": position, "bits": bits})
        columns.expect(*expected)
        low, high = golden.stream.history
        history.expect(low | high << 64)

        # Nothing happens before it is told to.
        for _ in range(3):
            await bench.edge()
            state = [bench.bits(name) for name in ("active", "done", "rewind")]
            assert state == [0, 0, 0], state
        bench.write("reset", 1)
        await bench.edge()
        assert bench.bits("rewind")
        taking = bench.start(take_counters())
        sent: list[int] = []
        for stream_id in STREAMS:
            low, high = RandomStream(seed, stream_id(config.index)).history
            state = (low | high << 64) << 1
            sent += await words.send(state >> 32 * n & 0xFFFFFFFF for n in range(4))
        await taking
        await bench.edge()
        history.receive(stream.history, bench.cycle)

        assert stream.pushes == 12 * (time + 1)
        draws = config.weights + config.neurons * draws_a_column
        assert stream.draws == draws * (time + 1)
        for _ in range(4):
            assert [bench.bits(name) for name in ("active", "done")] == [1, 1]
            await bench.edge()
        bench.write("reset", 0)
        await bench.edges(2)

        # Words and columns come without a gap; the next history is taken in the cycle after the
        # last counter.
        first = columns.cycles[-config.neurons]
        steps = [cycle - first for cycle in columns.cycles[-config.neurons :]]
        assert steps == [draws_a_column * n for n in range(config.neurons)], steps
        assert first == sent[7] + draws_a_column
        if not bench.flow.idle:
            assert sent[1] - sent[0] == sent[11] - sent[10] == 1
            assert sent[4] == counters.cycles[-1] + 1
            assert sent[8] == columns.cycles[-1] + 1
        if not bench.flow.back_pressure:
            took = counters.cycles[-1] - counters.cycles[-config.weights]
            assert took == 2 * (config.weights - 1)
