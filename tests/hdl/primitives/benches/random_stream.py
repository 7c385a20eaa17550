"""Bench of the bit stream's generator: bits and state, histories loaded on the way, half steps."""

from metaplast.golden_model.random_stream import RandomStream
from metaplast.sim.bench import Bench, Flow, stream_bench

HISTORY = (1 << 127) - 1
CYCLES = 250


class Model:
    """The stream's bits from a seed on, and how many of them were taken."""

    def __init__(self, seed: int):
        stream = RandomStream(seed, 0)
        low, high = stream.history
        self.history = low | high << 64
        draws = stream.draws(2 * CYCLES + 2)
        self.bits = self.history | int.from_bytes(draws.tobytes(), "little") << 127
        self.taken = 0

    def next(self, width: int) -> int:
        return self.bits >> 127 + self.taken & (1 << width) - 1

    @property
    def state(self) -> int:
        return self.bits >> self.taken & HISTORY


@stream_bench
async def bits(bench: Bench) -> None:
    """Bits and state are the model's, whatever is loaded when and however much is taken."""
    width, halving = bench.parameters["width"], bench.parameters["halving"]
    await bench.edge()
    assert bench.read("state") == 0

    model = Model(bench.random.getrandbits(48))
    bench.write("load", 1)
    bench.write("history", model.history)
    await bench.edge()

    monitor = bench.monitor("o", may_change=True)  # for a history may be loaded
    states = bench.scoreboard("state")
    for _ in range(CYCLES):
        load = bench.random.random() < 0.03
        half = halving and bench.random.random() < 0.5
        loaded = Model(bench.random.getrandbits(48)) if load else None
        bench.write("load", load)
        bench.write("history", loaded.history if loaded else bench.noise("history"))
        if halving:
            bench.write("half", half)
        await bench.edge()

        states.expect(model.state)
        states.receive(bench.bits("state"), bench.cycle)
        if bench.bits("o__ready"):
            monitor.expect(model.next(width))
            model.taken += width // 2 if half else width
        model = loaded or model
    monitor.stop()

    assert states.expects == CYCLES
    if bench.flow in (Flow.STEADY, Flow.IDLE):
        assert monitor.expects == CYCLES, "not one transfer a cycle"
