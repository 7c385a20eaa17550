"""Where built simulators are kept, so that they are built once."""

import fcntl
import os
import re
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from ..golden_model.errors import MetaplastError

__all__ = ["ENVIRONMENT_VARIABLE", "CacheError", "cache_directory", "keep"]

ENVIRONMENT_VARIABLE = "METAPLAST_CACHE"
KEPT_SECONDS = 30 * 24 * 3600
"""What nobody has used for so long makes room."""

OURS = re.compile(r"(bitstream|design|headers|runtime)-[0-9a-f]{32}(\.lock|\.\w+\.new)?")
"""Names of what is kept; a cache that a user names may hold other things."""


class CacheError(MetaplastError):
    """The cache cannot be used; the message says why, and what to change."""


def cache_directory() -> Path:
    """The directory that ``METAPLAST_CACHE`` names, or the platform's place for a user's caches.

    Raises
    ------
    CacheError
        If none is named, and the user has no home.
    """
    if named := os.environ.get(ENVIRONMENT_VARIABLE):
        return Path(named)
    try:
        if sys.platform == "darwin":
            root = Path.home() / "Library" / "Caches"
        else:
            root = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    except RuntimeError:
        raise CacheError(
            "there is no home directory to keep in what is built; name a directory in "
            f"{ENVIRONMENT_VARIABLE}"
        ) from None
    return root / "metaplast" / "simulators"


def keep(name: str, make: Callable[[Path], None]) -> tuple[Path, bool]:
    """A directory of the cache, made if it is not there.

    Processes that want the same directory at the same time wait for the one that makes it. It
    appears when it is whole, or not at all.

    Parameters
    ----------
    name : str
        The directory's name: a kind (``bitstream``, ``design``, ``headers`` or ``runtime``), ``-``,
        and the :func:`~.tools.digest` of everything that its content depends on.
    make : callable
        Fills an empty directory, which is given its name afterwards.

    Returns
    -------
    directory : Path
        Where it is.
    made : bool
        Whether it had to be made.

    Raises
    ------
    CacheError
        If the cache cannot be written to.
    """
    cache = cache_directory()
    directory = cache / name
    if _used(directory):
        return directory, False
    try:
        cache.mkdir(parents=True, exist_ok=True)
        lock = (cache / f"{name}.lock").open("w")
    except OSError as error:
        raise CacheError(
            f"what is built is kept in {cache}, and that cannot be written to "
            f"({error.strerror or error}): name another directory in {ENVIRONMENT_VARIABLE}"
        ) from None
    with lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if _used(directory):
            return directory, False
        new = Path(tempfile.mkdtemp(prefix=f"{name}.", suffix=".new", dir=cache))
        try:
            make(new)
            new.rename(directory)
        except BaseException:
            shutil.rmtree(new, ignore_errors=True)
            raise
        _remove_unused(cache)
    return directory, True


def _used(directory: Path) -> bool:
    """Whether it is there; and if so it is young again."""
    with suppress(FileNotFoundError, NotADirectoryError):
        os.utime(directory)
        return True
    return False


def _remove_unused(cache: Path) -> None:
    oldest = time.time() - KEPT_SECONDS
    for entry in cache.iterdir():
        with suppress(OSError):
            if OURS.fullmatch(entry.name) and entry.stat().st_mtime < oldest:
                shutil.rmtree(entry) if entry.is_dir() else entry.unlink()
