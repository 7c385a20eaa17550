"""Training in RTL: equal to the golden model, and every difference is found."""

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from metaplast.golden_model import ConfigurationError, Network, NetworkConfig, Trainer
from metaplast.golden_model.batch_record import BatchRecord
from metaplast.golden_model.network_state import StoredState
from metaplast.hdl.client.transport import BatchCounts
from metaplast.hdl.planning.cycle_model import CycleModel
from metaplast.hdl.planning.plan import FoldedNetwork, LayerPlan, MemoryKind, NetworkPlan
from metaplast.hdl.registers.register_map import LayerRegister, layer_address
from metaplast.sim.core.simulated_core import SimulatedCore
from metaplast.sim.core.simulated_transport import SimulatedTransport
from metaplast.sim.cosimulation.comparison import compare_states
from metaplast.sim.cosimulation.lockstep import Check, DifferenceError
from metaplast.sim.cosimulation.mismatch import MismatchError, MismatchSearch
from metaplast.sim.cosimulation.recording import coming_batch, record_batch
from metaplast.sim.cosimulation.training import CoreTraining
from metaplast.sim.cosimulation.training_setup import TrainingSetup
from metaplast.sim.verilator.simulator import SimulationError

from ...comparison import assert_same_epoch, assert_same_state
from .faults import Fault, FaultySetup, When, flip_counter

CONFIG = NetworkConfig(
    inputs=14, hidden=(8, 6), groups=(4, 2), classes=3, counter_bits=5, batch=9, seed=11
)
PLAN = NetworkPlan(
    (
        LayerPlan(banks=2, pe=3, simd=6, update_width=3, input_width=6, draws_per_cycle=2),
        LayerPlan(pe=2, simd=4, update_width=2, input_width=2, memory=MemoryKind.SPRAM),
    )
)
SAMPLES = 85  # ten batches, the last one short


def samples() -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    draw = np.random.default_rng(2)
    y = draw.integers(0, CONFIG.classes, SAMPLES)
    prototypes = draw.integers(0, 2, (CONFIG.classes, CONFIG.inputs), np.uint8)
    noise = draw.random((SAMPLES, CONFIG.inputs)) < 0.2
    return prototypes[y] ^ noise, y


def setup(fault: Fault | None = None, **options: Any) -> TrainingSetup:
    x, y = samples()
    options = {"folded": FoldedNetwork(CONFIG, PLAN), "x": x, "y": y, "optimize": False, **options}
    return TrainingSetup(**options) if fault is None else FaultySetup.make(fault, **options)


def trainer_after(epochs: int) -> Trainer:
    """A trainer of the golden model after some epochs."""
    trainer = Trainer(Network(CONFIG))
    for _ in range(epochs):
        trainer.train_epoch(*samples())
    return trainer


def state_of(trainer: Trainer) -> StoredState:
    return StoredState.copy_of(trainer.network)


# Equal results


@pytest.mark.parametrize("check", Check)
@pytest.mark.parametrize("pauses", [0, 120])
def test_gateware_trains_as_the_golden_model(check: Check, pauses: int) -> None:
    seen: list[int] = []
    arranged = setup(gaps=pauses, stalls=pauses, noise=5)
    golden = Trainer(Network(CONFIG))
    with CoreTraining(arranged, Trainer(Network(CONFIG)), check=check) as training:
        cycles = []
        for _ in range(3):
            epoch = training.train_epoch(lambda done, record: seen.append(done))
            assert epoch.cycles is not None
            assert_same_epoch(golden.train_epoch(*samples()), replace(epoch, cycles=None))
            assert epoch.cycles_per_sample == epoch.cycles / SAMPLES
            cycles.append(epoch.cycles)
        assert_same_state(state_of(golden), training.core)
        training.verify_read_out()
        assert_same_state(state_of(golden), training.core.read_out())
    assert min(cycles) > SAMPLES * 20
    assert seen == 3 * [*range(9, 85, 9), 85]


