"""`metaplast simulate`: the gateware's training is the golden model's, and what it says of it."""

import io
import json
import re
import signal
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from metaplast.cli.terminal.output import Reporter
from metaplast.golden_model import MetaplastError, NetworkConfig, Trainer
from metaplast.golden_model.datasets import load
from metaplast.golden_model.files.model_file import Model
from metaplast.hdl.planning.plan import FoldedNetwork, LayerPlan
from metaplast.hdl.planning.universal import Capacity, UniversalTrainer
from metaplast.hdl.planning.universal_cycle_model import UniversalCycleModel
from metaplast.sim.core.simulated_core import SimulatedCore
from metaplast.sim.core.universal_simulator import simulated_trainer
from metaplast.sim.cosimulation.training_setup import TrainingSetup

from ...sim.cosimulation.faults import Fault, FaultySetup
from ...sim.recording_network import RecordingNetwork
from ...vectors import VECTORS
from ..conftest import Command, Document, in_training
from .test_train import assert_same_model

SMALL = ("--hidden", "12", "--groups", "3", "--batch", "10")
FIXED = (*SMALL, "--fixed")


def test_the_model_is_that_of_train(run: Command, document: Document, toy: Path) -> None:
    assert run("train", toy, *SMALL, "--epochs", 2).status == 0
    trained = document("simulate", toy, *FIXED, "--epochs", 2)
    assert trained["model"] == "toy-simulated.npz"
    assert [20 < epoch["cycles_per_sample"] < 200 for epoch in trained["epochs"]] == [True, True]
    assert_same_model(Path("toy-model.npz"), Path("toy-simulated.npz"))
    with np.load("toy-model.npz") as one, np.load("toy-simulated.npz") as other:
        assert set(one.files) == set(other.files)
        for name in set(one.files) - {"history"}:  # which has cycles, and seconds
            assert np.array_equal(one[name], other[name]), name
            assert one[name].dtype == other[name].dtype, name


def test_batches_may_be_checked(document: Document, toy: Path) -> None:
    trained = document("simulate", toy, *FIXED, "--epochs", 2, "--check", "batch")
    assert (trained["check"], trained["equal_to_golden_model"]) == ("batch", True)


def test_a_document(document: Document, toy: Path) -> None:
    trained = document("simulate", toy, *FIXED, "--epochs", 2, "--model", "m.npz")
    model = Model.load("m.npz")
    assert trained["config"] == model.config.to_dict()
    assert trained["simulator"] == "fixed"
    assert trained["plan"]["layers"][0]["simd"] == 24
    assert (trained["check"], trained["equal_to_golden_model"]) == ("epoch", True)
    assert trained["equal_to_recorded"] is None
    assert trained["interrupted"] is False
    assert (trained["model"], trained["samples"], trained["kept_epoch"]) == ("m.npz", 120, 1)
    for epoch, record in zip(trained["epochs"], model.history, strict=True):
        assert epoch["cycles_per_sample"] == epoch["cycles"] / 120
        assert {name: epoch[name] for name in record.to_dict()} == record.to_dict()


@pytest.mark.slow
def test_two_networks_on_one_simulator(run: Command, document: Document, toy: Path) -> None:
    assert run("train", toy, *SMALL, "--epochs", 2).status == 0
    trained = document("simulate", toy, *SMALL, "--epochs", 2, "--model", "one.npz")
    assert_same_model(Path("toy-model.npz"), Path("one.npz"))
    assert trained["simulator"] == "universal"
    assert "plan" not in trained
    trainer = UniversalTrainer.from_dict(trained["trainer"])
    assert trainer == simulated_trainer(8)
    config = NetworkConfig.from_dict(trained["config"])
    assert trained["epochs"][0]["cycles"] == first_epoch_cycles(trainer, config, toy)

    other = ("--hidden", "7,9", "--groups", "1,3", "--batch", "1", "--epochs", 1)
    assert run("train", toy, *other).status == 0
    result = run("simulate", toy, *other, "--model", "two.npz")
    assert result.status == 0, result.err
    assert "\nsimulator found in the cache in 0 s\n" in result.out
    assert_same_model(Path("toy-model.npz"), Path("two.npz"))


