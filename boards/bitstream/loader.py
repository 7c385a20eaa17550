"""Flash a bitstream to a board with openFPGALoader."""

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
        Only configure the FPGA, until it loses power.

    Raises
    ------
    BuildError
        If the bitstream is missing or damaged.
    """
    build.check_bitstream()
    target = [] if ram else ["--write-flash"]
    return [LOADER, "--board", build.board.loader, *target, str(build.bitstream)]


def flash(build: Build, *, ram: bool = False) -> bool:
    """Flash a build; returns False if openFPGALoader is not installed.

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
            f"{LOADER} {describe_exit(result.status)}; its messages are above: check that the "
            "board is plugged in and that you have permission to use it"
        )
    return True
