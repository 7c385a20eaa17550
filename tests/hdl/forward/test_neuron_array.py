# amaranth: UnusedElaboratable=no
"""Neurons side by side in gateware."""

from collections.abc import Callable, Sequence
from random import Random
from typing import Any, NamedTuple

import pytest
from amaranth.sim import SimulatorContext

from metaplast.hdl.forward.neuron_array import NeuronArray
from metaplast.sim.bench import Flow

from ..streams import IDLE_FLOWS, StreamBench, check_latency

SAMPLES = 30
CLEARED_SAMPLES = 20


class Shape(NamedTuple):
    """What an array is told of a layer."""

    inputs: int
    sets: int
    steps: int


def make_sample(array: NeuronArray, shape: Shape, random: Random, number: int) -> Any:
    """A sample's bits and all neurons' weights; all, none or half of them equal."""
    inputs = shape.inputs
    x = random.getrandbits(inputs)
    weights = []
    for neuron in range(array.pe * shape.sets):
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
    shape : Shape
        The layer.
    due : list of int
        For each transfer that is expected, when it is due, less the array's latency.
    leaving : list of int
        Its neurons.
    """

    def __init__(self, array: NeuronArray, streams: StreamBench):
        self.array, self.streams = array, streams
        self.shape = Shape(array.inputs, array.sets, array.pe // array.select)
        self.sender = streams.sender("i")
        self.collector = streams.collector("o", known=self._known)
        self.due: list[int] = []
        self.leaving: list[int] = []

    def set_shape(self, ctx: SimulatorContext, shape: Shape) -> None:
        """Go to another layer."""
        self.shape = shape
        numbers = {"inputs": shape.inputs, "last_set": shape.sets - 1, "steps": shape.steps}
        ctx.set(self.array.shape, numbers)

    def _known(self, number: int, item: dict[str, Any]) -> dict[str, Any]:
        """A transfer without what is beyond its neurons."""
        count = self.leaving[number] if number < len(self.leaving) else self.array.select
        distances = [d if n < count else 0 for n, d in enumerate(item["distances"])]
        return {"activations": item["activations"] & (1 << count) - 1, "distances": distances}

    async def send(self, ctx: SimulatorContext, number: int) -> list[list[tuple[int, int]]]:
        """Send a sample's words, as dense as they may come; gives its neurons, as they leave."""
        array, shape = self.array, self.shape
        x, weights = make_sample(array, shape, self.streams.random, number)
        words = -(-shape.inputs // array.simd)
        padding = (1 << words * array.simd) - (1 << shape.inputs)
        w_words = [self._in_words(w, words) for w in weights]
        for n, x_word in enumerate(self._in_words(x | padding, words)):
            last = n == words - 1
            for first in range(0, len(weights), array.pe):
                w = [words[n] for words in w_words[first : first + array.pe]]
                item = {"x": x_word, "w": w, "first": n == 0, "last": last}
                (cycle,) = await self.sender.send(ctx, [item])
                if last:
                    self.due += range(cycle, cycle + shape.steps)
                    self.leaving += [array.pe // shape.steps] * shape.steps
                    if first + array.pe < len(weights):
                        await self.streams.ticks(ctx, shape.steps - 1)
            if not last:
                await self.streams.ticks(ctx, max(0, 3 - shape.sets))
        found = [neuron(x, w, shape.inputs) for w in weights]
        count = array.pe // shape.steps
        return [found[n : n + count] for n in range(0, len(found), count)]

    def expect(self, leaving: list[list[tuple[int, int]]]) -> None:
        """Expect neurons to leave."""
        for neurons in leaving:
            missing = self.array.select - len(neurons)
            self.collector.expect(
                {
                    "activations": sum(a << n for n, (a, _) in enumerate(neurons)),
                    "distances": [distance for _, distance in neurons] + [0] * missing,
                }
            )

    def _in_words(self, bits: int, words: int) -> list[int]:
        word = self.array.simd
        return [bits >> n * word & (1 << word) - 1 for n in range(words)]


def check_neurons(
    array: NeuronArray, flow: Flow, shapes: Sequence[Shape] = (), *, flip: bool = False
) -> None:
    """Neurons leave in order, the first ones a fixed number of cycles after their last word.

    Each sample is for the next shape; if there are none, the shape is not set.
    """
    streams = StreamBench(array, flow, flip=flip)
    samples = Samples(array, streams)

    async def bench(ctx: SimulatorContext) -> None:
        for number in range(SAMPLES):
            if shapes:
                await streams.ticks(ctx, array.latency)
                samples.set_shape(ctx, shapes[number // 3 % len(shapes)])
            samples.expect(await samples.send(ctx, number))
            await streams.ticks(ctx, samples.shape.steps - 1)  # these neurons must leave first

    streams.run(bench)
    check_latency(samples.due, samples.collector.cycles, array.latency)
    if not flow.idle and not shapes:
        steps = array.pe // array.select
        interval = (array.words - 1) * max(array.sets, 3) + array.sets * steps
        assert samples.due[-1] == SAMPLES * interval - 1


def check_clear(
    array: NeuronArray, flow: Flow, shapes: Sequence[Shape] = (), *, flip: bool = False
) -> None:
    """Of a set whose first neurons have left, the others do not leave after a clear."""
    streams = StreamBench(array, flow, flip=flip)
    samples = Samples(array, streams)

    async def bench(ctx: SimulatorContext) -> None:
        for number in range(CLEARED_SAMPLES):
            if shapes:
                samples.set_shape(ctx, shapes[number % len(shapes)])
            leaving = await samples.send(ctx, number)
            steps = samples.shape.steps
            left = streams.random.randrange(steps)
            if left + 1 < steps:
                leaving = leaving[: left + 1 - steps]
                del samples.due[left + 1 - steps :], samples.leaving[left + 1 - steps :]
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
@pytest.mark.parametrize("pe", [1, 2, 4])
def test_layers_are_set_at_run_time(pe: int, check: Callable[..., None], flow: Flow) -> None:
    array = NeuronArray(inputs=24, simd=8, pe=pe, sets=12 // pe, select=pe, singly=pe > 1)
    random = Random(pe)
    shapes = [Shape(24, 12 // pe, 1), Shape(1, 1, pe), Shape(8, 1, 1), Shape(17, 12 // pe, pe)]
    for _ in range(6):
        shapes.append(
            Shape(random.randint(1, 24), random.randint(1, 12 // pe), random.choice([1, pe]))
        )
    check(array, flow, shapes)


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
        ({"singly": True}, "select must be pe, 6, if neurons can leave singly, not 3"),
    ],
)
def test_parameters_out_of_range_are_refused(wrong: dict[str, Any], message: str) -> None:
    right = {"inputs": 13, "simd": 5, "pe": 6, "sets": 4, "select": 3}
    with pytest.raises(ValueError, match=message):
        NeuronArray(**{**right, **wrong})
