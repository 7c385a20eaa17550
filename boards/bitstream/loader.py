"""Flash a bitstream or a data image to a board with openFPGALoader."""

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ...tools.process import Runner, describe_exit
from ..targets.board_target import BoardTarget
from .errors import BuildError

if TYPE_CHECKING:  # needs Amaranth
    from .description import Build

__all__ = ["LOADER", "data_command", "flash", "loader_command", "run_loader"]

LOADER = "openFPGALoader"


def loader_command(build: "Build", *, ram: bool = False) -> list[str]:
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


def data_command(board: BoardTarget, image: Path, *, cable: str | None = None) -> list[str]:
    """The command that writes a data image to the flash of a board, and verifies it.

    Parameters
    ----------
    board : BoardTarget
        The board.
    image : Path
        The file.
    cable : str, optional
        openFPGALoader's name of the JTAG cable, for a board that needs one.
    """
    flash = board.data_flash
    # With the name of a board that has DFU, openFPGALoader uses DFU, and ignores the offset.
    reach = ["--cable", cable or "CABLE"] if flash.needs_cable else ["--board", board.loader]
    place = ["--write-flash", "--offset", f"{flash.offset:#x}", "--file-type", "raw", "--verify"]
    return [LOADER, *reach, *flash.loader_options, *place, str(image)]


def run_loader(command: Sequence[str], *, capture: bool = False) -> bool:
    """Run a command of openFPGALoader; returns False if it is not installed.

    Parameters
    ----------
    command : sequence of str
        The command.
    capture : bool
        Keep the program's messages from the terminal; an error quotes them.

    Raises
    ------
    BuildError
        If openFPGALoader fails.
    """
    if shutil.which(LOADER) is None:
        return False
    result = Runner(BuildError).run(command, capture=capture)
    if result.status:
        failure = f"{LOADER} {describe_exit(result.status)}; its messages are above"
        raise BuildError(
            f"{result.failure if capture else failure}: check that the board is plugged in and "
            "that you have permission to use it"
        )
    return True


def flash(build: "Build", *, ram: bool = False) -> bool:
    """Flash a build; returns False if openFPGALoader is not installed.

    Parameters are those of :func:`loader_command`.

    Raises
    ------
    BuildError
        If the bitstream is missing or damaged, or openFPGALoader fails.
    """
    return run_loader(loader_command(build, ram=ram))
