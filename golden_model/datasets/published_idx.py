"""Published data sets of IDX files (Fashion-MNIST, MNIST, KMNIST): find, download, check, load."""

import hashlib
import os
import sys
import urllib.request
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from http.client import HTTPException
from pathlib import Path
from urllib.error import HTTPError

from ..errors import DataError
from ..files.atomic import write_atomically
from .data_set import DataSet
from .idx import FILES, find_file, parse_images, parse_labels, read_file, unpack

__all__ = [
    "FASHION_MNIST",
    "IMAGE_SHAPE",
    "KMNIST",
    "MNIST",
    "PUBLISHED",
    "TEST",
    "TRAIN",
    "PublishedIdx",
    "fetch_files",
    "find",
    "load_published",
]

TRAIN, TEST = 60_000, 10_000
IMAGE_SHAPE = (28, 28)

TRAIN_IMAGES, TRAIN_LABELS, TEST_IMAGES, TEST_LABELS = FILES.values()

TIMEOUT_SECONDS = 30.0
CHUNK_BYTES = 1 << 16
LARGEST_BYTES = 64 << 20

DEBIAN_DIRECTORY = Path("/usr/share/datasets")
ENVIRONMENT_VARIABLE = "METAPLAST_DATA"


@dataclass(frozen=True, kw_only=True)
class PublishedIdx:
    """A published data set of four IDX files with MNIST's names.

    Attributes
    ----------
    name, title : str
        Name for the command line, and the authors' name.
    summary, licence : str
        Description and licence.
    class_names : tuple of str or None
        Names of the ten classes, if they have names other than their numbers.
    addresses : tuple of str
        Addresses of the folder of the files, tried in order.
    sums : dict of str to str
        SHA-256 of each file, by its name without ``.gz``.
    packed : bool
        Whether the sums are of the gzipped files as published. Other files are then refused.
    debian_package : str or None
        Debian's package of the files.
    """

    name: str
    title: str
    summary: str
    licence: str
    class_names: tuple[str, ...] | None = None
    addresses: tuple[str, ...]
    sums: dict[str, str] = field(repr=False)
    packed: bool
    debian_package: str | None = None


# The files: the authors' repository, and the address its README names. The sums are of the unpacked
# files, since Debian packs them anew, with other gzip headers.
FASHION_MNIST = PublishedIdx(
    name="fashion-mnist",
    title="Fashion-MNIST",
    summary="articles of clothing, pixels 0 to 255 (Zalando Research)",
    licence="MIT",
    class_names=(
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
    ),
    addresses=(
        "https://github.com/zalandoresearch/fashion-mnist/raw/master/data/fashion",
        "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com",
    ),
    sums={
        TRAIN_IMAGES: "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
        TRAIN_LABELS: "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
        TEST_IMAGES: "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
        TEST_LABELS: "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
    },
    packed=False,
    debian_package="dataset-fashion-mnist",
)

# The sums of MNIST and KMNIST are those of the gzipped files in torchvision's prototype data sets
# (github.com/pytorch/vision, torchvision/prototype/datasets/_builtin/mnist.py).
MNIST = PublishedIdx(
    name="mnist",
    title="MNIST",
    summary="handwritten digits, pixels 0 to 255 (LeCun, Cortes, Burges)",
    licence="CC BY-SA 3.0",
    addresses=(
        "https://ossci-datasets.s3.amazonaws.com/mnist",
        "https://storage.googleapis.com/cvdf-datasets/mnist",
    ),
    sums={
        TRAIN_IMAGES: "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
        TRAIN_LABELS: "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
        TEST_IMAGES: "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
        TEST_LABELS: "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
    },
    packed=True,
)

