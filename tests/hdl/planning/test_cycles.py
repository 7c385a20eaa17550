# amaranth: UnusedElaboratable=no
"""The cycle model: held to the gateware to the cycle, and the estimate from averages."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from amaranth.hdl import Fragment
from amaranth.sim import Simulator
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from metaplast.golden_model import (
    BitStream,
    ConfigurationError,
    Network,
    NetworkConfig,
    Trainer,
    datasets,
    reinforcement_events,
)
from metaplast.golden_model.encoding import Thermometer
from metaplast.golden_model.random_stream import reinforcement_id
from metaplast.hdl.forward.error_detector import ErrorDetector
from metaplast.hdl.forward.forward_bank import ForwardBank
from metaplast.hdl.forward.local_scores import LocalScores
from metaplast.hdl.planning.cycle_model import CycleModel
from metaplast.hdl.planning.cycles import (
    Workload,
    estimate_cycles,
    mean_cycles,
    synthetic_errors,
    synthetic_samples,
)
from metaplast.hdl.planning.devices import find_device
from metaplast.hdl.planning.plan import (
    FoldedLayer,
    FoldedNetwork,
    LayerPlan,
    MemoryKind,
    NetworkPlan,
)
from metaplast.hdl.planning.planner import plan_network
from metaplast.hdl.planning.timing import (
    LayerTiming,
    divider_latency,
    event_cycles,
    popcount_latency,
)
from metaplast.hdl.primitives.constant_divider import ConstantDivider
from metaplast.hdl.primitives.popcount import XnorPopcount
from metaplast.hdl.registers.registers import GlobalRegister, LayerRegister, Status, layer_address
from metaplast.hdl.trainer_core import TrainerCore
from metaplast.hdl.training.reinforcement import Reinforcement

from ..folded_layers import FOLDED_LAYERS
from .test_plan import folded_layers

FASHION = NetworkConfig(
    inputs=784, hidden=(128,), groups=(32,), classes=10, reinforcement=1.0, batch=100
)
ULTRAPLUS = NetworkPlan(
    (LayerPlan(word=400, counters=8, load=16, slots=5, memory=MemoryKind.SPRAM),)
)


# Latencies


@given(st.integers(1, 2000))
def test_the_popcounts_latency(width: int) -> None:
    assert popcount_latency(width) == XnorPopcount(width).latency


@given(st.integers(1, 16), st.integers(1, 300))
def test_the_dividers_latency(width: int, divisor: int) -> None:
    assert divider_latency(width, divisor) == ConstantDivider(width=width, divisor=divisor).latency


@pytest.mark.parametrize("name", FOLDED_LAYERS)
def test_a_layers_latencies_are_its_components(name: str) -> None:
    folded = FOLDED_LAYERS[name]
    timing = LayerTiming.of(folded)
    bank = ForwardBank(folded)
    reinforcement = Reinforcement(folded)
    scores = LocalScores(
        classes=folded.config.classes,
        neurons=folded.config.neurons,
        width=folded.plan.banks * folded.select,
    )
    detector = ErrorDetector(classes=folded.config.classes, neurons=folded.config.neurons)
    for component in (bank, reinforcement, scores):
        Fragment.get(component, None)  # so that no part of it stays unused
    assert timing.decode == reinforcement.decode
    last_word = timing.array - folded.steps
    last_steps = folded.pass_steps - (folded.sets - 1) * folded.steps
    first_step = last_word + 1 + bank.latency
    assert timing.result == first_step + last_steps - 1 + scores.latency + detector.latency
    assert timing.interval == max(timing.array + folded.word_loads, timing.result + 2)


# Reinforcement


def cycles_one_by_one(folded: FoldedLayer, draws: NDArray[np.uint32]) -> int:
    """The cycles of a commit's events, by following the issue cycle by cycle."""
    config, plan = folded.config, folded.plan
    places: list[tuple[int, int] | None] = []
    for draw in draws.tolist():
        j = draw & ((1 << config.neuron_bits) - 1)
        i = draw >> config.neuron_bits & ((1 << config.input_bits) - 1)
        named = j < config.neurons and i < config.inputs
        bank, neuron = divmod(j, folded.bank_neurons)
        row = neuron * folded.rows + i // plan.counters
        places.append((bank, row) if named else None)
    if folded.single_port:
        return sum(1 if place is None else 2 for place in places)
    cycles, written = 0, set()
    for first in range(0, len(places), plan.draws):
        pending = [place for place in places[first : first + plan.draws] if place is not None]
        if not pending:
            cycles, written = cycles + 1, set()
        while pending:
            together = len(pending) == 2 and pending[0][0] != pending[1][0]
            wanted = set(pending if together else pending[:1])
            cycles += 1
            if wanted & written:
                written = set()
            else:
                written = wanted
                del pending[: len(wanted)]
    return cycles


