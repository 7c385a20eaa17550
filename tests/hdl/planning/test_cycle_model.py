"""The cycle model equals the gateware, cycle by cycle."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from metaplast.golden_model import (
    Network,
    NetworkConfig,
    RandomStream,
    Trainer,
    datasets,
    reinforcement_events,
)
from metaplast.golden_model.encoding import fit_encoder
from metaplast.golden_model.random_stream import reinforcement_id
from metaplast.hdl.client.initial_state import initial_state
from metaplast.hdl.planning.cycle_model import CycleModel
from metaplast.hdl.planning.fpgas import find_fpga
from metaplast.hdl.planning.plan import (
    FoldedNetwork,
    LayerPlan,
    MemoryKind,
    NetworkPlan,
)
from metaplast.hdl.planning.planner import plan_network
from metaplast.hdl.planning.timing import (
    event_cycles,
)
from metaplast.hdl.registers.register_map import (
    GlobalRegister,
    LayerRegister,
    Status,
    layer_address,
)
from metaplast.hdl.trainer_core import TrainerCore

from ..simulate import simulate


def simulated_cycles(
    config: NetworkConfig, plan: NetworkPlan, x: NDArray[np.uint8], y: NDArray[np.int64]
) -> list[int]:
    """Cycles that a core takes for an epoch, from its first word until it is idle; twice."""
    core = TrainerCore(FoldedNetwork(config, plan))
    (folded, *_) = FoldedNetwork(config, plan).layers
    load, words = folded.plan.input_width, folded.sample_words
    padded = np.zeros((len(x), words * load), dtype=np.uint8)
    padded[:, : config.inputs] = x
    stream = [
        (int("".join(map(str, word[::-1])), 2), int(label), int(index == len(x) - 1))
        for index, (sample, label) in enumerate(zip(padded, y, strict=True))
        for word in sample.reshape(words, load)
    ]
    epochs = []

    async def write(ctx: Any, address: int, value: int) -> None:
        ctx.set(core.requests.p, {"write": 1, "address": address, "data": value})
        ctx.set(core.requests.valid, 1)
        await ctx.tick().until(core.requests.ready)
        ctx.set(core.requests.valid, 0)
        (response,) = await ctx.tick().sample(core.responses.p).until(core.responses.valid)
        assert response.status == Status.OK

    async def host(ctx: Any) -> None:
        ctx.set(core.results.ready, 1)
        ctx.set(core.responses.ready, 1)
        await write(ctx, GlobalRegister.BATCH, config.batch)
        for writes in initial_state(config):
            for address, value in writes:
                await write(ctx, address, value)
            await ctx.tick().until(~core.busy)
        for layer in config.layers:
            events = reinforcement_events(layer, config.reinforcement, 0.0)
            await write(ctx, layer_address(layer.index, LayerRegister.MARGIN), layer.margin)
            await write(ctx, layer_address(layer.index, LayerRegister.EVENTS), events)
        for _ in range(2):
            cycles = 0
            ctx.set(core.samples.valid, 1)
            for bits, label, last in stream:
                ctx.set(core.samples.p, {"bits": bits, "label": label, "last": last})
                ready = 0
                while not ready:
                    _, _, ready = await ctx.tick().sample(core.samples.ready)
                    cycles += 1
            ctx.set(core.samples.valid, 0)
            while ctx.get(core.busy):
                await ctx.tick()
                cycles += 1
            epochs.append(cycles)

    simulate(core, host, waits_for="the end of two epochs")
    return epochs


CORES = {
    "SPRAM": (
        NetworkConfig(inputs=19, hidden=(12,), groups=(3,), classes=3, batch=7),
        [
            LayerPlan(
                pe=2,
                simd=8,
                update_width=2,
                input_width=4,
                sample_buffers=3,
                memory=MemoryKind.SPRAM,
            )
        ],
    ),
    "two draws": (
        NetworkConfig(inputs=12, hidden=(12,), groups=(2,), classes=4, batch=5, seed=4),
        [
            LayerPlan(
                banks=3,
                pe=4,
                simd=6,
                update_width=3,
                input_width=6,
                sample_buffers=2,
                draws_per_cycle=2,
            )
        ],
    ),
    "a fetch every cycle": (
        NetworkConfig(inputs=24, hidden=(8,), groups=(2,), classes=2, batch=9, robustness=1.0),
        [LayerPlan(banks=1, pe=2, simd=12, update_width=2, input_width=2, sample_buffers=4)],
    ),
    "three layers": (
        NetworkConfig(inputs=9, hidden=(8, 6, 4), groups=(2, 3, 1), classes=3, batch=6),
        [
            LayerPlan(banks=2, pe=2, simd=3, update_width=1, input_width=3, sample_buffers=2),
            LayerPlan(pe=3, simd=8, update_width=8, input_width=8),
            LayerPlan(
                banks=4, simd=3, update_width=3, input_width=3, sample_buffers=2, draws_per_cycle=2
            ),
        ],
    ),
    "samples that wait for an array of one cycle": (
        NetworkConfig(inputs=4, hidden=(16, 4), groups=(2, 2), classes=2, batch=5),
        [
            LayerPlan(banks=8, pe=2, simd=4, update_width=4, input_width=4),
            LayerPlan(banks=2, pe=2, simd=16, update_width=1, input_width=1, sample_buffers=6),
        ],
    ),
    "no reinforcement": (
        NetworkConfig(inputs=3, hidden=(4,), groups=(2,), classes=2, reinforcement=0.0, batch=1),
        [LayerPlan(pe=1, simd=3, update_width=3, input_width=3, sample_buffers=2)],
    ),
}


@pytest.mark.parametrize("name", CORES)
def test_a_record_gives_the_cycles_of_the_gateware(name: str) -> None:
    config, layers = CORES[name]
    plan = NetworkPlan(tuple(layers))
    draw = np.random.default_rng(5)
    x = draw.integers(0, 2, (17, config.inputs), dtype=np.uint8)
    y = draw.integers(0, config.classes, 17)
    events = [reinforcement_events(layer, config.reinforcement, 0.0) for layer in config.layers]
    network, model, expected = Network(config), CycleModel.of(FoldedNetwork(config, plan)), []
    for _ in range(2):
        start = model.idle
        model.wait(start)
        for first in range(0, len(x), config.batch):
            batch = slice(first, first + config.batch)
            model.train(network.train_batch(x[batch], y[batch], events))
        expected.append(model.idle - start)
    assert simulated_cycles(config, plan, x, y) == expected


def test_the_model_starts_in_the_state_of_its_streams() -> None:
    config, layers = CORES["two draws"]
    folded = FoldedNetwork(config, NetworkPlan(tuple(layers))).layers
    stream = RandomStream(config.seed, reinforcement_id(0))
    errors, chosen = np.ones((5, 1), dtype=bool), [np.zeros((5, 6), dtype=np.int32)]
    idle, issued = [], []
    for _ in range(2):
        model = CycleModel(folded, [stream])
        model.train_batch(errors, chosen, [101])
        assert model.committed == model.idle
        idle.append(model.idle)
        issued.append(event_cycles(folded[0], stream.draws(101)))
    assert idle[1] - idle[0] == issued[1] - issued[0] != 0


def test_each_commit_takes_its_own_events() -> None:
    config = NetworkConfig(inputs=64, hidden=(32,), groups=(8,), classes=4)
    folded = FoldedNetwork(config, plan_network(config, find_fpga("ECP5-85F"))).layers
    one_batch = np.ones((1, 1), bool), [np.zeros((1, 4), np.int32)]

    def cycles(*events: int) -> list[int]:
        model, idle = CycleModel(folded), [0]
        for number in events:
            model.train_batch(*one_batch, [number])
            idle.append(model.idle)
        return np.diff(idle).tolist()

    many, few = cycles(1000, 10), cycles(10, 1000)
    assert many[0] > 4 * many[1]
    assert many == pytest.approx(few[::-1], abs=40)


@pytest.fixture(scope="module")
def digits() -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    data = datasets.load("digits")
    return fit_encoder(data.x_train).encode(data.x_train), data.y_train


@pytest.mark.parametrize("hidden", [(128, 128, 64), (64, 128, 64), (128, 256, 64), (64, 64, 64)])
def test_a_chain_is_as_fast_as_its_slowest_layer(digits: Any, hidden: tuple[int, ...]) -> None:
    x, y = digits
    groups = tuple(neurons // 4 for neurons in hidden)
    config = NetworkConfig(inputs=64, hidden=hidden, groups=groups, classes=10)
    folded = FoldedNetwork(config, plan_network(config, find_fpga("ECP5-85F"))).layers
    trainer, records = Trainer(Network(config)), []
    for _ in range(2):
        trainer.train_epoch(x, y, lambda _, record: records.append(record))
    chain = CycleModel(folded)
    alone = [CycleModel([layer]) for layer in folded]
    for record in records:
        chain.train(record)
        for layer, model in enumerate(alone):
            model.train_batch(
                record.errors[:, [layer]], [record.chosen[layer]], [record.events[layer]]
            )
    slowest = max(model.idle for model in alone)
    assert slowest <= chain.idle < 1.05 * slowest
