"""Run external programs, and describe how one failed."""

import os
import signal
import subprocess
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..golden_model.errors import MetaplastError

__all__ = [
    "ProgramResult",
    "Runner",
    "ToolError",
    "describe_exit",
    "error_lines",
    "run_program",
    "start_program",
]

SIGNAL_CAUSES = {"SIGKILL": "possibly out of memory"}
"""Probable causes of signals, in place of the operating system's descriptions."""

MAX_ERROR_LINES = 12
"""Lines of a program's output that an error message quotes."""


class ToolError(MetaplastError):
    """An external program is missing, cannot be started, or failed; the message says which."""


def describe_exit(status: int) -> str:
    """Describe how a process ended, as the predicate of a sentence about the program.

    Parameters
    ----------
    status : int
        As :attr:`subprocess.Popen.returncode`: an exit status, or minus the number of a signal.

    Returns
    -------
    str
        ``failed with status 3``, ``ended with status 0`` or ``was ended by SIGKILL (possibly out
        of memory)``, for example.
    """
    if status >= 0:
        return f"{'failed' if status else 'ended'} with status {status}"
    try:
        name = signal.Signals(-status).name
    except ValueError:
        return f"was ended by signal {-status}"
    cause = SIGNAL_CAUSES.get(name) or (signal.strsignal(-status) or "").lower()
    return f"was ended by {name} ({cause})" if cause else f"was ended by {name}"


def error_lines(output: str) -> str:
    """The error lines of a program's output; its last lines if there are none.

    Parameters
    ----------
    output : str
        The program's output.

    Returns
    -------
    str
        At most :data:`MAX_ERROR_LINES` lines; empty if the program printed nothing.
    """
    lines = [line for line in output.splitlines() if line.strip()]
    errors = [line for line in lines if "error:" in line.lower()]
    return "\n".join(errors[:MAX_ERROR_LINES] or lines[-MAX_ERROR_LINES:])


@dataclass(frozen=True)
class ProgramResult:
    """Exit status and output of a program.

    Attributes
    ----------
    name : str
        The program's name.
    status : int
        As :attr:`subprocess.Popen.returncode`; 0 is success.
    output : str
        Its output on stdout and stderr; empty if that went to the terminal.
    """

    name: str
    status: int
    output: str

    @property
    def failure(self) -> str:
        """Why the program failed, in a sentence."""
        quoted = error_lines(self.output)
        if self.status > 0 and quoted:
            return f"{self.name} failed: {quoted}"
        return f"{self.name} {describe_exit(self.status)}: {quoted or 'it printed nothing'}"


def start_program(
    command: Sequence[str | Path], *, error: type[MetaplastError] = ToolError, **options: Any
) -> "subprocess.Popen[bytes]":
    """Start a program.

    Parameters
    ----------
    command : sequence of str or Path
        The program and its arguments.
    error : type
        The exception to raise.
    options
        Options of :class:`subprocess.Popen`, except those for text.

    Raises
    ------
    MetaplastError
        ``error``, if the program is missing, not executable, or cannot be started.
    """
    program = str(command[0])
    try:
        return subprocess.Popen(list(map(str, command)), **options)
    except OSError as problem:
        # If the working directory is the problem, the error of Python names the directory.
        directory = options.get("cwd")
        if directory is not None and str(problem.filename) == str(directory) != program:
            reason = f"the directory {directory} cannot be entered: {problem.strerror}"
        elif isinstance(problem, FileNotFoundError):
            reason = "there is no such file, or the interpreter that it names is missing"
        elif isinstance(problem, PermissionError):
            reason = "it is not an executable file, or its file system forbids execution"
        else:
            reason = (problem.strerror or str(problem)).lower()
        raise error(f"{program} cannot be run ({reason})") from problem


def _kill(process: "subprocess.Popen[bytes]", *, group: bool) -> None:
    """Kill a program; with ``group``, also the programs that it has started."""
    if group and hasattr(os, "killpg") and process.poll() is None:
        with suppress(ProcessLookupError, PermissionError):  # it has just ended
            os.killpg(process.pid, signal.SIGKILL)
    process.kill()


class Runner:
    """Run programs in parallel, and stop all of them on request.

    A program whose output is collected gets a process group, so that the programs that it has
    started (of a compiler: its passes) end with it.

    Parameters
    ----------
    error : type
        The exception to raise if a program cannot be started.
    """

    def __init__(self, error: type[MetaplastError] = ToolError) -> None:
        self._error = error
        self._running: dict[subprocess.Popen[bytes], bool] = {}
        self._lock = threading.Lock()
        self._stopped = False

    def run(
        self,
        command: Sequence[str | Path],
        directory: Path | None = None,
        *,
        environment: Mapping[str, str] | None = None,
        capture: bool = True,
    ) -> ProgramResult:
        """Run a program to its end.

        Parameters
        ----------
        command : sequence of str or Path
            The program and its arguments.
        directory : Path, optional
            The working directory; by default that of this process.
        environment : mapping, optional
            Variables that are added to those of this process.
        capture : bool
            Collect the program's output; otherwise it goes to the terminal.

        Raises
        ------
        MetaplastError
            If the program cannot be started, or :meth:`stop` was called.
        """
        name = Path(command[0]).name
        with self._lock:
            if self._stopped:
                raise self._error(f"{name} was not started, as the other programs were stopped")
            process = start_program(
                command,
                error=self._error,
                cwd=directory,
                env={**os.environ, **(environment or {})},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE if capture else None,
                stderr=subprocess.STDOUT if capture else None,
                process_group=0 if capture else None,
            )
            self._running[process] = capture
        try:
            with process:
                try:
                    output, _ = process.communicate()
                except BaseException:
                    _kill(process, group=capture)
                    process.wait()
                    raise
        finally:
            with self._lock:
                self._running.pop(process, None)
        # The output can contain paths in any encoding.
        return ProgramResult(name, process.returncode, (output or b"").decode(errors="replace"))

    def run_successfully(
        self,
        command: Sequence[str | Path],
        directory: Path | None = None,
        *,
        environment: Mapping[str, str] | None = None,
    ) -> str:
        """Run a program that must succeed, and return what it printed.

        Parameters are those of :meth:`run`.

        Raises
        ------
        MetaplastError
            If the program cannot be started, exits with a status other than 0, or is ended by a
            signal.
        """
        result = self.run(command, directory, environment=environment)
        if result.status:
            raise self._error(result.failure)
        return result.output

    def stop(self) -> None:
        """Kill the running programs, and start no more."""
        with self._lock:
            self._stopped = True
            for process, group in self._running.items():
                _kill(process, group=group)


def run_program(
    command: Sequence[str | Path],
    directory: Path | None = None,
    *,
    environment: Mapping[str, str] | None = None,
    error: type[MetaplastError] = ToolError,
) -> str:
    """Run a program that must succeed, and return its output.

    Parameters are those of :meth:`Runner.run_successfully`, and ``error``, the exception to raise.

    Raises
    ------
    MetaplastError
        ``error``, as :meth:`Runner.run_successfully` does.
    """
    return Runner(error).run_successfully(command, directory, environment=environment)
