"""Whatever is wrong with files, data and places ends in one sentence, and harms nothing."""

import errno
import gzip
import os
import resource
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from metaplast.golden_model.files.model_file import Model

SMALL = ("--hidden", "8", "--epochs", "1")

Arrays = dict[str, Any]


def idx(values: np.ndarray, magic: int) -> bytes:
    """An IDX file of bytes."""
    return (
        struct.pack(f">I{values.ndim}I", magic, *values.shape) + values.astype(np.uint8).tobytes()
    )


@pytest.fixture
def idx_files(workspace: Path) -> Path:
    """A directory with a small data set in MNIST's naming."""
    draw = np.random.default_rng(2)
    folder = workspace / "idx"
    folder.mkdir()
    for name, count in (("train", 30), ("t10k", 12)):
        images = draw.integers(0, 256, (count, 4, 5))
        labels = np.arange(count) % 3
        (folder / f"{name}-images-idx3-ubyte.gz").write_bytes(gzip.compress(idx(images, 0x803)))
        (folder / f"{name}-labels-idx1-ubyte.gz").write_bytes(gzip.compress(idx(labels, 0x801)))
    return folder


def arrays() -> Arrays:
    """A small data set's arrays."""
    draw = np.random.default_rng(3)
    return {
        "x_train": draw.random((30, 6)),
        "y_train": np.arange(30) % 3,
        "x_test": draw.random((9, 6)),
        "y_test": np.arange(9) % 3,
    }


def test_the_good_cases_are_good(run, idx_files):
    assert run("train", idx_files, *SMALL).status == 0
    np.savez("good.npz", **arrays())
    assert run("train", "good.npz", *SMALL).status == 0


class TestData:
    def test_a_missing_file(self, run):
        result = run("train", "missing.npz")
        assert result.status == 1
        assert "there is no file 'missing.npz', nor a data set of this name" in result.sentence

    def test_a_file_of_another_kind(self, run):
        Path("data.doc").write_text("what is this?")
        result = run("train", "data.doc")
        assert result.status == 1
        assert "neither an .npz file nor a table" in result.sentence

    @pytest.mark.parametrize("size", [0, 10, 300])
    def test_a_truncated_npz(self, run, size):
        np.savez("data.npz", **arrays())
        Path("data.npz").write_bytes(Path("data.npz").read_bytes()[:size])
        result = run("train", "data.npz")
        assert result.status == 1
        assert "data.npz" in result.sentence

    def test_pickled_objects(self, run):
        np.savez("data.npz", **{**arrays(), "x_train": np.array([{}] * 30)})
        result = run("train", "data.npz")
        assert result.status == 1
        assert "Python objects, which are not read" in result.sentence

    def test_a_truncated_gzip(self, run, idx_files):
        path = idx_files / "train-images-idx3-ubyte.gz"
        path.write_bytes(path.read_bytes()[:-20])
        result = run("train", idx_files)
        assert result.status == 1
        assert path.name in result.sentence
        assert "truncated" in result.sentence

    def test_truncated_images(self, run, idx_files):
        path = idx_files / "train-images-idx3-ubyte.gz"
        path.write_bytes(gzip.compress(gzip.decompress(path.read_bytes())[:-1]))
        result = run("train", idx_files)
        assert result.status == 1
        assert path.name in result.sentence

    def test_images_and_labels_swapped(self, run, idx_files):
        images = idx_files / "train-images-idx3-ubyte.gz"
        labels = idx_files / "train-labels-idx1-ubyte.gz"
        images.rename("swap")
        labels.rename(images)
        Path("swap").rename(labels)
        result = run("train", idx_files)
        assert result.status == 1
        assert images.name in result.sentence
        assert "label" in result.sentence

    @pytest.mark.parametrize(
        ("change", "part"),
        [
            (
                {"y_train": np.arange(30) % 3 + 0.5},
                "y_train[0] is 0.5; labels are integers, text or booleans",
            ),
            ({"y_train": np.arange(30) % 3 + 5}, "y_test[0] is 0, which no training sample has"),
            ({"y_train": np.full(30, 2)}, "y_train holds one class only, 2"),
            ({"y_train": np.arange(29) % 3}, "x_train holds 30 samples and y_train 29 labels"),
            ({"y_test": np.arange(9) % 4}, "y_test[3] is 3"),
            (
                {"x_train": np.full((30, 6), np.nan)},
                "x_train[0, 0] is nan; features must be finite",
            ),
            ({"x_test": np.full((9, 6), np.inf)}, "x_test[0, 0] is inf; features must be finite"),
            ({"x_test": np.ones((9, 5))}, "x_test has 5 features a sample and x_train 6"),
            ({"x_train": np.ones((0, 6)), "y_train": np.ones(0, int)}, "x_train holds no samples"),
            ({"x_train": np.full((30, 6), 7.0)}, "can carry no bits: every value is 7.0"),
        ],
    )
    def test_arrays(self, run, change, part):
        np.savez("data.npz", **{**arrays(), **change})
        result = run("train", "data.npz", *SMALL)
        assert result.status == 1
        assert part in result.sentence

    @pytest.mark.parametrize(
        ("text", "part"),
        [
            ("a,label\n1.5,0\nnan,1\n", "nan"),
            ("a,label\n1.5,0\n,1\n", "data.csv"),
            ("a,label\n1.5,0\nx,1\n", "data.csv"),
            ("a,label\n1.5,0\n2.5\n", "data.csv"),
            ("a,label\n1.5,0.5\n2.5,1\n", "fractions are not classes"),
            ("", "data.csv"),
            ("a,label\n", "data.csv"),
        ],
    )
    def test_tables(self, run, text, part):
        Path("data.csv").write_text(text)
        result = run("train", "data.csv", *SMALL)
        assert result.status == 1
        assert part in result.sentence

    def test_more_bits_than_the_data_carry(self, run):
        result = run("train", "digits", "--bits-per-feature", 9)
        assert result.status == 1
        assert "can carry 3 bits a feature, not 9" in result.sentence

    def test_a_recorded_run_that_is_none(self, run):
        np.savez("run.npz", x=np.ones((3, 4)), hidden=[4], groups=[2])
        result = run("train", "run.npz")
        assert result.status == 1
        assert "a recorded run also holds" in result.sentence

    @pytest.mark.parametrize(
        ("args", "part"),
        [
            (["--samples", 31], "31 is too many: data.npz has 30 training samples"),
            (["--samples", 21, "--validation", 10], "20 training samples, 10 held out"),
            (["--validation", 30], "30 leaves no sample to train on: the training split has 30"),
            (["--classes", 2], "2 is too few: the data have labels up to 2"),
        ],
    )
    def test_options_that_the_data_cannot_meet(self, run, args, part):
        np.savez("data.npz", **arrays())
        result = run("train", "data.npz", *args)
        assert result.status == 2
        assert part in result.sentence


