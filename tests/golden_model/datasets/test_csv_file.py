"""Tables in text files: every way to write them, headers, labels, mistakes and their places."""

import gzip
import re
from pathlib import Path

import numpy as np
import pytest

from metaplast.golden_model.datasets import load, load_features, load_labelled
from metaplast.golden_model.errors import DataError

TABLES = Path(__file__).parents[2] / "data" / "tables"


@pytest.fixture
def csv(tmp_path):
    """Write a file and give its path."""

    def write(text, encoding="utf-8"):
        path = tmp_path / "mine.csv"
        path.write_bytes(text if isinstance(text, bytes) else text.encode(encoding))
        return path

    return write


@pytest.mark.parametrize(
    "text",
    [
        "1,2.5,0\n3,4e1,1\n-5,6,1\n",
        "1,2.5,0\r\n3,4e1,1\r\n-5,6,1",
        "1,2.5,0\r3,4e1,1\r-5,6,1\r",
        "a,b,c\n1,2.5,0\n3,4e1,1\n-5,6,1\n",
        "a,b,species\n\n1, 2.5 ,0\n 3,4e1,1\n-5,6,1\n\n",
        '"a","b","c"\n"1","2.5","0"\n3,4e1,1\n-5,6,1\n',
        "label,a,b\n0,1,2.5\n1,3,4e1\n1,-5,6\n",
        "a, Class ,b\n1,0,2.5\n3,1,4e1\n-5,1.0,6\n",
        "0,1,target\n1,2.5,0\n3,4e1,1\n-5,6,1\n",
        "x,y,label\n1,2.5,0\n3,4e1,1\n-5,6,1\n",
        "TARGET,u,v\n0,1,2.5\n1,3,4e1\n1,-5,6\n",
        "x,y,kind\n1,2.5,0\n3,4e1,1\n-5,6,1\n",
        "Y,u,v\n0,1,2.5\n1,3,4e1\n1,-5,6\n",
        "0,1,2\n1,2.5,0\n3,4e1,1\n-5,6,1\n",
        "1;2.5;0\n3;4e1;1\n-5;6;1\n",
        "1;2,5;0\n3;4e1;1\n-5;6;1\n",
        "a;b;label\n1;2,5;0\n3;40,0;1\n-5;6;1,0\n",
        "label;a;b\n0;1,0;2,5\n1;3,00;4e1\n1;-5;6\n",
        "sep=;\na;b;label\n1;2,5;0\n3;40;1\n-5;6;1\n",
        '"sep=;"\r\n1;2,5;0\r\n3;40;1\r\n-5;6;1\r\n',
        "SEP=,\n1,2.5,0\n3,40,1\n-5,6,1\n",
        "sep=\\t\n1\t2.5\t0\n3\t40\t1\n-5\t6\t1\n",
        "1\t2.5\t0\n3\t40\t1\n-5\t6\t1\n",
        "length in cm\twidth in cm\tkind of it\n1\t2,5\t0\n3\t40\t1\n-5\t6\t1\n",
        "1|2.5|0\n3|40|1\n-5|6|1\n",
        "1 2.5 0\n3 40 1\n-5 6 1\n",
        "   1  2.5   0  \n   3   40   1\n  -5    6   1\n",
        "1\t 2.5  0\n3 40\t\t1\n-5 6 1\n",
        "1 2,5 0\n3 40,0 1\n-5 6 1\n",
        "a   b   label\n1 2.5 0\n3 40 1\n-5 6 1\n",
        '"a" "b" "label"\n"1" 1 2.5 0\n"2" 3 40 1\n"3" -5 6 1\n',
        "1.0e+00 2.5e+00 0.000e+00\n3.0e+00 4.0e+01 1.000e+00\n-5 6 1\n",
        '"1","2,5","0"\n"3","40,0","1"\n"-5","6","1"\n',
        "# a b label\n1 2.5 0\n3 40 1\n-5 6 1\n",
        "# label,a,b\n0,1,2.5\n1,3,4e1\n1,-5,6\n",
        "#label,a,b\n0,1,2.5\n1,3,4e1\n1,-5,6\n",
        "# written by hand\n# on Monday, label in front\n# label,a,b\n0,1,2.5\n1,3,40\n1,-5,6\n",
        "# one, two, three\n# 1,2,3\na,b,c\n1,2.5,0\n# half-way\n3,40,1\n-5,6,1\n# end\n",
        "# numbers, and a label\n1,2.5,0\n3,40,1\n-5,6,1\n",
        "# 10, 20, 30\n1,2.5,0\n3,40,1\n-5,6,1\n",
        "# label,a,b\n# none,cm,in\n0,1,2.5\n1,3,40\n1,-5,6\n",
        "# label;a;b\n# by hand\n0;1;2,5\n1;3;40\n1;-5;6\n",
        "y,a,b\n0,1,2.5\n1,3,4e1\n1,-5,6\n",
        "y,x,kind\n1,2.5,0\n3,4e1,1\n-5,6,1\n",
        "a,y,kind\n1,2.5,0\n3,4e1,1\n-5,6,1\n",
        ",a,b,label\n0,1,2.5,0\n1,3,40,1\n2,-5,6,1\n",
        ",a,b,label\n12,1,2.5,0\n-3,3,40,1\n7,-5,6,1\n",
        "Unnamed: 0,a,b,label\n12,1,2.5,0\n3,3,40,1\n7,-5,6,1\n",
        ",Unnamed: 0,Unnamed: 0.1,a,b,label\n0,5,9,1,2.5,0\n1,3,8,3,40,1\n2,4,7,-5,6,1\n",
        ",0,1,label\n5,1,2.5,0\n3,3,40,1\n4,-5,6,1\n",
        ",0,1,2\n5,1,2.5,0\n3,3,40,1\n4,-5,6,1\n",
        "a,b,label,\n1,2.5,0,\n3,40,1,\n-5,6,1,\n",
        "a,b,label\n1,2.5,0,\n3,40,1,\n-5,6,1,\n",
        "1,2.5,0,\n3,40,1,\n-5,6,1,\n",
        "a;b;label\n1;2,5;0\n3;40;1\n-5;6;1\n;;\n;;\n",
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32", "gzip"])
def test_reads_every_way_to_write_it(csv, text, encoding):
    packed = gzip.compress(text.encode()) if encoding == "gzip" else text.encode(encoding)
    data = load(csv(packed))
    assert data.x_train.tolist() == [[1, 2.5], [3, 40], [-5, 6]]
    assert data.y_train.tolist() == [0, 1, 1]
    assert data.labels == (0, 1)
    assert data.classes == 2
    assert data.x_test is None
    assert data.image_shape is None
    assert data.class_names is None
    assert data.name.endswith("mine.csv")


FILL_IN = "fill it in (scikit-learn: SimpleImputer), or leave the row or the column out"
THOUSANDS = "with separators of thousands; write numbers without them"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", " holds no samples"),
        ("\n\n", " holds no samples"),
        ("# label,a\n", " holds no samples"),
        ("a,b,label\n", " holds no samples"),
        (",,\n,,\n", " holds no samples"),
        (",Unnamed: 1\n1,2\n3,4\n", " has no column of labels: its columns are an index"),
        ("1\n2\n", " has one column; a sample is a row of features and a label, with a separator"),
        ("a,b,c\n1,2,0\n3,4\n", ": row 3 has 2 cells, not 3 as the rows before"),
        (
            "1;2;0\n3;4;1\n5;6\n",
            ": row 3 has 2 cells, not 3 as the rows before (the separator is",
        ),
        ("a,b,c\n\n1,2,0,9\n", ": row 3 has 4 cells, and the header 3 (the separator is comma)"),
        ("value\n1,5\n2,5\n", ": row 2 has 2 cells, and the header 1"),
        ("a,b,c\n1,2,0\n3,four,1\n", ": row 3, column 2 (b) is 'four', not a number; encode text"),
        ("1,2,0\n3,,1\n", ": row 2, column 2 is empty: the value is missing; fill it in"),
        ("a,,c\n1,x,0\n", ": column 2 has no name; name it, or leave the column out"),
        ("1,2,0\n1_0,3,1\n", ": row 2, column 1 is '1_0', not a number"),
        ("1,2,0\n١,3,1\n", ": row 2, column 1 is '١', not a number"),
        (
            "1,oops,0\n3,4,1\n",
            (
                ": row 1, column 2 is 'oops', not a number (a header has no numbers, or names a "
                "column label, class or target)"
            ),
        ),
        ("a,b,c\n1,nan,0\n", ": row 2, column 2 (b) is nan; features must be finite numbers"),
        ("1,2,0\n\n3,-inf,1\n", ": row 3, column 2 is -inf; features must be finite numbers"),
        ("1,2,0\n3,1e999,1\n", ": row 2, column 2 is inf; features must be finite numbers"),
        ("a;b;c\n1,5;inf;0\n", ": row 2, column 2 (b) is inf; features must be finite numbers"),
        ("a,class\n0,1\n1,0.5\n", ": row 3, column 2 (class) is 0.5; labels are integers, text or"),
        ("a;class\n0;1\n1;0,5\n", ": row 3, column 2 (class) is 0,5; labels are integers, text or"),
        ("a,class\n0,1\n1,1e-3\n", ": row 3, column 2 (class) is 1e-3; labels are integers"),
        (
            "a,class\n0,1\n1,1e99\n",
            ": row 3, column 2 (class) is 1e99; labels that are numbers",
        ),
        ("a,class\n0,1\n1,nan\n", ": row 3, column 2 (class) is 'nan', a missing label; fill it"),
        ("class,a\n0,1\n,1\n", ": row 3, column 1 (class) is empty: the label is missing; fill it"),
        ("a,b,label\n1,2,4\n1,3,4\n", ": y_train holds one class only, 4"),
        (
            "4,2,0\n1,3,0\n",
            " has no header, so the last column holds the labels, and all are 0; learning needs",
        ),
        (
            ",a,label\n1,5,1\n1,6,0\n",
            (
                ": column 1 has no name and is no index, which holds a different whole number in "
                "each row; name the column, or leave it out"
            ),
        ),
        (",a,label\n1.5,5,1\n2,6,0\n", ": column 1 has no name and is no index"),
        (",a,label\nx,5,1\ny,6,0\n", ": column 1 has no name and is no index"),
        ("label,a,LABEL\n1,2,3\n", " has columns named label and LABEL, and either may be the lab"),
        ("label,a,label\n1,2,3\n", " has two columns named label; rename or leave out one"),
        ("a,b,a,label\n1,2,3,0\n", " has two columns named a; rename or leave out one"),
        (
            '1,2,0\n3,"4,1\n' + "9" * 200_000,
            ": row 3 cannot be split into cells: field larger",
        ),
        (
            "a,class,label\n1,2,3\n",
            " has columns named class and label, and either may be the labels; rename one, or choo",
        ),
        ("class,a\n1,x\n", ": row 2, column 2 (a) is 'x', not a number"),
        (
            b"a,b\n1,\xff\x81\n",
            " is not a text file in UTF-8 or Windows-1252: byte 0x81",
        ),
        (
            b"a,b\n1\0,2\n",
            " is not a text file: it holds a zero byte at 5; if it is",
        ),
        (b"\xff\xfea", " is not a text file in UTF-16: byte 0x61 at 2; save it as UTF-8"),
        (
            b"PK\x03\x04",
            " is a zip archive or an Excel workbook, not a text file",
        ),
        (b"\x1f\x8bxx", " is truncated: its gzip stream has no end"),
        ("a,b,label\n1,2,0,\n3,4,1,9\n", ": row 3, column 4 is '9', and the rows before end with"),
        ("a,b,label\n1,2,0\n,,\n3,4,1\n", ": row 3, column 1 (a) is empty: the value is missing"),
        ("\t\tlabel\n1\t2\t0\n", " has no column of features, only labels or an index"),
        # Missing values, by row, column and name.
        *(
            (
                f"a,b,label\n1,2,0\n3,{missing},1\n",
                f": row 3, column 2 (b) is {missing!r}, a missing value; {FILL_IN}",
            )
            for missing in ("NA", "N/A", "#N/A", "<NA>", "?", "null", "None", "NaT", "-", ".")
        ),
        ("a,b,label\n1,,0\n", f": row 2, column 2 (b) is empty: the value is missing; {FILL_IN}"),
        ("1\t\t0\n3\t\t1\n", ": row 1, column 2 is empty: the value is missing"),
        ("a\tb\tlabel\n1\t\t0\n", ": row 2, column 2 (b) is empty: the value is missing"),
        # Numbers with separators of thousands, and numbers that may have them.
        ('a,label\n"1,234.5",0\n', f": row 2, column 1 (a) is '1,234.5', {THOUSANDS}"),
        ("a;label\n1.234,5;0\n", f": row 2, column 1 (a) is '1.234,5', {THOUSANDS}"),
        ("a;label\n1.234.567;0\n", f": row 2, column 1 (a) is '1.234.567', {THOUSANDS}"),
        ("a;label\n12'345;0\n", f': row 2, column 1 (a) is "12\'345", {THOUSANDS}'),
        ("a;label\n1 234;0\n", f": row 2, column 1 (a) is '1 234', {THOUSANDS}"),
        (
            "a;b;label\n1,5;2;0\n3;1.234;1\n",
            ": row 3, column 2 (b) is '1.234' with a decimal",
        ),
        (
            "a;b;label\n1;2.5;0\n3;1,5;1\n",
            ": row 2, column 2 (b) is '2.5' with a decimal",
        ),
        (
            "a;b;label\n1;1,234;0\n3;5,678;1\n",
            ": row 2, column 2 (b) is '1,234', which may be 1234 or 1.234; write numbers with a",
        ),
        # A row or a comment that may be a header.
        (
            "# label a b\n0,1,2.5\n1,3,40\n",
            (
                ": the comment 'label a b' may be the header, and its separator is not that of the "
                "rows (comma); write it with the same, or remove it"
            ),
        ),
        (
            "2019,2020,kind\n1,2,0\n3,4,1\n",
            ": row 1, column 3 is 'kind', a label of no other row; if the row is a header,",
        ),
        (
            "2019,2020,kind\n1,2,cat\n3,4,dog\n5,6,cat\n7,8,dog\n",
            ": row 1, column 3 is 'kind', a",
        ),
        (",2019,2020\n1,2,0\n3,4,1\n", ": row 1, column 1 is empty: the value is missing"),
    ],
    ids=lambda value: value if isinstance(value, str) and len(value) < 99 else "long",
)
def test_names_the_mistake_and_its_place(csv, text, message):
    with pytest.raises(DataError, match=re.escape(message)):
        load(csv(text))


