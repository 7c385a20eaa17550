"""Fashion-MNIST: where it is looked for, what is checked, how it is fetched.

A small stand-in takes the place of the published files, and a server on this machine that of the
address they are published at.
"""

import gzip
import hashlib
import http.server
import socket
import struct
import threading
from pathlib import Path

import numpy as np
import pytest

from metaplast.golden_model import datasets
from metaplast.golden_model.datasets import describe, fetch, load
from metaplast.golden_model.datasets.idx import FILES
from metaplast.golden_model.errors import DataError

fashion_mnist = datasets.fashion_mnist

IMAGES = np.random.default_rng(8).integers(0, 256, size=(30, 28, 28), dtype=np.uint8)
LABELS = np.arange(30, dtype=np.uint8) % 10


def idx(values):
    header = struct.pack(f">BBBB{values.ndim}I", 0, 0, 8, values.ndim, *values.shape)
    return header + values.tobytes()


UNPACKED = {
    FILES["train", "images"]: idx(IMAGES),
    FILES["train", "labels"]: idx(LABELS),
    FILES["test", "images"]: idx(IMAGES[:10]),
    FILES["test", "labels"]: idx(LABELS[:10]),
}
FIRST = FILES["train", "images"]


@pytest.fixture(autouse=True)
def machine(monkeypatch, tmp_path):
    """A machine without the files, and the stand-in's sums."""
    sums = {name: hashlib.sha256(content).hexdigest() for name, content in UNPACKED.items()}
    monkeypatch.setattr(fashion_mnist, "SUMS", sums)
    monkeypatch.setattr(fashion_mnist, "DEBIAN_DIRECTORY", tmp_path / "debian")
    monkeypatch.setattr(fashion_mnist, "ADDRESSES", ())
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("METAPLAST_DATA", raising=False)


def put(directory, level=9):
    directory.mkdir(parents=True, exist_ok=True)
    for name, content in UNPACKED.items():
        (directory / f"{name}.gz").write_bytes(gzip.compress(content, level))
    return directory


def test_the_sums_are_those_of_the_four_files():
    assert fashion_mnist.SUMS.keys() == set(FILES.values())


def test_loads_images_labels_and_names(tmp_path):
    data = load("fashion-mnist", data_dir=put(tmp_path / "here"))
    assert data.name == "fashion-mnist"
    assert data.image_shape == (28, 28)
    assert data.classes == 10
    assert data.class_names is not None
    assert data.class_names[0] == "T-shirt/top"
    assert data.class_names[9] == "Ankle boot"
    assert data.x_train.tolist() == IMAGES.reshape(30, 784).tolist()
    assert data.y_train.tolist() == LABELS.tolist()
    assert data.x_test is not None
    assert data.x_test.shape == (10, 784)


def test_is_looked_for_in_order(tmp_path, monkeypatch):
    monkeypatch.setenv("METAPLAST_DATA", str(tmp_path / "variable"))
    assert fashion_mnist.find() is None
    for place in ("debian", "cache/metaplast/fashion-mnist", "variable/fashion-mnist", "variable"):
        directory = put(tmp_path / place)
        assert fashion_mnist.find() == directory
        assert load("fashion-mnist").classes == 10
        assert describe()[1].location == str(directory)


def test_a_directory_that_is_named_is_the_only_one(tmp_path):
    option = tmp_path / "option"
    put(tmp_path / "debian")
    with pytest.raises(DataError, match=f"{option} does not hold the four files of fashion-mnist"):
        load("fashion-mnist", data_dir=option)
    for place in ("option/fashion-mnist", "option"):
        directory = put(tmp_path / place)
        assert fashion_mnist.find(option) == directory
        assert load("fashion-mnist", data_dir=option).classes == 10
        assert describe(option)[1].location == str(directory)


def test_an_incomplete_directory_is_passed_over(tmp_path, monkeypatch):
    monkeypatch.setenv("METAPLAST_DATA", str(tmp_path / "variable"))
    put(tmp_path / "variable")
    (tmp_path / "variable" / f"{FIRST}.gz").unlink()
    assert fashion_mnist.find() is None
    assert fashion_mnist.find() != put(tmp_path / "debian")
    assert fashion_mnist.find() == tmp_path / "debian"


