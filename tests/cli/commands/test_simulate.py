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
from metaplast.golden_model.files.model_file import Model
from metaplast.sim.core.simulated_core import SimulatedCore
from metaplast.sim.cosimulation.training_setup import TrainingSetup

from ...sim.cosimulation.faults import Fault, FaultySetup
from ...vectors import VECTORS
from ..conftest import Command, in_training
from .test_train import assert_same_model

SMALL = ("--hidden", "12", "--groups", "3", "--batch", "10")
LAYER = "banks 1, lanes 1, word 24, counters 24, load 24, slots 4, draws 1, memory block"
VERDICT = (
    r"gateware and golden model are equal: 240 samples, the counts of every batch, "
    r"and every counter after every {}; "
    r"[\d.]+ cycles/sample, [\d,]+ samples/s, \d+\.\d\d Mcycles/s"
)


def test_the_model_is_that_of_train(run: Command, toy: Path) -> None:
    assert run("train", toy, *SMALL, "--epochs", 2).status == 0
    result = run("simulate", toy, *SMALL, "--epochs", 2)
    assert (result.status, result.err) == (0, "")
    assert_same_model(Path("toy-model.npz"), Path("toy-simulated.npz"))
    with np.load("toy-model.npz") as one, np.load("toy-simulated.npz") as other:
        assert set(one.files) == set(other.files)
        for name in set(one.files) - {"history"}:  # which has cycles, and seconds
            assert np.array_equal(one[name], other[name]), name
            assert one[name].dtype == other[name].dtype, name
    lines = result.out.splitlines()
    assert lines[0] == (
        f"{toy}: 120 training samples; network 24–12–3, groups of 3, 8-bit counters"
    )
    assert lines[1] == f"plan, layer 0: {LAYER}"
    assert lines[2] == "building the simulator, unless it was built before"
    assert re.fullmatch(r"simulator (built|found as built before) in \d+ s", lines[3])
    headings = ["epoch", "train", "errors", "(%)", "updates", "at", "bound", "test", "samples/s"]
    assert lines[4].split() == [*headings, "cycles/sample"]
    for number, line in enumerate(lines[5:7], start=1):
        cells = line.split()
        assert cells[0] == str(number)
        assert 20 < float(cells[-1]) < 200
    assert re.fullmatch(VERDICT.format("epoch"), lines[7])
    assert re.fullmatch(r"test accuracy \d+\.\d\d % \(40 samples\)", lines[8])
    assert lines[9:] == ["saved toy-simulated.npz"]


def test_batches_may_be_checked(run: Command, toy: Path) -> None:
    result = run("simulate", toy, *SMALL, "--epochs", 2, "--check", "batch", "--quiet")
    assert (result.status, result.err) == (0, "")
    verdict, accuracy, saved = result.out.splitlines()
    assert re.fullmatch(VERDICT.format("batch"), verdict)
    assert accuracy.startswith("test accuracy")
    assert saved == "saved toy-simulated.npz"


def test_a_document(run: Command, toy: Path) -> None:
    result = run("simulate", toy, *SMALL, "--epochs", 2, "--json", "--model", "m.npz")
    assert (result.status, result.err) == (0, "")
    document = json.loads(result.out)
    model = Model.load("m.npz")
    assert document["config"] == model.config.to_dict()
    assert document["plan"]["layers"][0]["word"] == 24
    assert document["equal_to_golden_model"] is True
    assert document["equal_to_recorded"] is None
    assert document["interrupted"] is False
    assert (document["model"], document["samples"], document["kept_epoch"]) == ("m.npz", 120, 1)
    for epoch, record in zip(document["epochs"], model.history, strict=True):
        assert epoch["cycles_per_sample"] == epoch["cycles"] / 120
        assert {name: epoch[name] for name in record.to_dict()} == record.to_dict()


def test_a_plan_from_a_file(run: Command, toy: Path) -> None:
    plan = {"layers": [{"banks": 2, "lanes": 2, "word": 8, "counters": 4, "load": 8}]}
    Path("plan.json").write_text(json.dumps(plan))
    result = run("simulate", toy, *SMALL, "--epochs", 1, "--plan", "plan.json", "--json")
    assert result.status == 0, result.err
    layer = json.loads(result.out)["plan"]["layers"][0]
    assert {name: layer[name] for name in plan["layers"][0]} == plan["layers"][0]