def first_epoch_cycles(trainer: UniversalTrainer, config: NetworkConfig, toy: Path) -> int:
    """Cycles of the first epoch, by the cycle model."""
    model = Model.load("one.npz")
    data = load(toy)
    network = RecordingNetwork(config)
    network.records = []
    bits = model.encoder.encode(data.x_train)
    Trainer(network).train_epoch(bits, data.y_train)
    cycles = UniversalCycleModel.of(trainer.place(config))
    for record in network.records:
        cycles.train(record)
    return cycles.idle


def test_a_network_that_does_not_fit_the_universal_simulator(
    run: Command, toy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*, folded: object, **samples: object) -> None:
        raise MetaplastError(type(folded).__name__)

    monkeypatch.setattr("metaplast.cli.training.simulation.TrainingSetup", refuse)
    for hidden, groups, simulated in (
        ("1024", "32", "PlacedNetwork"),
        ("1025", "5", "FoldedNetwork"),
    ):
        options = ("--hidden", hidden, "--groups", groups, "--epochs", 1)
        result = run("simulate", toy, *options)
        assert (result.status, result.sentence) == (1, simulated)
        assert (
            "no universal trainer, but a core for this network: the network has 1,025 neurons of "
            "layer 0; this trainer has room for 1,024\nplan, layer 0: " in result.out
        ) == (simulated == "FoldedNetwork")
    result = run("simulate", toy, *SMALL, "--fixed", "--epochs", 1)
    assert result.sentence == "FoldedNetwork"
    assert "universal" not in result.out


@pytest.mark.slow
def test_a_plan_from_a_file(document: Document, toy: Path) -> None:
    plan = {"layers": [{"banks": 2, "pe": 2, "simd": 8, "update_width": 4, "input_width": 8}]}
    Path("plan.json").write_text(json.dumps(plan))
    trained = document("simulate", toy, *SMALL, "--epochs", 1, "--plan", "plan.json")
    layer = trained["plan"]["layers"][0]
    assert {name: layer[name] for name in plan["layers"][0]} == plan["layers"][0]


def test_a_universal_trainer_of_a_plan(document: Document, run: Command, toy: Path) -> None:
    plan = LayerPlan(simd=8, update_width=4, input_width=8)
    trainer = UniversalTrainer(Capacity.for_networks(plan, inputs=24, neurons=12, classes=4), plan)
    Path("trainer.json").write_text(json.dumps(trainer.to_dict()))
    given = ("simulate", toy, "--epochs", 1, "--plan", "trainer.json")
    trained = document(*given, *SMALL)
    assert (trained["simulator"], trained["trainer"]) == ("universal", trainer.to_dict())
    large = run(*given, "--hidden", "13")
    assert large.status == 2
    assert large.sentence.startswith(
        "trainer.json: the network has 13 neurons of layer 0; this trainer has room for 12"
    )
    core = ("export", "verilog", "--inputs", 4, "--classes", 2, "--out", "core")
    refused = run(*core, "--plan", "trainer.json")
    assert "trainer.json is the plan of a universal trainer, and a plan of one" in refused.sentence


def test_a_plan_for_an_fpga(run: Command, toy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*, folded: FoldedNetwork, **samples: object) -> None:
        raise MetaplastError(f"a plan for {folded.plan.fpga}")

    monkeypatch.setattr("metaplast.cli.training.simulation.TrainingSetup", refuse)
    result = run("simulate", toy, *SMALL, "--epochs", 1, "--fpga", "icebreaker")
    assert (result.status, result.sentence) == (1, "a plan for iCE40UP5K")


def test_going_on_with_a_model(run: Command, document: Document, toy: Path) -> None:
    assert run("train", toy, *SMALL, "--epochs", 3).status == 0
    assert run("train", toy, *SMALL, "--epochs", 2, "--model", "two.npz").status == 0
    resume = ("--continue", "two.npz", "--epochs", 1, "--model", "three.npz", "--fixed")
    (epoch,) = document("simulate", toy, *resume)["epochs"]
    assert epoch["epoch"] == 2
    assert_same_model(Path("toy-model.npz"), Path("three.npz"))
    result = run(
        "simulate", toy, "--continue", "two.npz", "--epochs", 1, "--samples", 60, "--fixed"
    )
    assert "Note: the model was trained on 120 samples, and is resumed with 60\n" in result.err


