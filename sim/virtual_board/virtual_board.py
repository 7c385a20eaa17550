"""A board's own gateware under Verilator, behind a pseudo-terminal: a program cannot tell."""

import os
import pty
import select
import subprocess
import threading
import tty
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from types import TracebackType

from ...hdl.link.uart_trainer import UartTrainer
from ...hdl.planning.plan import FoldedNetwork
from ...tools.process import start_program
from ..verilator.design import TOP, Design
from ..verilator.simulator import SimulationError, Simulator, build
from .noisy_line import NoisyLine

__all__ = ["CLOCKS_PER_BIT", "VirtualBoard", "build_board"]

MAIN = Path(__file__).with_name("virtual_board.cpp")

CLOCKS_PER_BIT = 4
"""Few, since every cycle is simulated."""

ENDING_SECONDS = 10
CHUNK = 1024


@lru_cache(maxsize=8)
def _design(folded: FoldedNetwork) -> Design:
    return Design.of(UartTrainer(folded, clocks_per_bit=CLOCKS_PER_BIT))


def build_board(folded: FoldedNetwork, *, optimize: bool = True) -> Simulator:
    """The simulator of a board's top level, built if it was not built before.

    Parameters
    ----------
    folded : FoldedNetwork
        The network and how it is folded.
    optimize : bool
        For runs of many cycles: compile slowly, run quickly.

    Raises
    ------
    SimulationError
        If it cannot be built.
    """
    return build(_design(folded), optimize=optimize, main=MAIN)


class VirtualBoard:
    """Run a board's top level as a process, with a pseudo-terminal in place of its UART.

    A context manager. The terminal stays when a program closes it, as a board does.

    Parameters
    ----------
    simulator : Simulator
        From :func:`build_board`.
    lines : tuple of NoisyLine
        What is between host and board, and between board and host.

    Attributes
    ----------
    port : str
        The terminal's path, to be opened like any serial port.
    """

    def __init__(self, simulator: Simulator, lines: tuple[NoisyLine, NoisyLine] | None = None):
        self._lines = lines or (NoisyLine(), NoisyLine())
        self._cut = threading.Event()
        self._ended = threading.Event()
        self._host, self._terminal = pty.openpty()
        tty.setraw(self._terminal)
        self.port = os.ttyname(self._terminal)
        try:
            self._process = start_program(
                [simulator.directory / TOP, str(CLOCKS_PER_BIT)],
                error=SimulationError,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                bufsize=0,
                start_new_session=True,  # Ctrl-C is for the parent, which ends it
            )
        except SimulationError:
            os.close(self._host)
            os.close(self._terminal)
            raise
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        to_board, from_board = self._process.stdin.fileno(), self._process.stdout.fileno()
        self._pumps = [
            threading.Thread(target=self._pump, args=(*ends, cable), daemon=True)
            for ends, cable in zip(
                ((self._host, to_board), (from_board, self._host)), self._lines, strict=True
            )
        ]
        for pump in self._pumps:
            pump.start()

    def __enter__(self) -> "VirtualBoard":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def cut(self, cut: bool = True) -> None:
        """Cut the cable, or mend it: whatever is sent meanwhile is lost."""
        if cut:
            self._cut.set()
        else:
            self._cut.clear()

    @property
    def running(self) -> bool:
        """Whether the simulator is."""
        return self._process.poll() is None

    def close(self) -> None:
        """End the simulator, and take the terminal away."""
        if self._ended.is_set():
            return
        self._ended.set()
        assert self._process.stdin is not None
        for pump in self._pumps:
            pump.join(ENDING_SECONDS)
        with suppress(OSError):
            self._process.stdin.close()
        try:
            self._process.wait(ENDING_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        assert self._process.stdout is not None
        self._process.stdout.close()
        os.close(self._host)
        os.close(self._terminal)

    def _pump(self, source: int, target: int, cable: NoisyLine) -> None:
        while not self._ended.is_set():
            ready, _, _ = select.select([source], [], [], 0.1)
            if not ready:
                continue
            try:
                content = os.read(source, CHUNK)
                if not content:
                    return
                if not self._cut.is_set():
                    _write(target, cable.carry(content), self._ended)
            except OSError:
                return


def _write(target: int, content: bytes, ended: threading.Event) -> None:
    """Write it all, unless the end comes first."""
    while content and not ended.is_set():
        _, ready, _ = select.select([], [target], [], 0.1)
        if ready:
            content = content[os.write(target, content[:CHUNK]) :]
