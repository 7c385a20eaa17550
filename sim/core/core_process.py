"""The process of a simulated trainer core, and the pipe to it."""

import os
import subprocess
import sys
import tempfile
from contextlib import suppress
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, NoReturn

from ...tools.process import describe_exit, start_program
from ..verilator.design import TOP
from ..verilator.simulator import SimulationError, Simulator
from .core_driver import PIPE_VARIABLE

__all__ = ["CoreProcess"]

DRIVER = f"{__package__}.core_driver"

MAX_SEED = (1 << 31) - 1

ENDING_SECONDS = 10
"""Time to wait for a simulator to end, before it is killed."""


class CoreProcess:
    """Run the simulator of a trainer core, and call the commands of its driver.

    Parameters
    ----------
    simulator : Simulator
        The simulator, whose harness :class:`.core_driver.CoreDriver` drives.
    waves : Path, optional
        File for a waveform.
    seed : int
        Seed of the random contents of the memories at power-up.

    Raises
    ------
    SimulationError
        If the simulator does not run.
    """

    def __init__(self, simulator: Simulator, waves: Path | None = None, *, seed: int = 1):
        self._directory = tempfile.TemporaryDirectory(prefix="metaplast-")
        self._log = Path(self._directory.name) / "log"
        self._pipe, other = Pipe()
        # Verilator takes no seed of 0, and none of more than 31 bits.
        arguments = ["+verilator+rand+reset+2", f"+verilator+seed+{1 + seed % MAX_SEED}"]
        if waves is not None:
            arguments += ["--trace-file", str(waves.absolute())]
        try:
            self._process = self._start([str(simulator.directory / TOP), *arguments], other)
        except BaseException:
            self._pipe.close()
            self._directory.cleanup()
            raise
        finally:
            other.close()

    def send(self, name: str, *arguments: Any) -> None:
        """Send a command to the driver; its answer is received later."""
        try:
            self._pipe.send((name, *arguments))
        except ConnectionError:
            self._fail()

    def receive(self) -> tuple[str, list[Any]]:
        """Wait for the next answer; the harness limits the time.

        Returns
        -------
        str, list
            The answered command, and the values of the answer.

        Raises
        ------
        SimulationError
            If the simulator fails or has ended.
        """
        try:
            name, *values = self._pipe.recv()
        except (EOFError, ConnectionError):
            self._fail()
        if name == "failed":
            raise SimulationError(f"the simulation failed: {values[0]}")
        return name, values

    @property
    def answered(self) -> bool:
        """Whether an answer can be received without waiting."""
        return self._pipe.poll()

    @property
    def status(self) -> int | None:
        """The exit status of the process; None while it runs."""
        return self._process.poll()

    def kill(self) -> None:
        """Kill the process."""
        self._process.kill()

    def close(self) -> None:
        """End the process."""
        self._pipe.close()
        try:
            self._process.wait(ENDING_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._directory.cleanup()

    def _start(self, command: list[str], other: Connection) -> "subprocess.Popen[bytes]":
        import find_libpython
        from cocotb_tools import config

        python = os.environ.get("LIBPYTHON_LOC") or find_libpython.find_libpython()
        if python is None:
            raise SimulationError(
                "Python's shared library is missing, and the simulator runs with it: install it "
                "(Debian and Ubuntu: apt install libpython3-dev), or name it in LIBPYTHON_LOC"
            )
        environment = {
            **os.environ,
            "GPI_USERS": f"{python};{config.pygpi_entry_point()}",
            "PYGPI_PYTHON_BIN": sys.executable,
            "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
            "TOPLEVEL_LANG": "verilog",
            "COCOTB_TOPLEVEL": TOP,
            "COCOTB_TEST_MODULES": DRIVER,
            "COCOTB_TRUST_INERTIAL_WRITES": "1",
            "COCOTB_ANSI_OUTPUT": "0",
            "COCOTB_LOG_LEVEL": "WARNING",
            "GPI_LOG_LEVEL": "WARNING",
            PIPE_VARIABLE: str(other.fileno()),
        }
        with self._log.open("wb") as log:
            return start_program(
                command,
                error=SimulationError,
                cwd=self._directory.name,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                pass_fds=[other.fileno()],
                start_new_session=True,  # Ctrl-C goes only to the parent, which ends this process
            )

    def _fail(self) -> NoReturn:
        """Raise the error of a simulator that has ended."""
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(ENDING_SECONDS)
        status = self._process.returncode
        end = "closed its pipe and still runs" if status is None else describe_exit(status)
        lines = [line.strip() for line in self._log.read_text(errors="replace").splitlines()]
        errors = [line for line in lines if "error" in line.lower()]
        quoted = (errors or lines or ["it printed nothing"])[0]
        raise SimulationError(f"the simulator {end}: {quoted}")
