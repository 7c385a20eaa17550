"""Files that are there whole or not at all."""

import errno
import os
import stat
from pathlib import Path

import pytest

from metaplast.golden_model.files.atomic import write_atomically


def names(directory):
    return sorted(path.name for path in directory.iterdir())


def test_writes_and_replaces(tmp_path):
    path = tmp_path / "file"
    write_atomically(path, b"first")
    assert path.read_bytes() == b"first"
    write_atomically(path, b"second")
    assert path.read_bytes() == b"second"
    assert names(tmp_path) == ["file"]


def test_permissions_are_the_users_or_stay(tmp_path):
    plain, path = tmp_path / "plain", tmp_path / "file"
    plain.write_bytes(b"")
    write_atomically(path, b"")
    assert path.stat().st_mode == plain.stat().st_mode
    path.chmod(0o640)
    write_atomically(path, b"again")
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


def test_what_others_may_not_read_they_may_at_no_time(tmp_path, monkeypatch):
    path = tmp_path / "file"
    path.write_bytes(b"old")
    path.chmod(0o600)
    seen = []

    def fsync(descriptor):
        seen.append(stat.S_IMODE(os.fstat(descriptor).st_mode))

    monkeypatch.setattr(os, "fsync", fsync)
    write_atomically(path, b"new")
    assert seen[0] == 0o600
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_link_is_followed_and_stays(tmp_path):
    (tmp_path / "there").mkdir()
    real, link = tmp_path / "there" / "real", tmp_path / "link"
    link.symlink_to(real)
    for content in (b"through a dangling link", b"through a link"):
        write_atomically(link, content)
        assert link.is_symlink()
        assert real.read_bytes() == content
    assert names(tmp_path) == ["link", "there"]
    assert names(tmp_path / "there") == ["real"]


def test_a_name_of_the_greatest_length_can_be_written(tmp_path):
    path = tmp_path / ("n" * 255)
    write_atomically(path, b"x")
    assert names(tmp_path) == [path.name]


@pytest.mark.parametrize("step", ["write", "fsync", "close", "replace"])
def test_a_full_disk_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch, step):
    path = tmp_path / "file"
    path.write_bytes(b"old")
    full = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    close, open_descriptors = os.close, []

    def fail(*arguments, **keywords):
        raise full

    def close_and_fail(descriptor):
        close(descriptor)
        open_descriptors.append(descriptor)
        raise full

    with monkeypatch.context() as patch:
        if step == "replace":
            patch.setattr(Path, "replace", fail)
        else:
            patch.setattr(os, step, close_and_fail if step == "close" else fail)
        with pytest.raises(OSError, match="No space left on device"):
            write_atomically(path, b"new")
    assert path.read_bytes() == b"old"
    assert names(tmp_path) == ["file"]
    assert step != "close" or open_descriptors


def test_a_disk_that_fills_up_half_way_leaves_nothing(tmp_path, monkeypatch):
    write = os.write
    calls = []

    def write_a_little(descriptor, content):
        calls.append(len(content))
        if len(calls) == 3:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return write(descriptor, content[:10])

    monkeypatch.setattr(os, "write", write_a_little)
    with pytest.raises(OSError, match="No space left on device"):
        write_atomically(tmp_path / "file", bytes(100))
    assert calls == [100, 90, 80]
    assert names(tmp_path) == []


def test_an_interrupt_leaves_nothing(tmp_path, monkeypatch):
    def interrupt(descriptor):
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", interrupt)
    with pytest.raises(KeyboardInterrupt):
        write_atomically(tmp_path / "file", b"x")
    assert names(tmp_path) == []


def test_a_device_is_written_to_and_stays_a_device():
    write_atomically(Path(os.devnull), b"x")
    assert stat.S_ISCHR(Path(os.devnull).stat().st_mode)
    full = Path("/dev/full")
    if full.exists():  # Linux
        with pytest.raises(OSError, match="No space left on device"):
            write_atomically(full, b"x")
        assert stat.S_ISCHR(full.stat().st_mode)


def test_a_missing_directory_is_the_systems_error(tmp_path):
    with pytest.raises(FileNotFoundError):
        write_atomically(tmp_path / "nowhere" / "file", b"x")
