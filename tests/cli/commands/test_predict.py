"""`metaplast predict`."""

import json
from pathlib import Path

import numpy as np
import pytest

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
    assert document("predict", "named.npz", toy)["labels"] == named.predict(x_test).tolist()


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


class TestNames:
    """Tables whose columns have names are matched by name."""

    @pytest.fixture(autouse=True)
    def trained(self, run, workspace):
        """A model of ``table.csv``: columns u and v, labels a and b in the column kind."""
        self.rows = [(i % 7, i % 3, "ab"[i % 2]) for i in range(60)]
        self.write("table.csv", ("u", "v", "kind"))
        result = run(
            *("train", "table.csv", "--label", "kind", "--per-feature", "--bits-per-feature", 3),
            *("--hidden", 16, "--epochs", 3),
        )
        assert (result.status, result.err) == (0, "")

    def write(self, name: str, columns: tuple[str, ...]) -> None:
        known = {"u": 0, "v": 1, "kind": 2}
        lines = [",".join(columns)]
        for index, row in enumerate(self.rows):
            cells = [str(row[known[column]] if column in known else index) for column in columns]
            lines.append(",".join(cells))
        Path(name).write_text("\n".join(lines))

    def predict(self, document, name: str = "table.csv", *options: str) -> list[str]:
        labels = document("predict", "table-model.npz", name, *options)["labels"]
        assert isinstance(labels, list)
        return labels

    def test_labels_are_those_of_the_file(self, run, document):
        labels = self.predict(document)
        model = Model.load("table-model.npz")
        classes = model.predict([row[:2] for row in self.rows])
        assert labels == ["ab"[index] for index in classes]
        assert run("predict", "table-model.npz", "table.csv").out.split() == labels

    @pytest.mark.parametrize("columns", [("v", "u"), ("kind", "v", "u"), ("v", "label", "u")])
    def test_columns_in_another_order(self, document, columns):
        self.write("moved.csv", columns)
        assert self.predict(document, "moved.csv") == self.predict(document)

    def test_a_label_column_of_another_name(self, run, document):
        self.write("other.csv", ("v", "sort", "u"))
        assert self.predict(document, "other.csv", "--label", "sort") == self.predict(document)
        result = run("predict", "table-model.npz", "other.csv")
        assert result.status == 1
        assert "has column sort, which the model does not know" in result.sentence

    def test_an_index_is_left_out_with_a_note(self, run, document):
        self.write("indexed.csv", ("", "u", "v"))
        result = run("predict", "table-model.npz", "indexed.csv")
        assert result.out.split() == self.predict(document)
        assert result.err == (
            "Note: indexed.csv: column 1 has no name and holds a different whole number in each "
            "row, as an index does; it is left out\n"
        )

    def test_a_missing_column(self, run):
        self.write("less.csv", ("v", "kind"))
        result = run("predict", "table-model.npz", "less.csv")
        assert result.status == 1
        assert "lacks column u, which the model was trained with" in result.sentence
