from .board_trainer import BoardTrainer as BoardTrainer
from .errors import (
    BoardRestartedError as BoardRestartedError,
    LinkError as LinkError,
    LinkLostError as LinkLostError,
    NoAnswerError as NoAnswerError,
    PortError as PortError,
    StuckError as StuckError,
)
from .identification import (
    BoardShape as BoardShape,
    WrongBoardError as WrongBoardError,
    identify as identify,
)
from .link_client import LinkClient as LinkClient
from .link_transport import LinkTransport as LinkTransport, network_on_board as network_on_board
from .ports import (
    PortInfo as PortInfo,
    list_ports as list_ports,
    open_client as open_client,
    port_opener as port_opener,
)
