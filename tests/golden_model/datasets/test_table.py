"""A table reads as the same numbers in whatever dialect it is written."""

import gzip
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given, strategies as st

from metaplast.golden_model.datasets import load, match_features, read_table
from metaplast.golden_model.errors import DataError


@dataclass(frozen=True)
class Dialect:
    """A way to write a table."""

    separator: str
    decimal_mark: str
    header: str
    index: str | None
    label_first: bool
    comments: bool
    quoted: bool
    separator_line: bool
    trailing: bool
    encoding: str
    packed: bool
    line_end: str


@st.composite
def dialects(draw: st.DrawFn) -> Dialect:
    separator = draw(st.sampled_from(",;\t| "))
    header = draw(st.sampled_from(["none", "plain", "hash"]))
    quoted = draw(st.booleans())
    comma = separator != "," or quoted
    return Dialect(
        separator=separator,
        decimal_mark=draw(st.sampled_from(".,")) if comma else ".",
        header=header,
        index=draw(st.sampled_from([None, "", "Unnamed: 0"])) if header == "plain" else None,
        label_first=draw(st.booleans()) if header != "none" else False,
        comments=draw(st.booleans()),
        quoted=quoted,
        separator_line=draw(st.booleans()) if separator in ",;" else False,
        trailing=draw(st.booleans()) if separator != " " else False,
        encoding=draw(st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "cp1252"])),
        packed=draw(st.booleans()),
        line_end=draw(st.sampled_from(["\n", "\r\n", "\r"])),
    )


NUMBERS = st.integers(-99_999, 99_999).map(lambda n: f"{n / 100:.2f}".removesuffix(".00"))
LABELS = {"none": ["3", "-1", "12"], "plain": ["früh", "spät", "nie"], "hash": ["a", "b", "12"]}


@st.composite
def rows(draw: st.DrawFn) -> list[list[str]]:
    """The numbers of samples, as text with decimal points."""
    features = draw(st.integers(2, 4))
    row = st.lists(NUMBERS, min_size=features, max_size=features)
    return draw(st.lists(row, min_size=3, max_size=6))


def written(dialect: Dialect, cells: list[list[str]], labels: list[str], seed: int) -> bytes:
    """The bytes of a table."""
    random = np.random.default_rng(seed)

    def line(row: list[str]) -> str:
        gap = " " * int(random.integers(1, 4)) if dialect.separator == " " else dialect.separator
        quoted = (dialect.quoted or dialect.separator in cell for cell in row)
        text = gap.join(f'"{cell}"' if q else cell for q, cell in zip(quoted, row, strict=True))
        return text + dialect.separator * dialect.trailing

    def arranged(row: list[str], label: str, index: str | None) -> list[str]:
        row = [label, *row] if dialect.label_first else [*row, label]
        return row if dialect.index is None or index is None else [index, *row]

    lines = [f"sep={dialect.separator}"] if dialect.separator_line else []
    if dialect.comments:
        lines += ["# written", ""]
    if dialect.header != "none":
        names = [f"größe{i}" for i in range(len(cells[0]))]
        header = line(arranged(names, "label", dialect.index))
        lines.append(f"# {header}" if dialect.header == "hash" else header)
    numbers = random.permutation(1000)
    for i, (row, label) in enumerate(zip(cells, labels, strict=True)):
        marked = [cell.replace(".", dialect.decimal_mark) for cell in row]
        lines.append(line(arranged(marked, label, str(numbers[i]))))
        if dialect.comments:
            lines += ["# one more", ""]
    content = (dialect.line_end.join(lines) + dialect.line_end).encode(dialect.encoding)
    return gzip.compress(content) if dialect.packed else content


@given(dialect=dialects(), cells=rows(), seed=st.integers(0, 999), data=st.data())
def test_every_dialect_reads_as_the_same_table(dialect, cells, seed, data):
    kinds = LABELS[dialect.header]
    more = st.lists(st.sampled_from(kinds), min_size=len(cells) - 2, max_size=len(cells) - 2)
    labels = [*kinds[:2], *data.draw(more)]
    assume(cells[0] != list(map(str, range(len(cells[0])))))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "table.csv"
        path.write_bytes(written(dialect, cells, labels, seed))
        notes: list[str] = []
        read = load(path, on_note=notes.append)
    assert read.x_train.tolist() == [list(map(float, row)) for row in cells]
    assert [str(read.labels[c]) for c in read.y_train] == labels
    if dialect.header == "none":
        assert read.feature_names is None
    else:
        assert read.feature_names == tuple(f"größe{i}" for i in range(len(cells[0])))
        assert read.label_name == "label"
    assert any("column 1 has no name" in note for note in notes) == (dialect.index is not None)


@given(st.permutations(["a", "b", "c", "d"]), st.permutations(["a", "b", "c", "d"]))
def test_features_are_matched_by_name_in_any_order(model, there):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "table.csv"
        path.write_text(",".join(there) + "\n" + ",".join(str(ord(name)) for name in there))
        table = read_table(path, labelled=False)
    assert table.names == tuple(there)
    assert match_features(model, table).tolist() == [[ord(name) for name in model]]


def test_a_table_without_header_is_matched_by_position(tmp_path):
    path = tmp_path / "table.csv"
    path.write_text("1,2\n3,4\n")
    table = read_table(path, labelled=False)
    assert (table.names, table.labels, table.label_name) == (None, None, None)
    assert match_features(["a", "b"], table).tolist() == [[1, 2], [3, 4]]
    with pytest.raises(DataError, match="has 2 feature columns and no header; the model has 3 fea"):
        match_features(["a", "b", "c"], table)


def test_a_table_knows_the_lines_of_its_samples(tmp_path):
    path = tmp_path / "table.csv"
    path.write_text('# made\na,kind\n\n1,"x\n"\n# more\n2,y\n')
    table = read_table(path, labelled=True)
    assert table.rows.tolist() == [5, 7]
    assert table.labels.tolist() == ["x", "y"]
    assert table.label_name == "kind"


def test_a_wide_table_of_numpy_savetxt(tmp_path):
    x = np.random.default_rng(1).integers(0, 256, (500, 785))
    path = tmp_path / "table.csv"
    np.savetxt(path, x, fmt="%d", delimiter=",")
    assert np.array_equal(read_table(path, labelled=False).x, x)


@pytest.mark.parametrize("fmt", ["%.18e", "%d", "%10.3f"])
@pytest.mark.parametrize("delimiter", [" ", ",", ";", "\t"])
@pytest.mark.parametrize("header", ["", "a label"])
def test_tables_of_numpy_savetxt(tmp_path, fmt, delimiter, header):
    values = np.array([[3, 1], [40, 0], [-5, 1]])
    path = tmp_path / "table.txt"
    np.savetxt(path, values, fmt=fmt, delimiter=delimiter, header=header.replace(" ", delimiter))
    data = load(path)
    assert data.x_train.tolist() == [[3], [40], [-5]]
    assert data.y_train.tolist() == [1, 0, 1]
    assert data.feature_names == (("a",) if header else None)
