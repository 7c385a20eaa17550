"""`metaplast evaluate`."""

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from metaplast.golden_model import BMLPClassifier
from metaplast.golden_model.files.model_file import Model
from metaplast.golden_model.metrics import confusion_matrix

VECTORS = Path(__file__).parents[2] / "data" / "vectors"


def test_confusion_matrix():
    true, predicted = np.array([0, 0, 1, 2, 2, 2]), np.array([0, 2, 1, 2, 2, 0])
    assert confusion_matrix(true, predicted, 4).tolist() == (
        [[1, 0, 1, 0], [0, 1, 0, 0], [1, 0, 2, 0], [0, 0, 0, 0]]
    )


def test_the_measures(document, toy, model):
    document = document("evaluate", model, toy)
    with np.load(toy) as arrays:
        x, y = arrays["x_test"], arrays["y_test"].astype(np.int64)
    predicted = Model.load(model).predict(x)
    confusion = confusion_matrix(y, predicted, 3)
    assert document["confusion"] == confusion.tolist()
    assert document["accuracy"] == float(np.mean(predicted == y))
    assert document["recall"] == [
        float(np.mean(predicted[y == label] == label)) for label in range(3)
    ]
    assert document["balanced_accuracy"] == pytest.approx(np.mean(document["recall"]))
    assert document["layer_accuracy"] == [document["accuracy"]]
    assert (document["split"], document["samples"]) == ("test", 40)


def test_accuracy_of_each_layer(run, document, toy):
    run("train", toy, "--hidden", "12,8", "--epochs", 2, "--model", "two.npz")
    measured = document("evaluate", "two.npz", toy)
    model = Model.load("two.npz")
    assert measured["layer_accuracy"] == list(model.history[-1].layer_test_accuracy)
    first, last = measured["layer_accuracy"]
    assert first != last == measured["accuracy"]
    lines = run("evaluate", "two.npz", toy).out.splitlines()
    assert lines[1:3] == [
        f"balanced accuracy {100 * measured['balanced_accuracy']:.2f} %",
        f"accuracy of each layer {100 * first:.2f} %, {100 * last:.2f} %",
    ]


def test_the_balanced_accuracy_is_of_the_classes_that_have_samples(document, toy, model):
    with np.load(toy) as arrays:
        some = arrays["y_test"] < 2
        np.savez("two.npz", x_test=arrays["x_test"][some], y_test=arrays["y_test"][some])
    measured = document("evaluate", model, "two.npz")
    assert measured["recall"][2] is None
    assert measured["balanced_accuracy"] == pytest.approx(np.mean(measured["recall"][:2]))
    assert measured["balanced_accuracy"] != measured["accuracy"]


@pytest.mark.parametrize(
    ("names", "headings"),
    [
        (("cat", "dog", "red fox"), ["0 cat", "1 dog", "2 red fox"]),
        (("a" * 30, "b" * 30, "c"), ["0", "1", "2"]),
        (("0", "1", "2"), ["0", "1", "2"]),
    ],
)
def test_short_names_are_headings_of_the_confusion_matrix(run, toy, model, names, headings):
    replace(Model.load(model), class_names=names).save("named.npz")
    table = run("evaluate", "named.npz", toy).out.splitlines()[3:]
    assert re.split(r"\s{2,}", table[0]) == ["true \\ predicted", *headings, "recall"]
    titles = [name if name in "012" else f"{c} {name}" for c, name in enumerate(names)]
    assert [line.split("  ")[0] for line in table[1:]] == titles


def test_the_test_split_is_that_of_the_training_report(document, toy, model):
    accuracy = document("evaluate", model, toy)["accuracy"]
    assert accuracy == Model.load(model).history[-1].test_accuracy


def test_the_training_split(document, toy, model):
    measured = document("evaluate", model, toy, "--split", "train")
    assert (measured["split"], measured["samples"]) == ("train", 120)
    assert measured["accuracy"] != document("evaluate", model, toy)["accuracy"]


def test_without_a_test_split(run, document, toy, model):
    with np.load(toy) as arrays:
        np.savez("alone.npz", x_train=arrays["x_train"], y_train=arrays["y_train"])
    measured = document("evaluate", model, "alone.npz")
    assert (measured["split"], measured["samples"]) == ("train", 120)
    result = run("evaluate", model, "alone.npz", "--split", "test")
    assert (result.status, result.sentence) == (
        1,
        "alone.npz has no test split; ask for its train split (command line: --split train)",
    )


def test_labels_of_a_model_that_was_trained_in_python(run, document, toy):
    with np.load(toy) as arrays:
        x, y, x_test, y_test = (arrays[f"{k}_{s}"] for s in ("train", "test") for k in "xy")
    learner = BMLPClassifier(hidden=(16,), per_feature=False, random_state=3).fit(x, y + 1)
    learner.to_model().save("own.npz")
    np.savez("one.npz", x_test=x_test, y_test=y_test + 1)
    some = y_test < 2
    np.savez("two.npz", x_test=x_test[some], y_test=y_test[some] + 1)
    measured = document("evaluate", "own.npz", "one.npz")
    assert measured["accuracy"] == learner.score(x_test, y_test + 1)
    assert (measured["samples"], measured["class_names"]) == (40, ["1", "2", "3"])
    measured = document("evaluate", "own.npz", "two.npz")
    assert measured["accuracy"] == learner.score(x_test[some], y_test[some] + 1)
    assert measured["labels"] == [1, 2, 3]
    assert measured["recall"][2] is None
    result = run("evaluate", "own.npz", toy)
    assert (result.status, result.sentence) == (
        1,
        f"{toy} has label 0, and the model knows the labels 1, 2, 3",
    )
    result = run("train", toy, "--continue", "own.npz")
    assert result.status == 1
    assert "has the label 0" in result.sentence
    assert "the classes are 1, 2, 3" in result.sentence


