"""Fashion-MNIST (Zalando Research, MIT licence): find, download, check by SHA-256, load."""

import hashlib
import os
import sys
import urllib.request
from collections.abc import Callable
from contextlib import suppress
from http.client import HTTPException
from pathlib import Path
from urllib.error import HTTPError

from ..errors import DataError
from ..files.atomic import write_atomically
from .data_set import DataSet
from .idx import FILES, find_file, parse_images, parse_labels, read_unpacked, unpack

__all__ = ["IMAGE_SHAPE", "NAME", "TEST", "TRAIN", "fashion_mnist", "fetch_files", "find"]

NAME = "fashion-mnist"
TRAIN, TEST = 60_000, 10_000
IMAGE_SHAPE = (28, 28)

CLASS_NAMES = (
    "T-shirt/top",
    "Trouser",
    "Pullover",
    "Dress",
    "Coat",
    "Sandal",
    "Shirt",
    "Sneaker",
    "Bag",
    "Ankle boot",
)

# SHA-256 of the published files, unpacked: Debian packs them anew, with other gzip headers.
SUMS = {
    "train-images-idx3-ubyte": "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
    "train-labels-idx1-ubyte": "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
    "t10k-images-idx3-ubyte": "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
    "t10k-labels-idx1-ubyte": "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
}

# Where the authors publish the files: their repository, and the address its README names.
ADDRESSES = (
    "https://github.com/zalandoresearch/fashion-mnist/raw/master/data/fashion",
    "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com",
)
TIMEOUT_SECONDS = 30.0
CHUNK_BYTES = 1 << 16
LARGEST_BYTES = 64 << 20

DEBIAN_DIRECTORY = Path("/usr/share/datasets/fashion-mnist")
ENVIRONMENT_VARIABLE = "METAPLAST_DATA"


def fashion_mnist(data_dir: Path | None = None) -> DataSet:
    """Load Fashion-MNIST: 60,000 images for training, 10,000 for test.

    Parameters
    ----------
    data_dir : Path or None
        Directory of the files; by default the one that :func:`find` returns.

    Raises
    ------
    DataError
        If the files are missing or are not the published ones.
    """
    directory = find(data_dir)
    if directory is None and data_dir is not None:
        raise DataError(
            f"{data_dir} does not hold the four files of {NAME}: run `metaplast data fetch {NAME} "
            f"--data-dir {data_dir}`, or leave the directory out to look elsewhere"
        )
    if directory is None:
        raise DataError(
            f"{NAME} is not on this machine: install Debian's package dataset-fashion-mnist, or "
            f"run `metaplast data fetch {NAME}`, or name the directory that holds its four .gz "
            "files as data_dir (command line: --data-dir)"
        )

    def content(split: str, kind: str) -> tuple[bytes, Path]:
        name = FILES[split, kind]
        path = find_file(directory, name)
        assert path is not None
        unpacked = read_unpacked(path)
        if problem := _mismatch(unpacked, name):
            raise DataError(
                f"{path} {problem}; remove it and run `metaplast data fetch {NAME}`, or, if these "
                f"are other images, give the directory itself instead of {NAME}"
            )
        return unpacked, path

    return DataSet.from_arrays(
        NAME,
        parse_images(*content("train", "images")),
        parse_labels(*content("train", "labels")),
        parse_images(*content("test", "images")),
        parse_labels(*content("test", "labels")),
        classes=len(CLASS_NAMES),
        class_names=CLASS_NAMES,
    )


def find(data_dir: Path | None = None) -> Path | None:
    """The first directory that has all four files, without checking their content.

    Searches ``data_dir`` alone if it is given; otherwise ``$METAPLAST_DATA``, the user's cache and
    the directory of Debian's package. Of the first two, the directory itself is searched, then its
    ``fashion-mnist`` sub-folder.
    """
    return _first_complete(_places(data_dir))


