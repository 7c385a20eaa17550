"""Data of a training: label column, names, test split, held-out samples, kept epoch."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from metaplast.golden_model import BMLPClassifier, datasets
from metaplast.golden_model.datasets import random_split
from metaplast.golden_model.files.model_file import Model

from ...vectors import VECTORS

SMALL = ("--hidden", 8, "--epochs", 1)


def write_table(path: str, rows: range, *, columns: str = "width,length,species") -> None:
    """Write a table of three species, with the columns in an order."""
    draw = np.random.default_rng(7)
    names = ("ant", "bee", "cicada")
    values = draw.integers(0, 5, (200, 2)) + 4 * (np.arange(200) % 3)[:, np.newaxis]
    lines = [columns]
    for row in rows:
        cells = {
            "width": values[row, 0],
            "length": values[row, 1],
            "species": names[row % 3],
            "weight": 3,
            "": row,
        }
        lines.append(",".join(str(cells[name]) for name in columns.split(",")))
    Path(path).write_text("\n".join(lines) + "\n")


@pytest.fixture
def table(workspace: Path) -> str:
    """``insects.csv``, whose labels are the species."""
    write_table("insects.csv", range(150))
    return "insects.csv"


@pytest.fixture
def insects(run, table: str) -> Path:
    """A model of it, ``insects-model.npz``."""
    result = run("train", table, *SMALL, "--label", "species", "--per-feature")
    assert (result.status, result.err) == (0, "")
    return Path("insects-model.npz")


class TestNames:
    def test_are_kept_in_the_model(self, insects):
        model = Model.load(insects)
        assert model.labels == model.class_names == ("ant", "bee", "cicada")
        assert (model.feature_names, model.label_name) == (("width", "length"), "species")

    def test_are_in_the_document(self, document, table):
        assert document("train", table, *SMALL, "--label", "species")["labels"] == [
            *("ant", "bee", "cicada")
        ]

    def test_label_column_of_another_place(self, run, insects):
        write_table("moved.csv", range(150), columns="species,length,width")
        resumed = ("--continue", insects, "--epochs", 1)
        assert run("train", "insects.csv", *resumed, "--model", "a.npz").status == 0
        assert run("train", "moved.csv", *resumed, "--model", "b.npz").status == 0
        a, b = (Model.load(name) for name in ("a.npz", "b.npz"))
        assert np.array_equal(a.counters[0], b.counters[0])
        assert b.feature_names == ("width", "length")

    def test_a_missing_label_column(self, run, table):
        result = run("train", table, "--label", "kind")
        assert result.status == 1
        assert "has no column named 'kind' for the labels" in result.sentence

    def test_label_of_no_table(self, run):
        result = run("train", "digits", "--label", "kind")
        assert result.status == 1
        assert "digits is no table" in result.sentence

    def test_an_index_is_left_out_with_a_note(self, run):
        write_table("indexed.csv", range(60), columns=",width,length,species")
        result = run("train", "indexed.csv", *SMALL, "--label", "species")
        assert result.status == 0
        assert result.err.startswith("Note: indexed.csv: column 1 has no name and holds")
        assert Model.load("indexed-model.npz").feature_names == ("width", "length")

    def test_columns_of_a_resumed_model_are_those_of_the_data(self, run, insects):
        write_table("more.csv", range(60), columns="width,length,weight,species")
        result = run("train", "more.csv", "--continue", insects)
        assert result.status == 1
        assert "has column weight, which the model does not know" in result.sentence

    def test_labels_of_a_resumed_model_have_its_order(self, run, insects):
        lines = Path("insects.csv").read_text().splitlines()
        few = [line for line in lines if not line.endswith("ant")]
        Path("few.csv").write_text("\n".join(few))
        resumed = ("--continue", insects, "--epochs", 1, "--model", "b.npz")
        assert run("train", "few.csv", *resumed).status == 0
        model, trainer = Model.load("b.npz"), Model.load(insects).trainer()
        assert model.labels == ("ant", "bee", "cicada")
        data = datasets.load("few.csv", label="species")
        trainer.train_epoch(model.encoder.encode(data.x_train), data.y_train + 1)
        assert np.array_equal(trainer.network.counters[0], model.counters[0])


class TestClasses:
    def test_more_than_the_labels(self, run):
        np.savez("data.npz", x_train=np.eye(12), y_train=np.array([0, 1, 3] * 4))
        assert run("train", "data.npz", *SMALL).status == 0
        assert Model.load("data-model.npz").labels == (0, 1, 3)
        assert run("train", "data.npz", *SMALL, "--classes", 5).status == 0
        model = Model.load("data-model.npz")
        assert (model.labels, model.config.classes) == (None, 5)
        result = run("train", "data.npz", *SMALL, "--classes", 2)
        assert result.status == 2
        assert "2 is too few: the data have labels up to 3" in result.sentence

    def test_other_than_names(self, run, table):
        result = run("train", table, "--label", "species", "--classes", 5)
        assert result.status == 2
        assert "5 contradicts the data, which have 3 labels" in result.sentence
        assert run("train", table, *SMALL, "--label", "species", "--classes", 3).status == 0

    def test_with_gaps(self, run):
        x, y = np.random.default_rng(1).integers(0, 2, (20, 24)), np.arange(20) % 2
        np.savez("gaps.npz", x_train=x, y_train=y * 3)
        np.savez("four.npz", x_train=x, y_train=y * 3, classes=4)
        for name, more in (("gaps", ["--classes", 4]), ("four", [])):
            assert run("train", f"{name}.npz", *SMALL, *more).status == 0
        gaps, four = Model.load("gaps-model.npz"), Model.load("four-model.npz")
        assert np.array_equal(gaps.counters[0], four.counters[0])

    def test_labels_keep_their_classes(self, run, model):
        draw = np.random.default_rng(1)
        x, y = draw.integers(0, 2, (20, 24)), np.arange(20) % 2
        np.savez("some.npz", x_train=x, y_train=y + 1)
        np.savez("all.npz", x_train=x, y_train=y + 1, classes=3)
        for name in ("some", "all"):
            result = run("train", f"{name}.npz", "--continue", model, "--model", f"{name}-2.npz")
            assert result.status == 0, result.err
        some, whole = Model.load("some-2.npz"), Model.load("all-2.npz")
        for counters, expected in zip(some.counters, whole.counters, strict=True):
            assert np.array_equal(counters, expected)

    @pytest.mark.parametrize("labels", [["a", "b"], [7, 9], [True, False]])
    def test_labels_of_any_kind(self, run, labels):
        draw = np.random.default_rng(1)
        x, y = draw.integers(0, 2, (20, 24)), np.array(labels)[np.arange(20) % 2]
        np.savez("data.npz", x_train=x, y_train=y)
        assert (
            run("train", "data.npz", *SMALL[:2], "--epochs", 4, "--model", "whole.npz").status == 0
        )
        run("train", "data.npz", *SMALL[:2], "--epochs", 3, "--model", "part.npz")
        result = run("train", "data.npz", "--continue", "part.npz", "--epochs", 1)
        assert result.status == 0, result.err
        whole, resumed = Model.load("whole.npz"), Model.load("data-model.npz")
        assert np.array_equal(whole.counters[0], resumed.counters[0])
        assert whole.labels == resumed.labels == tuple(sorted(labels))
        assert Model.load("whole.npz").class_names == tuple(map(str, sorted(labels)))

    def test_text_is_a_name_of_a_class_trained_in_python(self, run, document):
        x, y = np.random.default_rng(1).integers(0, 2, (20, 24)), np.arange(20) % 2
        learner = BMLPClassifier(hidden=(8,), epochs=1).fit(x, np.array(["cat", "dog"])[y])
        learner.to_model().save("named.npz")
        np.savez("data.npz", x_train=x, y_train=np.array(["cat", "dog"])[y])
        assert document("evaluate", "named.npz", "data.npz")["accuracy"] == np.mean(
            learner.predict(x) == np.array(["cat", "dog"])[y]
        )
        assert run("train", "data.npz", "--continue", "named.npz", "--model", "b.npz").status == 0
        assert Model.load("b.npz").class_names == ("cat", "dog")


def _with_column(name: str, text: str) -> str:
    """A table in text, with one column more in front."""
    first, *rows = text.splitlines()
    return "\n".join([f"{name},{first}", *(f"1,{row}" for row in rows)]) + "\n"


class TestTestSplit:
    def test_of_another_file(self, document, table):
        write_table("test.csv", range(150, 200), columns="species,length,width")
        options = ("--label", "species", "--test", "test.csv", "--per-feature")
        trained = document("train", table, *SMALL, *options)
        data = datasets.load(table, label="species")
        test = datasets.load_labelled(
            "test.csv", label="species", feature_names=("width", "length")
        )
        data = data.with_test(test)
        model = Model.load("insects-model.npz")
        assert trained["test_accuracy"] == np.mean(model.predict(data.x_test) == data.y_test)

    def test_of_arrays(self, document, toy):
        with np.load(toy) as arrays:
            np.savez("a.npz", x_train=arrays["x_train"], y_train=arrays["y_train"])
            np.savez("b.npz", x_test=arrays["x_test"], y_test=arrays["y_test"])
        trained = document("train", toy, *SMALL)
        assert (
            document("train", "a.npz", *SMALL, "--test", "b.npz")["test_accuracy"]
            == (trained["test_accuracy"])
        )

    def test_a_share_is_the_same_for_a_seed_and_when_resumed(self, document, table):
        options = ("--label", "species", "--test-share", 0.2)
        first = document("train", table, *SMALL, *options, "--seed", 5, "--model", "a.npz")
        assert first["samples"] == 120
        data = datasets.load(table, label="species").with_test_share(0.2, seed=5)
        model = Model.load("a.npz")
        assert first["test_accuracy"] == np.mean(model.predict(data.x_test) == data.y_test)
        again = document(
            *("train", table, "--continue", "a.npz", "--epochs", 1, *options, "--model", "b.npz")
        )
        model = Model.load("b.npz")
        assert again["test_accuracy"] == np.mean(model.predict(data.x_test) == data.y_test)

    @pytest.mark.parametrize(
        ("options", "status", "part"),
        [
            (("--test", "test.csv", "--test-share", 0.5), 2, "leave out --test-share"),
            (("--test-share", 0), 2, "must be above 0 and below 1, not 0"),
            (("--test-share", 1), 2, "must be above 0 and below 1, not 1"),
            (("--test-share", "nan"), 2, "must be above 0 and below 1, not nan"),
            (("--test", "missing.csv"), 1, "there is no file 'missing.csv'"),
            (("--test", "digits"), 1, "must have the same"),
        ],
    )
    def test_refused(self, run, table, options, status, part):
        result = run("train", table, "--label", "species", *options)
        assert result.status == status
        assert part in result.sentence

    def test_an_unknown_column_is_named(self, run, table):
        Path("more.csv").write_text(_with_column("d", Path(table).read_text()))
        result = run("train", table, "--label", "species", "--test", "more.csv")
        assert result.status == 1
        assert "more.csv has column d, which the model does not know" in result.sentence

    def test_refused_where_there_is_one(self, run, toy):
        result = run("train", toy, "--test-share", 0.2)
        assert result.status == 1
        assert "has a test split already" in result.sentence

    def test_a_recorded_run_has_all_its_samples(self, run):
        result = run("train", VECTORS / "tiny.npz", "--test-share", 0.2)
        assert result.status == 2
        assert "which records a training on all of them" in result.sentence

    def test_the_test_file_is_not_overwritten(self, run, toy):
        Path("b.npz").write_bytes(toy.read_bytes())
        before = Path("b.npz").read_bytes()
        result = run("train", toy, "--test", "b.npz", "--model", "b.npz")
        assert result.status == 1
        assert "--model b.npz would overwrite its own input" in result.sentence
        assert Path("b.npz").read_bytes() == before

    def test_compare_takes_it(self, document, table):
        options = ("--label", "species", "--test-share", 0.2, "--planes", "level", "--image", "1x2")
        compared = document("compare", table, *SMALL, *options, "--models", "ours")
        assert (compared["samples"], compared["network"]["inputs"]) == (120, 2)
        assert compared["encoding"]["planes"] == ["level"]


class TestHeldOut:
    def test_random_samples_by_seed(self, document, toy):
        options = ("--validation", 30, "--validation-split", "random", "--keep", "last")
        trained = document("train", toy, *SMALL, *options, "--seed", 4)
        with np.load(toy) as arrays:
            x, y = arrays["x_train"], arrays["y_train"]
        _, held_out = random_split(120, 30, seed=4)
        model = Model.load("toy-model.npz")
        share = float(np.mean(model.predict(x[held_out]) == y[held_out]))
        assert trained["validation_accuracy"] == share
        assert (trained["samples"], trained["held_out"]) == (90, 30)

    def test_are_the_same_when_resumed(self, document, toy):
        options = ("--validation", 30, "--validation-split", "random", "--keep", "last")
        whole = document(*("train", toy, "--hidden", 8, "--epochs", 2, *options, "--seed", 4))
        document("train", toy, *SMALL, *options, "--seed", 4, "--model", "a.npz")
        rest = document("train", toy, "--continue", "a.npz", "--epochs", 1, *options)
        assert rest["epochs"][0]["validation_accuracy"] == whole["epochs"][1]["validation_accuracy"]
        assert rest["epochs"][0]["accuracy"] == whole["epochs"][1]["accuracy"]

    def test_last_is_the_default(self, document, toy):
        one = document("train", toy, *SMALL, "--validation", 30)
        other = document("train", toy, *SMALL, "--validation", 30, "--validation-split", "last")
        assert one["validation_accuracy"] == other["validation_accuracy"]
        random = document("train", toy, *SMALL, "--validation", 30, "--validation-split", "random")
        assert random["epochs"][0]["updates"] != one["epochs"][0]["updates"]

    def test_the_last_epoch_is_kept(self, run, toy):
        options = ("--hidden", 12, "--batch", 10, "--epochs", 8, "--validation", 30, "--seed", 3)
        best = json.loads(run("train", toy, *options, "--json").out)
        assert best["kept_epoch"] < 7  # or else this test shows nothing
        last = json.loads(run("train", toy, *options, "--keep", "last", "--json").out)
        assert last["kept_epoch"] == 7
        assert Model.load("toy-model.npz").epoch == 8
        assert last["validation_accuracy"] == last["epochs"][7]["validation_accuracy"]
        text = run("train", toy, *options, "--keep", "last", "--quiet").out
        assert text.startswith("kept epoch 8, the last: ")

    def test_a_resumed_training_keeps_its_last_epoch_too(self, document, toy):
        options = ("--validation", 30, "--keep", "last")
        document("train", toy, *SMALL, *options, "--model", "a.npz")
        resumed = document("train", toy, "--continue", "a.npz", "--epochs", 5, *options)
        assert resumed["kept_epoch"] == 5

    @pytest.mark.parametrize(
        ("options", "part"),
        [
            (("--keep", "best"), "needs --validation N"),
            (("--validation-split", "random"), "needs --validation N"),
            (("--keep", "first"), "must be best or last, not 'first'"),
            (("--validation-split", "even"), "must be last or random, not 'even'"),
        ],
    )
    def test_refused(self, run, options, part):
        result = run("train", "no-such-data", *options)
        assert result.status == 2
        assert part in result.sentence

    def test_a_comparison_holds_out_the_same_samples(self, document, toy):
        options = ("--validation", 30, "--validation-split", "random", "--seed", 4)
        trained = document("train", toy, *SMALL, *options, "--keep", "last")
        compared = document("compare", toy, *SMALL, *options, "--models", "ours")
        accuracy = compared["models"][0]["held_out_accuracy"]["mean"]
        assert accuracy == trained["validation_accuracy"]

    def test_a_comparison_keeps_no_epoch(self, run):
        result = run("compare", "digits", "--keep", "last")
        assert result.status == 2
        assert "No such option" in result.err


def test_shuffle_block(document, toy):
    def counters(*options: object) -> Any:
        document("train", toy, *SMALL, "--batch", 10, *options, "--model", "a.npz")
        return Model.load("a.npz").counters[0]

    assert np.array_equal(counters("--shuffle-block", 1), counters())
    assert not np.array_equal(counters("--shuffle-block", 16), counters())
    counters("--shuffle-block", 16)
    resumed = document("train", toy, "--continue", "a.npz", "--epochs", 1)
    assert resumed["config"]["shuffle_block"] == 16