def test_an_epoch_takes_the_same_cycles_every_time() -> None:
    cycles = set()
    for _ in range(2):
        with CoreTraining(setup(), Trainer(Network(CONFIG))) as training:
            cycles.add(training.train_epoch().cycles)
    assert len(cycles) == 1


def test_an_epochs_cycles_are_those_of_the_cycle_model() -> None:
    model = CycleModel.of(FoldedNetwork(CONFIG, PLAN))
    golden = Trainer(Network(CONFIG))
    with CoreTraining(setup(), Trainer(Network(CONFIG))) as training:
        for _ in range(3):
            begin = model.idle
            model.wait(begin)
            golden.train_epoch(*samples(), lambda done, record: model.train(record))
            assert training.train_epoch().cycles == model.idle - begin


def test_a_checked_batch_is_waited_for() -> None:
    cycles = {}
    for check in Check:
        with CoreTraining(setup(), Trainer(Network(CONFIG)), check=check) as training:
            cycles[check] = training.train_epoch().cycles
    assert cycles[Check.BATCH] > cycles[Check.EPOCH]


def test_training_continues_from_a_state() -> None:
    golden = trainer_after(3)
    with CoreTraining(setup(), trainer_after(2)) as training:
        assert_same_state(state_of(trainer_after(2)), training.core.read_out())
        record = training.train_epoch()
        assert_same_state(state_of(golden), training.core.read_out())
    assert (record.epoch, record.accuracy) == (2, golden.accuracy)


# Differences


def mismatch(fault: Fault, check: Check = Check.EPOCH, waves: Path | None = None) -> MismatchError:
    """The error of a training with a fault."""
    arranged = setup(fault)
    assert isinstance(arranged, FaultySetup)
    golden = Trainer(arranged.spoiled(Network(CONFIG)))
    with CoreTraining(arranged, golden, check=check, waves=waves) as training:
        for _ in range(fault.epoch):
            training.train_epoch()
        with pytest.raises(MismatchError) as raised:
            training.train_epoch()
    return raised.value


@pytest.mark.parametrize("check", Check)
def test_a_flipped_counter_is_found(check: Check, tmp_path: Path) -> None:
    waves = tmp_path / "found.vcd"
    fault = Fault(epoch=1, batch=4, layer=1, neuron=3, source=6)
    error = mismatch(fault, check, waves)
    found = error.difference
    assert (found.what, found.epoch, found.batch) == ("counter", 1, 4)
    assert (found.layer, found.neuron, found.source) == (1, 3, 6)
    assert found.sample is None  # it was wrong before the batch's first sample
    assert str(error) == (
        "gateware and golden model differ: epoch 2, batch 5, layer 1, neuron 3, input 6: "
        f"the counter is {found.got} and should be {found.expected}; "
        f"a waveform of the batch is in {waves}"
    )
    assert error.waves == waves
    assert "$enddefinitions" in waves.read_text()


def test_a_flipped_counter_is_found_in_the_first_batch() -> None:
    found = mismatch(Fault(epoch=0, batch=0, layer=0, neuron=7, source=13)).difference
    assert (found.epoch, found.batch, found.layer, found.neuron, found.source) == (0, 0, 0, 7, 13)


def test_a_flipped_counter_is_found_in_the_last_batch() -> None:
    found = mismatch(Fault(epoch=0, batch=9, layer=0, neuron=0, source=0)).difference
    assert (found.epoch, found.batch, found.layer, found.neuron, found.source) == (0, 9, 0, 0, 0)


@pytest.mark.parametrize("check", Check)
def test_a_flipped_expectation_is_found(check: Check) -> None:
    error = mismatch(Fault(epoch=0, batch=2, layer=1, expected=True), check)
    found = error.difference
    first = int(coming_batch(setup(), Trainer(Network(CONFIG)), 2).samples[0])
    assert (found.what, found.epoch, found.batch, found.layer) == ("error bit", 0, 2, 1)
    assert found.sample == first
    assert found.expected + found.got == 1
    assert "waveform" not in str(error)
    assert error.waves is None


