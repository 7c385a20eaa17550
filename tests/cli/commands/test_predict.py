"""`metaplast predict`."""

import json

import numpy as np

from metaplast.golden_model import BMLPClassifier
from metaplast.golden_model.files.model_file import Model


def test_a_label_a_line(run, toy, model):
    with np.load(toy) as arrays:
        x = arrays["x_test"]
    np.savez("x.npz", x=x)
    result = run("predict", model, "x.npz")
    assert (result.status, result.err) == (0, "")
    assert list(map(int, result.out.splitlines())) == Model.load(model).predict(x).tolist()


def test_one_document(run, document, toy, model):
    lines = run("predict", model, toy).out.splitlines()
    assert document("predict", model, toy) == {"labels": list(map(int, lines))}


def test_labels_of_a_model_that_was_trained_in_python(document, toy):
    with np.load(toy) as arrays:
        x, y, x_test = arrays["x_train"], arrays["y_train"], arrays["x_test"]
    own = np.array([-5, 7, 1000, 1001])[: y.max() + 1]
    learner = BMLPClassifier(hidden=(16,), per_feature=False, random_state=3).fit(x, own[y])
    learner.to_model().save("own.npz")
    assert document("predict", "own.npz", toy)["labels"] == learner.predict(x_test).tolist()
    named = BMLPClassifier(hidden=(16,), per_feature=False, random_state=3)
    named.fit(x, np.array(["a", "b", "c", "d"])[y]).to_model().save("named.npz")
    classes = document("predict", "named.npz", toy)["labels"]
    assert own[classes].tolist() == learner.predict(x_test).tolist()


def test_a_table(run, document, toy, model):
    with np.load(toy) as arrays:
        x = arrays["x_test"]
    np.savetxt("x.csv", x, fmt="%d", delimiter=",")
    with_labels = np.column_stack([x, np.zeros(len(x), int)])
    np.savetxt("xy.csv", with_labels, fmt="%d", delimiter=",")
    expected = document("predict", model, toy)
    assert document("predict", model, "x.csv") == expected
    result = run("predict", model, "xy.csv", "--json")
    assert (result.status, json.loads(result.out)) == (0, expected)
    assert "the last, column 25, is left out as the labels" in result.err


def test_a_data_set_by_name(run, document):
    run("train", "digits", "--hidden", 8, "--epochs", 1)
    assert len(document("predict", "digits-model.npz", "digits")["labels"]) == 360


def test_nothing_to_predict(run, toy, model):
    np.savez("y.npz", y=np.zeros(3))
    result = run("predict", model, "y.npz")
    assert result.status == 1
    assert result.out == ""
    assert "holds neither x nor x_test" in result.sentence
