"""Published data sets: where they are looked for, what is checked, how they are fetched.

Small files take the place of the published ones, and a server on this machine that of the
addresses they are published at. Most tests use Fashion-MNIST, which has every feature.
"""

import gzip
import hashlib
import http.server
import socket
import struct
import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from metaplast.golden_model import datasets
from metaplast.golden_model.datasets import describe, fetch, load
from metaplast.golden_model.datasets.idx import FILES
from metaplast.golden_model.errors import DataError

published_idx = datasets.published_idx
PUBLISHED_SUMS = {name: known.sums for name, known in published_idx.PUBLISHED.items()}


def idx(values):
    header = struct.pack(f">BBBB{values.ndim}I", 0, 0, 8, values.ndim, *values.shape)
    return header + values.tobytes()


def contents(seed):
    """The four files of a small data set, unpacked."""
    images = np.random.default_rng(seed).integers(0, 256, size=(30, 28, 28), dtype=np.uint8)
    labels = (np.arange(30, dtype=np.uint8) + seed) % 10
    return {
        FILES["train", "images"]: idx(images),
        FILES["train", "labels"]: idx(labels),
        FILES["test", "images"]: idx(images[:10]),
        FILES["test", "labels"]: idx(labels[:10]),
    }


ALL = {name: contents(seed) for seed, name in enumerate(published_idx.PUBLISHED, 8)}
UNPACKED = ALL["fashion-mnist"]
FIRST = FILES["train", "images"]
IMAGES = np.frombuffer(UNPACKED[FIRST], np.uint8, offset=16)
LABELS = np.frombuffer(UNPACKED[FILES["train", "labels"]], np.uint8, offset=8)


def packed(content):
    return gzip.compress(content, mtime=0)


def change(monkeypatch, name="fashion-mnist", **changes):
    """Change the description of a published data set."""
    known = published_idx.PUBLISHED[name]
    monkeypatch.setitem(published_idx.PUBLISHED, name, replace(known, **changes))


def find(directory=None):
    return published_idx.find(published_idx.PUBLISHED["fashion-mnist"], directory)


@pytest.fixture(autouse=True)
def machine(monkeypatch, tmp_path):
    """A machine without the files, and the sums of the small files."""
    for name, known in list(published_idx.PUBLISHED.items()):
        sums = {
            file: hashlib.sha256(packed(content) if known.packed else content).hexdigest()
            for file, content in ALL[name].items()
        }
        change(monkeypatch, name, sums=sums, addresses=())
    monkeypatch.setattr(published_idx, "DEBIAN_DIRECTORY", tmp_path / "debian")
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("METAPLAST_DATA", raising=False)


def put(directory, name="fashion-mnist"):
    directory.mkdir(parents=True, exist_ok=True)
    for file, content in ALL[name].items():
        (directory / f"{file}.gz").write_bytes(packed(content))
    return directory


@pytest.mark.parametrize("name", published_idx.PUBLISHED)
def test_there_is_a_sum_of_each_of_the_four_files(name):
    sums = PUBLISHED_SUMS[name]
    assert sums.keys() == set(FILES.values())
    assert all(len(bytes.fromhex(value)) == 32 for value in sums.values())
    assert len(set(sums.values())) == 4


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
    assert find() is None
    for place in (
        "debian/fashion-mnist",
        "cache/metaplast/fashion-mnist",
        "variable/fashion-mnist",
        "variable",
    ):
        directory = put(tmp_path / place)
        assert find() == directory
        assert load("fashion-mnist").classes == 10
        assert describe()[1].location == str(directory)


def test_a_directory_that_is_named_is_the_only_one(tmp_path):
    option = tmp_path / "option"
    put(tmp_path / "debian" / "fashion-mnist")
    with pytest.raises(DataError, match=f"{option} does not hold the four files of fashion-mnist"):
        load("fashion-mnist", data_dir=option)
    for place in ("option/fashion-mnist", "option"):
        directory = put(tmp_path / place)
        assert find(option) == directory
        assert load("fashion-mnist", data_dir=option).classes == 10
        assert describe(option)[1].location == str(directory)


def test_an_incomplete_directory_is_passed_over(tmp_path, monkeypatch):
    monkeypatch.setenv("METAPLAST_DATA", str(tmp_path / "variable"))
    put(tmp_path / "variable")
    (tmp_path / "variable" / f"{FIRST}.gz").unlink()
    assert find() is None
    assert find() != put(tmp_path / "debian" / "fashion-mnist")
    assert find() == tmp_path / "debian" / "fashion-mnist"


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
    assert published_idx._cache_directory(published_idx.FASHION_MNIST) == Path(expected)


