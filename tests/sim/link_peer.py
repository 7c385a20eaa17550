"""A host controlled by a test: it sends frames, and waits for replies."""

import os
import select
import time
import tty

from metaplast.golden_model import NetworkConfig
from metaplast.hdl.link.protocol import (
    FrameDecoder,
    RowReply,
    StateReply,
    ValueReply,
    counters_request,
    decode_reply,
    encode_frame,
    next_number,
    read_request,
    sync_request,
    write_request,
)
from metaplast.hdl.registers.register_map import LayerRegister, Status, layer_address

__all__ = ["Peer"]

PATIENCE = 30.0
SILENCE = 0.3
"""Maximum seconds until a board replies."""

Reply = StateReply | ValueReply | RowReply


class Peer:
    """A host at a serial port.

    Parameters
    ----------
    port : str
        The port's path.
    config : NetworkConfig
        The network behind it.

    Attributes
    ----------
    said : list of replies
        All that the board said.
    damaged : int
        Frames that came damaged.
    """

    def __init__(self, port: str, config: NetworkConfig):
        self.config = config
        self.said: list[Reply] = []
        self._decoder = FrameDecoder()
        self._tag = 0
        self._port = os.open(port, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        tty.setraw(self._port)

    def __enter__(self) -> "Peer":
        return self

    def __exit__(self, *error: object) -> None:
        os.close(self._port)

    @property
    def damaged(self) -> int:
        return self._decoder.damaged

    # Bytes

    def put(self, content: bytes) -> None:
        """Send bytes, and receive at the same time."""
        while content:
            readable, writable, _ = select.select([self._port], [self._port], [], PATIENCE)
            assert readable or writable, "the port takes nothing"
            if writable:
                content = content[os.write(self._port, content[:256]) :]
            if readable:
                self._take()

    def send(self, content: bytes) -> None:
        """Send a frame."""
        self.put(encode_frame(content))

    def listen(self, seconds: float = SILENCE) -> list[Reply]:
        """All replies until none comes for some time."""
        before = len(self.said)
        while select.select([self._port], [], [], seconds)[0]:
            self._take()
        return self.said[before:]

    def next(self, seconds: float = PATIENCE) -> Reply | None:
        """The next reply; None if there is none in time."""
        before, end = len(self.said), time.monotonic() + seconds
        while len(self.said) == before:
            left = end - time.monotonic()
            if left <= 0 or not select.select([self._port], [], [], left)[0]:
                return None
            self._take(1)
        return self.said[before]

    def _take(self, count: int = 4096) -> None:
        layers, bits = len(self.config.layers), self.config.counter_bits
        for content in self._decoder.feed(os.read(self._port, count)):
            self.said.append(decode_reply(content, layers=layers, counter_bits=bits))

    # Requests

    def tag(self) -> int:
        """A tag that was not used recently."""
        self._tag = self._tag + 1 & 0xFFFF
        return self._tag

    def sync(self, seconds: float = PATIENCE) -> StateReply:
        """The STATE after a SYNC, which is repeated if no answer comes."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            tag = self.tag()
            self.send(sync_request(tag))
            while (reply := self.next(seconds)) is not None:
                if isinstance(reply, StateReply) and reply.tag == tag:
                    return reply
        raise AssertionError("no SYNC is answered")

    def idle(self) -> StateReply:
        """The state when the core is not busy."""
        while (state := self.sync()).busy:
            pass
        return state

    def read(self, address: int) -> ValueReply:
        """Read a register."""
        tag = self.tag()
        self.send(read_request(tag, address))
        while not isinstance(reply := self.next(), ValueReply):
            assert reply is not None, f"register {address:#x} is not read"
        assert reply.tag == tag
        return reply

    def row(self, layer: int, neuron: int, count: int) -> RowReply:
        """Read counters."""
        tag = self.tag()
        address = layer_address(layer, LayerRegister.POSITION)
        self.send(counters_request(tag, address, neuron, count))
        while not isinstance(reply := self.next(), RowReply):
            assert reply is not None, f"neuron {neuron} of layer {layer} is not read"
        assert reply.tag == tag
        return reply

    def counters(self) -> list[list[int]]:
        """Read a register of each layer, in order."""
        tables = []
        for layer in self.config.layers:
            reply = self.row(layer.index, 0, layer.weights)
            assert reply.status is Status.OK
            tables.append(list(reply.counters))
        return tables

    def write(self, address: int, value: int) -> None:
        """Write a register, when the core is not busy."""
        number = self.idle().expected
        self.send(write_request(number, address, value))
        state = self.next()
        assert isinstance(state, StateReply)
        assert (state.status, state.expected) == (Status.OK, next_number(number))