KMNIST = PublishedIdx(
    name="kmnist",
    title="KMNIST",
    summary="cursive Japanese characters, pixels 0 to 255 (ROIS-DS Center for Open Data)",
    licence="CC BY-SA 4.0",
    class_names=("o", "ki", "su", "tsu", "na", "ha", "ma", "ya", "re", "wo"),
    addresses=("http://codh.rois.ac.jp/kmnist/dataset/kmnist",),
    sums={
        TRAIN_IMAGES: "51467d22d8cc72929e2a028a0428f2086b092bb31cfb79c69cc0a90ce135fde4",
        TRAIN_LABELS: "e38f9ebcd0f3ebcdec7fc8eabdcdaef93bb0df8ea12bee65224341c8183d8e17",
        TEST_IMAGES: "edd7a857845ad6bb1d0ba43fe7e794d164fe2dce499a1694695a792adfac43c5",
        TEST_LABELS: "20bb9a0ef54c7db3efc55a92eef5582c109615df22683c380526788f98e42a1c",
    },
    packed=True,
)

PUBLISHED = {known.name: known for known in (FASHION_MNIST, MNIST, KMNIST)}


def load_published(known: PublishedIdx, data_dir: Path | None = None) -> DataSet:
    """Load a published data set: 60,000 images for training, 10,000 for test.

    Parameters
    ----------
    known : PublishedIdx
        The data set.
    data_dir : Path or None
        Directory of the files; by default the one that :func:`find` returns.

    Raises
    ------
    DataError
        If the files are missing or are not the published ones.
    """
    directory = find(known, data_dir)
    name = known.name
    if directory is None and data_dir is not None:
        raise DataError(
            f"{data_dir} does not hold the four files of {name}: run `metaplast data fetch {name} "
            f"--data-dir {data_dir}`, or leave the directory out to look elsewhere"
        )
    if directory is None:
        package = ""
        if known.debian_package:
            package = f"install Debian's package {known.debian_package}, or "
        raise DataError(
            f"{name} is not on this machine: {package}run `metaplast data fetch {name}`, or name "
            "the directory that holds its four .gz files as data_dir (command line: --data-dir)"
        )

    def content(split: str, kind: str) -> tuple[bytes, Path]:
        file = FILES[split, kind]
        path = find_file(directory, file)
        assert path is not None
        packed = read_file(path)
        unpacked = unpack(packed, str(path))
        if problem := _mismatch(known, packed, unpacked, file):
            raise DataError(
                f"{path} {problem}; remove it and run `metaplast data fetch {name}`, or, if these "
                f"are other images, give the directory itself instead of {name}"
            )
        return unpacked, path

    return DataSet.from_arrays(
        name,
        parse_images(*content("train", "images")),
        parse_labels(*content("train", "labels")),
        parse_images(*content("test", "images")),
        parse_labels(*content("test", "labels")),
        classes=10,
        class_names=known.class_names,
    )


def find(known: PublishedIdx, data_dir: Path | None = None) -> Path | None:
    """The first directory that has all four files, without checking the images.

    Searches ``data_dir`` alone if it is given; otherwise ``$METAPLAST_DATA``, the user's cache and
    the directory of Debian's package. Of the first two, the directory itself is searched, then the
    sub-folder with the name of the data set. A directory with the labels of another published data
    set is passed over.
    """
    for directory in _places(known, data_dir):
        complete = all(find_file(directory, file) for file in FILES.values())
        if complete and not _is_another(known, directory):
            return directory
    return None


