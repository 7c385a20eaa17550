"""Bench of the neuron array: sums of several words, ties, and when which neurons leave."""

from typing import Any

from metaplast.sim.bench import Bench, stream_bench

SETS = 40
CLEARED_SETS = 20


def make_set(bench: Bench, number: int) -> tuple[int, list[int]]:
    """A sample's bits and the weights of neurons side by side; all, none or half of them equal."""
    inputs = bench.parameters["inputs"]
    x = bench.random.getrandbits(inputs)
    weights = []
    for lane in range(bench.parameters["lanes"]):
        match (number + lane) % 4:
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


class Sets:
    """Sets of neurons, sent and expected one after another.

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
        self.inputs, self.word, self.select = (
            bench.parameters[name] for name in ("inputs", "word", "select")
        )
        self.words = -(-self.inputs // self.word)
        self.steps = bench.parameters["lanes"] // self.select
        self.driver, self.monitor = bench.driver("i"), bench.monitor("o")
        self.due: list[int] = []

    async def send(self, number: int) -> list[list[tuple[int, int]]]:
        """Send a set's words; gives its neurons, as they are to leave."""
        x, weights = make_set(self.bench, number)
        columns = zip(self._in_words(x), *map(self._in_words, weights), strict=True)
        items: list[dict[str, Any]] = [
            {"x": x_word, "w": w_words, "first": n == 0, "last": n == self.words - 1}
            for n, (x_word, *w_words) in enumerate(columns)
        ]
        await self.driver.send(items)
        found = [neuron(x, w, self.inputs) for w in weights]
        return [found[n : n + self.select] for n in range(0, len(found), self.select)]

    def expect(self, leaving: list[list[tuple[int, int]]]) -> None:
        """Expect neurons of the last set that was sent."""
        for step, neurons in enumerate(leaving):
            self.monitor.expect(
                {
                    "activations": sum(a << n for n, (a, _) in enumerate(neurons)),
                    "distances": [distance for _, distance in neurons],
                }
            )
            self.due.append(self.driver.cycles[-1] + step)

    def _in_words(self, bits: int) -> list[int]:
        return [bits >> n * self.word & (1 << self.word) - 1 for n in range(self.words)]


@stream_bench
async def neurons(bench: Bench) -> None:
    """Neurons leave in order, the first ones a fixed number of cycles after their last word."""
    sets = Sets(bench)
    for number in range(SETS):
        sets.expect(await sets.send(number))
        await bench.edges(max(0, sets.steps - sets.words))  # the neurons before must have left
    await bench.drain()
    bench.check_latency(sets.due, sets.monitor.cycles, bench.parameters["latency"])
    if not bench.flow.idle:
        interval = max(sets.words, sets.steps)
        assert sets.due[-1] == (SETS - 1) * interval + sets.words + sets.steps - 2


@stream_bench
async def cleared(bench: Bench) -> None:
    """Of a set whose first neurons have left, the others do not."""
    sets = Sets(bench)
    for number in range(CLEARED_SETS):
        leaving = await sets.send(number)
        last_step = bench.random.randrange(sets.steps)
        sets.expect(leaving[: last_step + 1])
        await bench.edges(bench.parameters["latency"] + last_step - 1)
        bench.write("clear", 1)
        await bench.edge()
        bench.write("clear", 0)
    await bench.drain()
    bench.check_latency(sets.due, sets.monitor.cycles, bench.parameters["latency"])