def test_a_file_that_may_not_be_read_is_named(csv, monkeypatch):
    def refuse(*arguments, **keywords):
        raise PermissionError(13, "Permission denied")

    path = csv("1,0\n2,1\n")
    monkeypatch.setattr(Path, "read_bytes", refuse)
    with pytest.raises(DataError, match=r"cannot read .*mine\.csv: Permission denied"):
        load(path)


def test_windows_1252_is_read_and_noted(csv):
    notes = []
    data = load(csv("Größe;Art\n1,5;süß\n2;groß\n", "cp1252"), on_note=notes.append)
    assert data.feature_names == ("Größe",)
    assert data.labels == ("groß", "süß")
    assert "is read as Windows-1252: byte 0xf6 at 2 is not UTF-8" in notes[0]


def test_true_and_false_are_features(csv):
    data = load(csv("a,b,label\nTrue,false,0\nFALSE,true,1\n"))
    assert data.x_train.tolist() == [[1, 0], [0, 1]]
    assert load(csv("true,2,0\nfalse,2,1\n")).x_train.tolist() == [[1, 2], [0, 2]]


@pytest.mark.parametrize(
    ("cells", "labels", "classes"),
    [
        ("1 2 3 2", (1, 2, 3), [0, 1, 2, 1]),
        ("10 9 -1 9.0", (-1, 9, 10), [2, 1, 0, 1]),
        ("cat dog eel cat", ("cat", "dog", "eel"), [0, 1, 2, 0]),
        ("True False False True", ("False", "True"), [1, 0, 0, 1]),
        ("01 02 10 02", ("01", "02", "10"), [0, 1, 2, 1]),
        ("1 2 2a 1", ("1", "2", "2a"), [0, 1, 2, 0]),
        ("none some none some", ("none", "some"), [0, 1, 0, 1]),
        ("+ - + -", ("+", "-"), [0, 1, 0, 1]),
    ],
)
def test_labels_of_any_kind(csv, cells, labels, classes):
    rows = "\n".join(f"{i},{label}" for i, label in enumerate(cells.split()))
    data = load(csv(f"a,label\n{rows}\n"))
    assert data.labels == labels
    assert data.y_train.tolist() == classes
    assert data.class_names == tuple(map(str, labels))
    samples = load_labelled(csv(f"a,label\n{rows}\n"))
    assert [labels[c] for c in classes] == samples.y.tolist()


