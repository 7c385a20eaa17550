"""A core in a simulator: fed, asked, looked into, and clear about what goes wrong."""

import time
from collections.abc import Iterator
from pathlib import Path

import find_libpython
import numpy as np
import pytest
from numpy.typing import NDArray

from metaplast.golden_model import BitStream, Network, NetworkConfig
from metaplast.hdl.planning.plan import FoldedNetwork, LayerPlan, MemoryKind, NetworkPlan
from metaplast.hdl.registers.register_map import (
    GlobalRegister,
    LayerRegister,
    Status,
    layer_address,
)
from metaplast.sim.core.simulated_core import CoreResults, SimulatedCore, build_core
from metaplast.sim.cosimulation.comparison import CoreState, compare_states
from metaplast.sim.cosimulation.epoch_run import peek
from metaplast.sim.verilator.simulator import SimulationError, Simulator

from ...comparison import assert_same_layers, assert_same_state

CONFIG = NetworkConfig(
    inputs=9, hidden=(6, 4), groups=(3, 2), classes=3, counter_bits=4, batch=5, seed=3 << 40
)
PLAN = NetworkPlan(
    (
        LayerPlan(banks=2, lanes=2, word=4, counters=2, load=4),
        LayerPlan(lanes=3, word=2, counters=2, load=2, memory=MemoryKind.SPRAM),
    )
)
EVENTS = [12, 7]
SAMPLES = 400


@pytest.fixture(scope="module")
def simulator() -> Simulator:
    return build_core(FoldedNetwork(CONFIG, PLAN), optimize=False)


@pytest.fixture
def core(simulator: Simulator) -> Iterator[SimulatedCore]:
    """A core at the seeded start."""
    with SimulatedCore(simulator, FoldedNetwork(CONFIG, PLAN)) as core:
        begin(core)
        yield core


def begin(core: SimulatedCore) -> None:
    core.configure()
    core.seed()
    core.set_events(EVENTS)


def samples() -> tuple[NDArray[np.uint8], NDArray[np.int64], NDArray[np.bool_]]:
    draw = np.random.default_rng(8)
    x = draw.integers(0, 2, (SAMPLES, CONFIG.inputs), np.uint8)
    last = np.arange(SAMPLES) % CONFIG.batch == CONFIG.batch - 1
    return x, draw.integers(0, CONFIG.classes, SAMPLES), last


def train(core: SimulatedCore, *, lots: int = 1, pause: float = 0.0) -> tuple[CoreResults, int]:
    """All samples, given at once or in lots; the results and the cycles they took."""
    x, y, last = samples()
    before = core.drain()
    results = []
    for part in np.array_split(np.arange(SAMPLES), lots):
        core.feed(x[part], y[part], last[part])
        core.flush() if pause else None
        time.sleep(pause)
        results += core.results()
    cycles = core.drain() - before
    return CoreResults.joined(results + core.results()), cycles


def golden() -> tuple[Network, CoreResults]:
    """The golden model after all samples, and what it said."""
    x, y, _ = samples()
    network = Network(CONFIG)
    records = [
        network.train_batch(x[start : start + 5], y[start : start + 5], EVENTS)
        for start in range(0, SAMPLES, 5)
    ]
    predictions = np.concatenate([record.predictions for record in records])
    errors = np.concatenate([record.errors for record in records])
    return network, CoreResults(predictions, errors, np.zeros(SAMPLES, dtype=np.bool_), 0)


def assert_same_results(expected: CoreResults, got: CoreResults) -> None:
    for name in ("predictions", "errors", "refused"):
        assert np.array_equal(getattr(got, name), getattr(expected, name)), name


# Training


def test_it_trains_as_the_golden_model(core: SimulatedCore) -> None:
    network, expected = golden()
    got, cycles = train(core)
    assert_same_results(expected, got)
    assert_same_state(network, peek(core))
    assert got.cycles <= cycles + 10_000
    counts = core.counts()
    assert (counts.samples, counts.refused) == (SAMPLES, 0)
    assert counts.errors == tuple(expected.errors.sum(axis=0))
    ends = core.batch_ends()
    assert len(ends) == SAMPLES // CONFIG.batch
    in_batches = expected.errors.reshape(len(ends), CONFIG.batch, -1).sum(axis=1)
    assert [end.errors for end in ends] == [tuple(row) for row in in_batches.cumsum(axis=0)]
    assert ends[-1].updates == counts.updates
    assert sorted(end.updates for end in ends) == [end.updates for end in ends]
    assert core.batch_ends() == []
    core.clear_counts()
    cleared = core.counts()
    assert (cleared.samples, cleared.errors, cleared.updates) == (0, (0, 0), (0, 0))
    assert cleared.saturated == counts.saturated