def test_the_best_epoch_is_kept(run: Command, document: Document, toy: Path) -> None:
    options = (*SMALL, "--epochs", 4, "--validation", 20, "--samples", 90)
    assert run("train", toy, *options).status == 0
    trained = document("simulate", toy, *options, "--fixed")
    assert_same_model(Path("toy-model.npz"), Path("toy-simulated.npz"))
    assert (trained["samples"], trained["held_out"]) == (90, 20)
    shares = [epoch["validation_accuracy"] for epoch in trained["epochs"]]
    assert trained["kept_epoch"] == shares.index(max(shares))


@pytest.mark.slow
def test_a_recorded_run(document: Document) -> None:
    assert document("simulate", VECTORS / "tiny.npz", "--fixed")["equal_to_recorded"] is True
    assert Path("tiny-simulated.npz").exists()


def test_a_recorded_run_that_is_not_equal(run: Command) -> None:
    with np.load(VECTORS / "tiny.npz") as arrays:
        changed = dict(arrays)
    changed["counters_0"] = changed["counters_0"] ^ 1
    np.savez("changed.npz", **changed)
    result = run("simulate", "changed.npz", "--fixed")
    assert result.status == 1
    assert result.sentence.startswith(
        "the training differs from the recorded run: counters_0[0, 0]"
    )
    assert not Path("changed-simulated.npz").exists()


# Waveforms and mismatches


def test_a_recorded_batch(run: Command, toy: Path) -> None:
    result = run("simulate", toy, *FIXED, "--epochs", 1, "--waves", "w.vcd", "--waves-batch", 12)
    assert result.status == 0, result.err
    assert "$enddefinitions" in Path("w.vcd").read_text()
    result = run("simulate", toy, *FIXED, "--waves", "w.vcd", "--waves-batch", 13)
    assert result.status == 2
    assert result.sentence == "an epoch of 120 samples has 12 batches, so there is no batch 13"


def make_fault(monkeypatch: pytest.MonkeyPatch, fault: Fault) -> None:
    """Have the cores of all simulations make a fault."""
    honest = TrainingSetup.open

    def open_faulty(setup: TrainingSetup, *args: Any, **options: Any) -> SimulatedCore:
        faulty = FaultySetup.make(
            fault, folded=setup.folded, x=setup.x, y=setup.y, _simulators=setup._simulators
        )
        monkeypatch.setattr(TrainingSetup, "open", honest)
        try:
            return faulty.open(*args, **options)
        finally:
            monkeypatch.setattr(TrainingSetup, "open", open_faulty)

    monkeypatch.setattr(TrainingSetup, "open", open_faulty)


@pytest.mark.slow
@pytest.mark.parametrize("check", ["epoch", "batch"])
def test_a_mismatch(run: Command, toy: Path, check: str, monkeypatch: pytest.MonkeyPatch) -> None:
    make_fault(monkeypatch, Fault(epoch=1, batch=4, layer=0, neuron=7, source=23))
    options = ("--check", check, "--model", "m.npz")
    result = run("simulate", toy, *FIXED, "--epochs", 3, *options)
    assert result.status == 1
    assert re.fullmatch(
        r"gateware and golden model differ: epoch 2, batch 5, layer 0, neuron 7, input 23: "
        r"the counter is (-?\d+) and should be (-?\d+); a waveform of the batch is in m\.vcd",
        result.sentence,
    )
    assert not Path("m.npz").exists()
    assert "$enddefinitions" in Path("m.vcd").read_text()
    assert ("searching for the first difference" in result.err) == (check == "epoch")


