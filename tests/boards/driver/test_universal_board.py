"""Boards with a universal trainer: several networks one after the other, as the golden model."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from metaplast.boards.driver.board_trainer import BoardTrainer
from metaplast.boards.driver.capacity import capacity_text
from metaplast.boards.driver.identification import WrongBoardError, identify
from metaplast.boards.driver.link_client import LinkClient, SampleFrame
from metaplast.boards.driver.link_transport import network_on_board
from metaplast.boards.driver.ports import open_client
from metaplast.boards.targets import catalogue
from metaplast.golden_model import ConfigurationError, Network, NetworkConfig, Trainer
from metaplast.hdl.client.remote_core import RemoteCore
from metaplast.hdl.link.protocol import design_digest
from metaplast.hdl.planning.plan import FoldedNetwork, LayerPlan, MemoryKind, NetworkPlan
from metaplast.hdl.planning.universal import UniversalTrainer
from metaplast.sim.verilator.simulator import Simulator
from metaplast.sim.virtual_board.noisy_line import NoisyLine
from metaplast.sim.virtual_board.virtual_board import VirtualBoard, build_board

from ...comparison import assert_same_array
from ..universal_trainer import TRAINER

Data = tuple[NDArray[np.uint8], NDArray[np.int64]]

NETWORKS = [
    NetworkConfig(inputs=24, hidden=(12, 8), groups=(4, 4), classes=4, batch=16),
    NetworkConfig(inputs=63, hidden=(64,), groups=(16,), classes=10, batch=33, seed=2),
    NetworkConfig(inputs=64, hidden=(24, 64, 16), groups=(8, 16, 4), classes=3, batch=50, seed=3),
    NetworkConfig(inputs=1, hidden=(3,), groups=(1,), classes=2, batch=7, robustness=0.5),
    # A single sample at a time, since there are many groups.
    NetworkConfig(inputs=8, hidden=(20, 20), groups=(1, 1), classes=10, batch=60, seed=4),
]
SAMPLES = 60

OTHER = UniversalTrainer(replace(TRAINER.capacity, classes=7), TRAINER.plan)
"""A universal trainer that the virtual boards of these tests do not have."""


def data_of(config: NetworkConfig) -> Data:
    rng = np.random.default_rng(config.seed)
    x = rng.integers(0, 2, (SAMPLES, config.inputs), dtype=np.uint8)
    return x, rng.integers(0, config.classes, SAMPLES)


def assert_equal(golden: Network, network: RemoteCore) -> None:
    for layer, (wanted, came) in enumerate(zip(golden.counters, network.counters, strict=True)):
        assert_same_array(f"counters_{layer}", wanted, came)
    assert [s.history for s in network.streams] == [s.history for s in golden.streams]


def train(client: LinkClient, config: NetworkConfig, *, epochs: int = 2) -> None:
    """Train a network on the board and in the golden model, and compare."""
    x, y = data_of(config)
    network = network_on_board(client, config)
    board, golden = Trainer(network), Trainer(model := Network(config))
    for _ in range(epochs):
        record, expected = board.train_epoch(x, y), golden.train_epoch(x, y)
        for name in ("layer_accuracy", "error_rate", "updates", "events"):
            assert getattr(record, name) == getattr(expected, name), name
    assert_equal(model, network)
    assert_same_array("predictions", model.predict(x), network.predict(x))


@pytest.fixture(scope="module")
def simulator() -> Simulator:
    return build_board(TRAINER)


@pytest.fixture
def client(simulator: Simulator) -> Iterator[LinkClient]:
    with VirtualBoard(simulator) as board, open_client(board.port) as client:
        yield client


@pytest.fixture
def small_icebreaker(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give the iCEBreaker the small trainer."""
    boards = (replace(catalogue.BOARDS[0], trainer=TRAINER), *catalogue.BOARDS[1:])
    monkeypatch.setattr(catalogue, "BOARDS", boards)


def test_networks_follow_one_another(client: LinkClient) -> None:
    assert {TRAINER.place(config).sample_buffers for config in NETWORKS} == {1, 2, 4}
    for config in (*NETWORKS, NETWORKS[0]):
        train(client, config)
    assert client.repeated == 0


