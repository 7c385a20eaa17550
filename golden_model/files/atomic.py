"""Atomic writing: a file is replaced completely or stays unchanged."""

import contextlib
import os
import secrets
import stat
from pathlib import Path

__all__ = ["write_atomically"]


def write_atomically(path: Path, content: bytes | memoryview) -> None:
    """Write a file atomically; after an error, an existing file is unchanged.

    The content is written to a new file in the same directory and synchronised to the disk; then
    the new file is renamed. A symbolic link is followed and stays a link. A replaced file keeps
    its permissions. A device or a pipe is written to directly.

    Parameters
    ----------
    path : Path
        Path of the file.
    content : bytes or memoryview of bytes
        New content.

    Raises
    ------
    OSError
        If the file cannot be written; no temporary file remains.
    """
    target = Path(os.path.realpath(path))
    mode = None
    with contextlib.suppress(FileNotFoundError):
        mode = target.stat().st_mode
    if mode is not None and not stat.S_ISREG(mode):
        with target.open("wb", buffering=0) as file:
            _write_all(file.fileno(), content)
        return

    # A name has at most 255 bytes; the suffix needs some of them.
    begin = target.name.encode(errors="surrogateescape")[:128].decode(errors="ignore")
    new = target.with_name(f".{begin}.{secrets.token_hex(6)}.tmp")
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    # The new file is never more readable than the old one.
    descriptor = os.open(new, flags, 0o666 if mode is None else stat.S_IMODE(mode) & 0o777)
    try:
        try:
            _write_all(descriptor, content)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        if mode is not None:
            new.chmod(stat.S_IMODE(mode))
        new.replace(target)
    except BaseException:
        new.unlink(missing_ok=True)
        raise
    _sync_directory(target.parent)


def _write_all(descriptor: int, content: bytes | memoryview) -> None:
    rest = memoryview(content)
    while rest:
        rest = rest[os.write(descriptor, rest) :]


def _sync_directory(directory: Path) -> None:
    """Write a directory's entries to the disk, on systems that can."""
    with contextlib.suppress(OSError):
        descriptor = os.open(directory, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
