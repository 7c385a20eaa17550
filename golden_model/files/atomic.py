"""Writing a file so that it is there whole or not at all."""

import contextlib
import os
import secrets
import stat
from pathlib import Path

__all__ = ["write_atomically"]


def write_atomically(path: Path, content: bytes) -> None:
    """Write a file; whatever goes wrong, what stood there before stays whole.

    The content goes to a new file in the same directory, reaches the disk, and then takes the
    name. A symbolic link is followed and stays a link; permissions of a file that is replaced are
    kept. Something that is no regular file (a device, a pipe) is written to as it is.

    Parameters
    ----------
    path : Path
        The file's name.
    content : bytes
        What it will hold.

    Raises
    ------
    OSError
        If it cannot be written; nothing is left behind.
    """
    target = Path(os.path.realpath(path))
    mode = None
    with contextlib.suppress(FileNotFoundError):
        mode = target.stat().st_mode
    if mode is not None and not stat.S_ISREG(mode):
        with target.open("wb", buffering=0) as file:
            _write_all(file.fileno(), content)
        return

    # Of a name of 255 bytes there must be so much left that the rest has room.
    begin = target.name.encode(errors="surrogateescape")[:128].decode(errors="ignore")
    new = target.with_name(f".{begin}.{secrets.token_hex(6)}.tmp")
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    # What others may not read, they may not read half-written either.
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


def _write_all(descriptor: int, content: bytes) -> None:
    rest = memoryview(content)
    while rest:
        rest = rest[os.write(descriptor, rest) :]


def _sync_directory(directory: Path) -> None:
    """Make the new name last; where directories cannot be synchronised, the system sees to it."""
    with contextlib.suppress(OSError):
        descriptor = os.open(directory, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
