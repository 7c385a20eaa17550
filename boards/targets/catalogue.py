"""The list of supported boards, and functions to find them."""

from ...golden_model.config import NetworkConfig
from ...golden_model.errors import ConfigurationError
from ...hdl.planning.fpgas import find_fpga
from ...hdl.planning.plan import FoldedNetwork
from ...hdl.planning.universal import UniversalTrainer
from .board_target import BoardTarget
from .icebreaker import ICEBREAKER
from .orangecrab import ORANGECRAB
from .tang_nano_9k import TANG_NANO_9K
from .ulx3s import ULX3S_12F, ULX3S_85F

__all__ = [
    "BOARDS",
    "boards_with_usb",
    "check_name",
    "design_for",
    "find_board",
    "fold_for",
    "own_network",
]

BOARDS = (ICEBREAKER, ULX3S_12F, ULX3S_85F, ORANGECRAB, TANG_NANO_9K)
"""Supported boards, in the order of `metaplast boards`."""


def find_board(name: str) -> BoardTarget:
    """Find a board by its name or title; case and punctuation do not matter.

    Raises
    ------
    ConfigurationError
        If it is not known; the message lists the known boards.
    """

    def plain(text: str) -> str:
        return "".join(character for character in text.lower() if character.isalnum())

    for board in BOARDS:
        if plain(name) in (plain(board.name), plain(board.title)):
            return board
    known = ", ".join(board.name for board in BOARDS)
    raise ConfigurationError(f"board {name!r} is not known; known boards: {known}")


def boards_with_usb(usb: tuple[int, int] | None) -> tuple[BoardTarget, ...]:
    """The boards whose serial port has these USB vendor and product ids; none for None."""
    return tuple(board for board in BOARDS if usb in board.usb)


def check_name(name: str) -> None:
    """Check that a name is that of a board or of an FPGA.

    Raises
    ------
    ConfigurationError
        If it is neither.
    """
    try:
        find_board(name)
    except ConfigurationError as error:
        try:
            find_fpga(name)
        except ConfigurationError:
            raise error from None


def fold_for(name: str, config: NetworkConfig) -> FoldedNetwork:
    """Fold a network for the board or, if there is none, for the FPGA of a name.

    Raises
    ------
    ConfigurationError
        If no board or FPGA has the name, or the network does not fit it.
    """
    check_name(name)
    try:
        board = find_board(name)
    except ConfigurationError:
        from ...hdl.planning.planner import plan_network

        return FoldedNetwork(config, plan_network(config, find_fpga(name)))
    return board.fold(config)


def design_for(name: str, config: NetworkConfig) -> FoldedNetwork | UniversalTrainer:
    """The universal trainer of a board; or the network, folded for an FPGA without a board.

    Raises
    ------
    ConfigurationError
        If no board or FPGA has the name, or the network does not fit an FPGA.
    """
    check_name(name)
    try:
        return find_board(name).trainer
    except ConfigurationError:
        return fold_for(name, config)


def own_network(name: str) -> NetworkConfig:
    """The default network of a board, or of the first board with an FPGA.

    For an FPGA without a board, it is that of the first board.

    Raises
    ------
    ConfigurationError
        If no board or FPGA has the name.
    """
    check_name(name)
    try:
        return find_board(name).network
    except ConfigurationError:
        fpga = find_fpga(name)
        carriers = [board for board in BOARDS if board.fpga == fpga]
        return (*carriers, BOARDS[0])[0].network
