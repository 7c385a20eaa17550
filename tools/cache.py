"""The build cache: simulators and bitstreams, each under a key made from all it depends on.

A product is a directory. A manifest in it, written last, has the digest of every file, so that an
incomplete or damaged product is noticed and built again.
"""

import errno
import hashlib
import json
import os
import re
import secrets
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import platformdirs
from filelock import FileLock, Timeout

from ..golden_model.errors import MetaplastError

__all__ = [
    "ENVIRONMENT_VARIABLE",
    "MANIFEST",
    "CacheError",
    "cache_directory",
    "content_key",
    "get_or_build",
]

ENVIRONMENT_VARIABLE = "METAPLAST_CACHE"
MANIFEST = "manifest.json"
"""The file of a product that holds the digests of its other files."""

KINDS = {
    "bitstream": "a bitstream",
    "design": "a simulator",
    "headers": "the headers of simulators",
    "runtime": "the runtime of simulators",
    "verilog": "the Verilog of a simulator",
}
"""Kinds of products, as messages name them."""

MAX_UNUSED_SECONDS = 30 * 24 * 3600
"""A product that is not used for this time is removed."""

MAX_WAIT_SECONDS = 60 * 60
"""Time to wait for another process that builds the same product."""

MIN_FREE_BYTES = 1 << 20
"""A disk with less free space is called full."""

CACHE_ENTRY = re.compile(rf"({'|'.join(KINDS)})-[0-9a-f]{{32}}(\.lock|\.\w+\.new)?")
"""Names that the cache makes; a directory chosen by the user can hold other files."""


class CacheError(MetaplastError):
    """The build cache cannot be used; the message gives the reason and the remedy."""


def cache_directory() -> Path:
    """The directory in ``METAPLAST_CACHE``, or the operating system's directory for user caches.

    Returns
    -------
    Path
        An absolute path; the directory may not exist yet.

    Raises
    ------
    CacheError
        If the variable is not set and the user has no home.
    """
    if named := os.environ.get(ENVIRONMENT_VARIABLE):
        return Path(named).absolute()
    try:
        return platformdirs.user_cache_path("metaplast", appauthor=False) / "builds"
    except RuntimeError:
        raise CacheError(
            "the build cache has no directory, since there is no home directory: name one in "
            f"{ENVIRONMENT_VARIABLE}"
        ) from None


def content_key(*parts: str | bytes) -> str:
    """Hash of everything that a product depends on.

    Parameters
    ----------
    parts : str or bytes
        Sources, options, versions of tools. Order and boundaries of the parts matter.

    Returns
    -------
    str
        32 hexadecimal digits.
    """
    content = hashlib.sha256()
    for part in parts:
        # Some parts are paths of tools, in any encoding.
        encoded = part.encode(errors="surrogateescape") if isinstance(part, str) else part
        content.update(len(encoded).to_bytes(8, "little") + encoded)
    return content.hexdigest()[:32]


def get_or_build(name: str, build: Callable[[Path], None]) -> tuple[Path, bool]:
    """Find a product in the cache, or build it.

    While a process builds a product, others that need it wait. A product appears when it is
    complete, or not at all. An existing product is only read, so a read-only cache works if it has
    all products that are asked for.

    Parameters
    ----------
    name : str
        The product's name: a kind (``bitstream``, ``design``, ``headers`` or ``runtime``), ``-``,
        and the :func:`content_key` of everything that the product depends on.
    build : callable
        Writes the product into the empty directory that it is called with.

    Returns
    -------
    directory : Path
        The product, an absolute path.
    built : bool
        Whether this call built it.

    Raises
    ------
    CacheError
        If the cache cannot be read, or cannot be written to and the product is missing or damaged,
        if its disk is full, or if another process builds the product for too long.
    """
    cache = cache_directory()
    directory = cache / name
    if _is_there(directory):
        return directory, False
    with _lock(cache, name):
        if _is_there(directory):
            return directory, False
        _build(cache, name, build)
        _remove_unused(cache)
    return directory, True


