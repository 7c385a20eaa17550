"""`metaplast encode`."""

import json
from pathlib import Path

import numpy as np
import pytest

from metaplast.golden_model import datasets
from metaplast.golden_model.encoding import EncodingChoice, fit_encoder
from metaplast.golden_model.files.model_file import Model


def test_the_file_is_the_encoded_data_set(document):
    options = ("--planes", "level,right", "--pool")
    made = document("encode", "digits", *options, "--out", "bits.npz")
    data = datasets.load("digits")
    choice = EncodingChoice(planes=("level", "right"), pool=True)
    encoder = fit_encoder(data.x_train, choice, image_shape=data.image_shape)
    with np.load("bits.npz", allow_pickle=False) as file:
        arrays = dict(file)
    assert arrays.keys() == made["arrays"].keys()
    assert np.array_equal(arrays["x_train"], encoder.encode(data.x_train))
    assert np.array_equal(arrays["x_test"], encoder.encode(data.x_test))
    assert np.array_equal(arrays["y_train"], data.y_train)
    assert np.array_equal(arrays["y_test"], data.y_test)
    assert json.loads(str(arrays["encoder"])) == encoder.to_dict() == made["encoding"]
    assert (made["train"], made["test"], made["bits"]) == (1437, 360, 32)
    assert made["labels"] == arrays["labels"].tolist() == list(range(10))


def test_it_trains_like_the_data_set(document):
    options = ("--bits-per-feature", 2)
    document("encode", "digits", *options, "--out", "bits.npz")
    small = ("--hidden", 16, "--epochs", 2)
    bits, raw = document("train", "bits.npz", *small), document("train", "digits", *small, *options)
    assert bits["epochs"][1]["updates"] == raw["epochs"][1]["updates"]
    assert bits["test_accuracy"] == raw["test_accuracy"]


def test_by_a_model(document, run):
    rows = [f"{i % 7},{i % 3},{'ab'[i % 2]}" for i in range(40)]
    Path("table.csv").write_text("\n".join(["u,v,label", *rows]))
    assert run("train", "table.csv", "--per-feature", "--hidden", 8, "--epochs", 1).status == 0
    moved = [",".join(row.split(",")[i] for i in (2, 1, 0)) for row in rows]
    Path("moved.csv").write_text("\n".join(["label,v,u", *moved]))
    made = document("encode", "moved.csv", "--model", "table-model.npz", "--out", "bits.npz")
    assert (made["labels"], made["class_names"], made["test"]) == (["a", "b"], ["a", "b"], 0)
    with np.load("bits.npz") as arrays:
        x = datasets.load("table.csv").x_train
        assert np.array_equal(arrays["x_train"], Model.load("table-model.npz").encoder.encode(x))
        assert arrays["labels"].tolist() == arrays["class_names"].tolist() == ["a", "b"]
        assert "x_test" not in arrays


def test_a_line(run):
    result = run("encode", "digits", "--encoding", "median", "--out", "bits.npz")
    assert (result.status, result.err) == (0, "")
    assert result.out.splitlines() == [
        "encoding: 64 features, 1 bit each: above 1",
        "wrote bits.npz: 1,437 training and 360 test samples of 64 bits, 10 classes",
    ]


@pytest.mark.parametrize(
    ("options", "status", "part"),
    [
        (
            ("--model", "toy-model.npz", "--planes", "level", "--out", "a.npz"),
            2,
            "leave out --model",
        ),
        (("--out", "toy.npz"), 1, "--out toy.npz would overwrite its own input"),
        (
            ("--model", "toy-model.npz", "--out", "toy-model.npz"),
            1,
            "would overwrite its own input",
        ),
        (("--out", "a.csv"), 1, "a.csv must end with .npz"),
        (("--out", "no/a.npz"), 1, "cannot write no/a.npz: there is no directory"),
        (("--out", "a.npz", "--bits-per-feature", 3), 1, "carry 1 bit a feature, not 3"),
    ],
)
def test_refused(run, toy, model, options, status, part):
    before = toy.read_bytes(), model.read_bytes()
    result = run("encode", "toy.npz", *options)
    assert result.status == status
    assert part in result.sentence
    assert (toy.read_bytes(), model.read_bytes()) == before


def test_data_of_another_shape(run, model):
    result = run("encode", "digits", "--model", model, "--out", "a.npz")
    assert result.status == 1
    assert result.sentence == "digits has 64 features per sample, and the model was trained with 24"
