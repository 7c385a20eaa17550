"""The output directory of a build: check it, and replace an older build in it."""

import json
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

from .description import DESCRIPTION, is_build_file
from .errors import BuildError

__all__ = ["build_file_names", "replace_build"]


def build_file_names(out: Path) -> list[str]:
    """Names of the files of an existing build in an output directory.

    Parameters
    ----------
    out : Path
        The output directory, which need not exist.

    Raises
    ------
    BuildError
        If the directory has other files and no build, or cannot be replaced.
    """
    if not out.exists():
        return []
    if out.samefile(Path.cwd()):
        raise BuildError(f"{out} is the current directory, which is replaced: name another one")
    names = [path.name for path in out.iterdir()]
    own = [name for name in names if is_build_file(name)]
    if not names:
        return []
    try:
        description = json.loads((out / DESCRIPTION).read_text(encoding="utf-8"))
        is_build = isinstance(description, dict) and {"identity", "bitstream"} <= description.keys()
    except FileNotFoundError:
        is_build = False
    except ValueError:  # damaged
        is_build = own == names
    if not is_build:
        raise BuildError(f"{out} has files of something else than a build: name another directory")
    return own


def replace_build(built: Path, out: Path, own: Sequence[str]) -> None:
    """Replace the build in an output directory, atomically.

    Parameters
    ----------
    built : Path
        The new build, in the cache.
    out : Path
        The output directory.
    own : sequence of str
        Names of the files of an older build, from :func:`build_file_names`; other files stay.

    Raises
    ------
    BuildError
        If the directory cannot be written.
    """
    out = out.resolve()  # a link stays a link
    try:
        _replace(built, out, own)
    except OSError as error:
        raise BuildError(
            f"the build cannot be written to {out} ({error.strerror or error}): "
            "name another directory"
        ) from error


def _replace(built: Path, out: Path, own: Sequence[str]) -> None:
    out.parent.mkdir(parents=True, exist_ok=True)
    copy = Path(tempfile.mkdtemp(prefix=".metaplast-", dir=out.parent))
    before = copy.with_name(f"{copy.name}.before")
    try:
        for path in built.iterdir():
            if is_build_file(path.name):
                shutil.copy(path, copy)
        copy.chmod(0o755)
        if out.exists():
            out.rename(before)
        try:
            copy.rename(out)
        except BaseException:
            if before.exists():
                before.rename(out)
            raise
    except BaseException:
        shutil.rmtree(copy, ignore_errors=True)
        raise
    if before.exists():
        for name in own:
            (before / name).unlink(missing_ok=True)
        for path in list(before.iterdir()):
            path.rename(out / path.name)
        before.rmdir()