def test_text_labels_need_no_header(csv):
    data = load(csv("5.1,3.5,setosa\n4.9,3,setosa\n6,2,virginica\n"))
    assert data.labels == ("setosa", "virginica")
    assert load(csv("1,setosa\n2,virginica\n3,versicolor\n")).classes == 3


def test_notes_say_what_is_left_out_or_assumed(csv):
    notes = []
    load(csv(",a,kind\n7,1,x\n3,2,y\n"), on_note=notes.append)
    path = csv("")
    assert notes == [
        (
            f"{path}: column 1 has no name and holds a different whole number in each row, as an "
            "index does; it is left out"
        ),
        (
            f"{path}: no column is named label, class or target; the labels are in the last "
            "column kind"
        ),
    ]
    notes.clear()
    load_features(csv("1,2,3\n"), features=2, on_note=notes.append)
    assert notes == [
        (
            f"{path}: there is no header, and one column more than the model has features; the "
            "last, column 3, is left out as the labels"
        )
    ]
    notes.clear()
    load(csv("a,label\n1,0\n2,1\n"), on_note=notes.append)
    load_features(csv("a,b\n1,0\n2,1\n"), features=2, on_note=notes.append)
    assert notes == []


def test_the_label_column_may_be_named(csv):
    text = "class,b,kind\n1,2.5,x\n3,4,y\n"
    data = load(csv(text), label="kind")
    assert data.feature_names == ("class", "b")
    assert (data.label_name, data.labels) == ("kind", ("x", "y"))
    assert load_labelled(csv(text), label="kind").y.tolist() == ["x", "y"]
    assert load_features(csv(text), label="kind").tolist() == [[1, 2.5], [3, 4]]
    with pytest.raises(DataError, match="has no column named 'sort' for the labels; there are cla"):
        load(csv(text), label="sort")
    assert load(csv("2019,2020,kind\n1,2,0\n3,4,1\n"), label="kind").feature_names == (
        "2019",
        "2020",
    )