@given(folded_layers(), st.integers(0, 1 << 40), st.integers(1, 200))
def test_events_take_the_cycles_of_their_issue(folded: FoldedLayer, seed: int, events: int) -> None:
    draws = BitStream(seed, reinforcement_id(0)).draws(events)
    assert event_cycles(folded, draws) == cycles_one_by_one(folded, draws)


def test_events_that_meet_in_a_row_wait_for_each_other() -> None:
    config = NetworkConfig(inputs=2, hidden=(2,), groups=(1,), classes=2)
    plan = LayerPlan(banks=2, counters=2, word=2, load=2, draws=2)
    folded = FoldedLayer(config.layers[0], plan)
    # A draw is the neuron in bit 0 and the input in bit 1; a neuron is a bank of one row.
    for draws, cycles in [
        ([0, 1], 1),
        ([0, 0], 3),  # one bank, and one row: write before reading again
        ([0, 1, 0, 1], 3),
        ([0, 1, 1, 1], 5),
        ([0], 1),
    ]:
        assert event_cycles(folded, np.array(draws, dtype=np.uint32)) == cycles


# The gateware


def simulated_cycles(
    config: NetworkConfig, plan: NetworkPlan, x: NDArray[np.uint8], y: NDArray[np.int64]
) -> list[int]:
    """Cycles that a core takes for an epoch, from its first word until it is idle; twice."""
    core = TrainerCore(FoldedNetwork(config, plan))
    (folded, *_) = FoldedNetwork(config, plan).layers
    load, words = folded.plan.load, folded.load_words
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
        await write(ctx, GlobalRegister.SEED_LOW, config.seed)
        await write(ctx, GlobalRegister.BATCH, config.batch)
        await write(ctx, GlobalRegister.RESET, 1)
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

    simulator = Simulator(core)
    simulator.add_clock(1e-6)
    simulator.add_testbench(host)
    simulator.run()
    return epochs