class TestModel:
    @pytest.mark.parametrize("command", ["evaluate", "predict", "info", "train"])
    @pytest.mark.parametrize(
        ("damage", "part"),
        [
            (lambda content: content[:100], "truncated or damaged"),
            (lambda content: b"", "not an .npz file"),
            (lambda content: b"PK" + bytes(200), "truncated or damaged"),
        ],
    )
    def test_damaged(self, run, toy, model, command, damage, part):
        model.write_bytes(damage(model.read_bytes()))
        args = {"train": [toy, "--continue", model], "info": [model]}.get(command, [model, toy])
        result = run(command, *args)
        assert result.status == 1
        assert part in result.sentence
        assert str(model) in result.sentence

    def test_missing(self, run):
        result = run("info", "missing.npz")
        assert result.status == 1
        assert "cannot read missing.npz: No such file or directory" in result.sentence

    def test_a_directory(self, run, workspace):
        result = run("info", workspace)
        assert result.status == 1
        assert str(workspace) in result.sentence
        assert "directory" in result.sentence

    def test_a_data_set_is_no_model(self, run, toy):
        result = run("info", toy)
        assert result.status == 1
        assert "is not a model file: it lacks config" in result.sentence

    def test_of_a_newer_format(self, run, model):
        with np.load(model) as content:
            changed = dict(content)
        changed["config"] = np.array(str(changed["config"]).replace('"format": 2', '"format": 3'))
        np.savez(model, **changed)
        result = run("info", model)
        assert result.status == 1
        assert "format 3, and this Metaplast reads formats up to 2" in result.sentence

    def test_inconsistent(self, run, model):
        with np.load(model) as content:
            changed = dict(content)
        changed["counters_0"] = changed["counters_0"][:, 1:]
        np.savez(model, **changed)
        result = run("info", model)
        assert result.status == 1
        assert "counters_0 must be of shape (12, 24), not (12, 23)" in result.sentence

    @pytest.mark.parametrize("command", ["evaluate", "predict"])
    def test_of_another_shape(self, run, model, command):
        np.savez("wide.npz", x=np.zeros((2, 5)), x_train=np.eye(4), y_train=np.arange(4) % 2)
        result = run(command, model, "wide.npz")
        assert result.status == 1
        assert "24" in result.sentence
        assert "features" in result.sentence


