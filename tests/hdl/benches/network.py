"""Bench of a network: compared with the reference network and the cycle model."""

from random import Random
from typing import Any

import numpy as np

from metaplast.golden_model.config import NetworkConfig
from metaplast.golden_model.network import Network as GoldenNetwork
from metaplast.golden_model.reference import ReferenceNetwork
from metaplast.hdl.planning.cycle_model import CycleModel
from metaplast.hdl.planning.plan import FoldedNetwork, NetworkPlan
from metaplast.hdl.registers.register_map import LayerRegister
from metaplast.sim.bench import Bench, bench, stream_bench

from .training import BatchEnds, Host, saturated, to_words

BATCHES = 5


class Network:
    """The network in gateware, and its configuration."""

    def __init__(self, bench: Bench):
        self.bench = bench
        self.config = NetworkConfig.from_dict(bench.parameters["network"])
        self.plan = NetworkPlan.from_dict(bench.parameters["plan"])
        self.count = len(self.config.layers)
        self.events = [5 + layer for layer in range(self.count)]
        self.hosts = [
            Host(bench, f"requests__{layer}", f"responses__{layer}") for layer in range(self.count)
        ]
        self.samples = bench.driver("i")
        self.results = bench.monitor("o")
        self.batch_ends = BatchEnds(bench, "batch_ends")

    async def set_up(self) -> None:
        """Draw the initial state of all layers in parallel, and set their registers."""
        bench = self.bench
        tasks = [
            bench.start(host.draw(layer, self.config.seed, self.idle))
            for layer, host in enumerate(self.hosts)
        ]
        for task in tasks:
            await task
        bench.write("reset", 1)
        await bench.edge()
        bench.write("reset", 0)
        for host, layer, events in zip(self.hosts, self.config.layers, self.events, strict=True):
            await host.write(LayerRegister.MARGIN, layer.margin)
            await host.write(LayerRegister.EVENTS, events)

    async def idle(self) -> None:
        """Wait until the network is not busy."""
        await self.bench.edge()
        await self.bench.wait_for("not busy", lambda: not self.bench.bits("busy"))

    def words(self, x: list[int], label: int, *, last: bool, train: bool) -> list[dict[str, Any]]:
        """A sample's words."""
        load = self.plan.layers[0].input_width
        refused = train and label >= self.config.classes
        whole = {"label": label, "last": last, "train": train, "refused": refused}
        words = [{**self.bench.noise("i__payload"), "bits": bits} for bits in to_words(x, load)]
        words[-1] |= whole
        return words

    def batch(self, count: int, random: Random) -> tuple[list[list[int]], list[int]]:
        """Random samples."""
        config = self.config
        x = [[random.getrandbits(1) for _ in range(config.inputs)] for _ in range(count)]
        return x, [random.randrange(config.classes) for _ in range(count)]

    def expect(self, predictions: Any, errors: Any, *, refused: bool = False) -> None:
        """Expect a sample's result."""
        self.results.expect(
            {
                "predictions": [int(prediction) for prediction in predictions],
                "errors": sum(int(error) << n for n, error in enumerate(errors)),
                "refused": refused,
            }
        )


@stream_bench
async def training(bench: Bench) -> None:
    """Batches that contain samples without training."""
    network = Network(bench)
    config = network.config
    literal = ReferenceNetwork(config)
    await network.set_up()
    errors, updates = np.zeros(network.count, int), np.zeros(network.count, int)

    async def stray(*, train: bool) -> None:
        (x,), _ = network.batch(1, bench.random)
        label = bench.random.randrange(config.classes if train else 0, 256)
        sent = network.words(x, label, last=not train, train=train)
        predictions, wrong = [], []
        for layer in literal.layers:
            _, a, s = layer.forward(x)
            predictions.append(s.index(max(s)))
            wrong.append(layer.error(s, label))
            x = a
        network.expect(predictions, wrong, refused=train)
        await network.samples.send(sent)

    for _ in range(BATCHES):
        x, y = network.batch(bench.random.randint(1, 6), bench.random)
        await stray(train=True)
        await stray(train=False)
        record = literal.train_batch(x, y, network.events)
        errors += record.errors.sum(axis=0)
        updates += record.updates
        network.batch_ends.expect(errors, updates)
        for n, (bits, label) in enumerate(zip(x, y, strict=True)):
            network.expect(record.predictions[n], record.errors[n])
            last = n == len(x) - 1
            await network.samples.send(network.words(bits, label, last=last, train=True))
    await network.idle()
    for index, (host, layer) in enumerate(zip(network.hosts, literal.layers, strict=True)):
        await host.read(LayerRegister.ERRORS, int(errors[index]))
        await host.read(LayerRegister.UPDATES, int(updates[index]))
        await host.read(LayerRegister.SATURATED, saturated(layer.config, layer.k))
        await host.read_stream(index, layer.stream)
        await host.read_counters(layer)


@bench
async def cycles(bench: Bench) -> None:
    """Without gaps, a network takes the cycles of the cycle model.

    Reports them, and those that each layer would take on its own.
    """
    network = Network(bench)
    config = network.config
    golden = GoldenNetwork(config)
    await network.set_up()
    model = CycleModel.of(FoldedNetwork(config, network.plan))
    alone = [CycleModel([layer]) for layer in FoldedNetwork(config, network.plan).layers]
    words = []
    errors, updates = np.zeros(network.count, int), np.zeros(network.count, int)
    random = Random(config.seed)  # the same for networks that are compared
    for _ in range(bench.parameters["batches"]):
        x, y = network.batch(config.batch, random)
        record = golden.train_batch(np.array(x, dtype=np.uint8), np.array(y), network.events)
        model.train(record)
        errors += record.errors.sum(axis=0)
        updates += record.updates
        network.batch_ends.expect(errors, updates)
        for index, layer in enumerate(alone):
            layer.train_batch(
                record.errors[:, [index]], [record.chosen[index]], [record.events[index]]
            )
        for n, (bits, label) in enumerate(zip(x, y, strict=True)):
            network.expect(record.predictions[n], record.errors[n])
            words += network.words(bits, label, last=n == config.batch - 1, train=True)
    begin = bench.cycle + 1
    await network.samples.send(words)
    await network.idle()
    took = bench.cycle - begin
    assert took == model.idle, f"it took {took} cycles, the model says {model.idle}"
    for count in [took, *(layer.idle for layer in alone)]:
        bench.report(count)
