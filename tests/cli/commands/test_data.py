"""`metaplast data list`, `fetch` and `import`."""

from pathlib import Path

import numpy as np
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


class TestImport:
    @pytest.fixture
    def folder(self, workspace: Path) -> Path:
        """Images of two classes, for training and test."""
        image = pytest.importorskip("PIL.Image")
        draw = np.random.default_rng(1)
        for split, count in (("train", 6), ("test", 2)):
            for name in ("cat", "dog"):
                place = workspace / "pets" / split / name
                place.mkdir(parents=True)
                for index in range(count):
                    pixels = draw.integers(0, 256, (4, 6), dtype=np.uint8)
                    image.fromarray(pixels).save(place / f"{index}.png")
        return workspace / "pets"

    def test_makes_a_data_set(self, document, folder):
        made = document("data", "import", folder, "--out", "pets.npz")
        assert (made["train"], made["test"]) == (12, 4)
        assert (made["image_shape"], made["labels"]) == ([4, 6], ["cat", "dog"])
        options = ("--planes", "right,down", "--hidden", 8, "--epochs", 1)
        assert document("train", "pets.npz", *options)["labels"] == ["cat", "dog"]

    def test_prints_a_line(self, run, folder):
        result = run("data", "import", folder, "--out", "pets.npz")
        assert (result.status, result.err) == (0, "")
        assert result.out == (
            "wrote pets.npz: 12 training and 4 test images of 4×6 pixels, 2 classes: cat, dog\n"
        )

    @pytest.mark.parametrize(
        ("args", "part"),
        [
            (("nowhere", "--out", "a.npz"), "nowhere is no folder"),
            (("pets", "--out", "a.csv"), "a.csv must end with .npz"),
            (("pets", "--out", "no/a.npz"), "cannot write no/a.npz: there is no directory"),
        ],
    )
    def test_refused(self, run, folder, args, part):
        result = run("data", "import", *args)
        assert result.status == 1
        assert part in result.sentence
