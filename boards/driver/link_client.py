"""Host client of the link (docs/link.md): read registers and counters, send sequenced frames."""

from collections.abc import Callable, Sequence
from typing import Any

from ...hdl.client.transport import RefusedError
from ...hdl.link.protocol import (
    RowReply,
    SampleResult,
    StateReply,
    ValueReply,
    counters_request,
    read_request,
)
from ...hdl.registers.register_map import Status
from .frame_port import FramePort
from .requests import Requests
from .sequenced_run import SampleFrame, SequencedRun, WriteFrame, restarted_error

__all__ = ["LinkClient", "SampleFrame", "WriteFrame"]


class LinkClient:
    """Communicate with a board over a serial port; a context manager.

    Lost or damaged frames are sent again, and the board carries out each once. A port that breaks
    is opened again, and frames continue after the last that the board accepted.

    Parameters
    ----------
    open_port : callable
        Opens the port, as :class:`.FramePort` needs it; see :func:`.open_client`.
    name : str
        The port's name, for messages.
    timeout : float
        Maximum seconds to wait for an answer before a request is repeated; the wait is shorter if
        answers were fast.
    patience : float
        Seconds without any answer, without a port, or with answers but without progress, after
        which to give up.

    Attributes
    ----------
    repeated : int
        Number of sequenced frames that were sent again.

    Raises
    ------
    PortError
        If the port cannot be opened.
    """

    def __init__(
        self,
        open_port: Callable[[], Any],
        name: str,
        *,
        timeout: float = 1.0,
        patience: float = 10.0,
    ):
        self.name = name
        self.repeated = 0
        self._port = FramePort(open_port, name, patience=patience)
        self._requests = Requests(self._port, timeout=timeout, patience=patience)
        self._number = 0
        self._count = 0
        self._numbers_known = False

    def __enter__(self) -> "LinkClient":
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the port."""
        self._port.close()

    def describe(self, *, layers: int, counter_bits: int) -> None:
        """Set the sizes that replies depend on: layers, and bits of a counter."""
        self._port.describe(layers=layers, counter_bits=counter_bits)

    # Not sequenced

    def read(self, address: int) -> int:
        """Read a register.

        Raises
        ------
        RefusedError
            If the board refuses it, other than for being busy.
        LinkError
            If no answer comes.
        """

        def request(tag: int) -> bytes:
            return read_request(tag, address)

        reply = self._requests.ask(request, ValueReply, f"register {address:#x}")
        if reply.status is not Status.OK:
            raise RefusedError(
                f"{self.name}: a read at register {address:#x} was refused: {reply.status.name}",
                reply.status,
            )
        return reply.value

    def row(self, position_address: int, neuron: int, count: int) -> tuple[int, ...]:
        """Read ``count`` counters, from the first of a neuron.

        ``position_address`` is the address of the layer's register POSITION.

        Raises
        ------
        RefusedError
            If the board refuses it, other than for being busy.
        LinkError
            If no answer comes.
        """

        def request(tag: int) -> bytes:
            return counters_request(tag, position_address, neuron, count)

        awaited = f"{count} counters of neuron {neuron}"
        limit = self._requests.progress_limit(awaited)
        while True:
            reply = self._requests.ask(request, RowReply, awaited)
            if reply.status is not Status.OK:
                raise RefusedError(
                    f"{self.name}: the counters of neuron {neuron} are refused: "
                    f"{reply.status.name}",
                    reply.status,
                )
            if len(reply.counters) == count:
                return reply.counters
            limit.wait()  # the answer to another request

    def sync(self) -> StateReply:
        """Request the board's state, after all frames that were sent before.

        Raises
        ------
        LinkError
            If no answer comes.
        """
        return self._requests.sync()

    def settle(self) -> StateReply:
        """Wait until the board's core is not busy.

        Raises
        ------
        BoardRestartedError
            If the board's numbers differ from those at the end of the last run.
        LinkError
            If no answer comes.
        """
        limit = self._requests.progress_limit("its core to be idle")
        while (state := self.sync()).busy:
            limit.wait()
        numbers = self._number, self._count
        if self._numbers_known and (state.expected, state.count) != numbers:
            raise restarted_error(self.name, state, f"{self._number} after {self._count}")
        return state

    # Sequenced

    def begin(self) -> None:
        """Adopt the board's frame number and count of results.

        Raises
        ------
        LinkError
            If no answer comes.
        """
        self._numbers_known = False
        state = self.settle()
        self._number, self._count = state.expected, state.count
        self._numbers_known = True

    def run(self, frames: Sequence[WriteFrame | SampleFrame]) -> list[SampleResult]:
        """Send frames until the board has accepted each once, in order; returns sample results.

        After an interrupted run, the board's numbers are adopted first.

        Raises
        ------
        RefusedError
            If the board refuses a write.
        BoardRestartedError
            If the board's numbers differ from those at the end of the last run.
        LinkError
            If no answer comes, or the board makes no progress.
        """
        if not self._numbers_known:
            self.begin()
        run = SequencedRun(
            self._port, self._requests, frames, number=self._number, count=self._count
        )
        self._numbers_known = False
        try:
            run.run()
        finally:
            self.repeated += run.repeated
        self._number, self._count = run.number, run.count
        self._numbers_known = True
        return run.results
