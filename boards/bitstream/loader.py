"""openFPGALoader, which brings a bitstream to a board."""

import shutil

from ...tools.process import Runner, describe_exit
from .description import Build
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
        If the bitstream is missing or damaged.
    """
    build.check_bitstream()
    where = [] if ram else ["--write-flash"]
    return [LOADER, "--board", build.board.loader, *where, str(build.bitstream)]


def flash(build: Build, *, ram: bool = False) -> bool:
    """Flash a build; False if openFPGALoader is not there.

    Parameters are those of :func:`loader_command`.

    Raises
    ------
    BuildError
        If the bitstream is missing or damaged, or openFPGALoader fails.
    """
    command = loader_command(build, ram=ram)
    if shutil.which(LOADER) is None:
        return False
    result = Runner(BuildError).run(command, capture=False)
    if result.status:
        raise BuildError(
            f"{LOADER} {describe_exit(result.status)}; its messages are above: see that the board "
            "is plugged in and that you may use it"
        )
    return True
