from .bitstream import (
    Build as Build,
)
from .bitstream import (
    BuildError as BuildError,
)
from .bitstream import (
    build_bitstream as build_bitstream,
)
from .bitstream import (
    flash as flash,
)
from .driver import BoardTrainer as BoardTrainer
from .driver import LinkError as LinkError
from .driver import list_ports as list_ports
from .targets import BOARDS as BOARDS
from .targets import BoardTarget as BoardTarget
from .targets import find_board as find_board
