"""The boards that there are."""

from ...golden_model.config import NetworkConfig
from ...golden_model.errors import ConfigurationError
from ...hdl.planning.fpgas import find_fpga
from ...hdl.planning.plan import FoldedNetwork
from .board_target import BoardTarget
from .icebreaker import ICEBREAKER
from .orangecrab import ORANGECRAB
from .tang_nano_9k import TANG_NANO_9K
from .ulx3s import ULX3S_12F, ULX3S_85F

__all__ = ["BOARDS", "boards_with_usb", "check_name", "find_board", "fold_for", "own_network"]

BOARDS = (ICEBREAKER, ULX3S_12F, ULX3S_85F, ORANGECRAB, TANG_NANO_9K)
"""In the order in which `metaplast boards` lists them."""


def find_board(name: str) -> BoardTarget:
    """A board by its name or title; case and punctuation do not matter.

    Raises
    ------
    ConfigurationError
        If it is not known; the message lists those that are.
    """

    def plain(text: str) -> str:
        return "".join(character for character in text.lower() if character.isalnum())

    for board in BOARDS:
        if plain(name) in (plain(board.name), plain(board.title)):
            return board
    known = ", ".join(board.name for board in BOARDS)
    raise ConfigurationError(f"board {name!r} is not known; those that are: {known}")


def boards_with_usb(usb: tuple[int, int] | None) -> tuple[BoardTarget, ...]:
    """The boards whose serial port has a vendor and product on USB; none for None."""
    return tuple(board for board in BOARDS if usb in board.usb)


def check_name(name: str) -> None:
    """Refuse what is neither a board's name nor an FPGA's.

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
    """Fold a network for a board or, where no board is so called, for an FPGA.

    Raises
    ------
    ConfigurationError
        If the name is neither's, or the network has no room there.
    """
    check_name(name)
    try:
        board = find_board(name)
    except ConfigurationError:
        from ...hdl.planning.planner import plan_network

        return FoldedNetwork(config, plan_network(config, find_fpga(name)))
    return board.fold(config)


def own_network(name: str) -> NetworkConfig:
    """The network of a board or, where no board is so called, of the first that has that FPGA.

    Of an FPGA that no board has, it is the first board's.

    Raises
    ------
    ConfigurationError
        If the name is neither's.
    """
    check_name(name)
    try:
        return find_board(name).network
    except ConfigurationError:
        fpga = find_fpga(name)
        carriers = [board for board in BOARDS if board.fpga == fpga]
        return (*carriers, BOARDS[0])[0].network
