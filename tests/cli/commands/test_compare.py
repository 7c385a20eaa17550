"""`metaplast compare`."""

from typing import Any

import numpy as np
import pytest

from metaplast.golden_model.baselines import comparison

ARGS = ("--hidden", "12", "--epochs", "2", "--batch", "10")
BINARY = ("--models", "ours,committee")


@pytest.fixture
def nothing_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(comparison, "_installed", lambda package: False)


@pytest.fixture
def compared(document: Any, toy: Any, nothing_installed: None) -> dict[str, Any]:
    parsed: dict[str, Any] = document("compare", toy, *ARGS, "--seeds", 3, "--seed", 5)
    return parsed


def test_the_document(compared):
    network = compared["network"]
    assert (compared["samples"], compared["epochs"], compared["seeds"]) == (120, 2, [5, 6, 7])
    assert (network["inputs"], network["hidden"], network["classes"]) == (24, [12], 3)
    assert [row["model"] for row in compared["models"]] == ["ours", "committee"]
    assert [row["sizes"] for row in compared["models"]] == [[24, 12, 3], [24, 15, 3]]
    assert [row["parameter_bits"] for row in compared["models"]] == [324, 369]
    assert [row["training_state_bits"] for row in compared["models"]] == [2628, 3249]
    assert [row["memory_bits"] for row in compared["models"]] == [5304, 5910]
    assert len(compared["not_run"]) == 3
    assert compared["equal"] is None
    assert compared["plots"] == []
    assert any("seeds 5 to 7" in line for line in compared["assumptions"])


def test_every_run_and_its_mean(compared):
    for row in compared["models"]:
        assert [run["seed"] for run in row["runs"]] == [5, 6, 7]
        values = [run["test_accuracy"] for run in row["runs"]]
        assert row["test_accuracy"]["mean"] == pytest.approx(np.mean(values))
        assert row["test_accuracy"]["deviation"] == pytest.approx(np.std(values, ddof=1))
        assert row["test_accuracy"]["n"] == 3
        assert row["held_out_accuracy"] is None
        assert row["gates"]["mean"] > 1000


def test_ours_is_the_last_epoch_of_train(document, toy):
    held_out = (*ARGS, "--validation", 20, "--samples", 90, "--seed", 2)
    compared = document("compare", toy, *held_out, "--models", "ours")
    (row,) = compared["models"]
    last = document("train", toy, *held_out)["epochs"][-1]
    assert (compared["samples"], compared["held_out"], row["samples"]) == (90, 20, 90)
    assert row["held_out_accuracy"] == {
        "mean": last["validation_accuracy"],
        "deviation": None,
        "n": 1,
    }
    assert row["test_accuracy"]["mean"] == last["test_accuracy"]


def test_any_depth(document, toy):
    args = ("--hidden", "12,9,6", "--epochs", 1, "--models", "ours")
    (row,) = document("compare", toy, *args)["models"]
    assert row["sizes"] == [24, 12, 9, 6, 3]


def test_the_options_of_the_rivals(document, toy):
    args = (*ARGS, "--models", "committee", "--committee-group", 3, "--equal", "memory")
    (committee,) = document("compare", toy, *args, "--jobs", 1)["models"]
    # Of our 2,880 + 8·288 + 10·12 bits; each group has 8·72 + 10·3.
    assert (committee["sizes"], committee["groups"]) == ([24, 12, 3], [3])


@pytest.mark.slow
def test_the_options_of_sgd(document, toy):
    pytest.importorskip("sklearn")
    args = ("--models", "sgd", "--hidden", 4, "--epochs", 2, "--sgd-rate", 0.3, "--validation", 20)
    compared = [
        document("compare", toy, *args, "--sgd-input", inputs) for inputs in ("bits", "features")
    ]
    bits, features = (one["models"][0] for one in compared)
    assert [row["input"] for row in (bits, features)] == ["bits", "features"]
    assert features["memory_bits"] - bits["memory_bits"] == 100 * 24 * 31
    # Features that are 0 and 1 are scaled to what bits are.
    assert features["test_accuracy"] == bits["test_accuracy"]
    assert features["held_out_accuracy"] == bits["held_out_accuracy"]
    assert any("learning rate 0.3" in line for line in compared[0]["assumptions"])