@pytest.mark.slow
def test_a_mismatch_and_where_its_waveform_goes(
    run: Command, toy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_fault(monkeypatch, Fault(epoch=0, batch=0))
    result = run("simulate", toy, *FIXED, "--waves", "x.vcd", "--quiet")
    assert result.status == 1
    assert result.sentence.endswith("; a waveform of the batch is in x.vcd")
    assert [path.name for path in Path().glob("*.vcd")] == ["x.vcd"]
    result = run("simulate", toy, *FIXED, "--model", "y.vcd", "--quiet")
    assert result.sentence.endswith("; a waveform of the batch is in y.waves.vcd")


# Refused


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (("--check", "never"), "Invalid value for --check: must be epoch or batch, not 'never'"),
        (
            ("--plan", "a.json", "--fpga", "icebreaker"),
            "Invalid value for --plan: already has the fold factors; leave out --plan or --fpga",
        ),
        (("--waves-batch", "2"), "Invalid value for --waves-batch: needs --waves FILE"),
        (
            ("--waves-batch", "0"),
            "Invalid value for --waves-batch: must be at least 1, not 0",
        ),
        (("--epochs", "0"), "Invalid value for --epochs: must be at least 1, not 0"),
    ],
)
def test_options_that_cannot_be(
    run: Command, toy: Path, options: tuple[str, ...], sentence: str
) -> None:
    result = run("simulate", toy, *options)
    assert (result.status, result.sentence) == (2, sentence)


def test_a_plan_that_does_not_suit_the_network(run: Command, toy: Path) -> None:
    Path("plan.json").write_text(json.dumps({"layers": [{"banks": 3}]}))
    result = run("simulate", toy, *SMALL, "--plan", "plan.json")
    assert result.status == 2
    assert result.sentence == (
        "plan.json: layer 0's plan does not fit: banks must divide the 4 groups, not be 3"
    )


def test_files_that_cannot_be_written(run: Command, toy: Path) -> None:
    result = run("simulate", toy, "--waves", "nowhere/w.vcd")
    assert result.status == 1
    assert "cannot write nowhere/w.vcd: there is no directory" in result.sentence
    result = run("simulate", toy, "--waves", toy)
    assert result.sentence == f"--waves {toy} would overwrite its own input; name another file"
    result = run("simulate", "digits", "--test", toy, "--waves", toy)
    assert result.sentence == f"--waves {toy} would overwrite its own input; name another file"
    assert run("train", toy, *SMALL, "--epochs", 1, "--model", "m.npz").status == 0
    before = Path("m.npz").read_bytes()
    result = run("simulate", toy, "--continue", "m.npz", "--waves", "m.npz", "--model", "o.npz")
    assert result.sentence == "--waves m.npz would overwrite its own input; name another file"
    assert Path("m.npz").read_bytes() == before
    result = run("simulate", toy, "--waves", "m.npz", "--model", "m.npz")
    assert result.status == 2
    assert "--waves: must be a file other than --model m.npz" in result.sentence
    result = run("simulate", toy, "--model", toy)
    assert result.sentence == f"--model {toy} would overwrite its own input; name another file"


def test_without_a_compiler(run: Command, toy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CXX", "no-such-compiler")
    result = run("simulate", toy, *FIXED, "--model", "m.npz")
    assert result.status == 1
    assert "C++ compiler" in result.sentence
    assert not Path("m.npz").exists()


# Interrupted


@pytest.mark.slow
@pytest.mark.parametrize("asked", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_who_ends_it_keeps_what_is_finished(toy: Path, asked: signal.Signals) -> None:
    process = in_training("simulate", toy, *FIXED)
    process.send_signal(asked)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 1
    found = re.fullmatch(r"Error: interrupted; epoch (\d+) was saved in (.*)\n", err)
    assert found is not None, err
    assert int(found[1]) >= 2
    assert Model.load(found[2]).epoch == int(found[1])


# The bar


class Terminal(io.StringIO):
    """A stream that takes itself for one."""

    def isatty(self) -> bool:
        return True


def test_the_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = Terminal()
    monkeypatch.setattr(sys, "stdout", screen)
    monkeypatch.setenv("COLUMNS", "160")
    with Reporter() as reporter:
        reporter.advance(500, "1.20 Mcycles/s")  # there is no bar yet
        reporter.start("epoch 1 of 1", 1000)
        reporter.advance(250, "1.10 Mcycles/s")
        reporter.advance(500, "1.20 Mcycles/s")
    text = screen.getvalue()
    assert "epoch 1 of 1" in text
    assert "50 %" in text
    assert "1.20 Mcycles/s" in text
