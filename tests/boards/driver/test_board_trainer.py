"""BoardTrainer: virtual boards learn what the golden model learns."""

import os
import pty
import threading
import time
import tty
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import serial
from numpy.typing import NDArray

from metaplast.boards.driver.board_trainer import BoardTrainer
from metaplast.boards.driver.errors import (
    BoardRestartedError,
    LinkError,
    LinkLostError,
    NoAnswerError,
)
from metaplast.boards.driver.identification import WrongBoardError, identify
from metaplast.boards.driver.link_client import LinkClient, WriteFrame
from metaplast.boards.driver.link_transport import network_on_board
from metaplast.boards.driver.ports import open_client
from metaplast.golden_model import ConfigurationError, DataError, Network, NetworkConfig, Trainer
from metaplast.hdl.client.remote_core import RemoteCore
from metaplast.hdl.client.transport import RefusedError
from metaplast.hdl.link.protocol import counters_request, encode_frame
from metaplast.hdl.planning.plan import FoldedNetwork, LayerPlan, NetworkPlan
from metaplast.hdl.registers.register_map import (
    GlobalRegister,
    LayerRegister,
    Status,
    layer_address,
)
from metaplast.sim.virtual_board.noisy_line import NoisyLine
from metaplast.sim.virtual_board.virtual_board import VirtualBoard, build_board

from ...comparison import assert_same_array

PLAN = NetworkPlan(
    (
        LayerPlan(pe=2, simd=12, update_width=4, input_width=12, sample_buffers=3),
        LayerPlan(simd=6, update_width=3, input_width=6, sample_buffers=4),
    )
)
SHAPE = {"hidden": (12, 8), "groups": (4, 4), "counter_bits": 5, "batch": 16}
CONFIG = NetworkConfig(inputs=24, classes=4, **SHAPE)
SAMPLES = 100


@pytest.fixture(scope="module")
def data() -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    rng = np.random.default_rng(1)
    y = rng.integers(0, 4, SAMPLES)
    prototypes = rng.integers(0, 2, (4, 24))
    return prototypes[y] ^ (rng.random((SAMPLES, 24)) < 0.3), y


@pytest.fixture
def board() -> Iterator[VirtualBoard]:
    with VirtualBoard(build_board(FoldedNetwork(CONFIG, PLAN))) as running:
        yield running


def golden(
    data: tuple[NDArray[np.uint8], NDArray[np.int64]], epochs: int, config: NetworkConfig = CONFIG
) -> Trainer:
    trainer = Trainer(Network(config))
    for _ in range(epochs):
        trainer.train_epoch(*data)
    return trainer


def assert_learnt(trainer: Trainer, network: RemoteCore) -> None:
    expected = trainer.network
    assert isinstance(expected, Network)
    for layer, (wanted, came) in enumerate(zip(expected.counters, network.counters, strict=True)):
        assert_same_array(f"counters_{layer}", wanted, came)
    assert [s.history for s in network.streams] == [s.history for s in expected.streams]


def test_a_board_learns_what_the_golden_model_learns(
    data: tuple[NDArray[np.uint8], NDArray[np.int64]],
) -> None:
    with BoardTrainer.open("virtual:icebreaker", plan=PLAN) as device:
        device.fit(*data, epochs=2, **SHAPE)
        device.partial_fit(*data)
        trainer = golden(data, 3)
        assert_learnt(trainer, device.network_)
        again = Trainer(Network(CONFIG))
        for record in device.history_:
            expected = again.train_epoch(*data)
            for name in ("accuracy", "layer_accuracy", "error_rate", "updates", "events"):
                assert getattr(record, name) == getattr(expected, name)
        assert isinstance(trainer.network, Network)
        expected_predictions = trainer.network.predict(data[0])
        assert_same_array("predictions", expected_predictions, device.predict(data[0]))
        assert device.score(*data) == np.mean(expected_predictions == data[1])
        # Predictions do not change the network.
        device.partial_fit(*data)
        assert_learnt(golden(data, 4), device.network_)

        model = device.to_model()
        assert model.epoch == 4
        assert_same_array("model", device.network_.counters[0], model.counters[0])