@pytest.mark.parametrize("seed", [1, 2])
def test_a_bad_cable_changes_nothing(simulator: Simulator, seed: int) -> None:
    lines = NoisyLine(0.01, seed=seed), NoisyLine(0.01, seed=seed + 10)
    with VirtualBoard(simulator, lines) as board, open_client(board.port) as client:
        for config in NETWORKS[:2]:
            train(client, config, epochs=1)
        assert client.repeated > 0


def test_a_refused_network_leaves_the_one_before(simulator: Simulator) -> None:
    x, y = data_of(NETWORKS[0])
    with VirtualBoard(simulator) as board, BoardTrainer.open(board.port) as trainer:
        trainer.fit(x, y, hidden=(8,), epochs=1)
        model, encoder, score = trainer.to_model(), trainer.encoder_, trainer.score(x, y)
        with pytest.raises(ConfigurationError, match="has 100 neurons of layer 0"):
            trainer.fit(x, y, hidden=(100,), epochs=1)
        assert trainer.to_model() is model
        assert trainer.encoder_ is encoder
        assert trainer.score(x, y) == score


def test_it_says_its_capacity_and_its_network(client: LinkClient) -> None:
    shape = identify(client)
    assert shape.trainer is not None
    assert shape.trainer.capacity == TRAINER.capacity
    assert str(shape) == (
        "universal trainer, 8-bit counters: up to 3 layers, 64 inputs, 64 neurons per layer, 10 "
        "classes, 8,192 hidden weights with padding; now no network"
    )
    assert capacity_text(shape.trainer) == capacity_text(TRAINER)
    assert shape.digest == design_digest(TRAINER)
    network_on_board(client, NETWORKS[0])
    shape = identify(client)
    assert (shape.inputs, shape.hidden, shape.groups, shape.classes) == (24, (12, 8), (4, 4), 4)
    assert str(shape).endswith("; now 24–12–8–4, groups of 4, 4")


def test_the_place_of_a_network_needs_only_what_the_registers_say(client: LinkClient) -> None:
    there = identify(client).trainer
    assert there is not None
    for config in NETWORKS:
        read, known = there.place(config), TRAINER.place(config)
        assert [layer.base for layer in read.layers] == [layer.base for layer in known.layers]
        assert read.sample_stride == known.sample_stride
        assert read.sample_buffers == known.sample_buffers


def test_a_trainer_with_shared_memories() -> None:
    trainer = UniversalTrainer(
        replace(TRAINER.capacity, choices=0),
        replace(TRAINER.plan, memory=MemoryKind.SPRAM),
        shared_memories=True,
    )
    with VirtualBoard(build_board(trainer)) as board, open_client(board.port) as client:
        there = identify(client).trainer
        assert there is not None
        assert (there.capacity, there.shared_memories) == (trainer.capacity, True)
        for config in NETWORKS[:3]:
            assert there.place(config).sample_stride == trainer.place(config).sample_stride
        train(client, NETWORKS[0], epochs=1)


def test_a_network_beyond_the_capacity(client: LinkClient) -> None:
    train(client, NETWORKS[0], epochs=1)
    wide = NetworkConfig(inputs=64, hidden=(65,), groups=(5,), classes=4)
    with pytest.raises(
        ConfigurationError,
        match=r"the network has 65 neurons of layer 0; this trainer has room for 64: take fewer",
    ):
        network_on_board(client, wide)
    with pytest.raises(ConfigurationError, match="counter_bits must be 8 on this trainer, not 5"):
        network_on_board(
            client, NetworkConfig(inputs=4, hidden=(4,), groups=(4,), classes=2, counter_bits=5)
        )
    assert identify(client).hidden == NETWORKS[0].hidden  # nothing was written


def test_fold_factors_of_a_plan_are_refused(client: LinkClient) -> None:
    config = NETWORKS[3]
    plan = NetworkPlan((LayerPlan(),))
    with pytest.raises(WrongBoardError, match="has a universal trainer, and not the fold factors"):
        network_on_board(client, config, plan)


