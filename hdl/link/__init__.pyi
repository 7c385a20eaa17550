from .deframer import Deframer as Deframer
from .framer import Framer as Framer
from .host_link import HostLink as HostLink
from .protocol import (
    FrameDecoder as FrameDecoder,
)
from .protocol import (
    FrameError as FrameError,
)
from .protocol import (
    ReplyKind as ReplyKind,
)
from .protocol import (
    RequestKind as RequestKind,
)
from .protocol import (
    RowReply as RowReply,
)
from .protocol import (
    SampleResult as SampleResult,
)
from .protocol import (
    StateReply as StateReply,
)
from .protocol import (
    ValueReply as ValueReply,
)
from .protocol import (
    counters_request as counters_request,
)
from .protocol import (
    decode_reply as decode_reply,
)
from .protocol import (
    design_digest as design_digest,
)
from .protocol import (
    encode_frame as encode_frame,
)
from .protocol import (
    next_number as next_number,
)
from .protocol import (
    read_request as read_request,
)
from .protocol import (
    sample_request as sample_request,
)
from .protocol import (
    sync_request as sync_request,
)
from .protocol import (
    write_request as write_request,
)
from .uart_receiver import UartReceiver as UartReceiver
from .uart_trainer import UartTrainer as UartTrainer
from .uart_transmitter import UartTransmitter as UartTransmitter