@pytest.mark.parametrize(
    ("platform", "variables", "expected"),
    [
        ("linux", {"XDG_CACHE_HOME": "/c"}, "/c/metaplast/fashion-mnist"),
        ("linux", {"HOME": "/h"}, "/h/.cache/metaplast/fashion-mnist"),
        ("darwin", {"HOME": "/h"}, "/h/Library/Caches/metaplast/fashion-mnist"),
        ("win32", {"LOCALAPPDATA": "/l"}, "/l/metaplast/fashion-mnist"),
    ],
)
def test_the_cache_is_where_the_platform_has_it(monkeypatch, platform, variables, expected):
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setattr("sys.platform", platform)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert fashion_mnist._cache_directory() == Path(expected)


def test_without_a_home_there_is_no_cache(monkeypatch):
    def homeless():
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setattr(Path, "home", homeless)
    assert fashion_mnist.find() is None
    with pytest.raises(DataError, match="no home directory to keep data in; name one as data_dir"):
        fetch("fashion-mnist")


def test_where_it_is_nowhere_three_ways_out_are_named(tmp_path):
    with pytest.raises(
        DataError,
        match="fashion-mnist is not on this machine: install Debian's package "
        "dataset-fashion-mnist, or run `metaplast data fetch fashion-mnist`, or name the directory "
        r"that holds its four \.gz files as data_dir \(command line: --data-dir\)",
    ):
        load("fashion-mnist")


def test_refuses_damaged_files(tmp_path):
    path = put(tmp_path) / f"{FIRST}.gz"
    whole = path.read_bytes()
    path.write_bytes(whole[:-100])
    with pytest.raises(DataError, match=r"train-images.* is truncated: its gzip stream has no end"):
        load("fashion-mnist", data_dir=tmp_path)
    changed = bytearray(UNPACKED[FIRST])
    changed[500] ^= 1
    path.write_bytes(gzip.compress(changed))
    with pytest.raises(
        DataError,
        match="is damaged or not Fashion-MNIST's: the SHA-256 of its 23536 bytes is "
        f"{hashlib.sha256(changed).hexdigest()}, not {fashion_mnist.SUMS[FIRST]}; remove it and "
        "run `metaplast data fetch fashion-mnist`, or, if these are other images, give the "
        "directory itself instead of fashion-mnist",
    ):
        load("fashion-mnist", data_dir=tmp_path)


def test_refuses_swapped_files(tmp_path):
    put(tmp_path)
    images, labels = (tmp_path / f"{FILES['train', kind]}.gz" for kind in ("images", "labels"))
    swapped = labels.read_bytes(), images.read_bytes()
    images.write_bytes(swapped[0])
    labels.write_bytes(swapped[1])
    with pytest.raises(
        DataError,
        match=f"{FIRST}.gz holds what belongs in {FILES['train', 'labels']}; the files are swapped",
    ):
        load("fashion-mnist", data_dir=tmp_path)


@pytest.fixture
def server(monkeypatch, tmp_path):
    """What is published, on this machine: a directory to change, and what was asked for."""
    published = put(tmp_path / "published")
    asked = []

    class Handler(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *arguments):
            super().__init__(*arguments, directory=str(published))

        def do_GET(self):
            asked.append(self.path.strip("/"))
            super().do_GET()

        def log_message(self, *arguments):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as running:
        thread = threading.Thread(target=running.serve_forever, args=(0.01,))
        thread.start()
        monkeypatch.setattr(
            fashion_mnist, "ADDRESSES", (f"http://127.0.0.1:{running.server_port}",)
        )
        yield published, asked
        running.shutdown()
        thread.join()


NAMES = sorted(f"{name}.gz" for name in UNPACKED)


def files(directory):
    return sorted(path.name for path in directory.iterdir())