@pytest.mark.parametrize(
    ("bits", "what"), [(slice(None), "prediction"), (slice(13, 14), "counter")], ids=["all", "one"]
)
def test_a_sample_is_found(monkeypatch: pytest.MonkeyPatch, bits: slice, what: str) -> None:
    # A core that sees other bits in a sample of the fourth batch.
    batch = coming_batch(setup(), Trainer(Network(CONFIG)), 3)
    wrong = int(batch.samples[5])
    clean = samples()[0][wrong]
    honest = SimulatedCore._send

    def send(core: SimulatedCore, x: NDArray[np.uint8], *rest: Any, **options: Any) -> None:
        x = x.copy()
        x[np.flatnonzero((x == clean).all(axis=1))[:, np.newaxis], np.arange(14)[bits]] ^= 1
        honest(core, x, *rest, **options)

    monkeypatch.setattr(SimulatedCore, "_send", send)
    training = CoreTraining(setup(), Trainer(Network(CONFIG)))
    with training, pytest.raises(MismatchError) as raised:
        training.train_epoch()
    found = raised.value.difference
    assert (found.what, found.epoch, found.batch, found.sample) == (what, 0, 3, wrong)


def test_a_wrong_commit_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    # A core with one reinforcement event too many.
    honest = SimulatedCore.write_events
    monkeypatch.setattr(
        SimulatedCore,
        "write_events",
        lambda core, events: honest(core, [count + (count > 0) for count in events]),
    )
    training = CoreTraining(setup(), Trainer(Network(CONFIG)))
    with training, pytest.raises(MismatchError) as raised:
        training.train_epoch()
    found = raised.value.difference
    assert (found.epoch, found.batch, found.sample) == (0, 0, None)


@pytest.mark.parametrize("check", Check)
def test_a_wrong_count_is_found_in_its_batch(monkeypatch: pytest.MonkeyPatch, check: Check) -> None:
    # A core that counts a neuron twice in the fifth batch, and one less later.
    honest, seen = SimulatedTransport.batch_counts, 0

    def batch_counts(transport: SimulatedTransport) -> list[BatchCounts]:
        nonlocal seen
        ends = honest(transport)
        for index, end in enumerate(ends):
            if seen + index == 4:
                ends[index] = replace(end, updates=(end.updates[0], end.updates[1] + 1))
        seen += len(ends)
        return ends

    restart = SimulatedTransport.restart

    def forget(transport: SimulatedTransport) -> None:
        nonlocal seen
        restart(transport)
        seen = 0

    monkeypatch.setattr(SimulatedTransport, "batch_counts", batch_counts)
    monkeypatch.setattr(SimulatedTransport, "restart", forget)
    training = CoreTraining(setup(), Trainer(Network(CONFIG)), check=check)
    with training, pytest.raises(MismatchError) as raised:
        training.train_epoch()
    found = raised.value.difference
    assert (found.what, found.epoch, found.batch, found.layer, found.sample) == (
        ("count of updated neurons", 0, 4, 1, None)
    )
    assert found.got == found.expected + 1


def test_a_batch_without_an_end_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    honest = SimulatedTransport.batch_counts
    monkeypatch.setattr(SimulatedTransport, "batch_counts", lambda transport: honest(transport)[:1])
    training = CoreTraining(setup(), Trainer(Network(CONFIG)))
    with training, pytest.raises(MismatchError, match="the number of batches through is") as raised:
        training.train_epoch()
    assert raised.value.difference.got < raised.value.difference.expected


def test_a_fault_without_pauses_is_found(tmp_path: Path) -> None:
    waves = tmp_path / "timing.vcd"
    fault = Fault(epoch=1, batch=6, layer=0, neuron=5, source=2, when=When.OVERLAPPED)
    error = mismatch(fault, waves=waves)
    found = error.difference
    assert (found.epoch, found.batch, found.layer, found.neuron, found.source) == (1, 6, 0, 5, 2)
    note = "(only if batches follow each other without a pause)"
    assert str(error).endswith(f"{note}; a waveform of the batch is in {waves}")
    assert "$enddefinitions" in waves.read_text()
    assert str(mismatch(fault)).endswith(note)


