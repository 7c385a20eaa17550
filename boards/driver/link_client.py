"""The host's end of the link (docs/link.md): read registers and counters, send sequenced frames."""

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
    """Talk to a board over a serial port; a context manager.

    Frames that are lost or damaged are sent again, and each counts once. A port that breaks is
    opened again, and the work goes on where the board stands.

    Parameters
    ----------
    open_port : callable
        Opens the port, as :class:`.FramePort` needs it; see :func:`.open_client`.
    name : str
        The port's name, for messages.
    timeout : float
        The longest time in seconds to wait for an answer before asking again; the wait is shorter
        if answers were quick.
    patience : float
        Seconds without any answer, without a port, or with answers but without progress, after
        which to give up.

    Attributes
    ----------
    repeated : int
        Sequenced frames that were sent again.

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
        """Set the size of the board's replies: its network's layers, and the bits of a counter."""
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
        """Read ``count`` counters from a neuron's first on.

        ``position_address`` is that of the layer's register POSITION.

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
        """Ask for the board's state, after all that was sent before.

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
            If the board's numbers are not those of the last run's end.
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
        """Take over the board's frame number and count of results.

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
        """Have the board accept frames, each once, in order; returns the samples' results.

        After a run that was interrupted, the board's numbers are taken over first.

        Raises
        ------
        RefusedError
            If the board refuses a write.
        BoardRestartedError
            If the board's numbers are not those of the last run's end.
        LinkError
            If no answer comes, or answers without progress.
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