def test_the_label_column_of_a_table_without_header_has_a_number(csv):
    data = load(csv("0,1,2.5\n1,3,4\n"), label="1")
    assert data.x_train.tolist() == [[1, 2.5], [3, 4]]
    assert data.y_train.tolist() == [0, 1]
    assert load_features(csv("0,1,2.5\n1,3,4\n"), label="1").tolist() == [[1, 2.5], [3, 4]]
    for label in ("0", "4", "kind", "-1", "²"):
        with pytest.raises(DataError, match=f"from 1 to 3, and none is '{label}'"):
            load(csv("0,1,2.5\n1,3,4\n"), label=label)


def test_samples_to_predict_come_with_or_without_labels(csv):
    rows = "1,2,3\n4,5,6\n"
    whole, two = [[1, 2, 3], [4, 5, 6]], [[1, 2], [4, 5]]
    assert load_features(csv(rows)).tolist() == whole
    assert load_features(csv(rows), features=3).tolist() == whole
    assert load_features(csv(rows), features=2).tolist() == two
    named = f"label,b,c\n{rows}"
    assert load_features(csv(named)).tolist() == [[2, 3], [5, 6]]
    assert load_features(csv(named), features=2).tolist() == [[2, 3], [5, 6]]


@pytest.mark.parametrize(
    ("text", "features", "message"),
    [
        ("1,2,3\n", 4, "has 3 columns and no header; there should be 4, or 5 with labels"),
        ("1,2,3\n", 1, "has 3 columns and no header; there should be 1, or 2 with labels"),
        ("label\n1\n", None, "has no column of features, only labels or an index"),
        ("1,2\n3,nan\n", 2, ": row 2, column 2 is nan; features must be finite numbers"),
        ("a,label\n1,2\n", 2, "has 1 columns beside the labels (label): a; there should be 2; lea"),
        (
            "a,b,c\n1,2,3\n",
            2,
            "has 3 columns: a, b, c; there should be 2; leave the others",
        ),
        ("label,b,c\n1,2,3\n4,nan,5\n", 2, ": row 3, column 2 (b) is nan; features must be finite"),
        ("a,b\n", 2, "holds no samples"),
    ],
)
def test_refuses_samples_that_cannot_be_predicted(csv, text, features, message):
    with pytest.raises(DataError, match=re.escape(message)):
        load_features(csv(text), features=features)


