from .bitstream import (
    Build as Build,
    BuildError as BuildError,
    build_bitstream as build_bitstream,
    flash as flash,
)
from .driver import BoardTrainer as BoardTrainer, LinkError as LinkError, list_ports as list_ports
from .targets import BOARDS as BOARDS, BoardTarget as BoardTarget, find_board as find_board