CORES = {
    "SPRAM": (
        NetworkConfig(inputs=19, hidden=(12,), groups=(3,), classes=3, batch=7),
        [LayerPlan(lanes=2, word=8, counters=2, load=4, slots=3, memory=MemoryKind.SPRAM)],
    ),
    "two draws": (
        NetworkConfig(inputs=12, hidden=(12,), groups=(2,), classes=4, batch=5, seed=4),
        [LayerPlan(banks=3, lanes=4, word=6, counters=3, load=6, slots=2, draws=2)],
    ),
    "a fetch every cycle": (
        NetworkConfig(inputs=24, hidden=(8,), groups=(2,), classes=2, batch=9, robustness=1.0),
        [LayerPlan(banks=1, lanes=2, word=12, counters=2, load=2, slots=4)],
    ),
    "three layers": (
        NetworkConfig(inputs=9, hidden=(8, 6, 4), groups=(2, 3, 1), classes=3, batch=6),
        [
            LayerPlan(banks=2, lanes=2, word=3, counters=1, load=3, slots=2),
            LayerPlan(lanes=3, word=8, counters=8, load=8),
            LayerPlan(banks=4, word=3, counters=3, load=3, slots=2, draws=2),
        ],
    ),
    "samples that wait for an array of one cycle": (
        NetworkConfig(inputs=4, hidden=(16, 4), groups=(2, 2), classes=2, batch=5),
        [
            LayerPlan(banks=8, lanes=2, word=4, counters=4, load=4),
            LayerPlan(banks=2, lanes=2, word=16, counters=1, load=1, slots=6),
        ],
    ),
    "no reinforcement": (
        NetworkConfig(inputs=3, hidden=(4,), groups=(2,), classes=2, reinforcement=0.0, batch=1),
        [LayerPlan(lanes=1, word=3, counters=3, load=3, slots=2)],
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


def test_the_model_starts_where_its_streams_stand() -> None:
    config, layers = CORES["two draws"]
    folded = FoldedNetwork(config, NetworkPlan(tuple(layers))).layers
    stream = BitStream(config.seed, reinforcement_id(0))
    errors, chosen = np.ones((5, 1), dtype=bool), [np.zeros((5, 6), dtype=np.int32)]
    idle, issued = [], []
    for _ in range(2):
        model = CycleModel(folded, [stream])
        model.train_batch(errors, chosen, [101])
        assert model.committed == model.idle
        idle.append(model.idle)
        issued.append(event_cycles(folded[0], stream.draws(101)))
    assert idle[1] - idle[0] == issued[1] - issued[0] != 0


# Estimates


@pytest.fixture(scope="module")
def digits() -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    data = datasets.load("digits")
    return Thermometer.fit(data.x_train).encode(data.x_train), data.y_train


@pytest.mark.parametrize(
    ("hidden", "groups", "plan"),
    [
        ((128,), (32,), LayerPlan(lanes=2, word=64, counters=8, load=32, memory=MemoryKind.SPRAM)),
        ((128,), (32,), LayerPlan(banks=4, lanes=2, word=64, counters=16, load=64, draws=2)),
        ((128,), (4,), LayerPlan(banks=4, lanes=4, word=64, counters=8, load=8, draws=2)),
        ((60,), (1,), LayerPlan(banks=2, lanes=1, word=64, counters=4, load=64)),
        ((128, 64), (32, 16), LayerPlan(lanes=4, word=64, counters=8, load=32)),
    ],
)
def test_an_estimate_from_averages_is_within_three_percent(
    digits: Any, hidden: tuple[int, ...], groups: tuple[int, ...], plan: LayerPlan
) -> None:
    x, y = digits
    config = NetworkConfig(inputs=64, hidden=hidden, groups=groups, classes=10)
    plans = NetworkPlan((plan,) * len(hidden))
    trainer, accuracy = Trainer(Network(config)), 0.0
    model = CycleModel.of(FoldedNetwork(config, plans))
    for _ in range(4):
        start = model.idle
        record = trainer.train_epoch(x, y, lambda _, batch: model.train(batch))
        exact = (model.idle - start) / len(x)
        model.wait(model.idle)
        workload = Workload(
            chosen=tuple(updates / len(x) for updates in record.updates),
            errors=record.error_rate,
            accuracy=accuracy,
        )
        estimate = estimate_cycles(FoldedNetwork(config, plans), workload)
        assert abs(estimate.total / exact - 1) < 0.03
        accuracy = record.accuracy


def test_the_parts_of_an_estimate() -> None:
    estimate = estimate_cycles(FoldedNetwork(FASHION, ULTRAPLUS), Workload(chosen=(1.91,)))
    (layer,) = estimate.layers
    assert (layer.load, layer.forward) == (49, 25 + 128 + 25 + 128)
    # Of 191 neurons that are updated in a batch, many are so more than once.
    assert layer.scan == pytest.approx((128 + 86.5 * 97) / 100, abs=1)
    assert layer.events == pytest.approx(3735 * (1 + 784 / 1024) / 100, rel=0.01)
    assert layer.commit == layer.events + layer.scan
    assert layer.update == pytest.approx(1.91 * 196 + 3, abs=2)
    assert estimate.total == layer.total
    assert layer.update + layer.commit < layer.total < 620


def test_layers_go_on_in_parallel() -> None:
    config = NetworkConfig(inputs=64, hidden=(64, 64, 64), groups=(16,) * 3, classes=10)
    plans = NetworkPlan((LayerPlan(lanes=4, word=64, counters=8, load=64),) * 3)
    estimate = estimate_cycles(FoldedNetwork(config, plans))
    slowest = max(layer.total for layer in estimate.layers)
    assert slowest <= estimate.total < 1.05 * slowest


@pytest.mark.parametrize("batch", [1, 3, 65535])
def test_any_batch_can_be_estimated(batch: int) -> None:
    config = replace(FASHION, batch=batch)
    (layer,) = estimate_cycles(FoldedNetwork(config, ULTRAPLUS), Workload(chosen=(4,))).layers
    # Every sample has an error: updates and commits follow each other, and the forward pass of a
    # batch's first sample goes on beside the events of the commit before.
    assert layer.total == pytest.approx(layer.update + layer.commit, rel=0.01)
    assert mean_cycles(FoldedNetwork(config, ULTRAPLUS), Workload(chosen=(4,))) == layer.total
    scan = 128 + 97 * min(4 * batch, 128)
    assert layer.commit == pytest.approx((3735 * 1.766 + scan) / batch, rel=0.02)


def test_samples_without_errors_take_their_forward_pass() -> None:
    config = replace(FASHION, reinforcement=0.0)
    (layer,) = estimate_cycles(FoldedNetwork(config, ULTRAPLUS), Workload(chosen=(0,))).layers
    assert (layer.update, layer.events, layer.scan) == (1, 0, 0)
    assert layer.forward <= layer.total < layer.forward + 1


@given(st.floats(0, 1), st.floats(0, 1), st.integers(1, 400))
def test_made_up_samples_have_the_shares_asked_for(
    errors: float, found: float, samples: int
) -> None:
    (layer,) = NetworkConfig(inputs=4, hidden=(10,), groups=(2,), classes=2).layers
    raised, chosen = synthetic_samples(layer, errors, found, samples)
    assert raised.shape == (samples,)
    assert chosen.shape == (samples, 5)
    assert (chosen[~raised] < 0).all()
    assert raised.sum() == round(errors * samples)
    assert (chosen >= 0).sum() == round(found * 5 * raised.sum())
    assert (chosen // 2 == np.where(chosen >= 0, np.arange(5), -1)).all()


def test_errors_decline_in_a_first_epoch() -> None:
    declining = synthetic_errors(1000, 0.4, declining=True)
    steady = synthetic_errors(1000, 0.4)
    assert declining.sum() == steady.sum() == 400
    assert declining[:100].mean() == pytest.approx(0.6, abs=0.1)
    assert declining[500:].mean() == pytest.approx(0.36, abs=0.04)
    assert synthetic_errors(10, 1.0, declining=True).all()


def test_what_is_not_said_of_a_workload_follows() -> None:
    config = NetworkConfig(inputs=4, hidden=(8, 4), groups=(2, 2), classes=2)
    first, second = config.layers
    assert Workload().of(first, 2) == (0.5, 0.75)
    assert Workload(errors=(0.25,)).of(first, 2) == (0.25, 0.75)
    assert Workload(chosen=(1.5,)).of(first, 2) == (0.5, 0.75)
    assert Workload(chosen=(1.5,)).of(second, 2) == (1.0, 0.75)
    assert Workload(chosen=(4, 0.5)).of(first, 2) == (1.0, 1.0)
    assert Workload(chosen=(4, 0.75)).of(second, 2) == (0.5, 0.75)
    assert Workload(chosen=(0.5, 0.5), errors=(0.5, 1)).of(first, 2) == (0.5, 0.25)
    assert Workload(chosen=(0,), errors=(0,)).of(first, 2) == (0, 0.75)


def test_a_workload_must_suit_the_network() -> None:
    config = NetworkConfig(inputs=4, hidden=(8, 4), groups=(2, 2), classes=2)
    first, second = config.layers
    with pytest.raises(
        ConfigurationError,
        match=r"^chosen must be a number for each of the 2 layers, or one for all, not 3$",
    ):
        Workload(chosen=(1, 1, 1)).of(first, 2)
    with pytest.raises(ConfigurationError, match=r"^errors must be a number for each of the 2 "):
        Workload(errors=(1, 1, 1)).of(first, 2)
    with pytest.raises(
        ConfigurationError,
        match=r"^chosen must be from 0 to 2 in layer 1, not 2.5: a sample with an error updates "
        r"at most one neuron of each of 2 groups$",
    ):
        Workload(chosen=(2.5,)).of(second, 2)
    with pytest.raises(ConfigurationError, match=r"^chosen must be from 0 to 0.5 in layer 1,"):
        Workload(chosen=(1.5,), errors=(0.75, 0.25)).of(second, 2)
    with pytest.raises(ConfigurationError, match=r"^accuracy must be from 0 to 1, not 1.5$"):
        Workload(accuracy=1.5)
    with pytest.raises(ConfigurationError, match=r"^errors must be from 0 to 1, not -1$"):
        Workload(errors=(0, -1))


def test_each_commit_takes_its_own_events() -> None:
    config = NetworkConfig(inputs=64, hidden=(32,), groups=(8,), classes=4)
    folded = FoldedNetwork(config, plan_network(config, find_device("ECP5-85F"))).layers
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


@pytest.mark.parametrize("hidden", [(128, 128, 64), (64, 128, 64), (128, 256, 64), (64, 64, 64)])
def test_a_chain_is_as_quick_as_its_slowest_layer(digits: Any, hidden: tuple[int, ...]) -> None:
    x, y = digits
    groups = tuple(neurons // 4 for neurons in hidden)
    config = NetworkConfig(inputs=64, hidden=hidden, groups=groups, classes=10)
    folded = FoldedNetwork(config, plan_network(config, find_device("ECP5-85F"))).layers
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
