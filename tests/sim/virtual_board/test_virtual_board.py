"""The gateware of a virtual board: it executes valid frames, and nothing else."""

import os
import random
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from metaplast.golden_model import Network, NetworkConfig, Trainer, epoch_order
from metaplast.hdl.client.initial_state import initial_state
from metaplast.hdl.link.protocol import (
    FLAG,
    RESULTS,
    SAMPLES_AHEAD,
    VERSION,
    RowReply,
    StateReply,
    counters_request,
    design_digest,
    encode_frame,
    sample_request,
    sync_request,
    write_request,
)
from metaplast.hdl.planning.plan import FoldedNetwork, LayerPlan, MemoryKind, NetworkPlan
from metaplast.hdl.registers.register_map import (
    IDENTITY,
    GlobalRegister,
    LayerRegister,
    LinkRegister,
    Status,
    layer_address,
    link_address,
)
from metaplast.sim.verilator.simulator import Simulator
from metaplast.sim.virtual_board.noisy_line import NoisyLine
from metaplast.sim.virtual_board.virtual_board import VirtualBoard, build_board

from ...comparison import assert_same_array
from ..link_peer import Peer

FUZZ_BYTES = int(os.environ.get("METAPLAST_FUZZ_BYTES", "100000"))

CONFIG = NetworkConfig(
    inputs=24, hidden=(12, 8), groups=(4, 4), classes=4, counter_bits=4, batch=16, seed=7
)
PLAN = NetworkPlan(
    (
        LayerPlan(
            pe=2, simd=12, update_width=4, input_width=4, sample_buffers=3, memory=MemoryKind.SPRAM
        ),
        LayerPlan(banks=2, simd=6, update_width=3, input_width=6, draws_per_cycle=2),
    )
)
SAMPLES = 150
TIMEOUT = 0.5
"""Seconds after which a frame on a lossy line counts as lost."""


@pytest.fixture(scope="module")
def simulator() -> Simulator:
    return build_board(FoldedNetwork(CONFIG, PLAN), optimize=False)


@pytest.fixture
def board(simulator: Simulator) -> Iterator[VirtualBoard]:
    with VirtualBoard(simulator) as board:
        yield board


@pytest.fixture
def peer(board: VirtualBoard) -> Iterator[Peer]:
    with Peer(board.port, CONFIG) as peer:
        yield peer


def words(x: np.ndarray) -> bytes:
    """A sample's words of 4 bits, a byte each."""
    return bytes(np.packbits(x.reshape(-1, 4), axis=1, bitorder="little").reshape(-1).tolist())


def set_up(peer: Peer, events: list[int]) -> None:
    """Write the registers of the configuration, and draw the initial state."""
    registers = [
        (GlobalRegister.BATCH, CONFIG.batch),
        *(
            (layer_address(layer.index, LayerRegister.MARGIN), layer.margin)
            for layer in CONFIG.layers
        ),
        *(
            (layer_address(index, LayerRegister.EVENTS), count)
            for index, count in enumerate(events)
        ),
    ]
    for writes in (registers, *initial_state(CONFIG)):
        for address, value in writes:
            peer.write(address, value)
        peer.idle()


def nothing_done(peer: Peer, before: StateReply, counters: list[list[int]]) -> None:
    """Check that the state is unchanged."""
    state = peer.idle()
    assert (state.expected, state.count) == (before.expected, before.count)
    assert peer.read(GlobalRegister.SAMPLES).value == 0
    assert peer.counters() == counters


# Requests


def test_registers_are_read(peer: Peer) -> None:
    expected = {
        GlobalRegister.IDENTITY: IDENTITY,
        GlobalRegister.LAYERS: 2,
        layer_address(1, LayerRegister.NEURONS): 8,
        link_address(LinkRegister.VERSION): VERSION,
        link_address(LinkRegister.SAMPLES_AHEAD): SAMPLES_AHEAD,
        link_address(LinkRegister.INPUT_WIDTH): 4,
        link_address(LinkRegister.CLOCK): 0,
        link_address(LinkRegister.DIGEST): design_digest(FoldedNetwork(CONFIG, PLAN)),
    }
    for address, value in expected.items():
        reply = peer.read(address)
        assert (reply.status, reply.value) == (Status.OK, value)


