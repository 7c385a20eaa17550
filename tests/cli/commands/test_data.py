"""`metaplast data list` and `metaplast data fetch`."""

from pathlib import Path

import pytest

from metaplast.golden_model import datasets


def test_list(document):
    listed = document("data", "list")
    assert [data["name"] for data in listed] == list(datasets.NAMES)
    digits = listed[0]
    assert digits["available"] is True
    assert [digits[key] for key in ("train", "test", "features", "classes")] == [1437, 360, 64, 10]


@pytest.mark.parametrize(
    ("name", "part"),
    [
        ("digits", "comes with Metaplast; there is nothing to fetch"),
        ("nonsense", "there is no data set 'nonsense' to fetch; there are digits"),
    ],
)
def test_nothing_to_fetch(run, name, part):
    result = run("data", "fetch", name)
    assert result.status == 1
    assert part in result.sentence


def test_fetch_prints_the_directory(run, monkeypatch):
    def fetch(name: str, data_dir: Path | None, **options: object) -> Path:
        assert (name, data_dir) == ("fashion-mnist", Path("here"))
        return Path("here/fashion-mnist")

    monkeypatch.setattr(datasets, "fetch", fetch)
    result = run("data", "fetch", "fashion-mnist", "--data-dir", "here")
    assert (result.status, result.out) == (0, "here/fashion-mnist\n")


def test_no_command(run):
    result = run("data")
    assert result.status == 2
    assert "fetch" in result.out + result.err