def test_cycles_do_not_depend_on_when_samples_come(core: SimulatedCore) -> None:
    _, cycles = train(core)
    for lots, pause in ((13, 0.0), (SAMPLES, 0.0)):
        begin(core)
        assert train(core, lots=lots, pause=pause)[1] == cycles


def test_the_core_is_never_kept_waiting(core: SimulatedCore) -> None:
    # In lots of a fraction of what the harness holds there is time to feed the next.
    _, cycles = train(core)
    begin(core)
    assert train(core, lots=10, pause=0.02)[1] == cycles


def test_back_pressure_costs_time_and_nothing_else(simulator: Simulator) -> None:
    network, expected = golden()
    took = []
    for gaps, stalls, noise in ((0, 0, 1), (200, 0, 1), (0, 250, 1), (230, 230, 1), (230, 230, 2)):
        with SimulatedCore(
            simulator, FoldedNetwork(CONFIG, PLAN), gaps=gaps, stalls=stalls, noise=noise
        ) as core:
            begin(core)
            got, cycles = train(core)
            assert_same_results(expected, got)
            assert_same_state(network, peek(core))
            assert_same_layers("counters", network.counters, core.read_counters())
            took.append(cycles)
    assert min(took) == took[0]
    assert len(set(took)) == len(took)


def test_noise_replays(simulator: Simulator) -> None:
    cycles = set()
    for _ in range(2):
        with SimulatedCore(
            simulator, FoldedNetwork(CONFIG, PLAN), gaps=99, stalls=9, noise=1 << 31
        ) as core:
            begin(core)
            cycles.add(train(core)[1])
    assert len(cycles) == 1


def test_what_cannot_be_is_refused(core: SimulatedCore) -> None:
    x, y, last = samples()
    y = y.copy()
    y[3] = 200
    core.feed(x[:5], y[:5], last[:5])
    core.drain()
    (results,) = core.results()
    assert results.refused.tolist() == [False, False, False, True, False]
    counts = core.counts()
    assert (counts.samples, counts.refused) == (4, 1)


# Registers


def test_registers(core: SimulatedCore) -> None:
    assert core.read(GlobalRegister.CLASSES) == CONFIG.classes
    core.write(GlobalRegister.BATCH, 77)
    assert core.read(GlobalRegister.BATCH) == 77
    assert core.request([(GlobalRegister.BATCH, 0), (99, None), (GlobalRegister.BATCH, None)]) == (
        [(Status.RANGE, 77), (Status.UNKNOWN, 0), (Status.OK, 77)]
    )
    for layer in CONFIG.layers:
        assert core.read(layer_address(layer.index, LayerRegister.MARGIN)) == layer.margin


def test_a_refused_access_is_an_error(core: SimulatedCore) -> None:
    with pytest.raises(SimulationError, match=r"^a read at register 0x3 was refused: ACCESS$"):
        core.read(GlobalRegister.RESET)
    with pytest.raises(SimulationError, match=r"^a write of 5 at register 0xa was refused: ACCESS"):
        core.write(GlobalRegister.CLASSES, 5)


def test_more_requests_than_the_harness_holds(core: SimulatedCore) -> None:
    values = core.access([(GlobalRegister.CLASSES, None)] * 9000)
    assert values == [CONFIG.classes] * 9000


def test_loading_and_reading_out(core: SimulatedCore) -> None:
    network, _ = golden()
    core.load_counters(network.counters)
    core.load_streams(network.streams)
    assert_same_state(network, peek(core))
    assert_same_layers("counters", network.counters, core.read_counters())
    assert [s.history for s in core.read_streams()] == [s.history for s in network.streams]


