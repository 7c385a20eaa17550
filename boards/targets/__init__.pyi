from .board_target import BoardTarget as BoardTarget
from .catalogue import (
    BOARDS as BOARDS,
    find_board as find_board,
    fold_for as fold_for,
    own_network as own_network,
)
from .data_flash import DataFlash as DataFlash
