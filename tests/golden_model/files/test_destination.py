"""Paths that no model can be saved to: the messages, and the files left behind."""

import errno
import os
import re
from pathlib import Path

import pytest

from metaplast.golden_model.errors import ModelFileError
from metaplast.golden_model.files.destination import check_destination
from metaplast.golden_model.files.model_file import Model

from .models import MODEL, assert_same, names, trained


@pytest.fixture
def path(tmp_path):
    return tmp_path / "model.npz"


@pytest.mark.parametrize("step", ["write", "fsync"])
def test_a_full_disk_leaves_the_old_model(path, tmp_path, monkeypatch, step):
    MODEL.save(path)
    old = path.read_bytes()

    def full(*arguments):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, step, full)
    with pytest.raises(ModelFileError, match=r"cannot write .*model\.npz: No space left on device"):
        trained(epochs=1).save(path)
    assert path.read_bytes() == old
    assert names(tmp_path) == ["model.npz"]


def test_a_full_device_is_named():
    full = Path("/dev/full")
    if full.exists():  # Linux
        check_destination(full)
        with pytest.raises(ModelFileError, match="cannot write /dev/full: No space left on device"):
            MODEL.save(full)
        assert full.is_char_device()


def test_refuses_places_where_no_file_can_be(tmp_path):
    for refuse in (check_destination, MODEL.save):
        with pytest.raises(
            ModelFileError,
            match=re.escape(
                f"cannot write {tmp_path}: it is a directory; name a file, such as "
                f"{tmp_path / 'model.npz'}"
            ),
        ):
            refuse(tmp_path)
        with pytest.raises(
            ModelFileError,
            match=re.escape(f"there is no directory {tmp_path / 'no'}; make it first"),
        ):
            refuse(tmp_path / "no" / "model.npz")
        with pytest.raises(ModelFileError, match=r"cannot write n+: File name too long"):
            refuse("n" * 5000)
    assert names(tmp_path) == []


def test_refuses_a_directory_that_may_not_be_written_to(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    with pytest.raises(ModelFileError, match=rf"{tmp_path} may not be written to"):
        MODEL.save(tmp_path / "model.npz")


def test_links_are_followed(tmp_path):
    (tmp_path / "there").mkdir()
    real, link = tmp_path / "there" / "real.npz", tmp_path / "link.npz"
    link.symlink_to(real)
    MODEL.save(link)
    assert link.is_symlink()
    assert_same(Model.load(real), MODEL)
    link.unlink()
    link.symlink_to(tmp_path / "nowhere" / "real.npz")
    with pytest.raises(ModelFileError, match=re.escape(f"no directory {tmp_path / 'nowhere'};")):
        MODEL.save(link)


def test_the_name_is_kept_as_it_is(tmp_path):
    MODEL.save(str(tmp_path / "model"))
    assert names(tmp_path) == ["model"]
    assert_same(Model.load(str(tmp_path / "model")), MODEL)