def test_a_universal_trainer_of_a_plan_is_checked(client: LinkClient) -> None:
    config = NETWORKS[3]
    assert network_on_board(client, config, TRAINER).config == config
    with pytest.raises(
        WrongBoardError, match="the plan is not that of the board, which has a universal"
    ):
        network_on_board(client, config, OTHER)


def test_a_state_is_loaded(client: LinkClient) -> None:
    config = NETWORKS[2]
    x, y = data_of(config)
    golden = Trainer(model := Network(config))
    golden.train_epoch(x, y)
    train(client, NETWORKS[1], epochs=1)
    network = network_on_board(client, config, start=model)
    assert_equal(model, network)
    board = Trainer(network, epoch=golden.epoch, accuracy=golden.accuracy)
    board.train_epoch(x, y)
    golden.train_epoch(x, y)
    assert_equal(model, network)


def test_another_network_replaces_one_within_a_batch(client: LinkClient) -> None:
    """Also after a number of samples that is no multiple of the samples that are held."""
    for before, after in ((0, 2), (2, 0), (1, 2)):
        x, y = data_of(NETWORKS[before])
        network_on_board(client, NETWORKS[before]).train_samples(x[:5], y[:5])
        train(client, NETWORKS[after], epochs=1)


def test_results_of_layers_that_are_not_in_use_are_left_out(client: LinkClient) -> None:
    network = network_on_board(client, NETWORKS[0])
    x, _ = data_of(NETWORKS[0])
    network.local_predictions(x[:1])
    (result,) = client.run([SampleFrame(0, False, bytes(3))])
    assert len(result.predictions) == TRAINER.capacity.layers
    assert network.local_predictions(x).shape == (SAMPLES, 2)


@pytest.mark.usefixtures("small_icebreaker")
def test_a_virtual_board_runs_on_with_another_network() -> None:
    with BoardTrainer.open("virtual:icebreaker") as device:
        for config in NETWORKS[:2]:
            x, y = data_of(config)
            before = device.board
            device.attach(config)
            assert before in (None, device.board)
            assert device.board is not None
            assert device.identify().hidden == config.hidden
        device.fit(x, y, hidden=(16, 8), epochs=1, batch=20)
        assert device.board is before
        assert device.network_.config.hidden == (16, 8)
        with pytest.raises(ConfigurationError, match="this trainer has room for 64"):
            device.attach(NetworkConfig(inputs=65, hidden=(4,), groups=(4,), classes=2))


@pytest.mark.usefixtures("small_icebreaker")
def test_a_real_board_takes_networks_in_turn(simulator: Simulator) -> None:
    x, y = data_of(NETWORKS[1])
    with VirtualBoard(simulator) as board, BoardTrainer.open(board.port) as device:
        device.fit(x, y, hidden=(8,), epochs=1, batch=20)
        device.fit(x, y, hidden=(16, 8), epochs=1, batch=20)
        assert device.identify().hidden == (16, 8)
        golden = Trainer(model := Network(device.network_.config))
        golden.train_epoch(device.encoder_.encode(x), y)
        assert_equal(model, device.network_)


@pytest.mark.usefixtures("small_icebreaker")
def test_a_plan_makes_a_virtual_board_for_one_network(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def build(design: object) -> None:
        asked.append(design)
        raise ConfigurationError("asked")

    monkeypatch.setattr("metaplast.sim.virtual_board.virtual_board.build_board", build)
    config, plan = NETWORKS[3], NetworkPlan((LayerPlan(),))
    for port, given in (
        ("virtual:icebreaker", plan),
        ("virtual:icebreaker", None),
        ("virtual:ECP5-45F", None),
        ("virtual:icebreaker", OTHER),
    ):
        with (
            BoardTrainer.open(port, plan=given) as device,
            pytest.raises(ConfigurationError, match="asked"),
        ):
            device.attach(config)
    one, universal, of_fpga, of_plan = asked
    assert one == FoldedNetwork(config, plan)
    assert (universal, of_plan) == (TRAINER, OTHER)
    assert isinstance(of_fpga, FoldedNetwork)
    assert of_fpga.config == config
