from .deframer import Deframer as Deframer
from .framer import Framer as Framer
from .host_link import HostLink as HostLink
from .protocol import (
    FrameDecoder as FrameDecoder,
    FrameError as FrameError,
    ReplyKind as ReplyKind,
    RequestKind as RequestKind,
    RowReply as RowReply,
    SampleResult as SampleResult,
    StateReply as StateReply,
    ValueReply as ValueReply,
    counters_request as counters_request,
    decode_reply as decode_reply,
    design_digest as design_digest,
    encode_frame as encode_frame,
    next_number as next_number,
    read_request as read_request,
    sample_request as sample_request,
    sync_request as sync_request,
    write_request as write_request,
)
from .uart_receiver import UartReceiver as UartReceiver
from .uart_trainer import UartTrainer as UartTrainer
from .uart_transmitter import UartTransmitter as UartTransmitter