@pytest.mark.parametrize(
    "text",
    [
        "a,b,c\n1,2,3\n4,5,6\n",
        "c,a,b\n3,1,2\n6,4,5\n",
        ",b,c,a\n9,2,3,1\n7,5,6,4\n",
        "label,c,b,a\nx,3,2,1\n,6,5,4\n",
        "b;a;c\n2;1;3,0\n5;4;6\n",
        "# c b a\n3 2 1\n6 5 4\n",
        "1,2,3\n4,5,6\n",
        "1,2,3,x\n4,5,6,y\n",
    ],
)
def test_columns_are_matched_by_name(csv, text):
    x = load_features(csv(text), feature_names=("a", "b", "c"))
    assert x.tolist() == [[1, 2, 3], [4, 5, 6]]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a,b\n1,2\n", " lacks column c, which the model was trained with; give the columns the"),
        ("a\n1\n", " lacks columns b, c, which the model was trained with; give the columns the"),
        (
            "a,b,C\n1,2,3\n",
            " lacks column c, which the model was trained with and has column C",
        ),
        ("a,b,c,d\n1,2,3,4\n", " has column d, which the model does not know; leave it out, or"),
        ("a,b,c,d\n1,2,3,four\n", " has column d, which the model does not know; leave it out"),
        ("a,b,c,a\n1,2,3,4\n", " has two columns named a; rename or leave out one"),
        ("1,2\n", " has 2 columns and no header; there should be 3, or 4 with labels"),
    ],
)
def test_columns_that_do_not_match_are_named(csv, text, message):
    with pytest.raises(DataError, match=re.escape(message)):
        load_features(csv(text), feature_names=("a", "b", "c"))