class TestPlaces:
    def test_a_directory_as_output(self, run, toy, workspace):
        result = run("train", toy, "--model", workspace)
        assert result.status == 1
        assert f"cannot write {workspace}: it is a directory" in result.sentence

    def test_a_missing_directory(self, run, toy):
        result = run("train", toy, "--model", "nowhere/m.npz")
        assert result.status == 1
        assert "there is no directory" in result.sentence

    def test_a_directory_that_may_not_be_written_to(self, run, toy, monkeypatch):
        monkeypatch.setattr(os, "access", lambda path, mode: False)
        for option, place in (("--model", "m.npz"), ("--plot", "p")):
            result = run("train", toy, option, place)
            assert result.status == 1
            assert "may not be written to" in result.sentence
        assert not Path("m.npz").exists()

    def test_the_data_are_not_written_over(self, run, toy):
        before = toy.read_bytes()
        result = run("train", toy, "--model", toy)
        assert result.status == 1
        assert "would overwrite its own input; name another file" in result.sentence
        assert toy.read_bytes() == before

    def test_the_default_output_is_checked_before_training(self, run, toy, monkeypatch):
        Path("toy-model.npz").mkdir()
        monkeypatch.setattr("metaplast.cli.training.session.train_epochs", None)
        result = run("train", toy)
        assert result.status == 1
        assert "cannot write toy-model.npz: it is a directory" in result.sentence

    def test_a_full_device(self, run, toy):
        result = run("train", toy, *SMALL, "--model", "/dev/full")
        assert result.status == 1
        assert result.sentence == "cannot write /dev/full: No space left on device"

    def test_a_full_disk_leaves_the_old_model_whole(self, spawn, toy, model):
        before = model.read_bytes()

        def no_more_than_a_kilobyte() -> None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (1024, 1024))

        result = spawn(
            *("train", toy, *SMALL, "--model", model), preexec_fn=no_more_than_a_kilobyte
        )
        assert result.status == 1
        assert result.sentence == f"cannot write {model}: File too large"
        assert model.read_bytes() == before
        assert sorted(path.name for path in model.parent.iterdir()) == ["toy-model.npz", "toy.npz"]

    def test_no_space_for_the_pictures(self, run, toy, monkeypatch):
        def full(*args: object) -> None:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "p/learning_curve.png")

        monkeypatch.setattr("metaplast.cli.terminal.plots.write_atomically", full)
        result = run("train", toy, *SMALL, "--plot", "p")
        assert result.status == 1
        assert result.sentence == (
            "toy-model.npz was saved, but its plots could not be drawn: "
            "p/learning_curve.png: no space left on device"
        )
        assert Model.load("toy-model.npz").epoch == 1  # the training is not lost

    def test_a_device_takes_what_it_is_given(self, run, toy):
        assert run("train", toy, *SMALL, "--model", "/dev/null").status == 0
        assert not Path("/dev/null").is_file()


def test_a_file_of_the_data_is_not_written_over(run, tmp_path):
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / "train-images-idx3-ubyte").write_bytes(b"images")
    for options in ((folder,), ("fashion-mnist", "--data-dir", folder)):
        result = run("train", *options, "--model", folder / "train-images-idx3-ubyte")
        assert (result.status, "would overwrite its own input" in result.sentence) == (1, True)


def test_a_model_may_lie_where_data_sets_do(run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("digits").mkdir()
    for _ in range(2):
        assert run("train", "digits", *SMALL, "--model", "digits/m.npz").status == 0
        assert run("train", "digits", *SMALL, "--data-dir", ".").status == 0
    assert Path("digits-model.npz").exists()


def test_a_read_only_model_is_left_alone(run, toy, tmp_path, monkeypatch):
    model = tmp_path / "mine.npz"
    model.write_bytes(b"mine")
    model.chmod(0o444)
    # Who may do anything may write to it, too.
    access = os.access
    monkeypatch.setattr(
        os,
        "access",
        lambda path, mode: access(path, mode) and not (Path(path) == model and mode & os.W_OK),
    )
    result = run("train", toy, *SMALL, "--model", model)
    assert result.sentence == f"cannot write {model}: it is read-only; name another file"


def test_a_long_name_is_written(run, toy, workspace):
    name = "😀" * 60 + ".npz"
    assert run("train", toy, *SMALL, "--epochs", 1, "--model", name).status == 0
    assert Model.load(name).epoch == 1


def test_pictures_have_a_place_of_their_own(run, toy):
    result = run("train", toy, *SMALL, "--model", "there", "--plot", "there")
    assert result.status == 2
    assert "must be a directory other than --model there" in result.sentence


@pytest.mark.parametrize(
    ("command", "option", "kind"),
    [
        ("train", "--epochs", "whole number"),
        ("train", "--validation", "whole number"),
        ("train", "--robustness", "number"),
        ("train", "--faults", "number"),
        ("simulate", "--waves-batch", "whole number"),
        ("plan", "--accuracy", "number"),
        ("build", "--seeds", "whole number"),
        ("virtual-board", "--inputs", "whole number"),
    ],
)
@pytest.mark.parametrize("value", ["many", "1,5", ""])
def test_what_is_no_number_is_named(run, command, option, kind, value):
    result = run(command, "digits", option, value)
    assert result.status == 2
    assert f"'{option}': must be a {kind}, not {value!r}" in result.sentence


def test_a_fraction_is_no_whole_number(run, toy):
    result = run("train", toy, "--epochs", 1.5)
    assert result.status == 2
    assert "must be a whole number, not '1.5'" in result.sentence


def test_every_refusal_leaves_the_model_whole(run, toy, model):
    before = model.read_bytes()
    for args in (
        ["nothing.npz"],
        [toy, "--counter-bits", 1],
        [toy, "--robustness", 2],
        [toy, "--hidden", 12, "--groups", 5],
        [toy, "--samples", 1000],
        [toy, "--bits-per-feature", 2],
        [toy, "--continue", "nothing.npz"],
        [toy, "--plot", toy],
    ):
        result = run("train", *args, "--model", model)
        assert result.status in (1, 2), args
        assert result.sentence
        assert model.read_bytes() == before, args
