"""The boards that there are."""

from ..golden_model.errors import ConfigurationError
from .board import Board
from .icebreaker import ICEBREAKER
from .orangecrab import ORANGECRAB
from .tang_nano_9k import TANG_NANO_9K
from .ulx3s import ULX3S_12F, ULX3S_85F

__all__ = ["BOARDS", "find_board"]

BOARDS = (ICEBREAKER, ULX3S_12F, ULX3S_85F, ORANGECRAB, TANG_NANO_9K)
"""In the order in which `metaplast boards` lists them."""


def find_board(name: str) -> Board:
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