def test_a_smaller_budget_names_the_model(document, toy):
    pytest.importorskip("sklearn")
    args = ("--models", "sgd,ours", "--equal", "parameters")
    compared = document("compare", toy, *ARGS, *args)
    assert [row["model"] for row in compared["models"]] == ["ours"]
    (reason,) = compared["not_run"]
    assert reason == (
        "float MLP, SGD: not run, its smallest form, 24–1–3, has 992 bits of parameters, and the "
        "limit is 324"
    )


def test_plot(document, run, toy):
    pytest.importorskip("matplotlib")
    args = (*ARGS, *BINARY, "--seeds", 2, "--plot", "pictures/new")
    assert document("compare", toy, *args)["plots"] == ["pictures/new/comparison.png"]
    assert (toy.parent / "pictures/new/comparison.png").read_bytes().startswith(b"\x89PNG")
    toy.with_name("file").write_text("")
    result = run("compare", toy, *args[:-1], "file")
    assert result.status == 1
    assert result.sentence.startswith("--plot file: ")


def test_quiet_prints_no_assumptions(run, toy):
    texts = [run("compare", toy, *ARGS, *BINARY, *more).out for more in ((), ("--quiet",))]
    assert [text.count("\n- ") for text in texts] == [6, 0]
    assert "CP+R committee, one layer" in texts[1]


def test_needs_samples_to_measure_on(run, document, toy):
    with np.load(toy) as arrays:
        np.savez("alone.npz", x_train=arrays["x_train"], y_train=arrays["y_train"])
    result = run("compare", "alone.npz")
    assert result.status == 1
    assert result.sentence == (
        "alone.npz has no test split, on which models are compared; give one with --test or "
        "--test-share, or hold out training samples with --validation"
    )
    held_out = document("compare", "alone.npz", *ARGS, *BINARY, "--validation", 20)
    assert held_out["models"][0]["test_accuracy"] is None
    assert held_out["models"][0]["held_out_accuracy"]["n"] == 1


@pytest.mark.parametrize(
    ("option", "value", "words"),
    [
        ("--counter-bits", "1", "from 2 to 16"),
        ("--samples", "0", "at least 1, not 0"),
        ("--seeds", "0", "at least 1, not 0"),
        ("--seeds", "two", "a whole number"),
        ("--jobs", "0", "at least 1, not 0"),
        ("--validation", "-1", "at least 0, not -1"),
        ("--validation", "120", "leaves no sample"),
        ("--models", "ours,theirs", "'theirs' is none of ours, committee, sgd, adam,"),
        ("--models", "sgd,ours,sgd", "'sgd' is named twice"),
        ("--equal", "size", "'size' is not one of"),
        ("--committee-group", "0", "at least 1, not 0"),
        ("--sgd-rate", "0", "must be above 0, not 0.0"),
        ("--sgd-rate", "inf", "must be finite and at least 0, not inf"),
        ("--sgd-input", "floats", "'floats' is not one of"),
    ],
)
def test_bad_options(run, toy, option, value, words):
    result = run("compare", toy, option, value)
    assert result.status == 2
    message = " ".join(result.err.replace("│", " ").split())
    assert option in message
    assert words in message


def test_missing_data(run):
    assert run("compare", "missing.npz").status == 1


@pytest.mark.parametrize(
    ("option", "value", "model"),
    [
        ("--committee-group", 5, "committee"),
        ("--sgd-rate", 0.1, "sgd"),
        ("--sgd-input", "features", "sgd"),
    ],
)
def test_an_option_of_a_model_that_is_not_compared(run, toy, option, value, model):
    result = run("compare", toy, "--models", "ours", option, value)
    assert result.status == 2
    assert f"{option}: needs the model {model} in --models" in result.sentence
