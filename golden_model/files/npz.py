"""`.npz` archives: reading untrusted files, and packing arrays."""

import io
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import MetaplastError

__all__ = ["packed_arrays", "read_arrays"]

# Date of every member, so that equal arrays give equal files.
DATE = (1980, 1, 1, 0, 0, 0)


def packed_arrays(arrays: Mapping[str, NDArray[Any]]) -> bytes:
    """Pack arrays into the bytes of an ``.npz`` file, compressed, without pickles."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, values in arrays.items():
            member = zipfile.ZipInfo(f"{name}.npy", DATE)
            member.compress_type = zipfile.ZIP_DEFLATED
            with archive.open(member, "w", force_zip64=True) as file:
                np.lib.format.write_array(file, np.asarray(values), allow_pickle=False)
    return content.getvalue()


def read_arrays(
    path: Path,
    error: type[MetaplastError],
    wanted: Callable[[str], bool] = lambda name: True,
) -> dict[str, NDArray[Any]]:
    """Read the arrays of an ``.npz`` file by name; pickled objects are refused.

    Parameters
    ----------
    path : Path
        The file.
    error : exception class
        Exception to raise.
    wanted : function of a name
        Returns whether to read the array of this name.

    Raises
    ------
    error
        If the file cannot be read, is damaged, or an array holds Python objects.
    """
    try:
        with path.open("rb") as file:
            if file.read(2) != b"PK":
                raise error(f"{path} is not an .npz file, or is damaged at its beginning")
    except OSError as problem:
        raise error(f"cannot read {path}: {problem.strerror or problem}") from None

    arrays: dict[str, NDArray[Any]] = {}
    name = ""
    try:
        with zipfile.ZipFile(path) as archive:
            for member in archive.namelist():
                name = member.removesuffix(".npy")
                if name in arrays:
                    raise error(f"{path} holds {name} twice")
                if wanted(name):
                    with archive.open(member) as file:
                        arrays[name] = np.lib.format.read_array(file, allow_pickle=False)
                        if file.read(1):
                            raise error(f"{path} is damaged: {name} has bytes behind its values")
    except MetaplastError:
        raise
    except Exception as problem:  # NumPy, zipfile and zlib raise many types for damaged files
        if isinstance(problem, ValueError) and "allow_pickle" in str(problem):
            raise error(
                f"{path} holds {name} as Python objects, which are not read; save it as an array "
                "of numbers"
            ) from None
        what = f"damaged: {name} cannot be read" if name else "truncated or damaged"
        raise error(f"{path} is {what} ({_first_line(problem)})") from None
    return arrays


def _first_line(problem: Exception) -> str:
    return (str(problem) or type(problem).__name__).splitlines()[0].rstrip(".")