def test_without_a_home_there_is_no_cache(monkeypatch):
    def homeless():
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setattr(Path, "home", homeless)
    assert find() is None
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
        f"{hashlib.sha256(changed).hexdigest()}, not "
        f"{hashlib.sha256(UNPACKED[FIRST]).hexdigest()}; remove it and run `metaplast data fetch "
        "fashion-mnist`, or, if these are other images, give the directory itself instead of "
        "fashion-mnist",
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
        for name in published_idx.PUBLISHED:
            change(monkeypatch, name, addresses=(f"http://127.0.0.1:{running.server_port}",))
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
    assert fetch("fashion-mnist") != put(tmp_path / "debian" / "fashion-mnist")
    asked.clear()
    (tmp_path / "cache").rename(tmp_path / "gone")
    assert fetch("fashion-mnist") == tmp_path / "debian" / "fashion-mnist"
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
    (good,) = published_idx.PUBLISHED["fashion-mnist"].addresses
    change(monkeypatch, addresses=(f"{good}/elsewhere", good))
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
    monkeypatch.setattr(published_idx, "LARGEST_BYTES", 1000)
    refuse_fetch(tmp_path, "more than 1000 bytes")


def test_a_server_that_is_not_there_or_silent_is_named(tmp_path, monkeypatch):
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{silent.getsockname()[1]}"
        change(monkeypatch, addresses=(address,))
        refuse_fetch(tmp_path, rf"cannot download {FIRST} \({address}.*refused")
        silent.listen()
        monkeypatch.setattr(published_idx, "TIMEOUT_SECONDS", 0.05)
        refuse_fetch(tmp_path, "timed out")


def test_a_place_that_cannot_be_written_to_is_named(tmp_path, server, monkeypatch):
    (tmp_path / "option").write_text("a file, not a directory")
    with pytest.raises(DataError, match=r"cannot make .*option/fashion-mnist: "):
        fetch("fashion-mnist", tmp_path / "option")

    def full(path, content):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(published_idx, "write_atomically", full)
    with pytest.raises(DataError, match=r"cannot write .*\.gz: No space left on device"):
        fetch("fashion-mnist", tmp_path / "other")


@pytest.mark.parametrize(("name", "names"), [("mnist", None), ("kmnist", "o")])
def test_mnist_and_kmnist_are_fetched_and_loaded(tmp_path, server, name, names):
    published, asked = server
    put(published, name)
    directory = fetch(name, tmp_path / "option")
    assert directory == tmp_path / "option" / name
    assert sorted(asked) == NAMES
    data = load(name, data_dir=tmp_path / "option")
    assert data.image_shape == (28, 28)
    assert data.classes == 10
    assert data.class_names is None if names is None else data.class_names[0] == names
    labels = np.frombuffer(ALL[name][FILES["train", "labels"]], np.uint8, offset=8)
    assert data.y_train.tolist() == labels.tolist()
    description = {known.name: known for known in describe(tmp_path / "option")}[name]
    assert (description.available, description.location) == (True, str(directory))


def test_where_mnist_is_nowhere_the_ways_out_are_named():
    with pytest.raises(
        DataError,
        match=r"^mnist is not on this machine: run `metaplast data fetch mnist`, or name the",
    ):
        load("mnist")


@pytest.mark.parametrize(
    ("repack", "problem"),
    [
        (gzip.decompress, "is not gzipped, and only the .gz files of MNIST as published can be"),
        (lambda content: gzip.compress(gzip.decompress(content), 1, mtime=1), "is damaged or not"),
    ],
)
def test_other_packings_of_mnist_cannot_be_checked(tmp_path, repack, problem):
    path = put(tmp_path, "mnist") / f"{FIRST}.gz"
    content = path.read_bytes()
    path.unlink()
    name = FIRST if repack is gzip.decompress else f"{FIRST}.gz"
    (tmp_path / name).write_bytes(repack(content))
    with pytest.raises(DataError, match=f"{problem}.*give the directory itself instead of mnist"):
        load("mnist", data_dir=tmp_path)
    assert load(tmp_path).classes == 10


def test_files_of_another_data_set_are_passed_over_and_kept(tmp_path, server):
    published, _ = server
    put(published, "mnist")
    shared = put(tmp_path / "shared")
    before = {path.name: path.read_bytes() for path in shared.iterdir()}
    with pytest.raises(DataError, match="shared does not hold the four files of mnist"):
        load("mnist", data_dir=shared)
    assert fetch("mnist", shared) == shared / "mnist"
    assert {path.name: path.read_bytes() for path in shared.iterdir() if path.is_file()} == before
    assert load("mnist", data_dir=shared).name == "mnist"
    assert load("fashion-mnist", data_dir=shared).name == "fashion-mnist"