def test_a_plan_for_a_device(run: Command, toy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CXX", "no-such-compiler")  # it would take its time
    result = run("simulate", toy, *SMALL, "--epochs", 1, "--device", "icebreaker")
    assert result.out.splitlines()[1].startswith("plan for iCE40UP5K, layer 0: banks ")


def test_going_on_with_a_model(run: Command, toy: Path) -> None:
    assert run("train", toy, *SMALL, "--epochs", 3).status == 0
    assert run("train", toy, *SMALL, "--epochs", 2, "--model", "two.npz").status == 0
    result = run("simulate", toy, "--continue", "two.npz", "--epochs", 1, "--model", "three.npz")
    assert result.status == 0, result.err
    assert result.out.splitlines()[5].split()[0] == "3"
    assert_same_model(Path("toy-model.npz"), Path("three.npz"))
    assert "Note" not in result.err
    result = run("simulate", toy, "--continue", "two.npz", "--epochs", 1, "--samples", 60)
    assert "Note: the model was trained on 120 samples, and goes on with 60\n" in result.err


def test_the_best_epoch_is_kept(run: Command, toy: Path) -> None:
    options = (*SMALL, "--epochs", 4, "--validation", 20, "--samples", 90)
    assert run("train", toy, *options).status == 0
    result = run("simulate", toy, *options)
    assert result.status == 0, result.err
    assert_same_model(Path("toy-model.npz"), Path("toy-simulated.npz"))
    assert f"{toy}: 90 training samples, 20 held out; network 24–" in result.out
    assert re.search(r"^kept epoch \d, the best on the 20 samples held out: ", result.out, re.M)


def test_a_recorded_run(run: Command) -> None:
    result = run("simulate", VECTORS / "tiny.npz")
    assert (result.status, result.err) == (0, "")
    assert "equal to the recorded run" in result.out.splitlines()
    assert Path("tiny-simulated.npz").exists()


def test_a_recorded_run_that_is_not_equal(run: Command) -> None:
    with np.load(VECTORS / "tiny.npz") as arrays:
        changed = dict(arrays)
    changed["counters_0"] = changed["counters_0"] ^ 1
    np.savez("changed.npz", **changed)
    result = run("simulate", "changed.npz")
    assert result.status == 1
    assert result.sentence.startswith(
        "the training differs from the recorded run: counters_0[0, 0]"
    )
    assert not Path("changed-simulated.npz").exists()


# Waveforms and mismatches


def test_a_recorded_batch(run: Command, toy: Path) -> None:
    result = run("simulate", toy, *SMALL, "--epochs", 1, "--waves", "w.vcd", "--waves-batch", 12)
    assert result.status == 0, result.err
    assert "batch 12 is recorded in w.vcd" in result.out.splitlines()
    assert "$enddefinitions" in Path("w.vcd").read_text()
    result = run("simulate", toy, *SMALL, "--waves", "w.vcd", "--waves-batch", 13)
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


@pytest.mark.parametrize("check", ["epoch", "batch"])
def test_a_mismatch(run: Command, toy: Path, check: str, monkeypatch: pytest.MonkeyPatch) -> None:
    make_fault(monkeypatch, Fault(epoch=1, batch=4, layer=0, neuron=7, source=23))
    options = ("--check", check, "--model", "m.npz")
    result = run("simulate", toy, *SMALL, "--epochs", 3, *options)
    assert result.status == 1
    assert re.fullmatch(
        r"gateware and golden model differ: epoch 2, batch 5, layer 0, neuron 7, input 23: "
        r"the counter is (-?\d+) and should be (-?\d+); a waveform of the batch is in m\.vcd",
        result.sentence,
    )
    assert not Path("m.npz").exists()
    assert "$enddefinitions" in Path("m.vcd").read_text()
    assert ("looking for where it begins" in result.err) == (check == "epoch")


def test_a_mismatch_and_where_its_waveform_goes(
    run: Command, toy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_fault(monkeypatch, Fault(epoch=0, batch=0))
    result = run("simulate", toy, *SMALL, "--waves", "x.vcd", "--quiet")
    assert result.status == 1
    assert result.sentence.endswith("; a waveform of the batch is in x.vcd")
    assert [path.name for path in Path().glob("*.vcd")] == ["x.vcd"]
    result = run("simulate", toy, *SMALL, "--model", "y.vcd", "--quiet")
    assert result.sentence.endswith("; a waveform of the batch is in y.waves.vcd")


# Refused


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (("--check", "never"), "Invalid value for --check: must be epoch or batch, not 'never'"),
        (
            ("--plan", "a.json", "--device", "icebreaker"),
            (
                "Invalid value for --plan: has the fold factors already, so that there is nothing "
                "to plan for --device; leave one of them out"
            ),
        ),
        (("--waves-batch", "2"), "Invalid value for --waves-batch: needs --waves FILE"),
        (
            ("--waves-batch", "0"),
            "Invalid value for --waves-batch: must be at least 1, not 0",
        ),
        (("--fault", "1,2,0,0,0"), "No such option: --fault (Possible options: --plot)"),
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
    assert run("train", toy, *SMALL, "--epochs", 1, "--model", "m.npz").status == 0
    before = Path("m.npz").read_bytes()
    result = run("simulate", toy, "--continue", "m.npz", "--waves", "m.npz", "--model", "o.npz")
    assert result.sentence == "--waves m.npz would overwrite its own input; name another file"
    assert Path("m.npz").read_bytes() == before
    result = run("simulate", toy, "--waves", "m.npz", "--model", "m.npz")
    assert result.status == 2
    assert "--waves: must be another file than --model m.npz" in result.sentence
    result = run("simulate", toy, "--model", toy)
    assert result.sentence == f"--model {toy} would overwrite its own input; name another file"


def test_without_a_compiler(run: Command, toy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CXX", "no-such-compiler")
    result = run("simulate", toy, *SMALL, "--model", "m.npz")
    assert result.status == 1
    assert "C++ compiler" in result.sentence
    assert not Path("m.npz").exists()


# Interrupted


@pytest.mark.parametrize("asked", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_who_ends_it_keeps_what_is_finished(toy: Path, asked: signal.Signals) -> None:
    process = in_training("simulate", toy, *SMALL)
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