@pytest.mark.parametrize("target", ["option", "variable", "cache"])
def test_fetches_to_where_it_is_found_again(tmp_path, monkeypatch, server, target):
    _, asked = server
    option = tmp_path / "option" if target == "option" else None
    if target == "variable":
        monkeypatch.setenv("METAPLAST_DATA", str(tmp_path / "variable"))
    progress = []
    directory = fetch("fashion-mnist", option, on_progress=lambda *step: progress.append(step))
    assert directory.parent.parent == tmp_path / ("" if target != "cache" else "cache")
    assert directory.name == "fashion-mnist"
    assert files(directory) == NAMES
    assert sorted(asked) == NAMES
    assert {name for name, _ in progress} == set(UNPACKED)
    assert load("fashion-mnist", data_dir=option).x_train.shape == (30, 784)
    assert fetch("fashion-mnist", option) == directory
    assert len(asked) == 4


def test_nothing_is_fetched_where_it_is_already(tmp_path, server):
    _, asked = server
    assert fetch("fashion-mnist") != put(tmp_path / "debian")
    asked.clear()
    (tmp_path / "cache").rename(tmp_path / "gone")
    assert fetch("fashion-mnist") == tmp_path / "debian"
    assert fetch("fashion-mnist", put(tmp_path / "option")) == tmp_path / "option"
    assert asked == []


def test_a_damaged_file_is_fetched_again_and_the_others_are_kept(tmp_path, server):
    _, asked = server
    put(tmp_path / "option")
    for content in (b"", b"\x1f\x8bxx", gzip.compress(UNPACKED[FIRST][:-1])):
        (tmp_path / "option" / f"{FIRST}.gz").write_bytes(content)
        asked.clear()
        assert fetch("fashion-mnist", tmp_path / "option") == tmp_path / "option"
        assert asked == [f"{FIRST}.gz"]
        assert load("fashion-mnist", data_dir=tmp_path / "option").classes == 10


def test_a_second_address_helps_where_the_first_does_not(tmp_path, monkeypatch, server):
    (good,) = fashion_mnist.ADDRESSES
    monkeypatch.setattr(fashion_mnist, "ADDRESSES", (f"{good}/elsewhere", good))
    assert files(fetch("fashion-mnist", tmp_path / "option")) == NAMES


def refuse_fetch(tmp_path, message):
    with pytest.raises(DataError, match=message):
        fetch("fashion-mnist", tmp_path / "option")
    assert not (tmp_path / "option").exists()


def test_what_is_not_the_published_file_is_not_kept(tmp_path, server):
    published, _ = server
    path = published / f"{FIRST}.gz"
    whole = path.read_bytes()
    path.write_bytes(gzip.compress(UNPACKED[FIRST][:-1]))
    refuse_fetch(tmp_path, f"cannot download {FIRST} .* is damaged or not Fashion-MNIST's")
    path.write_bytes(whole[:-5])
    refuse_fetch(tmp_path, "what came is truncated: its gzip stream has no end")
    path.unlink()
    refuse_fetch(
        tmp_path,
        "the server answers 404 File not found.*; check the connection and try again, or install "
        "Debian's package dataset-fashion-mnist",
    )


def test_more_than_there_can_be_is_not_waited_for(tmp_path, monkeypatch, server):
    monkeypatch.setattr(fashion_mnist, "LARGEST_BYTES", 1000)
    refuse_fetch(tmp_path, "more than 1000 bytes")


def test_a_server_that_is_not_there_or_silent_is_named(tmp_path, monkeypatch):
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{silent.getsockname()[1]}"
        monkeypatch.setattr(fashion_mnist, "ADDRESSES", (address,))
        refuse_fetch(tmp_path, rf"cannot download {FIRST} \({address}.*refused")
        silent.listen()
        monkeypatch.setattr(fashion_mnist, "TIMEOUT_SECONDS", 0.05)
        refuse_fetch(tmp_path, "timed out")


def test_a_place_that_cannot_be_written_to_is_named(tmp_path, server, monkeypatch):
    (tmp_path / "option").write_text("a file, not a directory")
    with pytest.raises(DataError, match=r"cannot make .*option/fashion-mnist: "):
        fetch("fashion-mnist", tmp_path / "option")

    def full(path, content):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(fashion_mnist, "write_atomically", full)
    with pytest.raises(DataError, match=r"cannot write .*\.gz: No space left on device"):
        fetch("fashion-mnist", tmp_path / "other")