def test_a_feature_may_have_a_labels_name_or_be_a_number(csv):
    assert load_features(csv("class,y\n1,2\n"), feature_names=("y", "class")).tolist() == [[2, 1]]
    assert load_features(csv("1,0\n5,6\n"), feature_names=("0", "1")).tolist() == [[6, 5]]


def test_samples_to_measure_on_are_matched_by_name(csv):
    notes = []
    samples = load_labelled(
        csv("kind,b,a\nx,2,1\ny,4,3\n"), feature_names=("a", "b"), on_note=notes.append
    )
    assert samples.x.tolist() == [[1, 2], [3, 4]]
    assert samples.y.tolist() == ["x", "y"]
    assert samples.feature_names == ("a", "b")
    assert notes[0].endswith("the labels are in the column kind")
    for text, part in (("a,b\n1,2\n", "features of the model"), ("a,b,c,d\n1,2,3,4\n", "sev")):
        with pytest.raises(DataError, match=f"has no column of labels: its columns are {part}"):
            load_labelled(csv(text), feature_names=("a", "b"))


def test_further_training_data_are_matched_by_name(csv):
    data = load(csv("b,a,label\n2,1,0\n4,3,1\n"), feature_names=("a", "b"))
    assert data.x_train.tolist() == [[1, 2], [3, 4]]
    assert data.feature_names == ("a", "b")


def test_an_index_without_a_header_is_not_taken_for_a_feature(csv):
    text = "7,1,2\n9,3,4\n8,1,2\n"
    with pytest.raises(DataError, match="the first may be an index, since it holds a different"):
        load_features(csv(text), features=2)
    assert load_features(csv(text), features=2, label="3").tolist() == [[7, 1], [9, 3], [8, 1]]
    assert load_features(csv(text), features=2, label="1").tolist() == [[1, 2], [3, 4], [1, 2]]
    assert load_features(csv(text.replace("8,", "9,")), features=2).shape == (3, 2)
    notes = []
    load(csv("4,5,0\n5,5,1\n6,5,0\n"), on_note=notes.append)
    assert notes[0].endswith("it is a feature; if it is an index, leave it out")
    load(csv("4,5,0\n5,5,1\n7,5,0\n"), on_note=notes.append)
    assert len(notes) == 1


def test_the_label_of_the_training_samples_may_be_missing_or_have_another_name(csv):
    for text in ("b,a\n2,1\n", "kind,b,a\nx,2,1\n", "label,b,a\nx,2,1\n"):
        x = load_features(csv(text), feature_names=("a", "b"), label_name="kind")
        assert x.tolist() == [[1, 2]]