def _is_there(directory: Path) -> bool:
    """Whether a product exists and is undamaged; if so, mark it as used."""
    try:
        if not _is_complete(directory):
            return False
    except OSError as error:
        raise _cache_error(directory.parent, "cannot be read", error) from None
    with suppress(OSError):  # in a read-only cache, where nothing is removed either
        os.utime(directory)
    return True


def _is_complete(directory: Path) -> bool:
    """Whether every file of a directory's manifest exists and is unchanged."""
    try:
        manifest = json.loads((directory / MANIFEST).read_bytes())
        return isinstance(manifest, dict) and all(
            _file_digest(directory / name) == known for name, known in manifest.items()
        )
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError, ValueError):
        return False


def _file_digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def _lock(cache: Path, name: str) -> Iterator[None]:
    """Hold the lock of a product, while this process builds it."""
    file = cache / f"{name}.lock"
    try:
        cache.mkdir(parents=True, exist_ok=True)
        lock = FileLock(file, timeout=MAX_WAIT_SECONDS)
        lock.acquire()
    except Timeout:
        raise CacheError(
            f"another process has been building {_kind(name)} for more than "
            f"{MAX_WAIT_SECONDS / 60:g} minutes (it holds {file}): wait for it or end it, or name "
            "another directory in "
            f"{ENVIRONMENT_VARIABLE}"
        ) from None
    except OSError as error:
        raise _unwritable(cache, name, error) from None
    try:
        yield
    finally:
        lock.release()


def _build(cache: Path, name: str, build: Callable[[Path], None]) -> None:
    """Build a product in a temporary directory, and rename that when it is complete."""
    new = cache / f"{name}.{secrets.token_hex(4)}.new"
    try:
        _remove(cache / name)  # damaged
        # This process has the lock, so these belong to processes that were killed.
        for abandoned in cache.glob(f"{name}.*.new"):
            _remove(abandoned)
        new.mkdir()
        build(new)
        manifest = {
            str(path.relative_to(new).as_posix()): _file_digest(path)
            for path in sorted(new.rglob("*"))
            if path.is_file()
        }
        (new / MANIFEST).write_text(json.dumps(manifest, indent=1) + "\n", encoding="utf-8")
        new.rename(cache / name)
    except BaseException as error:
        # Programs report a full disk in different ways, or not at all.
        full = isinstance(error, Exception) and _is_full(cache, error)
        shutil.rmtree(new, ignore_errors=True)
        if full:
            raise CacheError(
                f"the disk of the build cache {cache} is full: free some space, or name a "
                f"directory on another disk in {ENVIRONMENT_VARIABLE}"
            ) from error
        if isinstance(error, OSError):
            raise _unwritable(cache, name, error) from error
        raise


def _is_full(cache: Path, error: Exception) -> bool:
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return True
    try:
        return shutil.disk_usage(cache).free < MIN_FREE_BYTES
    except OSError:
        return False


def _unwritable(cache: Path, name: str, error: OSError) -> CacheError:
    state = "has a damaged copy of" if os.path.lexists(cache / name) else "lacks"
    return _cache_error(cache, f"{state} {_kind(name)} and cannot be written to", error)


def _cache_error(cache: Path, problem: str, error: OSError) -> CacheError:
    reasons = ["it is a file" if cache.is_file() else error.strerror or str(error)]
    with suppress(OSError, AttributeError):  # no such directory; no such users
        owner = cache.stat().st_uid
        if owner != os.geteuid():
            reasons.append(f"it belongs to the user {owner}")
    return CacheError(
        f"the build cache {cache} {problem} ({', '.join(reasons)}): "
        f"name another directory in {ENVIRONMENT_VARIABLE}"
    )


def _kind(name: str) -> str:
    return KINDS.get(name.partition("-")[0], name)


def _remove_unused(cache: Path) -> None:
    """Remove products that were not used for long, and leftovers of killed processes."""
    oldest = time.time() - MAX_UNUSED_SECONDS
    with suppress(PermissionError):  # another user's cache may not be listed
        for entry in cache.iterdir():
            with suppress(OSError):
                if CACHE_ENTRY.fullmatch(entry.name) and entry.stat().st_mtime < oldest:
                    _remove(entry)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
