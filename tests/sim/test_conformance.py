# amaranth: UnusedElaboratable=no
"""The gateware learns the conformance vectors and drawn networks, to the last counter.

Every run in tests/data/vectors is trained in RTL at several foldings under random gaps and
back-pressure, and so are networks and foldings that hypothesis draws; METAPLAST_EXAMPLES says how
many of those (4 without it).
"""

import math
import os
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from numpy.typing import NDArray

from metaplast.golden_model import NetworkConfig, Trainer
from metaplast.golden_model.config import LayerConfig
from metaplast.hdl.planning.cycle_model import CycleModel
from metaplast.hdl.planning.plan import FoldedNetwork, LayerPlan, MemoryKind, NetworkPlan
from metaplast.hdl.planning.planner import default_plan
from metaplast.sim.core.harness import core_design
from metaplast.sim.core.simulated_core import MAIN, SimulatedCore
from metaplast.sim.cosimulation.lockstep import LockstepNetwork
from metaplast.sim.verilator.simulator import build

from ..comparison import assert_same_array
from ..golden_model.test_vectors import config_of
from ..strategies import network_configs
from ..vectors import RUNS, read
from .recording_network import RecordingNetwork

EXAMPLES = int(os.environ.get("METAPLAST_EXAMPLES", "3"))


def smallest(layer: LayerConfig) -> LayerPlan:
    """One neuron, one bit and one counter at a time, single-ported, two samples inside."""
    return LayerPlan(sample_buffers=2, memory=MemoryKind.SPRAM)


def banked(layer: LayerConfig) -> LayerPlan:
    """Several banks and pe, rows that do not come out even, two draws a cycle."""
    groups = layer.group_count
    banks = next((size for size in range(2, groups + 1) if groups % size == 0), 1)
    counters = max(1, min(5, layer.inputs // 3))
    word = counters * max(1, min(3, layer.inputs // counters))
    return LayerPlan(
        banks=banks,
        pe=min(3, layer.neurons // banks),
        simd=word,
        update_width=counters,
        input_width=word,
        sample_buffers=3,
        draws_per_cycle=2,
    )


def plan_of(name: str, config: NetworkConfig) -> NetworkPlan:
    if name == "default":
        return default_plan(config)
    fold = {"smallest": smallest, "banked": banked}[name]
    return NetworkPlan(tuple(map(fold, config.layers)))


def train(
    config: NetworkConfig,
    plan: NetworkPlan,
    x: NDArray[np.uint8],
    y: NDArray[np.int64],
    *,
    epochs: int,
    pauses: int,
    noise: int = 1,
) -> list[NDArray[Any]]:
    """Train gateware and golden model in parallel; gives the gateware's counters.

    The predictions and error bits of every sample, the counts of every batch, and the counters,
    snapshots and counts of every epoch are equal. Without pauses, the number of cycles is that of
    the cycle model.
    """
    folded = FoldedNetwork(config, plan)
    network = RecordingNetwork(config)
    simulator = build(core_design(folded), main=MAIN)
    with SimulatedCore(simulator, folded, gaps=pauses, stalls=pauses, noise=noise) as core:
        trainer = Trainer(LockstepNetwork(network, core))
        for _ in range(epochs):
            before = core.cycles
            model = CycleModel(folded.layers, network.streams)
            network.records = []
            trainer.train_epoch(x, y)
            for record in network.records:
                model.train(record)
            if not pauses:
                assert core.cycles - before == model.idle
        assert_same_layers("counters", network.counters, core.counters)
        assert_same_layers("snapshot", network.snapshot, core.snapshot)
        read = core.read_out()
        assert [s.history for s in read.streams] == [s.history for s in network.streams]
        return list(read.counters)


def assert_same_layers(
    name: str, expected: Sequence[NDArray[Any]], got: Sequence[NDArray[Any]]
) -> None:
    assert len(expected) == len(got)
    for layer, (one, other) in enumerate(zip(expected, got, strict=True)):
        assert_same_array(f"{name}_{layer}", one, other)


@pytest.mark.parametrize("folding", ["default", "smallest", "banked"])
@pytest.mark.parametrize("run", RUNS)
def test_the_gateware_learns_the_vector(run: str, folding: str) -> None:
    arrays = read(run)
    config = config_of(arrays)
    counters = train(
        config,
        plan_of(folding, config),
        arrays["x"],
        arrays["y"].astype(np.int64),
        epochs=int(arrays["epochs"]),
        pauses=64,
        noise=1 + RUNS.index(run),
    )
    for layer, k in enumerate(counters):
        assert_same_array(f"counters_{layer}", arrays[f"counters_{layer}"], k)


@pytest.mark.parametrize("folding", ["default", "smallest", "banked"])
def test_without_pauses_cycles_are_the_models(folding: str) -> None:
    arrays = read("odd_shapes")
    config = config_of(arrays)
    y = arrays["y"].astype(np.int64)
    train(config, plan_of(folding, config), arrays["x"], y, epochs=2, pauses=0)


@st.composite
def foldings(draw: st.DrawFn, config: NetworkConfig) -> NetworkPlan:
    """Legal plans of a network."""

    def divisor(value: int) -> int:
        return draw(st.sampled_from([n for n in range(1, value + 1) if value % n == 0]))

    layers = []
    for layer in config.layers:
        banks = divisor(layer.group_count)
        counters = draw(st.integers(1, layer.inputs))
        word = counters * draw(st.integers(1, math.ceil(layer.inputs / counters)))
        memory = draw(st.sampled_from(MemoryKind))
        layers.append(
            LayerPlan(
                banks=banks,
                pe=draw(st.integers(1, layer.neurons // banks)),
                simd=word,
                update_width=counters,
                input_width=counters * divisor(word // counters),
                sample_buffers=draw(st.integers(2, 6)),
                draws_per_cycle=draw(st.integers(1, 1 if memory is MemoryKind.SPRAM else 2)),
                memory=memory,
            )
        )
    return NetworkPlan(tuple(layers))


@settings(max_examples=EXAMPLES)
@given(data=st.data(), config=network_configs(max_inputs=12, max_groups=3, max_group=4))
def test_the_gateware_learns_drawn_networks(data: st.DataObject, config: NetworkConfig) -> None:
    plan = data.draw(foldings(config))
    seed = data.draw(st.integers(0, 2**32 - 1))
    random = np.random.default_rng(seed)
    x = random.integers(0, 2, (30, config.inputs), dtype=np.uint8)
    y = random.integers(0, config.classes, 30)
    train(config, plan, x, y, epochs=2, pauses=data.draw(st.sampled_from([0, 100])), noise=seed)


def test_a_flipped_counter_is_noticed() -> None:
    arrays = read("tiny")
    expected = [arrays["counters_0"].copy()]
    expected[0][1, 2] ^= 1
    with pytest.raises(AssertionError, match="counters_0"):
        assert_same_layers("counters", expected, [arrays["counters_0"]])
