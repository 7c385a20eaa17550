"""`metaplast compare`."""

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
def compared(document: Any, toy: Any, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    without(monkeypatch, "torch")
    parsed: dict[str, Any] = document("compare", toy, *ARGS)
    return parsed


def test_every_model_is_there(compared):
    assert (compared["samples"], compared["sizes"], compared["epochs"]) == (120, [24, 12, 3], 2)
    assert [row["model"] for row in compared["models"]] == [
        "local binary errors (ours)",
        "CP+R committee, one layer",
        "float MLP, SGD",
        "float MLP, Adam",
    ]
    assert len(compared["not_run"]) == 1
    for row in compared["models"]:
        assert 0.3 < row["test_accuracy"] <= 1
        assert row["seconds"] > 0


def test_ours_is_what_train_gives(compared, document, toy):
    trained = document("train", toy, *ARGS)
    assert compared["models"][0]["test_accuracy"] == trained["test_accuracy"]


def test_memory(compared):
    ours, committee, sgd, adam = compared["models"]
    assert ours["parameter_bits"] == 12 * 24 + 3 * 12
    assert ours["state_bits"] == 12 * 24 * (8 + 1) + 3 * 12
    assert committee["parameter_bits"] == 15 * 24 + 3 * 3
    assert committee["state_bits"] == 15 * 24 * (8 + 1) + 3 * 3
    parameters = 24 * 12 + 12 + 12 * 3 + 3
    assert sgd["parameter_bits"] == adam["parameter_bits"] == 32 * parameters
    assert sgd["state_bits"] == 2 * 32 * parameters
    assert adam["state_bits"] == 4 * 32 * parameters


def test_gates(compared):
    ours, committee, sgd, adam = (row["gates"] for row in compared["models"])
    assert 100 * max(ours, committee) < sgd < adam


def test_the_committee_is_trained_as_ours_is(compared, toy):
    import numpy as np

    with np.load(toy) as arrays:
        config = NetworkConfig(inputs=24, hidden=(15,), groups=(5,), classes=3, batch=10)
        machine = CommitteeMachine(config)
        trainer = Trainer(machine)
        for _ in range(2):
            trainer.train_epoch(arrays["x_train"], arrays["y_train"].astype(np.int64))
        accuracy = np.mean(machine.predict(arrays["x_test"]) == arrays["y_test"])
    assert compared["models"][1]["test_accuracy"] == accuracy


def test_without_scikit_learn(document, toy, monkeypatch):
    without(monkeypatch, "torch", "sklearn")
    monkeypatch.setitem(sys.modules, "sklearn", None)
    result = document("compare", toy, *ARGS)
    assert len(result["models"]) == 2
    assert [line.split(":")[0] for line in result["not_run"]] == [
        "float MLP, SGD",
        "float MLP, Adam",
        "binary MLP, straight-through",
    ]


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