def fetch_files(
    known: PublishedIdx,
    data_dir: Path | None = None,
    on_progress: Callable[[str, int], None] | None = None,
) -> Path:
    """Download the four published files, unless they are present.

    They are present if the directory that :func:`find` returns has them undamaged. Otherwise
    missing and damaged files are downloaded to the sub-folder of ``data_dir`` or
    ``$METAPLAST_DATA`` with the name of the data set (or to the directory itself, if it has some
    of the files), or to the user's cache. A file is written only when it is complete and its
    SHA-256 is right.

    Parameters
    ----------
    known : PublishedIdx
        The data set.
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
    found = find(known, data_dir)
    if found and all(_is_whole(known, found, file) for file in FILES.values()):
        return found

    target = _target(known, data_dir)
    made = [folder for folder in (target, *target.parents) if not folder.exists()]
    try:
        return _fetch_into(known, target, on_progress)
    except DataError:
        for folder in made:  # remove the directories that stayed empty
            with suppress(OSError):
                folder.rmdir()
        raise


def _fetch_into(
    known: PublishedIdx, target: Path, on_progress: Callable[[str, int], None] | None
) -> Path:
    try:
        target.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DataError(f"cannot make {target}: {error.strerror or error}") from None
    for file in FILES.values():
        if not _is_whole(known, target, file):
            packed = _download(known, file, on_progress)
            path = target / f"{file}.gz"
            try:
                write_atomically(path, packed)
            except OSError as error:
                raise DataError(f"cannot write {path}: {error.strerror or error}") from None
    return target


def _places(known: PublishedIdx, data_dir: Path | None) -> list[Path]:
    if data_dir is not None:
        return _subfolders(known, data_dir)
    places = []
    if named := os.environ.get(ENVIRONMENT_VARIABLE):
        places += _subfolders(known, Path(named))
    if cache := _cache_directory(known):
        places.append(cache)
    if known.debian_package:
        places.append(DEBIAN_DIRECTORY / known.name)
    return places


def _subfolders(known: PublishedIdx, directory: Path) -> list[Path]:
    return [directory, directory / known.name]


def _is_another(known: PublishedIdx, directory: Path) -> bool:
    """Whether a directory has the test labels of another published data set."""
    return not _is_whole(known, directory, TEST_LABELS) and any(
        _is_whole(other, directory, TEST_LABELS) for other in PUBLISHED.values()
    )


def _target(known: PublishedIdx, data_dir: Path | None) -> Path:
    """The directory for downloaded files."""
    named = data_dir or os.environ.get(ENVIRONMENT_VARIABLE)
    if named:
        itself, below = _subfolders(known, Path(named))
        some = any(find_file(itself, file) for file in FILES.values())
        return itself if some and not _is_another(known, itself) else below
    if cache := _cache_directory(known):
        return cache
    raise DataError(
        "there is no home directory to keep data in; name one as data_dir (command line: "
        "--data-dir)"
    )


def _cache_directory(known: PublishedIdx) -> Path | None:
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
    return root / "metaplast" / known.name


def _mismatch(known: PublishedIdx, packed: bytes, unpacked: bytes, file: str) -> str | None:
    """The difference of a file's content from the published one, or None."""
    content = packed if known.packed else unpacked
    found = hashlib.sha256(content).hexdigest()
    if found == known.sums[file]:
        return None
    for other, expected in known.sums.items():
        if found == expected:
            return f"holds what belongs in {other}; the files are swapped"
    if known.packed and packed == unpacked:
        return (
            f"is not gzipped, and only the .gz files of {known.title} as published can be checked"
        )
    return (
        f"is damaged or not {known.title}'s: the SHA-256 of its {len(content)} bytes is {found}, "
        f"not {known.sums[file]}"
    )


def _is_whole(known: PublishedIdx, directory: Path, file: str) -> bool:
    path = find_file(directory, file)
    if path is None:
        return False
    try:
        packed = read_file(path)
        return _mismatch(known, packed, unpack(packed, str(path)), file) is None
    except DataError:
        return False


def _download(
    known: PublishedIdx, file: str, on_progress: Callable[[str, int], None] | None
) -> bytes:
    failures = []
    for address in known.addresses:
        url = f"{address}/{file}.gz"
        try:
            packed = _read_url(url, file, on_progress)
            problem = _mismatch(known, packed, unpack(packed, "what came"), file)
        except HTTPError as error:
            problem = f"the server answers {error.code} {error.reason}"
            error.close()
        except (OSError, HTTPException, ValueError) as error:
            problem = str(getattr(error, "reason", None) or error)
        if problem is None:
            return packed
        failures.append(f"{url}: {problem}")
    package = (
        f", or install Debian's package {known.debian_package}" if known.debian_package else ""
    )
    raise DataError(
        f"cannot download {file} ({'; '.join(failures)}); check the connection and try again"
        f"{package}"
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
