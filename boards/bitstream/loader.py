"""openFPGALoader, which brings a bitstream to a board."""

import shutil
import subprocess

from .build import Build
from .toolchain import BuildError

__all__ = ["LOADER", "flash", "loader_command"]

LOADER = "openFPGALoader"


def loader_command(build: Build, *, ram: bool = False) -> list[str]:
    """The command that flashes a build.

    Parameters
    ----------
    build : Build
        The build.
    ram : bool
        Configure the device only, until it loses power.

    Raises
    ------
    BuildError
        If the bitstream is missing.
    """
    if not build.bitstream.exists():
        raise BuildError(f"{build.bitstream} is missing: build again")
    where = [] if ram else ["--write-flash"]
    return [LOADER, "--board", build.board.loader, *where, str(build.bitstream)]


def flash(build: Build, *, ram: bool = False) -> bool:
    """Flash a build; False if openFPGALoader is not there.

    Parameters are those of :func:`loader_command`.

    Raises
    ------
    BuildError
        If the bitstream is missing, or openFPGALoader fails.
    """
    command = loader_command(build, ram=ram)
    if shutil.which(LOADER) is None:
        return False
    status = subprocess.run(command, check=False).returncode
    if status:
        raise BuildError(
            f"{LOADER} failed with status {status} (it says why above): see that the board is "
            "plugged in and that you may use it"
        )
    return True
