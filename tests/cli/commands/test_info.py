"""`metaplast info`."""

import json
from pathlib import Path

import numpy as np

from metaplast.golden_model.files.model_file import Model


def test_text(run, toy, model):
    result = run("info", model)
    assert (result.status, result.err) == (0, "")
    facts = dict(line.split("  ", 1) for line in result.out.splitlines()[:11])
    facts = {name: value.strip() for name, value in facts.items()}
    last = Model.load(model).history[-1]
    assert facts["trained on"] == str(toy)
    assert facts["network"] == "24–12–3"
    assert facts["batch"] == "10"
    assert facts["encoding"] == "24 features, bits already"
    assert facts["epochs trained"] == "2"
    assert facts["training accuracy"] == f"{100 * last.accuracy:.2f} %"
    assert result.out.splitlines()[-1].split()[:6] == ["0", "24", "12", "3", "288", "2,304"]


def test_json(run, model):
    document = json.loads(run("info", model, "--json").out)
    trained = Model.load(model)
    assert document["config"] == trained.config.to_dict()
    assert document["epochs_trained"] == 2
    assert document["history"] == [record.to_dict() for record in trained.history]
    assert document["encoding"] == {
        "kind": "bits",
        "features": 24,
        "outputs": 24,
        "thresholds": [],
    }
    k = trained.counters[0]
    assert document["layers"][0]["saturated"] == np.count_nonzero((k == -128) | (k == 127))


def test_shared_thresholds_and_held_out(run):
    args = ("--hidden", 8, "--epochs", 1, "--bits-per-feature", 2, "--validation", 100)
    run("train", "digits", *args)
    out = run("info", "digits-model.npz").out
    assert "64 features, 2 bits each: above 1, 11" in out
    assert "held-out accuracy" in out
    assert "test accuracy" in out


def test_thresholds_of_each_feature(run):
    rows = ["a,b,c,label"] + [f"{i % 7},5,{i % 3},{i % 2}" for i in range(40)]
    Path("table.csv").write_text("\n".join(rows))
    run("train", "table.csv", "--per-feature", "--hidden", 8, "--epochs", 1)
    assert "3 features, 2 of them kept, 1 bit each" in run("info", "table-model.npz").out
    document = json.loads(run("info", "table-model.npz", "--json").out)
    assert document["encoding"]["kind"] == "thermometer-per-feature"
    assert document["encoding"]["thresholds"] == [[3, None, 1]]
