from .board_trainer import BoardTrainer as BoardTrainer
from .errors import (
    BoardRestartedError as BoardRestartedError,
)
from .errors import (
    LinkError as LinkError,
)
from .errors import (
    LinkLostError as LinkLostError,
)
from .errors import (
    NoAnswerError as NoAnswerError,
)
from .errors import (
    PortError as PortError,
)
from .errors import (
    StuckError as StuckError,
)
from .identification import (
    BoardShape as BoardShape,
)
from .identification import (
    WrongBoardError as WrongBoardError,
)
from .identification import (
    identify as identify,
)
from .link_client import LinkClient as LinkClient
from .link_transport import LinkTransport as LinkTransport
from .link_transport import network_on_board as network_on_board
from .ports import (
    PortInfo as PortInfo,
)
from .ports import (
    list_ports as list_ports,
)
from .ports import (
    open_client as open_client,
)
from .ports import (
    port_opener as port_opener,
)
