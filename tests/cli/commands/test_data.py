"""`metaplast data list` and `metaplast data fetch`."""

import json
from pathlib import Path

import pytest

from metaplast.golden_model import datasets


def test_list(run):
    result = run("data", "list")
    assert (result.status, result.err) == (0, "")
    lines = result.out.splitlines()
    assert [line.split()[0] for line in lines] == ["name", *datasets.NAMES]
    assert lines[1].split()[-4:] == ["1,437", "360", "64", "10"]


def test_list_json(run):
    documents = json.loads(run("data", "list", "--json").out)
    assert [document["name"] for document in documents] == list(datasets.NAMES)
    assert documents[0]["available"] is True


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
