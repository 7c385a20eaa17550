"""A simulated core: samples, registers, memories, waveforms and errors."""

import time
from collections.abc import Iterator
from pathlib import Path

import find_libpython
import numpy as np
import pytest
from numpy.typing import NDArray

from metaplast.golden_model import DataError, Network, NetworkConfig, RandomStream
from metaplast.golden_model.batch_record import Batch, BatchRecord
from metaplast.golden_model.network_state import StoredState
from metaplast.hdl.client.transport import RefusedError, SampleResults, TransportError
from metaplast.hdl.planning.plan import FoldedNetwork, LayerPlan, MemoryKind, NetworkPlan
from metaplast.hdl.planning.universal import Capacity, UniversalTrainer
from metaplast.hdl.registers.register_map import (
    GlobalRegister,
    LayerRegister,
    Status,
    layer_address,
)
from metaplast.sim.core.simulated_core import SimulatedCore, build_core
from metaplast.sim.cosimulation.comparison import compare_states
from metaplast.sim.verilator.simulator import SimulationError, Simulator

from ...comparison import assert_same_array, assert_same_layers, assert_same_state

CONFIG = NetworkConfig(
    inputs=9, hidden=(6, 4), groups=(3, 2), classes=3, counter_bits=4, batch=5, seed=3 << 40
)
PLAN = NetworkPlan(
    (
        LayerPlan(banks=2, pe=2, simd=4, update_width=2, input_width=4),
        LayerPlan(pe=3, simd=2, update_width=2, input_width=2, memory=MemoryKind.SPRAM),
    )
)
EVENTS = [12, 7]
SAMPLES = 400


@pytest.fixture(scope="module")
def simulator() -> Simulator:
    return build_core(FoldedNetwork(CONFIG, PLAN), optimize=False)


@pytest.fixture
def core(simulator: Simulator) -> Iterator[SimulatedCore]:
    """A core in its initial state."""
    with SimulatedCore(simulator, FoldedNetwork(CONFIG, PLAN)) as core:
        begin(core)
        yield core


def begin(core: SimulatedCore) -> None:
    core.reset()
    core.write_events(EVENTS)


def samples() -> tuple[NDArray[np.uint8], NDArray[np.int64], NDArray[np.bool_]]:
    draw = np.random.default_rng(8)
    x = draw.integers(0, 2, (SAMPLES, CONFIG.inputs), np.uint8)
    last = np.arange(SAMPLES) % CONFIG.batch == CONFIG.batch - 1
    return x, draw.integers(0, CONFIG.classes, SAMPLES), last