@pytest.mark.parametrize(
    ("address", "status"),
    [
        (GlobalRegister.RESET, Status.ACCESS),
        (0xFE, Status.UNKNOWN),
        (0x000300, Status.UNKNOWN),
        (0xFF0005, Status.UNKNOWN),
    ],
)
def test_reads_that_are_refused(peer: Peer, address: int, status: Status) -> None:
    assert peer.read(address).status is status


@pytest.mark.parametrize(
    ("address", "value", "status"),
    [
        (GlobalRegister.BATCH, 0, Status.RANGE),
        (GlobalRegister.IDENTITY, 0, Status.ACCESS),
        (0xFE, 0, Status.UNKNOWN),
        (link_address(LinkRegister.INPUT_WIDTH), 0, Status.ACCESS),
    ],
)
def test_writes_that_are_refused(peer: Peer, address: int, value: int, status: Status) -> None:
    batch = peer.read(GlobalRegister.BATCH).value
    peer.send(write_request(0, address, value))
    state = peer.next()
    assert isinstance(state, StateReply)
    assert (state.dropped, state.status, state.expected) == (True, status, 0)
    assert peer.read(GlobalRegister.BATCH).value == batch
    state = peer.sync()
    assert (state.dropped, state.status, state.expected) == (False, Status.OK, 0)


def test_a_write_while_the_core_is_busy_is_refused(peer: Peer) -> None:
    set_up(peer, [0, 0])
    number = peer.sync().expected
    peer.put(
        encode_frame(sample_request(number, 0, False, words(np.zeros(24, np.uint8))))
        + encode_frame(write_request(number + 1, GlobalRegister.BATCH, 9))
    )
    state = [reply for reply in peer.listen() if isinstance(reply, StateReply)][-1]
    assert state.expected in (number + 1, number + 2)
    assert peer.read(GlobalRegister.BATCH).value == (16 if state.status is Status.BUSY else 9)


def put_without_pause(peer: Peer, contents: list[bytes]) -> list[StateReply]:
    """Send frames with a single flag between them; gives the replies."""
    peer.put(b"".join(encode_frame(content)[:-1] for content in contents) + bytes([FLAG]))
    return [reply for reply in peer.listen() if isinstance(reply, StateReply)]


@pytest.mark.parametrize("layer", [0, 1])
def test_writes_need_no_pause(peer: Peer, layer: int) -> None:
    number, weights = peer.idle().expected, CONFIG.layers[layer].weights
    counters = np.random.default_rng(layer).integers(-8, 8, weights).tolist()
    writes = [
        (layer_address(layer, LayerRegister.POSITION), 0),
        *((layer_address(layer, LayerRegister.COUNTER), counter) for counter in counters),
        *((layer_address(layer, LayerRegister.STREAM_0) + word, word + 1) for word in range(4)),
        (layer_address(layer, LayerRegister.MARGIN), 3),
        (GlobalRegister.MODE, 1),
        (GlobalRegister.BATCH, 9),
    ]
    frames = [write_request(number + place, *write) for place, write in enumerate(writes)]
    states = put_without_pause(peer, frames)
    assert not any(state.dropped for state in states)
    assert states[-1].expected == number + len(writes)
    assert peer.counters()[layer] == counters
    assert peer.read(GlobalRegister.BATCH).value == 9


def test_samples_need_no_pause(peer: Peer) -> None:
    set_up(peer, [0, 0])
    before = peer.sync()
    write = write_request(before.expected, layer_address(1, LayerRegister.EVENTS), 2)
    samples = [
        sample_request(before.expected + 1 + place, 1, False, words(np.ones(24, np.uint8)))
        for place in range(SAMPLES_AHEAD)
    ]
    states = put_without_pause(peer, [write, *samples])
    assert not any(state.dropped for state in states)
    assert states[-1].expected == before.expected + 1 + SAMPLES_AHEAD
    assert (states[-1].count - before.count) % 256 == SAMPLES_AHEAD


