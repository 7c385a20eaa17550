"""`metaplast info`."""

from pathlib import Path

import numpy as np

from metaplast.cli.commands.info import shortened
from metaplast.golden_model.files.model_file import Model


def test_a_model(document, toy, model):
    document = document("info", model)
    trained = Model.load(model)
    assert document["config"] == trained.config.to_dict()
    assert document["data"] == str(toy)
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


def test_shared_thresholds_and_held_out(run, document):
    args = ("--hidden", 8, "--epochs", 1, "--bits-per-feature", 2, "--validation", 100)
    assert run("train", "digits", *args).status == 0
    shown = document("info", "digits-model.npz")
    assert shown["encoding"]["thresholds"] == [1, 11]
    (record,) = shown["history"]
    assert 0 < record["validation_accuracy"] < 1
    assert 0 < record["test_accuracy"] < 1


def test_thresholds_of_each_feature(run, document):
    rows = ["a,b,c,label"] + [f"{i % 7},5,{i % 3},{i % 2}" for i in range(40)]
    Path("table.csv").write_text("\n".join(rows))
    assert run("train", "table.csv", "--per-feature", "--hidden", 8, "--epochs", 1).status == 0
    encoding = document("info", "table-model.npz")["encoding"]
    assert encoding["kind"] == "thermometer-per-feature"
    assert encoding["thresholds"] == [[3, None, 1]]


def test_names_and_shuffle_block(run, document):
    rows = ["a,b,c,label"] + [f"{i % 7},5,{i % 3},{'xy'[i % 2]}" for i in range(40)]
    Path("table.csv").write_text("\n".join(rows))
    options = ("--hidden", 8, "--epochs", 1, "--shuffle-block", 4)
    assert run("train", "table.csv", *options).status == 0
    shown = document("info", "table-model.npz")
    assert shown["labels"] == shown["class_names"] == ["x", "y"]
    assert (shown["feature_names"], shown["label_name"]) == (["a", "b", "c"], "label")
    assert shown["config"]["shuffle_block"] == 4
    lines = {
        line[:17].strip(): line[19:] for line in run("info", "table-model.npz").out.splitlines()
    }
    assert (lines["classes"], lines["columns"], lines["label column"]) == (
        "x, y",
        "a, b, c",
        "label",
    )
    assert lines["shuffle block S"] == "4"
    assert "labels" not in lines


def test_many_names_are_shortened():
    assert shortened(map(str, range(12))) == "0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11"
    assert shortened(map(str, range(30))) == "0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, … (30 in all)"
