from .board_target import BoardTarget as BoardTarget
from .catalogue import (
    BOARDS as BOARDS,
)
from .catalogue import (
    find_board as find_board,
)
from .catalogue import (
    fold_for as fold_for,
)
from .catalogue import (
    own_network as own_network,
)
