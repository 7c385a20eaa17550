"""Comma-separated files, with and without header, label column and mistakes."""

import re
from pathlib import Path

import pytest

from metaplast.golden_model.datasets import load, load_features, load_labelled
from metaplast.golden_model.errors import DataError


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
        "a,b,c\n1,2.5,0\n3,4e1,1\n-5,6,1\n",
        "a,b,species\n\n1, 2.5 ,0\n 3,4e1,1\n-5,6,1\n\n",
        '"a","b","c"\n"1","2.5","0"\n3,4e1,1\n-5,6,1\n',
        "label,a,b\n0,1,2.5\n1,3,4e1\n1,-5,6\n",
        "a, Class ,b\n1,0,2.5\n3,1,4e1\n-5,1.0,6\n",
        "0,1,target\n1,2.5,0\n3,4e1,1\n-5,6,1\n",
        "x,y,label\n1,2.5,0\n3,4e1,1\n-5,6,1\n",
        "TARGET,u,v\n0,1,2.5\n1,3,4e1\n1,-5,6\n",
        "x,y,kind\n1,2.5,0\n3,4e1,1\n-5,6,1\n",
        "0,1,2\n1,2.5,0\n3,4e1,1\n-5,6,1\n",
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_reads_every_way_to_write_it(csv, text, encoding):
    data = load(csv(text, encoding))
    assert data.x_train.tolist() == [[1, 2.5], [3, 40], [-5, 6]]
    assert data.y_train.tolist() == [0, 1, 1]
    assert data.classes == 2
    assert data.x_test is None
    assert data.image_shape is None
    assert data.name.endswith("mine.csv")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", " holds no samples"),
        ("\n\n", " holds no samples"),
        ("a,b,label\n", " holds no samples"),
        ("1\n2\n", " has one column; a sample is a row of features and a label with commas"),
        ("1;2;0\n3;4;1\n5;6;0\n", ": row 2, column 1 (1;2;0) holds semicolons; put commas"),
        ("1\t2\t0\n3\t4\t1\n", ": row 2, column 1 (1\t2\t0) holds tabs; put commas between"),
        ("a,b,c\n1,2,0\n3,4\n", ": row 3 has 2 cells, not 3 as the rows before"),
        ("a,b,c\n\n1,2,0,9\n", ": row 3 has 4 cells, not 3 as the rows before"),
        ("a,b,c\n1,2,0\n3,four,1\n", ": row 3, column 2 (b) is 'four', not a number"),
        ("1,2,0\n3,,1\n", ": row 2, column 2 is empty; fill in what is missing"),
        ("a,,c\n1,x,0\n", ": row 2, column 2 is 'x', not a number"),
        ("1,2,0\n1_0,3,1\n", ": row 2, column 1 is '1_0', not a number"),
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
        ("class,a\n0,1\n-1,2\n", ": row 3, column 1 (class) is -1.0; labels must be 0 or more"),
        ("a,class\n0,1\n1,0.5\n", ": row 3, column 2 (class) is 0.5; labels must be whole numbers"),
        ("a,class\n0,1\n1,256\n", ": row 3, column 2 (class) is 256.0; labels must be at most 255"),
        ("a,class\n0,1\n1,nan\n", ": row 3, column 2 (class) is nan; labels must be whole numbers"),
        ("a,b\n0,setosa\n", ": row 2, column 2 (b) is 'setosa', not a number"),
        ("1,2,4\n1,3,4\n", ": y_train holds one class only, 4"),
        (
            ",a,label\n0,5,1\n1,6,0\n",
            ": column 1 has no name and numbers the rows, which is no feature; leave it out",
        ),
        ("Unnamed: 0,a,label\n0,5,1\n1,6,0\n", ": column 1 has no name and numbers the rows"),
        ("label,a,LABEL\n1,2,3\n", " has two columns named label, and either may be the labels"),
        ('1,2,0\n3,"4,1\n' + "9" * 200_000, " is not comma-separated: field larger than"),
        (
            "a,class,label\n1,2,3\n",
            " has columns named class and label, and either may be the labels; rename one",
        ),
        (
            "a,class\n1,setosa\n",
            (
                ": row 2, column 2 (class) is 'setosa', not a number; if it is a label, number the "
                "classes from 0"
            ),
        ),
        ("class,a\n1,x\n", ": row 2, column 2 (a) is 'x', not a number"),
        (b"a,b\n1,\xff\n", " is not a text file in UTF-8: byte 0xff at 6; save it as UTF-8"),
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
    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(DataError, match=r"cannot read .*mine\.csv: Permission denied"):
        load(path)


def test_a_column_without_a_name_may_hold_features(csv):
    data = load(csv(",a,label\n1,5,1\n0,6,0\n"))
    assert data.x_train.tolist() == [[1, 5], [0, 6]]
    with pytest.raises(DataError, match="column 1 has no name and numbers the rows"):
        load_features(csv(",a,b\n0,5,1\n1,6,0\n"), features=2)


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
        ("1,2,3\n", 4, "has 3 columns; there should be 4, or 5 with labels"),
        ("1,2,3\n", 1, "has 3 columns; there should be 1, or 2 with labels"),
        ("label\n1\n", None, "has one column, and it holds labels; there is nothing to predict"),
        ("1,2\n3,nan\n", 2, ": row 2, column 2 is nan; features must be finite numbers"),
        (
            "a,label\n1,2\n",
            2,
            "has 1 columns beside the labels in column 2; there should be 2 (if that column is a",
        ),
        ("label,b,c\n1,2,3\n4,nan,5\n", 2, ": row 3, column 2 (b) is nan; features must be finite"),
        ("a,b\n", 2, "holds no samples"),
    ],
)
def test_refuses_samples_that_cannot_be_predicted(csv, text, features, message):
    with pytest.raises(DataError, match=re.escape(message)):
        load_features(csv(text), features=features)


def test_two_columns_of_0_and_1_have_no_header(csv):
    assert load(csv("0,1\n1,0\n")).x_train.tolist() == [[0], [1]]


def test_samples_to_measure_on_may_be_of_one_class(csv):
    samples = load_labelled(csv("a,label\n1,3\n"))
    assert (samples.split, samples.x.tolist(), samples.y.tolist()) == ("train", [[1]], [3])
    with pytest.raises(DataError, match=r"has no test split; ask for its train split \("):
        load_labelled(csv("a,label\n1,3\n"), "test")


def test_a_label_column_that_is_left_out_may_hold_anything_numeric(csv):
    assert load_features(csv("label,a\nnan,1\n-7,2\n"), features=1).tolist() == [[1], [2]]