@pytest.mark.parametrize("number", [1, 0xFFFF, 0x100])
def test_a_frame_out_of_order_changes_nothing(peer: Peer, number: int) -> None:
    counters = peer.counters()
    before = peer.sync()
    peer.send(write_request(number, GlobalRegister.BATCH, 9))
    peer.send(sample_request(number, 0, True, words(np.ones(24, np.uint8))))
    replies = peer.listen()
    assert any(isinstance(reply, StateReply) and reply.dropped for reply in replies)
    assert peer.read(GlobalRegister.BATCH).value == 1
    nothing_done(peer, before, counters)


def test_a_repeated_frame_is_executed_once(peer: Peer) -> None:
    set_up(peer, [0, 0])
    before = peer.sync()
    frame = sample_request(before.expected, 1, True, words(np.ones(24, np.uint8)))
    for _ in range(3):
        peer.send(frame)
        peer.listen()
    state = peer.idle()
    assert state.expected == before.expected + 1
    assert state.count == before.count + 1
    assert peer.read(GlobalRegister.SAMPLES).value == 1


@pytest.mark.parametrize("kind", ["damaged", "too long", "too short", "no words", "cut"])
def test_a_bad_sample_changes_nothing(peer: Peer, kind: str) -> None:
    set_up(peer, [3, 3])
    counters, before = peer.counters(), peer.sync()
    content = words(np.ones(24, np.uint8))
    content = {"too long": content + b"\0", "too short": content[:-1], "no words": b""}.get(
        kind, content
    )
    frame = bytearray(encode_frame(sample_request(before.expected, 1, True, content)))
    if kind == "damaged":
        frame[7] ^= 4
    elif kind == "cut":
        del frame[9:-1]
    peer.put(bytes(frame))
    state = peer.next()
    assert isinstance(state, StateReply)
    assert state.dropped
    nothing_done(peer, before, counters)
    peer.send(sample_request(before.expected, 1, True, words(np.ones(24, np.uint8))))
    peer.listen()
    assert peer.idle().expected == before.expected + 1


def test_a_sample_without_a_class_is_refused(peer: Peer) -> None:
    set_up(peer, [0, 0])
    number = peer.sync().expected
    peer.send(sample_request(number, CONFIG.classes, True, words(np.ones(24, np.uint8))))
    peer.listen()
    state = peer.idle()
    assert state.expected == number + 1
    assert [result.refused for result in state.results][-1]
    assert peer.read(GlobalRegister.REFUSED).value == 1


def test_counters_of_a_missing_layer_are_refused(peer: Peer) -> None:
    margin = peer.read(layer_address(0, LayerRegister.MARGIN)).value
    for layer in (-1, 2, 0xFEFF - 1):
        reply = peer.row(layer, 77, 3)
        assert (reply.status, reply.counters) == (Status.UNKNOWN, ())
    assert peer.row(0, CONFIG.layers[0].neurons, 3).status is Status.RANGE
    assert peer.read(layer_address(0, LayerRegister.MARGIN)).value == margin


@pytest.mark.parametrize("layer", [0, 1])
def test_more_counters_than_are_left_do_not_stop_the_board(peer: Peer, layer: int) -> None:
    shape = CONFIG.layers[layer]
    counters = peer.counters()[layer]
    reply = peer.row(layer, shape.neurons - 1, shape.inputs + 300)
    assert reply.status is Status.OK
    assert len(reply.counters) == shape.inputs + 300
    assert list(reply.counters[: shape.inputs]) == counters[-shape.inputs :]
    assert peer.counters()[layer] == counters


def test_a_read_during_another_answer_is_dropped(peer: Peer) -> None:
    weights = CONFIG.layers[0].weights
    address = layer_address(0, LayerRegister.POSITION)
    peer.send(counters_request(1, address, 0, weights))
    peer.send(counters_request(2, address, 0, weights))
    rows = [reply for reply in peer.listen() if isinstance(reply, RowReply)]
    assert [(row.tag, len(row.counters)) for row in rows] == [(1, weights)]
    assert isinstance(peer.said[-1], StateReply)
    assert peer.said[-1].dropped


# Training


