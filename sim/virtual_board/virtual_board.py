"""A virtual board: the gateware of a board in a simulator, behind a pseudo-terminal."""

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
from ...hdl.planning.universal import UniversalTrainer
from ...tools.process import start_program
from ..verilator.design import TOP, Design
from ..verilator.simulator import SimulationError, Simulator, build
from .noisy_line import NoisyLine

__all__ = ["CLOCKS_PER_BIT", "VirtualBoard", "build_board"]

MAIN = Path(__file__).with_name("virtual_board.cpp")

CLOCKS_PER_BIT = 4
"""Clock cycles per bit of the UART: few, since every cycle is simulated."""

ENDING_SECONDS = 10
CHUNK = 1024


@lru_cache(maxsize=8)
def _design(folded: FoldedNetwork | UniversalTrainer) -> Design:
    return Design.of(UartTrainer(folded, clocks_per_bit=CLOCKS_PER_BIT))


def build_board(folded: FoldedNetwork | UniversalTrainer, *, optimize: bool = True) -> Simulator:
    """Build the simulator of a board's top level, or find it in the build cache.

    Parameters
    ----------
    folded : FoldedNetwork or UniversalTrainer
        The network and how it is folded, or a universal trainer.
    optimize : bool
        Optimise for long simulations: slow compilation, fast simulation.

    Raises
    ------
    SimulationError
        If the simulator cannot be built.
    """
    return build(_design(folded), optimize=optimize, main=MAIN)


class VirtualBoard:
    """Run a board's top level as a process, with a pseudo-terminal in place of its UART.

    A context manager. Like a real board, it keeps running when a program closes the port.

    Parameters
    ----------
    simulator : Simulator
        From :func:`build_board`.
    lines : tuple of NoisyLine
        The lines from host to board, and from board to host.

    Attributes
    ----------
    port : str
        Path of the pseudo-terminal, which can be opened like a serial port.
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
                start_new_session=True,  # Ctrl-C goes only to the parent, which ends this process
            )
        except SimulationError:
            os.close(self._host)
            os.close(self._terminal)
            raise
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        to_board, from_board = self._process.stdin.fileno(), self._process.stdout.fileno()
        self._pumps = [
            threading.Thread(target=self._pump, args=(*ends, line), daemon=True)
            for ends, line in zip(
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
        """Interrupt the connection, or restore it; bytes are lost while it is interrupted."""
        if cut:
            self._cut.set()
        else:
            self._cut.clear()

    @property
    def running(self) -> bool:
        """Whether the simulator runs."""
        return self._process.poll() is None

    def close(self) -> None:
        """End the simulator, and close the pseudo-terminal."""
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

    def _pump(self, source: int, target: int, line: NoisyLine) -> None:
        while not self._ended.is_set():
            ready, _, _ = select.select([source], [], [], 0.1)
            if not ready:
                continue
            try:
                content = os.read(source, CHUNK)
                if not content:
                    return
                if not self._cut.is_set():
                    _write(target, line.carry(content), self._ended)
            except OSError:
                return


def _write(target: int, content: bytes, ended: threading.Event) -> None:
    """Write all bytes, unless ``ended`` is set first."""
    while content and not ended.is_set():
        _, ready, _ = select.select([], [target], [], 0.1)
        if ready:
            content = content[os.write(target, content[:CHUNK]) :]