def test_a_flipped_counter(core: SimulatedCore) -> None:
    before = CoreState.copy_of(peek(core))
    core.flip_counter(0, 4, 7, bit=3)
    difference = compare_states(before, peek(core))
    assert difference is not None
    assert (difference.layer, difference.neuron, difference.source) == (0, 4, 7)
    assert abs(difference.expected - difference.got) == 8
    core.flip_counter(0, 4, 7, bit=3)
    assert compare_states(before, peek(core)) is None


# Memories


def test_what_is_poked_is_trained_on(core: SimulatedCore) -> None:
    network, _ = golden()
    core.poke(network.counters, network.snapshot)
    core.load_streams(network.streams)
    assert_same_state(network, peek(core))
    x, y, last = samples()
    core.feed(x[:10], y[:10], last[:10])
    core.drain()
    for start in (0, 5):
        network.train_batch(x[start : start + 5], y[start : start + 5], EVENTS)
    assert_same_state(network, peek(core))


def test_a_restart_keeps_the_memories_alone(core: SimulatedCore) -> None:
    train(core)
    core.results()
    before = peek(core)
    core.restart()
    assert core.read(GlobalRegister.SAMPLES) == 0
    assert core.read(layer_address(0, LayerRegister.EVENTS)) == 0
    core.load_streams(before.streams)
    assert compare_states(before, peek(core)) is None


def test_streams_of_any_history(core: SimulatedCore) -> None:
    streams = [BitStream.from_history(1, 0), BitStream.from_history((1 << 64) - 1, (1 << 63) - 1)]
    core.load_streams(streams)
    assert [s.history for s in core.read_streams()] == [s.history for s in streams]


# Waveforms


def test_a_waveform_of_a_while(tmp_path: Path) -> None:
    waves = tmp_path / "some waves.vcd"
    x, y, last = samples()
    simulator = build_core(FoldedNetwork(CONFIG, PLAN), optimize=False, waves=True)
    with SimulatedCore(simulator, FoldedNetwork(CONFIG, PLAN), waves=waves) as core:
        begin(core)
        core.feed(x[:5], y[:5], last[:5])
        before = core.drain()
        core.record(True)
        core.feed(x[5:10], y[5:10], last[5:10])
        busy = core.drain() - before
        core.record(False)
        core.feed(x[10:50], y[10:50], last[10:50])
        core.drain()
    text = waves.read_text()
    assert "$enddefinitions" in text
    assert " snapshot_enable " in text
    times = [int(line[1:]) for line in text.splitlines() if line.startswith("#")]
    assert times[0] > 100
    cycles = (times[-1] - times[0]) / 2
    assert busy <= cycles < busy + 40


# What goes wrong


def test_a_silent_core(core: SimulatedCore) -> None:
    core._set_ports(patience=20)
    with pytest.raises(
        SimulationError,
        match=r"^the simulation failed: the core was silent for 20 cycles, with 0 of 0 results "
        r"given and [\d,]+ of [\d,]+ requests answered$",
    ):
        core.seed()


def test_a_simulator_that_ends(core: SimulatedCore) -> None:
    core._process.kill()
    with pytest.raises(
        SimulationError, match=r"^the simulator ended by itself, by signal 9: it said nothing$"
    ):
        core.drain()
    core.close()


def test_an_error_in_the_driver(core: SimulatedCore) -> None:
    with pytest.raises(SimulationError, match=r"^the simulation failed: AttributeError: .*nowhere"):
        core._send("peek", "nowhere"), core._receive("peek")


def test_a_core_that_is_busy_is_closed_at_once(simulator: Simulator) -> None:
    core = SimulatedCore(simulator, FoldedNetwork(CONFIG, PLAN))
    begin(core)
    x, y, last = samples()
    core.feed(x, y, last)
    started = time.perf_counter()
    core.close()
    assert time.perf_counter() - started < 5
    assert core._process.returncode is not None
    core.close()


def test_python_without_a_shared_library(
    simulator: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("LIBPYTHON_LOC", raising=False)
    monkeypatch.setattr(find_libpython, "find_libpython", lambda: None)
    with pytest.raises(SimulationError, match=r"^Python's shared library is missing, .* install"):
        SimulatedCore(simulator, FoldedNetwork(CONFIG, PLAN))
