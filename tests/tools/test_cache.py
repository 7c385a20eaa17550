"""The cache of built simulators."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from metaplast.sim.verilator.tools import digest
from metaplast.tools.cache import ENVIRONMENT_VARIABLE, CacheError, cache_directory, keep

PROCESS = """
import sys, time
from pathlib import Path
from metaplast.sim.cache import keep

def make(directory):
    time.sleep(0.5)
    (directory / "content").write_text(sys.argv[1])

directory, made = keep("design-" + 32 * "0", make)
print(made, (directory / "content").read_text())
"""


@pytest.fixture(autouse=True)
def cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setenv(ENVIRONMENT_VARIABLE, str(tmp_path))
    return tmp_path


def write(directory: Path) -> None:
    (directory / "content").write_text("made")


def make_old(path: Path) -> None:
    long_ago = time.time() - 31 * 24 * 3600
    os.utime(path, (long_ago, long_ago))


def test_what_is_there_is_not_made_again(cache: Path) -> None:
    directory, made = keep("thing", write)
    assert made
    assert directory == cache / "thing"
    assert (directory / "content").read_text() == "made"
    assert keep("thing", write) == (directory, False)
    assert keep("other", write) == (cache / "other", True)


def test_what_could_not_be_made_is_not_there(cache: Path) -> None:
    def fail(directory: Path) -> None:
        write(directory)
        raise RuntimeError("no")

    with pytest.raises(RuntimeError, match="no"):
        keep("thing", fail)
    assert [path.name for path in cache.iterdir()] == ["thing.lock"]
    assert keep("thing", write)[1]


def test_of_processes_that_want_the_same_one_makes_it() -> None:
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", PROCESS, str(number)], stdout=subprocess.PIPE, text=True
        )
        for number in range(3)
    ]
    answers = [process.communicate()[0].split() for process in processes]
    assert sorted(made for made, _ in answers) == ["False", "False", "True"]
    assert len({content for _, content in answers}) == 1


def test_what_nobody_uses_makes_room(cache: Path) -> None:
    old, used, new = (f"{kind}-{digest(kind)}" for kind in ("design", "bitstream", "runtime"))
    keep(old, write)
    keep(used, write)
    left = cache / f"{old}.abc123.new"  # by a process that was killed
    left.mkdir()
    for name in (old, f"{old}.lock", left.name, used):
        make_old(cache / name)
    keep(used, write)
    keep(new, write)
    names = {path.name for path in cache.iterdir()}
    assert names == {used, f"{used}.lock", new, f"{new}.lock"}


def test_what_is_not_the_caches_own_stays(cache: Path) -> None:
    others = ["thesis", "design", "design-of-a-house", f"headers-{digest('x')}.txt"]
    for name in others:
        (cache / name).mkdir()
        (cache / name / "chapter").write_text("1")
        make_old(cache / name)
    (cache / "notes").write_text("buy milk")
    make_old(cache / "notes")
    keep(f"design-{digest('new')}", write)
    assert all((cache / name / "chapter").exists() for name in others)
    assert (cache / "notes").exists()


def test_a_cache_that_cannot_be_written_to(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (cache / "file").write_text("")
    for place in (cache / "file", Path("/dev/null/cache")):
        monkeypatch.setenv(ENVIRONMENT_VARIABLE, str(place))
        with pytest.raises(CacheError, match=rf"kept in {place}, .* in METAPLAST_CACHE$"):
            keep("design", write)


def test_without_a_home_a_place_has_to_be_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def homeless(cls: type[Path]) -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.delenv(ENVIRONMENT_VARIABLE)
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setattr(Path, "home", classmethod(homeless))
    with pytest.raises(CacheError, match=r"no home directory .* in METAPLAST_CACHE$"):
        keep("design", write)


def test_without_a_name_it_is_where_the_platform_keeps_caches(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv(ENVIRONMENT_VARIABLE)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setattr(sys, "platform", "linux")
    assert cache_directory() == tmp_path / "xdg" / "metaplast" / "simulators"
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert cache_directory() == tmp_path / "home" / ".cache" / "metaplast" / "simulators"
    monkeypatch.setattr(sys, "platform", "darwin")
    assert (
        cache_directory() == tmp_path / "home" / "Library" / "Caches" / "metaplast" / "simulators"
    )
