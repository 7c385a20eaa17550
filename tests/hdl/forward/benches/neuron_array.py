"""Bench of the neuron array: sums of several words, ties, and when which neurons leave."""

from metaplast.sim.bench import Bench, stream_bench

SAMPLES = 40
CLEARED_SAMPLES = 20


def make_sample(bench: Bench, number: int) -> tuple[int, list[int]]:
    """A sample's bits and all neurons' weights; all, none or half of them equal."""
    inputs = bench.parameters["inputs"]
    x = bench.random.getrandbits(inputs)
    weights = []
    for neuron in range(bench.parameters["pe"] * bench.parameters["sets"]):
        match (number + neuron) % 4:
            case 0:
                weights.append(bench.random.getrandbits(inputs))
            case 1:
                half = bench.random.sample(range(inputs), inputs // 2)
                weights.append(x ^ sum(1 << i for i in half))
            case 2:
                weights.append(x)
            case 3:
                weights.append(x ^ (1 << inputs) - 1)
    return x, weights


def neuron(x: int, w: int, inputs: int) -> tuple[int, int]:
    """Activation and distance, plainly."""
    equal = sum(x >> i & 1 == w >> i & 1 for i in range(inputs))
    z = 2 * equal - inputs
    return int(z >= 0), abs(z)


class Samples:
    """Samples, sent and expected one after another.

    Parameters
    ----------
    bench : Bench
        The bench.

    Attributes
    ----------
    due : list of int
        For each transfer that is expected, when it is due, less the array's latency.
    """

    def __init__(self, bench: Bench):
        self.bench = bench
        self.inputs, self.word, self.pe, self.sets, self.select = (
            bench.parameters[name] for name in ("inputs", "simd", "pe", "sets", "select")
        )
        self.words = -(-self.inputs // self.word)
        self.steps = self.pe // self.select
        self.driver, self.monitor = bench.driver("i"), bench.monitor("o")
        self.due: list[int] = []

    async def send(self, number: int) -> list[list[tuple[int, int]]]:
        """Send a sample's words, as dense as they may come; gives its neurons, as they leave."""
        x, weights = make_sample(self.bench, number)
        w_words = list(map(self._in_words, weights))
        for n, x_word in enumerate(self._in_words(x)):
            last = n == self.words - 1
            for first in range(0, len(weights), self.pe):
                w = [words[n] for words in w_words[first : first + self.pe]]
                (cycle,) = await self.driver.send(
                    [{"x": x_word, "w": w, "first": n == 0, "last": last}]
                )
                if last:
                    self.due += range(cycle, cycle + self.steps)
                    if first + self.pe < len(weights):
                        await self.bench.edges(self.steps - 1)
            if not last:
                await self.bench.edges(max(0, 3 - self.sets))
        found = [neuron(x, w, self.inputs) for w in weights]
        return [found[n : n + self.select] for n in range(0, len(found), self.select)]

    def expect(self, leaving: list[list[tuple[int, int]]]) -> None:
        """Expect neurons to leave."""
        for neurons in leaving:
            self.monitor.expect(
                {
                    "activations": sum(a << n for n, (a, _) in enumerate(neurons)),
                    "distances": [distance for _, distance in neurons],
                }
            )

    def _in_words(self, bits: int) -> list[int]:
        return [bits >> n * self.word & (1 << self.word) - 1 for n in range(self.words)]


@stream_bench
async def neurons(bench: Bench) -> None:
    """Neurons leave in order, the first ones a fixed number of cycles after their last word."""
    samples = Samples(bench)
    for number in range(SAMPLES):
        samples.expect(await samples.send(number))
        await bench.edges(samples.steps - 1)  # the neurons before must have left
    await bench.drain()
    bench.check_latency(samples.due, samples.monitor.cycles, bench.parameters["latency"])
    if not bench.flow.idle:
        interval = (samples.words - 1) * max(samples.sets, 3) + samples.sets * samples.steps
        assert samples.due[-1] == SAMPLES * interval - 1


@stream_bench
async def cleared(bench: Bench) -> None:
    """Of a set whose first neurons have left, the others do not."""
    samples = Samples(bench)
    for number in range(CLEARED_SAMPLES):
        leaving = await samples.send(number)
        left = bench.random.randrange(samples.steps)
        if left + 1 < samples.steps:
            leaving = leaving[: left + 1 - samples.steps]
            del samples.due[left + 1 - samples.steps :]
        samples.expect(leaving)
        await bench.edges(bench.parameters["latency"] + left - 1)
        bench.write("clear", 1)
        await bench.edge()
        bench.write("clear", 0)
    await bench.drain()
    bench.check_latency(samples.due, samples.monitor.cycles, bench.parameters["latency"])
