"""Check that a path can be written to, before a long training starts."""

import os
from pathlib import Path

from ..errors import ModelFileError

__all__ = ["PathLike", "check_destination"]

PathLike = str | os.PathLike[str]


def check_destination(path: PathLike) -> None:
    """Refuse a path to which no model can be saved.

    Raises
    ------
    ModelFileError
        If it is a directory or read-only, or its directory is missing or read-only.
    """
    path = Path(path)
    try:
        exists = path.exists()
    except OSError as error:
        raise ModelFileError(f"cannot write {path}: {error.strerror or error}") from None
    if path.is_dir():
        raise ModelFileError(
            f"cannot write {path}: it is a directory; name a file, such as {path / 'model.npz'}"
        )
    if exists and not path.is_file():
        return  # a device or a pipe
    if exists and not os.access(path, os.W_OK):
        raise ModelFileError(f"cannot write {path}: it is read-only; name another file")
    parent = Path(os.path.realpath(path)).parent
    if not parent.is_dir():
        raise ModelFileError(f"cannot write {path}: there is no directory {parent}; make it first")
    if not os.access(parent, os.W_OK | os.X_OK):
        raise ModelFileError(f"cannot write {path}: {parent} may not be written to")