def test_names_that_would_steer_a_terminal(run, toy, model):
    names = ("a\nb", "\x1b[31mred", "[bold]c[/bold]")
    replace(Model.load(model), class_names=names).save("named.npz")
    lines = run("evaluate", "named.npz", toy).out.splitlines()
    assert [line.split("  ")[0] for line in lines[4:]] == [
        "0 a\\nb",
        "1 \\x1b[31mred",
        "2 [bold]c[/bold]",
    ]
    assert "  0 a\\nb  1 \\x1b[31mred  2 [bold]c[/bold]  " in lines[3]


def test_a_test_split_alone(run, document, toy, model):
    with np.load(toy) as arrays:
        np.savez("alone.npz", x_test=arrays["x_test"], y_test=arrays["y_test"])
        np.savez("one.npz", x_test=arrays["x_test"][:1], y_test=arrays["y_test"][:1])
        np.savez("none.npz", x_test=arrays["x_test"])
    alone, whole = (document("evaluate", model, data) for data in ("alone.npz", toy))
    assert alone == whole | {"data": "alone.npz"}
    one = document("evaluate", model, "one.npz")
    assert (one["split"], one["samples"]) == ("test", 1)
    result = run("evaluate", model, "alone.npz", "--split", "train")
    assert result.sentence == (
        "alone.npz has no train split; ask for its test split (command line: --split test)"
    )
    result = run("evaluate", model, "none.npz")
    assert result.sentence == "none.npz lacks y_test, so there is nothing to measure on"


def test_a_recorded_run(run, document):
    run("train", VECTORS / "tiny.npz", "--model", "tiny-model.npz")
    measured = document("evaluate", "tiny-model.npz", VECTORS / "tiny.npz")
    with np.load(VECTORS / "tiny.npz") as recorded:
        right = recorded["predictions"] == recorded["y"]
    assert (measured["split"], measured["accuracy"]) == ("train", right.mean())


def test_labels_that_the_model_does_not_know(run, model):
    np.savez("five.npz", x_train=np.eye(5, 24), y_train=np.arange(5))
    result = run("evaluate", model, "five.npz")
    assert (result.status, result.sentence) == (
        1,
        "five.npz has label 4, and the model knows 3 classes",
    )


def test_a_class_without_samples_has_no_recall(document, toy, model):
    with np.load(toy) as arrays:
        keep = arrays["y_test"] != 1
        np.savez(
            "two.npz",
            x_train=arrays["x_train"],
            y_train=arrays["y_train"],
            x_test=arrays["x_test"][keep],
            y_test=arrays["y_test"][keep],
        )
    assert document("evaluate", model, "two.npz")["recall"][1] is None


@pytest.mark.parametrize("classes", [20, 21])
def test_many_classes_are_listed(run, classes):
    draw = np.random.default_rng(1)
    x = draw.integers(0, 2, (4 * classes, 30))
    np.savez("many.npz", x_train=x, y_train=np.arange(len(x)) % classes)
    assert run("train", "many.npz", "--hidden", 16, "--epochs", 1).status == 0
    out = run("evaluate", "many-model.npz", "many.npz").out
    assert ("The largest confusions" in out) == (classes == 21)


def test_classes_are_named(document, toy, model, monkeypatch):
    from metaplast.golden_model import datasets

    data = replace(datasets.load_labelled(toy), class_names=("cat", "dog", "albatross"))
    monkeypatch.setattr(datasets, "load_labelled", lambda *args, **options: data)
    assert document("evaluate", model, toy)["class_names"] == ["cat", "dog", "albatross"]


def test_samples_of_another_shape(run, model):
    result = run("evaluate", model, "digits")
    assert result.sentence == "digits has 64 features per sample, and the model was trained with 24"


def test_a_table_is_measured_whole(document, toy, model):
    with np.load(toy) as arrays:
        np.savetxt(
            "t.csv",
            np.column_stack([arrays["x_test"], arrays["y_test"]]),
            fmt="%d",
            delimiter=",",
        )
    table, test = (document("evaluate", model, data) for data in ("t.csv", toy))
    assert (table["samples"], table["confusion"]) == (40, test["confusion"])


def test_columns_of_a_table_are_matched_by_name(run, document):
    rows = [(i % 7, i % 3, "ab"[i % 2]) for i in range(60)]
    for name, order in (("table.csv", (0, 1, 2)), ("moved.csv", (2, 1, 0))):
        lines = [[str(row[i]) for i in order] for row in (("u", "v", "kind"), *rows)]
        Path(name).write_text("\n".join(map(",".join, lines)))
    options = ("--label", "kind", "--per-feature", "--hidden", 16, "--epochs", 2)
    assert run("train", "table.csv", *options).status == 0
    measured = document("evaluate", "table-model.npz", "table.csv")
    assert (measured["labels"], measured["samples"]) == (["a", "b"], 60)
    moved = document("evaluate", "table-model.npz", "moved.csv")
    assert moved["confusion"] == measured["confusion"]
    Path("less.csv").write_text("u,kind\n1,a\n2,b\n")
    result = run("evaluate", "table-model.npz", "less.csv")
    assert result.status == 1
    assert "lacks column v, which the model was trained with" in result.sentence
