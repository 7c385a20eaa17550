"""Names, paths, and what is neither."""

import gzip
import struct

import numpy as np
import pytest

from metaplast.golden_model import datasets
from metaplast.golden_model.datasets import describe, fetch, load, load_features, load_labelled
from metaplast.golden_model.errors import DataError


@pytest.fixture(autouse=True)
def nothing_found(monkeypatch, tmp_path):
    """No published data set on this machine."""
    monkeypatch.setattr(datasets.published_idx, "DEBIAN_DIRECTORY", tmp_path / "debian")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("METAPLAST_DATA", raising=False)


def test_descriptions_say_what_loading_gives():
    described = {description.name: description for description in describe()}
    names = ("digits", "fashion-mnist", "mnist", "kmnist", "prototypes")
    assert tuple(described) == datasets.NAMES == names
    for name in ("digits", "prototypes"):
        data, description = load(name), described[name]
        assert data.x_test is not None
        assert description.available
        assert (description.train, description.test) == (len(data.x_train), len(data.x_test))
        assert (description.features, description.classes) == (data.features, data.classes)
        assert description.image_shape == data.image_shape
    for name in ("fashion-mnist", "mnist", "kmnist"):
        missing = described[name]
        assert not missing.available
        assert missing.location == f"not here: run `metaplast data fetch {name}`"
        assert (missing.train, missing.test, missing.features) == (60_000, 10_000, 784)


@pytest.mark.parametrize("name", ["digit", "nowhere.npz", "a/b.csv", "", "n" * 5000, "a\0b"])
def test_refuses_what_is_not_there(name):
    for door in (load, load_features):
        with pytest.raises(
            DataError,
            match=r"there is no file .* the built-in ones are digits, fashion-mnist, mnist, ",
        ):
            door(name)


@pytest.mark.parametrize("given", [None, 3, b"digits", ["digits"]])
def test_data_are_given_by_name_or_path(given):
    for door in (load, load_labelled, load_features):
        with pytest.raises(DataError) as caught:
            door(given)
        assert str(caught.value) == f"data must be given by name or path, not {given!r}"


@pytest.mark.parametrize("split", ["foo", "", "Train", 1])
def test_refuses_a_split_that_is_none(tmp_path, split):
    (tmp_path / "some.csv").write_text("a,label\n1,0\n2,1\n")
    np.savez(tmp_path / "some.npz", x_train=[[1], [2]], y_train=[0, 1])
    for name in ("digits", tmp_path / "some.csv", tmp_path / "some.npz"):
        with pytest.raises(DataError) as caught:
            load_labelled(name, split)
        assert str(caught.value) == f"split must be 'train', 'test' or None, not {split!r}"


def test_names_the_split_that_is_there(tmp_path):
    path = tmp_path / "some.npz"
    np.savez(path, x_train=[[1], [2]], y_train=[0, 1])
    with pytest.raises(DataError) as caught:
        load_labelled(path, "test")
    assert str(caught.value) == (
        f"{path} has no test split; ask for its train split (command line: --split train)"
    )


def test_a_model_is_no_data_set(tmp_path):
    path = tmp_path / "model.npz"
    np.savez(path, counters_0=[[1]])
    with pytest.raises(DataError) as caught:
        load(path)
    assert str(caught.value) == (
        f"{path} is a model, and no data set; to go on training it, name the data, and give the "
        "model beside (command line: --continue) or read it with Model.load"
    )


def test_refuses_files_of_other_kinds(tmp_path):
    path = tmp_path / "data.json"
    path.write_text("1,2,0\n")
    kinds = r"is neither an \.npz file nor a table \(\.csv, \.tsv, \.txt, gzipped or not\), nor "
    with pytest.raises(DataError, match=f"{kinds}a directory with IDX files; rename or convert it"):
        load(path)
    with pytest.raises(DataError, match=f"{kinds}an IDX file of images; rename or convert it"):
        load_features(path)


@pytest.mark.parametrize("door", [load, load_labelled, load_features])
def test_only_tables_have_a_label_column(door, tmp_path):
    np.savez(tmp_path / "some.npz", x=[[1], [2]], x_train=[[1], [2]], y_train=[0, 1])
    for name in ("digits", tmp_path / "some.npz"):
        with pytest.raises(DataError, match="is no table, so it has no column 'kind'; leave the"):
            door(name, label="kind")


def test_one_idx_file_is_no_data_set_but_can_be_predicted(tmp_path):
    images = np.arange(12, dtype=np.uint8).reshape(3, 2, 2)
    path = tmp_path / "t10k-images-idx3-ubyte.gz"
    path.write_bytes(gzip.compress(struct.pack(">4B3I", 0, 0, 8, 3, 3, 2, 2) + images.tobytes()))
    with pytest.raises(DataError, match="seems to be one IDX file of a data set; give the direct"):
        load(path)
    assert load_features(path, features=4).tolist() == images.reshape(3, 4).tolist()
    path.write_bytes(struct.pack(">4BI", 0, 0, 8, 1, 3) + b"\0\1\2")
    with pytest.raises(DataError, match="holds labels where images should be"):
        load_features(path)


def test_a_built_in_sets_test_split_can_be_predicted():
    assert load_features("digits", features=64).shape == (360, 64)
    with pytest.raises(DataError, match="digits has 64 features a sample; there should be 65"):
        load_features("digits", features=65)


def test_a_directory_without_test_split_cannot_be_predicted(tmp_path):
    (tmp_path / "train-images-idx3-ubyte").write_bytes(
        struct.pack(">4B3I", 0, 0, 8, 3, 2, 1, 1) + b"\1\2"
    )
    (tmp_path / "train-labels-idx1-ubyte").write_bytes(struct.pack(">4BI", 0, 0, 8, 1, 2) + b"\0\1")
    with pytest.raises(DataError, match="has no test split to predict"):
        load_features(tmp_path)


@pytest.mark.parametrize(
    "name", ["A.CSV", "a.csv.gz", "a.tsv", "a.txt", "a.dat", "a.data", "a.Txt"]
)
def test_tables_are_known_by_their_suffix_in_any_case(tmp_path, name):
    content = b"1,0\n2,1\n"
    (tmp_path / name).write_bytes(gzip.compress(content) if name.endswith("gz") else content)
    assert load(tmp_path / name).classes == 2
    assert load_labelled(tmp_path / name).y.tolist() == [0, 1]
    assert load_features(tmp_path / name, features=1).tolist() == [[1], [2]]


def test_labels_of_a_built_in_set_are_the_class_numbers():
    samples = load_labelled("digits")
    assert samples.y.tolist() == load("digits").y_test.tolist()
    assert samples.class_names == tuple("0123456789")
    assert samples.image_shape == (8, 8)


def test_only_what_is_not_here_is_fetched():
    with pytest.raises(DataError, match="digits comes with Metaplast; there is nothing to fetch"):
        fetch("digits")
    with pytest.raises(DataError, match="there is no data set 'mnits' to fetch; there are digits"):
        fetch("mnits")