def test_a_table_without_header_is_matched_by_position_whatever_the_models_names(csv):
    for names, label_name in ((("a", "b"), "kind"), (("0", "1"), "2"), (("0", "2"), "1")):
        known = {"feature_names": names, "label_name": label_name}
        assert load_features(csv("5,7\n6,8\n"), **known).tolist() == [[5, 7], [6, 8]]
        notes: list[str] = []
        x = load_features(csv("5,7,1\n6,8,0\n"), **known, on_note=notes.append)
        assert x.tolist() == [[5, 7], [6, 8]]
        assert "column 3, is left out as the labels" in notes[0]
        samples = load_labelled(csv("5,7,1\n6,8,0\n"), **known)
        assert (samples.x.tolist(), samples.y.tolist()) == ([[5, 7], [6, 8]], [1, 0])


def test_another_label_column_is_left_out_beside_that_of_the_training_data(csv):
    known = {"feature_names": ("a", "b"), "label_name": "kind"}
    path = csv("a,b,other,kind\n1,2,x,y\n")
    assert load_features(path, **known, label="other").tolist() == [[1, 2]]
    with pytest.raises(DataError, match="has no column named 'zzz' for the labels; there are a, b"):
        load_features(path, **known, label="zzz")
    with pytest.raises(DataError, match="column a is a feature of the model and cannot be the lab"):
        load_features(path, **known, label="a")


@pytest.mark.parametrize("first", ["2020,2021,2022", "1,2,3"])
def test_numbers_in_a_row_above_others_may_be_a_header(csv, first):
    with pytest.raises(DataError, match=r"the first row \(.*\) may be a header or a sample"):
        load(csv(f"{first}\n0.5,1.5,1\n2.5,3.5,0\n"))
    assert load(csv(f"{first}\n4,6,1\n7,9,0\n")).x_train.shape == (3, 2)


def test_two_columns_of_0_and_1_have_no_header(csv):
    assert load(csv("0,1\n1,0\n")).x_train.tolist() == [[0], [1]]


def test_samples_to_measure_on_may_be_of_one_class(csv):
    samples = load_labelled(csv("a,label\n1,3\n"))
    assert (samples.split, samples.x.tolist(), samples.y.tolist()) == ("train", [[1]], [3])
    with pytest.raises(DataError, match=r"has no test split; ask for its train split \("):
        load_labelled(csv("a,label\n1,3\n"), "test")


def test_a_label_column_that_is_left_out_may_hold_anything(csv):
    assert load_features(csv("label,a\nnan,1\ncat,2\n"), features=1).tolist() == [[1], [2]]


class TestReportedFiles:
    """Files like those that users reported, in tests/data/tables."""

    def test_an_index_is_left_out_of_samples_to_predict(self):
        names = load(TABLES / "predict_index_train.csv").feature_names
        assert names == ("p1", "p2")
        samples = [
            load_features(TABLES / f"predict_index_samples{end}.csv", feature_names=names)
            for end in ("", "_with_index")
        ]
        assert samples[0].shape == (40, 2)
        assert np.array_equal(*samples)

    @pytest.mark.parametrize("name", ["train_index_shuffled", "train_index_in_order"])
    def test_an_index_is_left_out_of_training_samples(self, name):
        notes = []
        data = load(TABLES / f"{name}.csv", on_note=notes.append)
        assert data.features == 4
        assert "" not in data.feature_names
        assert "column 1 has no name" in notes[0]

    def test_a_header_after_a_hash_is_a_header(self):
        plain, hashed = (
            load(TABLES / f"{name}.csv")
            for name in ("header_label_first", "hash_header_label_first")
        )
        assert np.array_equal(plain.x_train, hashed.x_train)
        assert np.array_equal(plain.y_train, hashed.y_train)
        assert plain.feature_names == hashed.feature_names == ("p1", "p2", "p3", "p4")

    def test_separators_and_decimal_commas_are_recognised(self):
        spreadsheet, spaces = (
            load(TABLES / f"{name}.csv") for name in ("semicolon_decimal_comma", "whitespace")
        )
        indexed = load(TABLES / "train_index_in_order.csv")
        for data in (spreadsheet, spaces):
            assert np.array_equal(data.x_train, indexed.x_train)
            assert np.array_equal(data.y_train, indexed.y_train)

    @pytest.mark.parametrize(
        ("name", "labels"), [("labels_from_1", (1, 2, 3)), ("labels_with_gaps", (0, 5, 9))]
    )
    def test_labels_may_start_anywhere_and_have_gaps(self, name, labels):
        data = load(TABLES / f"{name}.csv")
        assert (data.classes, data.labels) == (3, labels)
        assert data.class_names == tuple(map(str, labels))