def test_a_difference_that_does_not_occur_again() -> None:
    error = mismatch(Fault(epoch=1, batch=6, neuron=5, source=2, when=When.ONCE))
    found = error.difference
    assert (found.epoch, found.batch) == (1, None)
    assert str(error).endswith("; it did not occur again when the epoch was repeated")


def test_a_wrong_start_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    honest = SimulatedCore.reset

    def reset(core: SimulatedCore) -> None:
        honest(core)
        flip_counter(core, 1, 2, 3)

    monkeypatch.setattr(SimulatedCore, "reset", reset)
    with pytest.raises(MismatchError) as raised:
        CoreTraining(setup(), Trainer(Network(CONFIG)))
    found = raised.value.difference
    assert (found.layer, found.neuron, found.source) == (1, 2, 3)
    assert str(raised.value).startswith(
        "gateware and golden model differ: before training, layer 1, neuron 2, input 3: "
    )


def test_a_wrong_read_out_is_found() -> None:
    with CoreTraining(setup(), Trainer(Network(CONFIG))) as training:
        training.core.transport.access([(layer_address(0, LayerRegister.POSITION), 1)])
        flip_counter(training.core, 0, 1, 13)
        with pytest.raises(MismatchError, match="read through the registers, layer 0, neuron 1, "):
            training.verify_read_out()


def test_the_search_is_reported() -> None:
    trained: list[int] = []
    searched: list[int] = []
    arranged = setup(Fault(epoch=0, batch=3))

    def on_search(done: int, record: BatchRecord) -> None:
        searched.append(done)

    training = CoreTraining(arranged, Trainer(Network(CONFIG)), on_search=on_search)
    with training, pytest.raises(MismatchError):
        training.train_epoch(lambda done, record: trained.append(done))
    assert trained[:3] == [9, 18, 27]
    assert searched == [9, 18, 27, 36]  # a counter is wrong after the fourth batch


@pytest.mark.parametrize(
    ("trouble", "note"),
    [
        (KeyboardInterrupt(), "the search for its origin was interrupted"),
        (SimulationError("no memory"), "the search for its origin ended: no memory"),
    ],
)
def test_an_interrupted_search(
    monkeypatch: pytest.MonkeyPatch, trouble: BaseException, note: str
) -> None:
    def explain(search: MismatchSearch, found: DifferenceError) -> MismatchError:
        raise trouble

    monkeypatch.setattr(MismatchSearch, "explain", explain)
    error = mismatch(Fault(epoch=0, batch=3, layer=1, neuron=2, source=4))
    assert re.fullmatch(
        rf"gateware and golden model differ: epoch 1, .* should be -?\d+; {note}", str(error)
    )


# Recording


def test_a_coming_batch_is_that_of_the_trainer() -> None:
    arranged = setup()
    batch = coming_batch(arranged, trainer_after(1), 4)
    stopped = trainer_after(1)
    seen = []

    def stop(done: int, record: object) -> None:
        seen.append(done)
        if len(seen) == 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        stopped.train_epoch(*samples(), stop)
    assert compare_states(state_of(stopped), batch.before) is None
    assert (batch.epoch, batch.number, len(batch.samples)) == (1, 4, 9)
    assert batch.events == trainer_after(1).events()
    assert len(coming_batch(arranged, trainer_after(1), 9).samples) == 4


def test_a_batch_that_does_not_exist() -> None:
    with pytest.raises(
        ConfigurationError,
        match=r"^an epoch of 85 samples has 10 batches, so there is no batch 11$",
    ):
        coming_batch(setup(), Trainer(Network(CONFIG)), 10)


def test_a_recorded_batch(tmp_path: Path) -> None:
    waves = tmp_path / "batch.vcd"
    arranged = setup()
    batch = coming_batch(arranged, Trainer(Network(CONFIG)), 2)
    record_batch(arranged, batch, waves)
    text = waves.read_text()
    times = [int(line[1:]) for line in text.splitlines() if line.startswith("#")]
    assert 9 * 30 < (times[-1] - times[0]) / 2 < 9 * 300
