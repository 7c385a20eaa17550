# amaranth: UnusedElaboratable=no
"""Neurons side by side in gateware."""

from collections.abc import Callable
from random import Random
from typing import Any

import pytest
from amaranth.sim import SimulatorContext

from metaplast.hdl.forward.neuron_array import NeuronArray
from metaplast.sim.bench import Flow

from ..streams import IDLE_FLOWS, StreamBench, check_latency

SAMPLES = 30
CLEARED_SAMPLES = 20


def make_sample(array: NeuronArray, random: Random, number: int) -> tuple[int, list[int]]:
    """A sample's bits and all neurons' weights; all, none or half of them equal."""
    inputs = array.inputs
    x = random.getrandbits(inputs)
    weights = []
    for neuron in range(array.pe * array.sets):
        match (number + neuron) % 4:
            case 0:
                weights.append(random.getrandbits(inputs))
            case 1:
                half = random.sample(range(inputs), inputs // 2)
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

    Attributes
    ----------
    due : list of int
        For each transfer that is expected, when it is due, less the array's latency.
    """

    def __init__(self, array: NeuronArray, streams: StreamBench):
        self.array, self.streams = array, streams
        self.steps = array.pe // array.select
        self.sender, self.collector = streams.sender("i"), streams.collector("o")
        self.due: list[int] = []

    async def send(self, ctx: SimulatorContext, number: int) -> list[list[tuple[int, int]]]:
        """Send a sample's words, as dense as they may come; gives its neurons, as they leave."""
        array = self.array
        x, weights = make_sample(array, self.streams.random, number)
        w_words = list(map(self._in_words, weights))
        for n, x_word in enumerate(self._in_words(x)):
            last = n == array.words - 1
            for first in range(0, len(weights), array.pe):
                w = [words[n] for words in w_words[first : first + array.pe]]
                item = {"x": x_word, "w": w, "first": n == 0, "last": last}
                (cycle,) = await self.sender.send(ctx, [item])
                if last:
                    self.due += range(cycle, cycle + self.steps)
                    if first + array.pe < len(weights):
                        await self.streams.ticks(ctx, self.steps - 1)
            if not last:
                await self.streams.ticks(ctx, max(0, 3 - array.sets))
        found = [neuron(x, w, array.inputs) for w in weights]
        return [found[n : n + array.select] for n in range(0, len(found), array.select)]

    def expect(self, leaving: list[list[tuple[int, int]]]) -> None:
        """Expect neurons to leave."""
        for neurons in leaving:
            self.collector.expect(
                {
                    "activations": sum(a << n for n, (a, _) in enumerate(neurons)),
                    "distances": [distance for _, distance in neurons],
                }
            )

    def _in_words(self, bits: int) -> list[int]:
        word = self.array.simd
        return [bits >> n * word & (1 << word) - 1 for n in range(self.array.words)]


def check_neurons(array: NeuronArray, flow: Flow, *, flip: bool = False) -> None:
    """Neurons leave in order, the first ones a fixed number of cycles after their last word."""
    streams = StreamBench(array, flow, flip=flip)
    samples = Samples(array, streams)

    async def bench(ctx: SimulatorContext) -> None:
        for number in range(SAMPLES):
            samples.expect(await samples.send(ctx, number))
            await streams.ticks(ctx, samples.steps - 1)  # the neurons before must have left

    streams.run(bench)
    check_latency(samples.due, samples.collector.cycles, array.latency)
    if not flow.idle:
        interval = (array.words - 1) * max(array.sets, 3) + array.sets * samples.steps
        assert samples.due[-1] == SAMPLES * interval - 1


def check_clear(array: NeuronArray, flow: Flow, *, flip: bool = False) -> None:
    """Of a set whose first neurons have left, the others do not leave after a clear."""
    streams = StreamBench(array, flow, flip=flip)
    samples = Samples(array, streams)

    async def bench(ctx: SimulatorContext) -> None:
        for number in range(CLEARED_SAMPLES):
            leaving = await samples.send(ctx, number)
            left = streams.random.randrange(samples.steps)
            if left + 1 < samples.steps:
                leaving = leaving[: left + 1 - samples.steps]
                del samples.due[left + 1 - samples.steps :]
            samples.expect(leaving)
            await streams.ticks(ctx, array.latency + left - 1)
            ctx.set(array.clear, 1)
            await ctx.tick()
            ctx.set(array.clear, 0)

    streams.run(bench)
    check_latency(samples.due, samples.collector.cycles, array.latency)


@pytest.mark.parametrize("flow", IDLE_FLOWS)
@pytest.mark.parametrize("check", [check_neurons, check_clear])
@pytest.mark.parametrize(
    ("inputs", "simd", "pe", "sets", "select", "latency"),
    [
        (1, 1, 1, 1, 1, 3),
        (13, 5, 6, 4, 3, 3),  # padding, and neurons that leave in two cycles
        (9, 2, 2, 1, 2, 3),  # a set that waits for its own sum
        (9, 4, 1, 2, 1, 3),  # two that do
        (20, 20, 4, 3, 1, 4),  # a single word, and neurons that leave one by one
    ],
)
def test_neurons_are_right_and_on_time(
    inputs: int,
    simd: int,
    pe: int,
    sets: int,
    select: int,
    latency: int,
    check: Callable[[NeuronArray, Flow], None],
    flow: Flow,
) -> None:
    array = NeuronArray(inputs=inputs, simd=simd, pe=pe, sets=sets, select=select)
    assert array.latency == latency
    check(array, flow)


@pytest.mark.parametrize("flow", IDLE_FLOWS)
@pytest.mark.parametrize("check", [check_neurons, check_clear])
def test_the_check_notices_a_flipped_bit(check: Callable[..., None], flow: Flow) -> None:
    array = NeuronArray(inputs=13, simd=5, pe=6, sets=4, select=3)
    with pytest.raises(AssertionError, match=r"^o: item \d+, in cycle \d+: expected"):
        check(array, flow, flip=True)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"inputs": 0}, "inputs must be at least 1, not 0"),
        ({"simd": 0}, "simd must be at least 1, not 0"),
        ({"pe": 0}, "pe must be at least 1, not 0"),
        ({"sets": 0}, "sets must be at least 1, not 0"),
        ({"select": 0}, "select must divide the 6 neurons of pe, not be 0"),
        ({"select": 4}, "select must divide the 6 neurons of pe, not be 4"),
    ],
)
def test_parameters_out_of_range_are_refused(wrong: dict[str, Any], message: str) -> None:
    right = {"inputs": 13, "simd": 5, "pe": 6, "sets": 4, "select": 3}
    with pytest.raises(ValueError, match=message):
        NeuronArray(**{**right, **wrong})