@pytest.mark.parametrize("seed", [1, 2])
def test_a_bad_cable_changes_nothing(
    data: tuple[NDArray[np.uint8], NDArray[np.int64]], seed: int
) -> None:
    lines = (NoisyLine(0.01, seed=seed), NoisyLine(0.01, seed=seed + 10))
    with BoardTrainer.open("virtual:icebreaker", plan=PLAN, lines=lines) as device:
        device.fit(*data, epochs=3, **SHAPE)
        assert device.client is not None
        assert device.client.repeated > 0
        assert_learnt(golden(data, 3), device.network_)
        samples = device.client.read(GlobalRegister.SAMPLES)
        assert (samples, device.client.read(GlobalRegister.REFUSED)) == (3 * SAMPLES, 0)


def test_an_interrupted_connection_is_resumed(
    data: tuple[NDArray[np.uint8], NDArray[np.int64]],
) -> None:
    with BoardTrainer.open("virtual:icebreaker", plan=PLAN) as device:
        device.fit(*data, epochs=1, **SHAPE)
        board = device.board
        assert board is not None
        ended = threading.Event()
        cuts = 0

        def cut() -> None:
            nonlocal cuts
            for _ in range(3):
                if ended.wait(0.05):
                    return
                board.cut()
                cuts += 1
                time.sleep(0.3)
                board.cut(False)

        thread = threading.Thread(target=cut)
        thread.start()
        try:
            for _ in range(3):
                device.partial_fit(*data)
        finally:
            ended.set()
            thread.join()
        assert cuts > 0
        assert_learnt(golden(data, 4), device.network_)


def test_a_board_trains_on_from_a_loaded_state(
    data: tuple[NDArray[np.uint8], NDArray[np.int64]], board: VirtualBoard
) -> None:
    trainer = golden(data, 2)
    assert isinstance(trainer.network, Network)
    with open_client(board.port) as client:
        network = network_on_board(client, CONFIG, PLAN, start=trainer.network)
        assert_learnt(trainer, network)
        on_board = Trainer(network, epoch=trainer.epoch, accuracy=trainer.accuracy)
        on_board.train_epoch(*data)
        trainer.train_epoch(*data)
        assert_learnt(trainer, network)


class LatePort:
    """A port with a delayed request between two writes of the host."""

    def __init__(self, port: Any, request: bytes, writes: int):
        self._port = port
        self._request = request
        self._left = writes

    def __getattr__(self, name: str) -> Any:
        return getattr(self._port, name)

    def write(self, content: bytes) -> None:
        self._left -= 1
        if self._left == 0:
            self._port.write(encode_frame(self._request))
        self._port.write(content)


def test_a_delayed_request_for_counters_does_not_change_a_loaded_state(
    data: tuple[NDArray[np.uint8], NDArray[np.int64]], board: VirtualBoard
) -> None:
    trainer = golden(data, 1)
    assert isinstance(trainer.network, Network)
    late = counters_request(0, layer_address(0, LayerRegister.POSITION), 11, 2)

    def open_port() -> LatePort:
        # There are fewer writes before the load, and more within that of the first layer.
        return LatePort(serial.Serial(board.port, timeout=0.01), late, 100)

    with LinkClient(open_port, board.port) as client:
        network = network_on_board(client, CONFIG, PLAN, start=trainer.network)
        set_up, load = 7, [1 + layer.weights + 4 for layer in CONFIG.layers]
        # The first load of the layer is refused when it passes the last counter.
        once = set_up + sum(load)
        assert once < client.sync().expected < once + load[0]
        assert_learnt(trainer, network)


def test_a_board_of_another_network_is_refused(board: VirtualBoard) -> None:
    other = NetworkConfig(inputs=24, hidden=(16,), groups=(4,), classes=4, counter_bits=5)
    with open_client(board.port) as client:
        with pytest.raises(
            WrongBoardError,
            match=r"has the network 24–12–8–4, groups of 4, 4, 5-bit .*, not 24–16–4, groups of 4"
            r".*build BOARD --fixed --inputs 24 --hidden 16 --groups 4 --classes 4 "
            r"--counter-bits 5`",
        ):
            network_on_board(client, other)
        folded = NetworkPlan((PLAN.layers[0], LayerPlan(simd=4, update_width=2, input_width=4)))
        with pytest.raises(WrongBoardError, match="has other fold factors than the plan"):
            network_on_board(client, CONFIG, folded)


def test_a_refused_write_is_an_error(board: VirtualBoard) -> None:
    with open_client(board.port) as client:
        identify(client)
        client.begin()
        with pytest.raises(RefusedError, match="a write of 0 at register 0x6 was refused: RANGE"):
            client.run([WriteFrame(GlobalRegister.BATCH, 7), WriteFrame(GlobalRegister.BATCH, 0)])
        with pytest.raises(RefusedError, match="a read at register 0xff was refused") as caught:
            client.read(0xFF)
        assert caught.value.status is Status.UNKNOWN
        assert client.read(GlobalRegister.BATCH) == 7


