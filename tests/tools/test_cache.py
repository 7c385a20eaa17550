"""The build cache: complete products, damage, errors, removal of old products."""

import errno
import json
import os
import subprocess
import sys
import threading
import time
from collections import namedtuple
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock

from metaplast.tools import cache as cache_module
from metaplast.tools.cache import (
    ENVIRONMENT_VARIABLE,
    MANIFEST,
    CacheError,
    cache_directory,
    content_key,
    get_or_build,
)

PROCESS = """
import sys, time
from pathlib import Path
from metaplast.tools.cache import get_or_build

def build(directory):
    time.sleep(0.5)
    (directory / "content").write_text(sys.argv[1])

directory, built = get_or_build("design-" + 32 * "0", build)
print(built, (directory / "content").read_text())
"""

DESIGN = f"design-{content_key('design')}"

ODD_NAMES = [
    "cachä é",
    'it\'s "here"',
    "$HOME #1 100%",
    "a\nb",
    "-o;,:\\`x`",
    os.fsdecode(b"caf\xe9"),
]
"""Names of directories that are difficult for shells, make, JSON and compilers."""


@pytest.fixture(autouse=True)
def cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setenv(ENVIRONMENT_VARIABLE, str(tmp_path))
    return tmp_path


def write(directory: Path) -> None:
    (directory / "content").write_text("built")


def never(directory: Path) -> None:
    raise AssertionError("it was there already")


def make_old(path: Path) -> None:
    long_ago = time.time() - 31 * 24 * 3600
    os.utime(path, (long_ago, long_ago))


def refuse(monkeypatch: pytest.MonkeyPatch, name: str, number: int, under: Path) -> None:
    """Make a method of Path fail for all paths in a directory."""
    method: Callable[..., Any] = getattr(Path, name)

    def refusing(self: Path, *arguments: Any, **options: Any) -> Any:
        if self == under or under in self.parents:
            raise OSError(number, os.strerror(number), str(self))
        return method(self, *arguments, **options)

    monkeypatch.setattr(Path, name, refusing)


def make_read_only(monkeypatch: pytest.MonkeyPatch, cache: Path) -> None:
    """Skip the test for root, who has all permissions."""
    for name in ("mkdir", "rename", "unlink", "write_text"):
        refuse(monkeypatch, name, errno.EROFS, cache)
    utime, open_ = os.utime, os.open

    def refuse_utime(path: Any, *arguments: Any, **options: Any) -> None:
        if Path(path).is_relative_to(cache):
            raise OSError(errno.EROFS, os.strerror(errno.EROFS), str(path))
        utime(path, *arguments, **options)

    def refuse_open(path: Any, flags: int, *arguments: Any, **options: Any) -> int:
        if flags & (os.O_WRONLY | os.O_RDWR) and Path(path).is_relative_to(cache):
            raise OSError(errno.EROFS, os.strerror(errno.EROFS), str(path))
        return open_(path, flags, *arguments, **options)

    monkeypatch.setattr(os, "utime", refuse_utime)
    monkeypatch.setattr(os, "open", refuse_open)


# Built once


def test_a_product_is_built_once(cache: Path) -> None:
    directory, built = get_or_build("thing", write)
    assert built
    assert directory == cache / "thing"
    assert (directory / "content").read_text() == "built"
    assert get_or_build("thing", never) == (directory, False)
    assert get_or_build("other", write) == (cache / "other", True)


def test_a_failed_build_leaves_nothing(cache: Path) -> None:
    def fail(directory: Path) -> None:
        write(directory)
        raise RuntimeError("no")

    with pytest.raises(RuntimeError, match="no"):
        get_or_build("thing", fail)
    assert [path.name for path in cache.iterdir()] == ["thing.lock"]
    assert get_or_build("thing", write)[1]


def test_one_of_several_processes_builds_a_product() -> None:
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", PROCESS, str(number)], stdout=subprocess.PIPE, text=True
        )
        for number in range(3)
    ]
    answers = [process.communicate()[0].split() for process in processes]
    assert sorted(built for built, _ in answers) == ["False", "False", "True"]
    assert len({content for _, content in answers}) == 1