def test_an_epoch_by_frames_is_the_golden_models(peer: Peer) -> None:
    rng = np.random.default_rng(1)
    x = rng.integers(0, 2, (SAMPLES, CONFIG.inputs), dtype=np.uint8)
    y = rng.integers(0, CONFIG.classes, SAMPLES)
    trainer = Trainer(network := Network(CONFIG))
    set_up(peer, list(trainer.events()))
    records = []
    trainer.train_epoch(x, y, lambda _, record: records.append(record))

    state = peer.sync()
    first, begun, seen = state.expected, state.count, []

    def see(reply: object) -> StateReply:
        assert isinstance(reply, StateReply)
        assert not reply.dropped
        new = (reply.count - begun - len(seen)) % 256
        assert new <= RESULTS
        seen.extend(result.predictions for result in reply.results[RESULTS - new :])
        return reply

    for place, index in enumerate(epoch_order(CONFIG, 0, SAMPLES)):
        number = first + place
        last = place == SAMPLES - 1
        peer.send(sample_request(number, int(y[index]), last, words(x[index])))
        while see(peer.next()).expected != number + 1 or place + 1 - len(seen) >= SAMPLES_AHEAD:
            pass
    while len(seen) < SAMPLES:
        see(peer.next())
    peer.idle()
    expected = np.concatenate([record.predictions for record in records])
    assert_same_array("predictions", expected, np.array(seen, expected.dtype))
    for layer, counters in enumerate(peer.counters()):
        golden = network.counters[layer]
        read = np.array(counters, golden.dtype).reshape(golden.shape)
        assert_same_array(f"counters {layer}", golden, read)
    assert peer.read(GlobalRegister.SAMPLES).value == SAMPLES
    assert peer.damaged == 0


# Invalid bytes


def test_garbage_does_nothing(peer: Peer) -> None:
    set_up(peer, [3, 3])
    counters, before = peer.counters(), peer.sync()
    draw = random.Random(1)
    content = words(np.ones(24, np.uint8))
    frames = [
        encode_frame(frame)
        for frame in (
            sample_request(before.expected, 1, True, content),
            write_request(before.expected, GlobalRegister.BATCH, 3),
            write_request(before.expected, layer_address(0, LayerRegister.COUNTER), 1),
        )
    ]
    sent = bytearray()
    while len(sent) < FUZZ_BYTES:
        frame = bytearray(draw.choice(frames))
        for _ in range(draw.randint(1, 3)):
            frame[draw.randrange(1, len(frame) - 1)] ^= 1 << draw.randrange(8)
        if bytes(frame) not in frames:
            sent += frame
        sent += draw.randbytes(draw.randrange(60))
    peer.put(sent)
    peer.listen()
    nothing_done(peer, before, counters)


# The line


def test_lost_frames_are_repeated(simulator: Simulator) -> None:
    lines = NoisyLine(0.01, seed=1), NoisyLine(0.01, seed=2)
    with VirtualBoard(simulator, lines) as board, Peer(board.port, CONFIG) as peer:
        for number in range(20):
            while peer.sync(TIMEOUT).expected == number:
                peer.send(write_request(number, GlobalRegister.BATCH, number + 1))
        assert peer.sync(TIMEOUT).expected == 20


def test_the_terminal_stays_when_a_program_ends(board: VirtualBoard) -> None:
    with Peer(board.port, CONFIG) as peer:
        peer.write(GlobalRegister.BATCH, 12)
    with Peer(board.port, CONFIG) as peer:
        assert peer.sync().expected == 1
        assert peer.read(GlobalRegister.BATCH).value == 12


def test_bytes_are_lost_while_the_connection_is_interrupted(
    board: VirtualBoard, peer: Peer
) -> None:
    peer.sync()
    board.cut()
    peer.send(sync_request(7))
    assert peer.listen() == []
    board.cut(False)
    assert peer.sync().expected == 0


def test_a_board_ends(simulator: Simulator) -> None:
    board = VirtualBoard(simulator)
    assert board.running
    began = time.monotonic()
    board.close()
    board.close()
    assert not board.running
    assert time.monotonic() - began < 5
    assert not Path(board.port).exists()