def test_another_host_is_noticed(board: VirtualBoard) -> None:
    with open_client(board.port) as host:
        identify(host)
        host.begin()
        # A program that does not open the port exclusively.
        with LinkClient(lambda: serial.Serial(board.port, timeout=0.01), board.port) as other:
            identify(other)
            other.begin()
            other.run([WriteFrame(GlobalRegister.BATCH, size) for size in (5, 6, 7)])
        with pytest.raises(BoardRestartedError, match=r"expects frame 3 .* and not one of 0 to 1 "):
            host.run([WriteFrame(GlobalRegister.BATCH, 8)])
        assert host.read(GlobalRegister.BATCH) == 7


def test_a_port_without_a_board() -> None:
    host, terminal = pty.openpty()
    tty.setraw(terminal)
    try:
        with (
            open_client(os.ttyname(terminal), patience=0.3) as client,
            pytest.raises(NoAnswerError, match=r"no board answers at /dev/.* within 0.3 sec"),
        ):
            client.begin()
    finally:
        os.close(host)
        os.close(terminal)


def test_a_board_that_disappears_is_an_error(
    data: tuple[NDArray[np.uint8], NDArray[np.int64]],
) -> None:
    board = VirtualBoard(build_board(FoldedNetwork(CONFIG, PLAN)))
    with open_client(board.port, patience=0.5) as client:
        network = network_on_board(client, CONFIG)
        trainer = Trainer(network)
        trainer.train_epoch(*data)
        board.close()
        with pytest.raises(LinkLostError, match=r"disappeared, and did not|not answered"):
            trainer.train_epoch(*data)


def test_the_model_remains_after_the_board_disappears(
    data: tuple[NDArray[np.uint8], NDArray[np.int64]], board: VirtualBoard
) -> None:
    with BoardTrainer.open(board.port, patience=0.5) as device:
        with pytest.raises(ConfigurationError, match="is not trained yet: call fit first"):
            device.to_model()
        device.fit(*data, epochs=2, batch=16)
        board.close()
        with pytest.raises(LinkLostError):
            device.partial_fit(*data)
        model = device.to_model()
    expected = golden(data, 2).network
    assert isinstance(expected, Network)
    assert model.epoch == 2
    assert_same_array("model", expected.counters[0], model.counters[0])


def test_a_missing_port() -> None:
    with pytest.raises(LinkError, match=r"/dev/nobody does not exist"):
        BoardTrainer.open("/dev/nobody")


def test_invalid_arguments_are_refused(data: tuple[NDArray[np.uint8], NDArray[np.int64]]) -> None:
    with pytest.raises(ConfigurationError, match="nosuchboard"):
        BoardTrainer.open("virtual:nosuchboard")
    with BoardTrainer.open("virtual:icebreaker", plan=PLAN) as device:
        with pytest.raises(ConfigurationError, match="is not trained yet: call fit first"):
            device.predict(data[0])
        with pytest.raises(LinkError, match="has no network before fit or attach"):
            device.identify()
        with pytest.raises(ConfigurationError, match="epochs must be an integer of at least 1"):
            device.fit(*data, epochs=0)
        with pytest.raises(DataError, match="y has no labels"):
            device.fit(data[0], [])
        with pytest.raises(DataError, match=r"y\[2\] is -1; labels must be 0 or more"):
            device.fit(data[0][:3], [0, 1, -1])


def test_samples_of_another_width_are_not_predicted(
    data: tuple[NDArray[np.uint8], NDArray[np.int64]], board: VirtualBoard
) -> None:
    with open_client(board.port) as client:
        network = network_on_board(client, CONFIG)
        for columns in (23, 25):
            with pytest.raises(DataError, match=rf"must be of shape \(n, 24\), not \(5, {columns}"):
                network.predict(np.zeros((5, columns)))


def test_a_real_board_keeps_the_network_of_its_bitstream(
    data: tuple[NDArray[np.uint8], NDArray[np.int64]], board: VirtualBoard
) -> None:
    with BoardTrainer.open(board.port) as device:
        device.fit(*data, epochs=1, batch=16)
        assert device.identify().hidden == (12, 8)
        assert_learnt(golden(data, 1), device.network_)