def words(x: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Samples in the words in which they enter the core."""
    folded = FoldedNetwork(CONFIG, PLAN).first
    wide = np.zeros((len(x), folded.sample_words * folded.plan.input_width), dtype=np.uint8)
    wide[:, : x.shape[1]] = x
    return wide.reshape(len(x), folded.sample_words, folded.plan.input_width)


def batches() -> list[Batch]:
    x, y, _ = samples()
    return [(x[start : start + 5], y[start : start + 5]) for start in range(0, SAMPLES, 5)]


def train(core: SimulatedCore, *, lots: int = 1, pause: float = 0.0) -> tuple[SampleResults, int]:
    """Send all samples at once or in chunks; gives results and cycles."""
    x, y, last = samples()
    transport = core.transport
    transport.settle()
    before = transport.cycles
    results = []
    for part in np.array_split(np.arange(SAMPLES), lots):
        transport.send(words(x[part]), y[part], last[part])
        transport.flush() if pause else None
        time.sleep(pause)
        results += transport.receive()
    transport.settle()
    return SampleResults.joined(results + transport.receive()), transport.cycles - before


def golden() -> tuple[Network, SampleResults]:
    """The golden model after all samples, and its results."""
    network = Network(CONFIG)
    records = list(network.train_batches(batches(), EVENTS))
    predictions = np.concatenate([record.predictions for record in records])
    errors = np.concatenate([record.errors for record in records])
    return network, SampleResults(predictions, errors, np.zeros(SAMPLES, dtype=np.bool_))


def assert_same_results(expected: SampleResults, got: SampleResults) -> None:
    for name in ("predictions", "errors", "refused"):
        assert np.array_equal(getattr(got, name), getattr(expected, name)), name


# Training


def test_it_trains_as_the_golden_model(core: SimulatedCore) -> None:
    network, expected = golden()
    got, _ = train(core)
    assert_same_results(expected, got)
    assert_same_state(network, core)
    counts = core.counts()
    assert (counts.samples, counts.refused) == (SAMPLES, 0)
    assert counts.errors == tuple(expected.errors.sum(axis=0))
    labels = np.concatenate([y for _, y in batches()])
    right = expected.predictions == labels[:, np.newaxis]
    assert counts.right == tuple(right.sum(axis=0))
    ends = core.transport.batch_counts()
    assert len(ends) == SAMPLES // CONFIG.batch
    in_batches = expected.errors.reshape(len(ends), CONFIG.batch, -1).sum(axis=1)
    assert [end.errors for end in ends] == [tuple(row) for row in in_batches.cumsum(axis=0)]
    assert ends[-1].updates == counts.updates
    assert sorted(end.updates for end in ends) == [end.updates for end in ends]
    assert core.transport.batch_counts() == []


def test_records_of_batches_are_the_golden_models(core: SimulatedCore) -> None:
    network = Network(CONFIG)
    expected = list(network.train_batches(batches(), EVENTS))
    got: list[BatchRecord] = list(core.train_batches(batches(), EVENTS))
    assert len(got) == len(expected)
    for one, other in zip(expected, got, strict=True):
        assert_same_array("predictions", one.predictions, other.predictions)
        assert_same_array("errors", one.errors, other.errors)
        assert (one.error_counts, one.updates, one.events) == (
            (other.error_counts, other.updates, other.events)
        )
    assert_same_state(network, core)
    # Counts are those of the latest call.
    before = core.counts()
    list(core.train_batches(batches()[:3], EVENTS))
    assert (before.samples, core.counts().samples) == (SAMPLES, 15)


def test_batches_are_taken_ahead(core: SimulatedCore) -> None:
    taken = 0

    def counted() -> Iterator[Batch]:
        nonlocal taken
        for batch in batches():
            taken += 1
            yield batch

    next(core.train_batches(counted(), EVENTS))
    assert taken > 10


def test_a_core_that_was_left_within_a_batch(core: SimulatedCore) -> None:
    next(core.train_batches(iter(batches()), EVENTS))
    with pytest.raises(TransportError, match=r"^the core at the simulator was left within a batch"):
        list(core.train_batches(batches(), EVENTS))
    assert core.predict(samples()[0]).shape == (SAMPLES,)  # as it stands
    core.transport.settle()
    core.restart()
    assert len(list(core.train_batches(batches(), EVENTS))) == len(batches())


def test_predictions(core: SimulatedCore) -> None:
    network, _ = golden()
    x, _, _ = samples()
    core.load_state(network)
    assert_same_array("predictions", network.predict(x), core.predict(x))
    assert_same_array("local predictions", network.local_predictions(x), core.local_predictions(x))
    assert_same_state(network, core)
    assert core.predict(x[:0]).shape == (0,)
    with pytest.raises(DataError, match=r"must be of shape \(n, 9\), not \(400, 8\)"):
        core.predict(x[:, 1:])
    list(core.train_batches(batches(), EVENTS))  # and trains again after it
    list(network.train_batches(batches(), EVENTS))
    assert_same_state(network, core)


def test_cycles_do_not_depend_on_when_samples_come(core: SimulatedCore) -> None:
    _, cycles = train(core)
    for lots, pause in ((13, 0.0), (SAMPLES, 0.0)):
        begin(core)
        assert train(core, lots=lots, pause=pause)[1] == cycles


def test_the_core_is_never_kept_waiting(core: SimulatedCore) -> None:
    # Chunks are smaller than the harness's memory, so that the next chunk comes in time.
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
            assert_same_state(network, core)
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


def test_invalid_requests_are_refused(core: SimulatedCore) -> None:
    x, y, last = samples()
    y = y.copy()
    y[3] = 200
    core.transport.send(words(x[:5]), y[:5], last[:5])
    core.transport.settle()
    (results,) = core.transport.receive()
    assert results.refused.tolist() == [False, False, False, True, False]
    counts = core.counts()
    assert (counts.samples, counts.refused) == (4, 1)


# Registers


def read(core: SimulatedCore, address: int) -> int:
    (value,) = core.transport.access([(address, None)])
    return value


def test_registers(core: SimulatedCore) -> None:
    assert read(core, GlobalRegister.CLASSES) == CONFIG.classes
    core.transport.access([(GlobalRegister.BATCH, 77)])
    assert read(core, GlobalRegister.BATCH) == 77
    requests = [(GlobalRegister.BATCH, 0), (99, None), (GlobalRegister.BATCH, None)]
    assert core.transport.request(requests) == (
        [(Status.RANGE, 77), (Status.UNKNOWN, 0), (Status.OK, 77)]
    )
    for layer in CONFIG.layers:
        assert read(core, layer_address(layer.index, LayerRegister.MARGIN)) == layer.margin


def test_a_refused_access_is_an_error(core: SimulatedCore) -> None:
    with pytest.raises(RefusedError, match=r"^a read at register 0x3 was refused: ACCESS$"):
        read(core, GlobalRegister.RESET)
    with pytest.raises(
        RefusedError, match=r"^a write of 5 at register 0xa was refused: ACCESS"
    ) as (refused):
        core.transport.access([(GlobalRegister.CLASSES, 5)])
    assert refused.value.status is Status.ACCESS


def test_more_requests_than_the_harness_holds(core: SimulatedCore) -> None:
    values = core.transport.access([(GlobalRegister.CLASSES, None)] * 9000)
    assert values == [CONFIG.classes] * 9000


def test_loading_and_reading_out(core: SimulatedCore) -> None:
    network, _ = golden()
    core.load_state(network)
    assert_same_state(network, core)
    assert_same_state(network, core.read_out())
    assert core.transport.read_counters(1, 2, 3) == network.counters[1][2, :3].tolist()


def test_a_core_that_does_not_keep_what_is_loaded(
    core: SimulatedCore, monkeypatch: pytest.MonkeyPatch
) -> None:
    network, _ = golden()
    honest = SimulatedCore.counters.fget
    assert honest is not None
    forgotten = 2

    def counters(core: SimulatedCore) -> list[NDArray[np.int16]]:
        nonlocal forgotten
        read: list[NDArray[np.int16]] = honest(core)
        if forgotten > 0:
            forgotten -= 1
            read[1][3, 2] ^= 1
        return read

    monkeypatch.setattr(SimulatedCore, "counters", property(counters))
    core.load_state(network)  # all layers are read once per try, so the third try is good
    assert forgotten == 0
    forgotten = 1000
    with pytest.raises(
        TransportError,
        match=r"^the core at the simulator does not keep the state that is loaded into it: after 3 "
        r"tries the counter of layer 1, neuron 3, input 2 is -?\d+, and -?\d+ was loaded; if it is",
    ):
        core.load_state(network)


# Memories


def test_training_continues_from_a_poked_state(core: SimulatedCore) -> None:
    network, _ = golden()
    core.poke_state(network)
    assert_same_state(network, core)
    list(core.train_batches(batches()[:2], EVENTS))
    list(network.train_batches(batches()[:2], EVENTS))
    assert_same_state(network, core)


def test_a_state_is_stored(core: SimulatedCore) -> None:
    before = StoredState.copy_of(core)
    list(core.train_batches(batches()[:2], EVENTS))
    assert compare_states(before, core) is not None
    core.poke_state(before)
    assert compare_states(before, core) is None


def test_a_restart_of_the_gateware_keeps_the_memories_alone(core: SimulatedCore) -> None:
    train(core)
    core.transport.receive()
    before = StoredState.copy_of(core)
    core.transport.restart()
    assert read(core, GlobalRegister.SAMPLES) == 0
    assert read(core, layer_address(0, LayerRegister.EVENTS)) == 0
    core.load_streams(before.streams)
    assert compare_states(before, core) is None
    core.restart()
    assert compare_states(Network(CONFIG), core) is None


def test_streams_of_any_history(core: SimulatedCore) -> None:
    streams = [
        RandomStream.from_history(1, 0),
        RandomStream.from_history((1 << 64) - 1, (1 << 63) - 1),
    ]
    core.load_streams(streams)
    assert [s.history for s in core.streams] == [s.history for s in streams]


# Waveforms


def test_a_waveform_of_a_period(tmp_path: Path) -> None:
    waves = tmp_path / "some waves.vcd"
    simulator = build_core(FoldedNetwork(CONFIG, PLAN), optimize=False, waves=True)
    with SimulatedCore(simulator, FoldedNetwork(CONFIG, PLAN), waves=waves) as core:
        begin(core)
        x, y, last = samples()
        transport, parts = core.transport, batches()
        list(core.train_batches(parts[:1], EVENTS))
        before = transport.cycles
        core.record(True)
        transport.send(words(x[5:10]), y[5:10], last[5:10])
        transport.settle()
        busy = transport.cycles - before
        core.record(False)
        transport.receive()
        transport.batch_counts()
        list(core.train_batches(parts[2:10], EVENTS))
    text = waves.read_text()
    assert "$enddefinitions" in text
    assert " snapshot_enable " in text
    times = [int(line[1:]) for line in text.splitlines() if line.startswith("#")]
    assert times[0] > 100
    cycles = (times[-1] - times[0]) / 2
    assert busy <= cycles < busy + 40


# Errors


def test_a_silent_core(core: SimulatedCore) -> None:
    core.transport.set_ports(patience=20)
    with pytest.raises(
        SimulationError,
        match=r"^the simulation failed: the core was silent for 20 cycles, with 0 of 0 results "
        r"given and [\d,]+ of [\d,]+ requests answered$",
    ):
        core.reset()


def test_a_simulator_that_ends(core: SimulatedCore) -> None:
    core.transport.process.kill()
    with pytest.raises(
        SimulationError,
        match=r"^the simulator was ended by SIGKILL \(possibly out of memory\): it printed no",
    ):
        core.transport.settle()
    core.close()


def test_an_error_in_the_driver(core: SimulatedCore) -> None:
    with pytest.raises(SimulationError, match=r"^the simulation failed: AttributeError: .*nowhere"):
        core.transport.peek("nowhere", [0])


def test_a_core_that_is_busy_is_closed_at_once(simulator: Simulator) -> None:
    core = SimulatedCore(simulator, FoldedNetwork(CONFIG, PLAN))
    begin(core)
    x, y, last = samples()
    core.transport.send(words(x), y, last)
    started = time.perf_counter()
    core.close()
    assert time.perf_counter() - started < 5
    assert core.transport.process.status is not None
    core.close()


def test_python_without_a_shared_library(
    simulator: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("LIBPYTHON_LOC", raising=False)
    monkeypatch.setattr(find_libpython, "find_libpython", lambda: None)
    with pytest.raises(SimulationError, match=r"^Python's shared library is missing, .* install"):
        SimulatedCore(simulator, FoldedNetwork(CONFIG, PLAN))


# Memories at power-up, and networks on a universal trainer


def test_memories_are_random_at_power_up(simulator: Simulator) -> None:
    def contents(noise: int) -> str:
        with SimulatedCore(simulator, FoldedNetwork(CONFIG, PLAN), noise=noise) as core:
            return core.transport.peek("result_memory", range(128))

    one, other = contents(1), contents(2)
    assert one == contents(1)
    assert one != other
    assert 0.4 < one.count("1") / len(one) < 0.6


def test_a_fixed_core_takes_no_other_network(core: SimulatedCore) -> None:
    trainer = UniversalTrainer(
        Capacity(
            layers=2,
            inputs=9,
            neurons=6,
            classes=3,
            counter_bits=4,
            rows=128,
            columns=16,
            sample_words=64,
            choices=32,
        ),
        LayerPlan(),
    )
    with pytest.raises(ValueError, match=r"^the network must be placed on the universal trainer"):
        core.set_network(trainer.place(CONFIG))
