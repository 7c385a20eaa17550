"""The driver with a model of a board in Python that has faults."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings, strategies as st

from metaplast.boards.driver.errors import (
    BoardRestartedError,
    LinkLostError,
    NoAnswerError,
    PortError,
    StuckError,
)
from metaplast.boards.driver.identification import WrongBoardError, identify
from metaplast.boards.driver.link_client import LinkClient, SampleFrame, WriteFrame
from metaplast.boards.driver.link_transport import LinkTransport, network_on_board
from metaplast.golden_model import Network, NetworkConfig, Trainer
from metaplast.hdl.client.remote_core import RemoteCore
from metaplast.hdl.client.transport import RefusedError, TransportError
from metaplast.hdl.link.protocol import LAP, RequestKind, next_number
from metaplast.hdl.registers.register_map import (
    GlobalRegister,
    LayerRegister,
    LinkRegister,
    layer_address,
    link_address,
)
from metaplast.sim.virtual_board.noisy_line import NoisyLine

from ...comparison import assert_same_array, assert_same_state
from ..board_double import BoardDouble, Mood
from .clock import injected_clock

CONFIG = NetworkConfig(
    inputs=12, hidden=(6, 4), groups=(3, 2), classes=3, counter_bits=4, batch=7, seed=5
)
SAMPLES = 24
EPOCHS = 2
SETTINGS = 4
"""Frames of the first run: MODE, BATCH and margins."""
SET_UP = SETTINGS + 29
"""Frames with those that draw the initial state."""
"""Sequenced frames that a driver sends before a training."""

RNG = np.random.default_rng(2)
X = RNG.integers(0, 2, (SAMPLES, 12), dtype=np.uint8)
Y = RNG.integers(0, 3, SAMPLES)


@pytest.fixture(scope="module", autouse=True)
def clock() -> Iterator[None]:
    """Time passes with each read of the port, which gives what has come at once."""
    with injected_clock(tick=0.001):
        yield


def client_of(double: BoardDouble, patience: float = 5.0) -> LinkClient:
    return LinkClient(double.open, "PORT", timeout=0.02, patience=patience)


def train(double: BoardDouble, *, epochs: int = EPOCHS, patience: float = 5.0) -> RemoteCore:
    network = network_on_board(client_of(double, patience), CONFIG)
    trainer = Trainer(network)
    for _ in range(epochs):
        trainer.train_epoch(X, Y)
    return network


def assert_learnt(double: BoardDouble, network: RemoteCore, epochs: int = EPOCHS) -> None:
    """The read-out state is that of the golden model, and each frame was executed once."""
    golden = Network(CONFIG)
    trainer = Trainer(golden)
    for _ in range(epochs):
        trainer.train_epoch(X, Y)
    for layer, (wanted, came) in enumerate(zip(golden.counters, network.counters, strict=True)):
        assert_same_array(f"counters_{layer}", wanted, came)
    assert [s.history for s in network.streams] == [s.history for s in golden.streams]
    kinds = [content[0] for content in double.obeyed]
    assert kinds.count(RequestKind.SAMPLE) == epochs * SAMPLES
    # EVENTS of each layer, in an epoch that changes them.
    assert kinds.count(RequestKind.WRITE) in range(SET_UP + 2, SET_UP + 2 * epochs + 1)


def test_without_faults_each_frame_is_sent_once() -> None:
    double = BoardDouble(CONFIG)
    network = train(double)
    assert_learnt(double, network)
    assert isinstance(network.transport, LinkTransport)
    assert network.transport.client.repeated == 0


@settings(max_examples=15)
@given(
    seed=st.integers(0, 1 << 16),
    faults=st.tuples(*[st.sampled_from([0.0, 0.003, 0.01, 0.03])] * 2),
    shuffled=st.sampled_from([0.0, 0.1, 0.3]),
    mood=st.builds(
        Mood,
        drops=st.sampled_from([0.0, 0.1, 0.4]),
        late_results=st.integers(0, 5),
        busy=st.integers(0, 4),
    ),
    pull_at=st.lists(st.integers(1, 200), max_size=3).map(sorted),
    before=st.sampled_from([0, LAP - 30, 2 * LAP - 30]),
)
@example(1, (0.05, 0.05), 0.3, Mood(0.3, 3, 3), [3, 40, 100], 2 * LAP - 30)
def test_with_any_faults_each_frame_is_executed_once(
    seed: int,
    faults: tuple[float, float],
    shuffled: float,
    mood: Mood,
    pull_at: list[int],
    before: int,
) -> None:
    double = BoardDouble(
        CONFIG,
        seed=seed,
        lines=(NoisyLine(faults[0], seed=seed), NoisyLine(faults[1], seed=seed + 1)),
        shuffled=shuffled,
        mood=mood,
        pull_at=pull_at,
    )
    double.skip_frames(before)
    assert_learnt(double, train(double))


@pytest.mark.parametrize("position", range(SETTINGS))
def test_a_board_that_restarts_before_its_first_reply_is_set_up(position: int) -> None:
    double = BoardDouble(CONFIG, restart_at=position)
    assert_learnt(double, train(double))


@pytest.mark.parametrize(
    "position", [*range(SETTINGS, SETTINGS + 6), 20, 31, *range(SET_UP, SET_UP + 6), SET_UP + 50]
)
def test_a_restart_is_noticed(position: int) -> None:
    double = BoardDouble(CONFIG, restart_at=position)
    with pytest.raises(
        BoardRestartedError,
        match=r"the board at PORT expects frame 0 after 0 results, and not one of \d+ to \d+ "
        r"after \d+ or more: it was restarted, or another program talks to it",
    ):
        train(double)


@pytest.mark.parametrize("accepted", [1, LAP - 1, LAP, LAP + 1, 2 * LAP - 1, 2 * LAP, 3 * LAP])
def test_a_restart_is_noticed_at_any_sequence_number(accepted: int) -> None:
    double = BoardDouble(CONFIG)
    double.skip_frames(accepted - 1)
    client = client_of(double)
    identify(client)
    client.begin()
    client.run([WriteFrame(GlobalRegister.BATCH, 3)])
    double.restart()
    number = next_number(0, accepted)
    with pytest.raises(
        BoardRestartedError, match=f"expects frame 0 after 0 results, and not one of {number} to "
    ):
        client.run([WriteFrame(GlobalRegister.BATCH, 4)])
    assert not double.obeyed


@pytest.mark.parametrize("what", ["counters", "streams"])
@pytest.mark.parametrize("requests", [0, 1, 2, 5])
def test_values_of_a_restarted_board_are_not_taken_as_results(what: str, requests: int) -> None:
    double = BoardDouble(CONFIG)
    network = network_on_board(client_of(double), CONFIG)
    list(network.train_batches([(X[:5], Y[:5])], [1, 1]))
    write, left = double.write, iter(range(requests))

    def restarted(content: bytes) -> None:
        if next(left, None) is None:
            double.write = write  # type: ignore[method-assign]
            double.restart()
        write(content)

    double.write = restarted  # type: ignore[method-assign]
    number, count = SET_UP + len(CONFIG.layers) + 5, 5
    with pytest.raises(
        BoardRestartedError,
        match=f"expects frame 0 after 0 results, and not {number} after {count}: it was restarted",
    ):
        getattr(network, what)


def test_a_run_can_wrap_the_sequence_numbers() -> None:
    double = BoardDouble(CONFIG)
    client = client_of(double)
    identify(client)
    client.begin()
    client.run([WriteFrame(GlobalRegister.BATCH, 1 + count % 100) for count in range(LAP + 20)])
    assert len(double.obeyed) == LAP + 20
    assert client.repeated == 0


def test_results_of_another_host_are_noticed() -> None:
    double = BoardDouble(CONFIG)
    client = client_of(double)
    identify(client)
    client.begin()
    sample = SampleFrame(0, False, bytes(2))
    client.run([sample])
    # A restarted board that worked for another host: its numbers fit, its results do not.
    double.skip_results(3)
    double.mood = Mood(drops=0.9)
    with pytest.raises(BoardRestartedError, match="after 4 results, and not one of 1 to 2 after 1"):
        client.run([sample])


# Loading


def trained() -> Network:
    golden = Network(CONFIG)
    Trainer(golden).train_epoch(X, Y)
    return golden


LOAD = [1 + layer.weights + 4 for layer in CONFIG.layers]
"""Sequenced frames that load a layer."""


def assert_loaded(double: BoardDouble, network: RemoteCore) -> None:
    """The board trains like the golden model from the loaded state."""
    golden, counters = trained(), network.counters
    for layer, wanted in enumerate(golden.counters):
        assert_same_array(f"read_{layer}", wanted, counters[layer])
        assert_same_array(f"counters_{layer}", wanted, double.network.counters[layer])
    Trainer(golden, epoch=1).train_epoch(X, Y)
    Trainer(network, epoch=1).train_epoch(X, Y)
    assert_same_state(golden, network.read_out())


def test_a_state_is_loaded_once() -> None:
    double = BoardDouble(CONFIG)
    network = network_on_board(client_of(double), CONFIG, start=trained())
    assert len(double.obeyed) == SET_UP + sum(LOAD)
    assert_loaded(double, network)


@pytest.mark.parametrize("layer", [0, 1])
@pytest.mark.parametrize("frame", [1, 2, 13])
def test_a_delayed_request_for_counters_does_not_change_a_loaded_state(
    layer: int, frame: int
) -> None:
    double = BoardDouble(CONFIG, late_at=SET_UP + sum(LOAD[:layer]) + frame)
    client = client_of(double)
    identify(client)
    client.row(layer_address(layer, LayerRegister.POSITION), 3, 5)
    network = network_on_board(client, CONFIG, start=trained())
    assert double.late_at is None
    # The first load of the layer ends when the changed position passes the last counter. Then the
    # layer is loaded again, the other one is not.
    shape = CONFIG.layers[layer]
    accepted = frame + shape.weights - (3 * shape.inputs + 5)
    assert len(double.obeyed) == SET_UP + sum(LOAD) + accepted
    assert_loaded(double, network)


@settings(max_examples=10)
@given(seed=st.integers(0, 1 << 16), faults=st.sampled_from([0.0, 0.01]))
def test_a_state_is_loaded_with_any_faults(seed: int, faults: float) -> None:
    double = BoardDouble(
        CONFIG,
        seed=seed,
        lines=(NoisyLine(faults, seed=seed), NoisyLine(faults, seed=seed + 1)),
        shuffled=0.2,
        mood=Mood(drops=0.1, busy=3),
    )
    assert_loaded(double, network_on_board(client_of(double), CONFIG, start=trained()))


def test_a_counter_that_is_not_kept_is_an_error() -> None:
    golden = trained()
    neuron, index = np.argwhere(golden.counters[1] != Network(CONFIG).counters[1])[-1].tolist()
    double = BoardDouble(CONFIG, broken=(1, neuron, index))
    got, wanted = (n.counters[1][neuron, index] for n in (double.network, golden))
    with pytest.raises(
        TransportError,
        match=r"^the core at PORT does not keep the state that is loaded into it: after 3 tries "
        rf"the counter of layer 1, neuron {neuron}, input {index} is {got}, and {wanted} was "
        r"loaded; if it is a board, flash its bitstream again \(`metaplast flash`\), and take ano",
    ):
        network_on_board(client_of(double), CONFIG, start=golden)
    assert len(double.obeyed) == SET_UP + sum(LOAD) + 2 * LOAD[1]


def test_a_stream_that_is_not_kept_is_an_error() -> None:
    double = BoardDouble(CONFIG, overrides={layer_address(0, LayerRegister.STREAM_3): 0x5A})
    with pytest.raises(
        TransportError,
        match=r"tries the reinforcement stream of layer 0 is at 0x5a[0-9a-f]{24}, and 0x[0-9a-f]+ "
        "was loaded",
    ):
        network_on_board(client_of(double), CONFIG, start=trained())


# Boards that disappear


def test_training_continues_when_a_port_comes_back() -> None:
    double = BoardDouble(CONFIG, pull_at=[40, 110], pulls=3)
    assert_learnt(double, train(double))
    assert double.pull_at == []


def test_a_port_that_does_not_come_back_is_an_error() -> None:
    double = BoardDouble(CONFIG, pull_at=[100], pulls=-1)
    with pytest.raises(
        LinkLostError,
        match=r"^PORT disappeared, and did not come back within 0.3 seconds: No such file ",
    ):
        train(double, patience=0.3)


@pytest.mark.parametrize("taken", [2, -1])
def test_a_port_that_another_program_takes_is_waited_for(taken: int) -> None:
    double = BoardDouble(CONFIG, pull_at=[100], pulls=taken)

    def open_port() -> BoardDouble:
        try:
            return double.open()
        except OSError:
            raise PortError("PORT is in use by another program") from None

    client = LinkClient(open_port, "PORT", timeout=0.02, patience=0.5)
    network = network_on_board(client, CONFIG)
    trainer = Trainer(network)
    if taken > 0:
        for _ in range(EPOCHS):
            trainer.train_epoch(X, Y)
        assert_learnt(double, network)
    else:
        with pytest.raises(
            LinkLostError,
            match=r"^PORT disappeared, and did not come back within 0.5 seconds: PORT is in use",
        ):
            trainer.train_epoch(X, Y)


def test_a_board_that_stops_answering_is_an_error() -> None:
    double = BoardDouble(CONFIG)
    network = train(double, epochs=1, patience=0.3)
    double.deaf = True
    with pytest.raises(
        LinkLostError,
        match=r"^the board at PORT has not answered for 0.3 seconds \(asked for register 0x8\): is "
        r"it still plugged in\?",
    ):
        Trainer(network).train_epoch(X, Y)


def test_a_port_without_a_board() -> None:
    double = BoardDouble(CONFIG, deaf=True)
    with pytest.raises(
        NoAnswerError,
        match=r"^no board answers at PORT within 0.2 seconds \(asked for register 0xff0000\): is ",
    ):
        identify(client_of(double, 0.2))


def test_a_missing_port() -> None:
    double = BoardDouble(CONFIG, pulled=-1)
    with pytest.raises(PortError, match=r"^PORT cannot be opened: No such file or directory$"):
        client_of(double)


def always_busy(double: BoardDouble) -> None:
    double.stuck = True


def never_obeys(double: BoardDouble) -> None:
    double.mood = Mood(drops=1.0)


def repeats_its_state(double: BoardDouble) -> None:
    double.repeats_state = True


def train_epoch(network: RemoteCore) -> None:
    Trainer(network).train_epoch(X, Y)


def predict(network: RemoteCore) -> None:
    network.predict(X)


IDLE, ACCEPTED = "its core to be idle", "the frames to be accepted, and their results"


@pytest.mark.parametrize(
    ("what", "ask", "awaited"),
    [
        (always_busy, train_epoch, IDLE),
        (always_busy, predict, IDLE),
        (never_obeys, train_epoch, ACCEPTED),
        (never_obeys, predict, ACCEPTED),
        (repeats_its_state, train_epoch, ACCEPTED),
        (repeats_its_state, predict, ACCEPTED),
    ],
)
def test_a_board_without_progress_is_an_error(
    what: Callable[[BoardDouble], None], ask: Callable[[RemoteCore], Any], awaited: str
) -> None:
    double = BoardDouble(CONFIG)
    network = train(double, epochs=1, patience=0.2)
    what(double)
    with pytest.raises(
        StuckError,
        match="^the board at PORT answers, but has made no progress for 0.2 seconds "
        rf"\(waited for {awaited}\): reset it, or unplug it and plug it in again$",
    ):
        ask(network)


def test_a_wrong_number_of_counters_is_an_error() -> None:
    double = BoardDouble(CONFIG)
    client = client_of(double, 0.2)
    identify(client)
    with pytest.raises(StuckError, match="waited for 1000 counters of neuron 0"):
        client.row(layer_address(0, LayerRegister.POSITION), 0, 1000)


def test_missing_counters_are_an_error() -> None:
    double = BoardDouble(CONFIG)
    client = client_of(double, 0.2)
    identify(client)
    always_busy(double)
    with pytest.raises(StuckError, match="waited for 12 counters of neuron 0"):
        client.row(layer_address(0, LayerRegister.POSITION), 0, 12)


@pytest.mark.parametrize(
    ("address", "value", "message"),
    [
        (
            link_address(LinkRegister.VERSION),
            9,
            "the board at PORT has version 9 of the link, and this release has version 3: flash ",
        ),
        (
            GlobalRegister.IDENTITY,
            0x4D504C03,
            "the board at PORT has the identity 0x4d504c03, and not 0x4d504c02: flash a bitstream",
        ),
    ],
)
def test_a_bitstream_of_another_release(address: int, value: int, message: str) -> None:
    double = BoardDouble(CONFIG, overrides={address: value})
    with pytest.raises(WrongBoardError, match=message):
        network_on_board(client_of(double), CONFIG)


def test_the_client_works_after_a_refusal() -> None:
    double = BoardDouble(CONFIG)
    client = client_of(double)
    identify(client)
    client.begin()
    good = WriteFrame(GlobalRegister.BATCH, 3)
    for _ in range(3):
        with pytest.raises(RefusedError, match="a write of 0 at register 0x6 was refused: RANGE"):
            client.run([good, WriteFrame(GlobalRegister.BATCH, 0), good])
    assert len(client.run([SampleFrame(0, True, bytes(2))])) == 1
    # `good` before, and a sample.
    assert len(double.obeyed) == 4


def test_an_interrupted_training() -> None:
    double = BoardDouble(CONFIG)
    network = train(double, epochs=1)
    read, reads = double.read, iter(range(20))

    def broken_off(count: int) -> bytes:
        if next(reads, None) is None:
            raise KeyboardInterrupt
        return read(count)

    double.read = broken_off  # type: ignore[method-assign]
    with pytest.raises(KeyboardInterrupt):
        Trainer(network).train_epoch(X, Y)
    double.read = read  # type: ignore[method-assign]
    # It can still predict, but not train.
    assert_same_array("predictions", double.network.predict(X), network.predict(X))
    with pytest.raises(
        TransportError, match="the core at PORT was left within a batch: train it again from"
    ):
        Trainer(network).train_epoch(X, Y)
    double.obeyed.clear()
    assert_learnt(double, train(double))
