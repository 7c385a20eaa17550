"""`metaplast compare`."""

import json
import sys
from typing import Any

import pytest

from metaplast.golden_model import NetworkConfig, Trainer
from metaplast.golden_model.baselines.committee import CommitteeMachine

ARGS = ("--hidden", "12", "--epochs", "2", "--batch", "10")


def without(monkeypatch: pytest.MonkeyPatch, *modules: str) -> None:
    from metaplast.golden_model.baselines import comparison

    installed = comparison._installed
    monkeypatch.setattr(
        comparison, "_installed", lambda name: name not in modules and installed(name)
    )


@pytest.fixture
def document(run: Any, toy: Any, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    without(monkeypatch, "torch")
    result = run("compare", toy, *ARGS, "--json")
    assert (result.status, result.err) == (0, "")
    return json.loads(result.out)


def test_every_model_is_there(document):
    assert [row["model"] for row in document["models"]] == [
        "local binary errors (ours)",
        "CP+R committee, one layer",
        "float MLP, SGD",
        "float MLP, Adam",
    ]
    assert len(document["not_run"]) == 1
    for row in document["models"]:
        assert 0.3 < row["test_accuracy"] <= 1
        assert row["seconds"] > 0


def test_ours_is_what_train_gives(document, run, toy):
    trained = json.loads(run("train", toy, *ARGS, "--json").out)
    assert document["models"][0]["test_accuracy"] == trained["test_accuracy"]


def test_memory(document):
    ours, committee, sgd, adam = document["models"]
    assert ours["parameter_bits"] == 12 * 24 + 3 * 12
    assert ours["state_bits"] == 12 * 24 * (8 + 1) + 3 * 12
    assert committee["parameter_bits"] == 15 * 24 + 3 * 3
    assert committee["state_bits"] == 15 * 24 * (8 + 1) + 3 * 3
    parameters = 24 * 12 + 12 + 12 * 3 + 3
    assert sgd["parameter_bits"] == adam["parameter_bits"] == 32 * parameters
    assert sgd["state_bits"] == 2 * 32 * parameters
    assert adam["state_bits"] == 4 * 32 * parameters


def test_gates(document):
    ours, committee, sgd, adam = (row["gates"] for row in document["models"])
    assert 100 * max(ours, committee) < sgd < adam


def test_the_committee_is_trained_as_ours_is(document, toy):
    import numpy as np

    with np.load(toy) as arrays:
        config = NetworkConfig(inputs=24, hidden=(15,), groups=(5,), classes=3, batch=10)
        machine = CommitteeMachine(config)
        trainer = Trainer(machine)
        for _ in range(2):
            trainer.train_epoch(arrays["x_train"], arrays["y_train"].astype(np.int64))
        accuracy = np.mean(machine.predict(arrays["x_test"]) == arrays["y_test"])
    assert document["models"][1]["test_accuracy"] == accuracy


def test_table(run, toy, monkeypatch):
    without(monkeypatch, "torch")
    lines = run("compare", toy, *ARGS).out.splitlines()
    assert lines[0].endswith("120 training samples, network 24–12–3, 2 epochs, batch 10")
    assert lines[1].split()[0] == "model"
    assert len(lines) == 7
    assert lines[6] == (
        "binary MLP, straight-through: not run, torch is not installed (pip install torch)"
    )


def test_without_scikit_learn(run, toy, monkeypatch):
    without(monkeypatch, "torch", "sklearn")
    monkeypatch.setitem(sys.modules, "sklearn", None)
    result = run("compare", toy, *ARGS)
    assert result.status == 0
    assert result.out.count("not run, sklearn is not installed") == 2
    assert "pip install 'metaplast[sklearn]'" in result.out


def test_needs_a_test_split(run, toy):
    import numpy as np

    with np.load(toy) as arrays:
        np.savez("alone.npz", x_train=arrays["x_train"], y_train=arrays["y_train"])
    result = run("compare", "alone.npz")
    assert result.status == 1
    assert result.sentence == (
        "alone.npz has no test split, on which models are compared; give an .npz file with x_test "
        "and y_test, too"
    )


def test_bad_options(run):
    assert run("compare", "digits", "--counter-bits", 1).status == 2
    assert run("compare", "digits", "--samples", 0).status == 2
    assert run("compare", "missing.npz").status == 1