def test_one_of_several_threads_builds_a_product() -> None:
    built: list[bool] = []

    def slowly(directory: Path) -> None:
        time.sleep(0.2)
        write(directory)

    threads = [
        threading.Thread(target=lambda: built.append(get_or_build(DESIGN, slowly)[1]))
        for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(built) == [False, False, True]


def test_waiting_has_a_limit(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache_module, "MAX_WAIT_SECONDS", 0.1)
    with FileLock(cache / f"{DESIGN}.lock"), pytest.raises(CacheError) as error:
        get_or_build(DESIGN, never)
    assert str(error.value) == (
        "another process has been building a simulator for more than 0.00166667 minutes (it holds "
        f"{cache / DESIGN}.lock): wait for it or end it, or name another directory in "
        "METAPLAST_CACHE"
    )


# Damage


@pytest.mark.parametrize(
    "damage", ["truncated", "changed", "removed", "no manifest", "bad manifest"]
)
def test_a_damaged_product_is_built_again(cache: Path, damage: str) -> None:
    directory, _ = get_or_build(DESIGN, write)
    content, manifest = directory / "content", directory / MANIFEST
    if damage == "truncated":
        os.truncate(content, 2)
    elif damage == "changed":
        content.write_text("bUilt")
    elif damage == "removed":
        content.unlink()
    elif damage == "no manifest":
        manifest.unlink()
    else:
        manifest.write_text("{")
    assert get_or_build(DESIGN, write) == (directory, True)
    assert content.read_text() == "built"
    assert get_or_build(DESIGN, never) == (directory, False)


def test_a_file_in_the_place_of_a_product(cache: Path) -> None:
    (cache / DESIGN).write_text("")
    assert get_or_build(DESIGN, write) == (cache / DESIGN, True)


def test_the_manifest_names_every_file(cache: Path) -> None:
    def nested(directory: Path) -> None:
        (directory / "a").mkdir()
        write(directory / "a")
        write(directory)

    directory, _ = get_or_build(DESIGN, nested)
    assert list(json.loads((directory / MANIFEST).read_text())) == ["a/content", "content"]


# Errors


def test_a_read_only_cache_gives_its_products(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    directory, _ = get_or_build(DESIGN, write)
    make_read_only(monkeypatch, cache)
    assert get_or_build(DESIGN, never) == (directory, False)
    other = f"bitstream-{content_key('x')}"
    with pytest.raises(CacheError) as error:
        get_or_build(other, never)
    assert str(error.value) == (
        f"the build cache {cache} lacks a bitstream and cannot be written to (Read-only file "
        "system): name another directory in METAPLAST_CACHE"
    )
    monkeypatch.undo()
    monkeypatch.setenv(ENVIRONMENT_VARIABLE, str(cache))
    os.truncate(directory / "content", 2)
    make_read_only(monkeypatch, cache)
    with pytest.raises(CacheError, match="has a damaged copy of a simulator and cannot be"):
        get_or_build(DESIGN, never)


def test_a_cache_of_another_user(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    owner = cache.stat().st_uid
    monkeypatch.setattr(os, "geteuid", lambda: owner + 1)
    refuse(monkeypatch, "mkdir", errno.EACCES, cache)
    with pytest.raises(CacheError) as error:
        get_or_build(DESIGN, never)
    assert str(error.value) == (
        f"the build cache {cache} lacks a simulator and cannot be written to (Permission denied, "
        f"it belongs to the user {owner}): name another directory in METAPLAST_CACHE"
    )
    refuse(monkeypatch, "read_bytes", errno.EACCES, cache)
    with pytest.raises(CacheError) as error:
        get_or_build(DESIGN, never)
    assert str(error.value) == (
        f"the build cache {cache} cannot be read (Permission denied, it belongs to the user "
        f"{owner}): name another directory in METAPLAST_CACHE"
    )


def test_a_full_disk(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sentence = (
        f"the disk of the build cache {cache} is full: free some space, or name a directory on "
        "another disk in METAPLAST_CACHE"
    )

    def fill(directory: Path) -> None:
        write(directory)
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with pytest.raises(CacheError) as error:
        get_or_build(DESIGN, fill)
    assert str(error.value) == sentence
    assert [path.name for path in cache.iterdir()] == [f"{DESIGN}.lock"]

    # Errors of programs do not have the reason.
    def fail(directory: Path) -> None:
        raise ValueError("Unterminated string")

    usage = namedtuple("usage", ["total", "used", "free"])
    monkeypatch.setattr("shutil.disk_usage", lambda path: usage(1 << 30, 1 << 30, 4096))
    with pytest.raises(CacheError) as error:
        get_or_build(DESIGN, fail)
    assert str(error.value) == sentence
    monkeypatch.setattr("shutil.disk_usage", lambda path: usage(1 << 30, 1 << 20, 1 << 29))
    with pytest.raises(ValueError, match="Unterminated"):
        get_or_build(DESIGN, fail)


def test_a_cache_that_is_a_file(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = cache / "file"
    file.write_text("")
    for place, reason in ((file, "it is a file"), (file / "cache", "Not a directory")):
        monkeypatch.setenv(ENVIRONMENT_VARIABLE, str(place))
        with pytest.raises(CacheError) as error:
            get_or_build(DESIGN, never)
        assert str(error.value) == (
            f"the build cache {place} lacks a simulator and cannot be written to ({reason}): "
            "name another directory in METAPLAST_CACHE"
        )


# Old products


def test_unused_products_are_removed(cache: Path) -> None:
    old, used, new = (f"{kind}-{content_key(kind)}" for kind in ("design", "bitstream", "runtime"))
    get_or_build(old, write)
    get_or_build(used, write)
    left = cache / f"{old}.abc123.new"  # by a process that was killed
    left.mkdir()
    for name in (old, f"{old}.lock", left.name, used):
        make_old(cache / name)
    get_or_build(used, never)
    get_or_build(new, write)
    names = {path.name for path in cache.iterdir()}
    assert names == {used, f"{used}.lock", new, f"{new}.lock"}


def test_other_files_are_not_removed(cache: Path) -> None:
    others = ["thesis", "design", "design-of-a-house", f"headers-{content_key('x')}.txt"]
    for name in others:
        (cache / name).mkdir()
        (cache / name / "chapter").write_text("1")
        make_old(cache / name)
    (cache / "notes").write_text("buy milk")
    make_old(cache / "notes")
    get_or_build(DESIGN, write)
    assert all((cache / name / "chapter").exists() for name in others)
    assert (cache / "notes").exists()


# Directories


@pytest.mark.parametrize("name", ODD_NAMES)
def test_a_directory_of_any_name(cache: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(ENVIRONMENT_VARIABLE, str(cache / name))
    assert get_or_build(DESIGN, write) == (cache / name / DESIGN, True)
    assert get_or_build(DESIGN, never) == (cache / name / DESIGN, False)


def test_a_relative_directory(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(cache)
    monkeypatch.setenv(ENVIRONMENT_VARIABLE, "here")
    assert get_or_build(DESIGN, write)[0] == cache / "here" / DESIGN


def test_without_a_home_directory_a_directory_must_be_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    import pwd

    def unknown(number: int) -> Any:
        raise KeyError(f"getpwuid(): uid not found: {number}")

    for name in (ENVIRONMENT_VARIABLE, "HOME", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(pwd, "getpwuid", unknown)
    with pytest.raises(CacheError) as error:
        get_or_build(DESIGN, never)
    assert str(error.value) == (
        "the build cache has no directory, since there is no home directory: name one in "
        "METAPLAST_CACHE"
    )


def test_the_default_directory_is_that_of_the_platform(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv(ENVIRONMENT_VARIABLE)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert cache_directory() == tmp_path / "xdg" / "metaplast" / "builds"


def test_boundaries_of_the_parts_of_a_key_matter() -> None:
    assert content_key("ab", "c") != content_key("a", "bc") != content_key("a", b"bc", "")
    assert content_key("a", b"b") == content_key(b"a", "b")
    assert content_key(os.fsdecode(b"/caf\xe9")) == content_key(b"/caf\xe9")


def test_leftovers_of_a_killed_process_are_removed(cache: Path) -> None:
    name = f"design-{'5' * 32}"
    left = cache / f"{name}.0123abcd.new"
    left.mkdir(parents=True)
    (left / "half").write_text("half")
    directory, built = get_or_build(name, write)
    assert built
    assert any(directory.iterdir())
    assert not left.exists()