def fetch_files(
    data_dir: Path | None = None, on_progress: Callable[[str, int], None] | None = None
) -> Path:
    """Download the four published files, unless they are present.

    They are present if the directory that :func:`find` returns has them undamaged. Otherwise
    missing and damaged files are downloaded to the ``fashion-mnist`` sub-folder of ``data_dir`` or
    ``$METAPLAST_DATA`` (or to the directory itself, if it has some of the files), or to the user's
    cache. A file is written only when it is complete and its SHA-256 is right.

    Parameters
    ----------
    data_dir : Path or None
        Directory for the files.
    on_progress : function of a file's name and the bytes it has so far, or None
        Called during a download.

    Returns
    -------
    Path
        The directory of the files.

    Raises
    ------
    DataError
        If a download fails, is not the published file, or cannot be written.
    """
    found = find(data_dir)
    if found and all(_is_whole(found, name) for name in SUMS):
        return found

    target = _target(data_dir)
    made = [folder for folder in (target, *target.parents) if not folder.exists()]
    try:
        return _fetch_into(target, on_progress)
    except DataError:
        for folder in made:  # remove the directories that stayed empty
            with suppress(OSError):
                folder.rmdir()
        raise


def _fetch_into(target: Path, on_progress: Callable[[str, int], None] | None) -> Path:
    try:
        target.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DataError(f"cannot make {target}: {error.strerror or error}") from None
    for name in SUMS:
        if not _is_whole(target, name):
            packed = _download(name, on_progress)
            path = target / f"{name}.gz"
            try:
                write_atomically(path, packed)
            except OSError as error:
                raise DataError(f"cannot write {path}: {error.strerror or error}") from None
    return target


def _places(data_dir: Path | None) -> list[Path]:
    if data_dir is not None:
        return _subfolders(data_dir)
    places = []
    if named := os.environ.get(ENVIRONMENT_VARIABLE):
        places += _subfolders(Path(named))
    if cache := _cache_directory():
        places.append(cache)
    return [*places, DEBIAN_DIRECTORY]


def _subfolders(directory: Path) -> list[Path]:
    return [directory, directory / NAME]


def _first_complete(directories: list[Path]) -> Path | None:
    for directory in directories:
        if all(find_file(directory, name) for name in SUMS):
            return directory
    return None


def _target(data_dir: Path | None) -> Path:
    """The directory for downloaded files."""
    named = data_dir or os.environ.get(ENVIRONMENT_VARIABLE)
    if named:
        itself, below = _subfolders(Path(named))
        return itself if any(find_file(itself, name) for name in SUMS) else below
    if cache := _cache_directory():
        return cache
    raise DataError(
        "there is no home directory to keep data in; name one as data_dir (command line: "
        "--data-dir)"
    )


def _cache_directory() -> Path | None:
    """The platform's cache directory of the user, or None if the user has no home."""
    try:
        if sys.platform == "darwin":
            root = Path.home() / "Library" / "Caches"
        elif sys.platform == "win32":
            root = Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
        else:
            root = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    except RuntimeError:
        return None
    return root / "metaplast" / NAME


def _mismatch(content: bytes, name: str) -> str | None:
    """The difference of a file's content from the published one, or None."""
    found = hashlib.sha256(content).hexdigest()
    if found == SUMS[name]:
        return None
    for other, expected in SUMS.items():
        if found == expected:
            return f"holds what belongs in {other}; the files are swapped"
    return (
        f"is damaged or not Fashion-MNIST's: the SHA-256 of its {len(content)} bytes is {found}, "
        f"not {SUMS[name]}"
    )


def _is_whole(directory: Path, name: str) -> bool:
    path = find_file(directory, name)
    if path is None:
        return False
    try:
        return _mismatch(read_unpacked(path), name) is None
    except DataError:
        return False


def _download(name: str, on_progress: Callable[[str, int], None] | None) -> bytes:
    failures = []
    for address in ADDRESSES:
        url = f"{address}/{name}.gz"
        try:
            packed = _read_url(url, name, on_progress)
            problem = _mismatch(unpack(packed, "what came"), name)
        except HTTPError as error:
            problem = f"the server answers {error.code} {error.reason}"
            error.close()
        except (OSError, HTTPException, ValueError) as error:
            problem = str(getattr(error, "reason", None) or error)
        if problem is None:
            return packed
        failures.append(f"{url}: {problem}")
    raise DataError(
        f"cannot download {name} ({'; '.join(failures)}); check the connection and try again, or "
        "install Debian's package dataset-fashion-mnist"
    )


def _read_url(url: str, name: str, on_progress: Callable[[str, int], None] | None) -> bytes:
    content = bytearray()
    with urllib.request.urlopen(url, timeout=TIMEOUT_SECONDS) as answer:
        while chunk := answer.read(CHUNK_BYTES):
            content += chunk
            if len(content) > LARGEST_BYTES:
                raise ValueError(f"more than {LARGEST_BYTES} bytes")
            if on_progress:
                on_progress(name, len(content))
    return bytes(content)
