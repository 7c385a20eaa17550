"""Serial ports: list them, and open one for a board."""

import re
import sys
from collections.abc import Callable
from dataclasses import dataclass
from errno import EACCES, EAGAIN, EBUSY, EINVAL, EISDIR, ENOENT, ENOTTY, EPERM
from types import ModuleType
from typing import Any

from .errors import LinkError, PortError
from .link_client import LinkClient

__all__ = ["BAUD", "PortInfo", "list_ports", "open_client", "port_opener"]

BAUD = 1_000_000
"""Bits per second on a board's serial line by default."""

READ_SECONDS = 0.01

NO_DESCRIPTION = "n/a"
"""pyserial's description of a port that the operating system does not describe."""

WINDOWS_ERRORS = {"PermissionError": EBUSY, "FileNotFoundError": ENOENT}
"""Errors on Windows, which pyserial gives only as text; PermissionError means a port in use."""


@dataclass(frozen=True)
class PortInfo:
    """A serial port of this computer.

    Attributes
    ----------
    port : str
        The name to open it by (``/dev/ttyUSB1``, ``COM3``).
    description : str
        The description by the operating system; empty if there is none.
    usb : (int, int) or None
        Vendor and product id; None for a port that is not on USB.
    """

    port: str
    description: str
    usb: tuple[int, int] | None


def list_ports() -> list[PortInfo]:
    """List the serial ports, ordered by name, without opening any.

    Raises
    ------
    LinkError
        If pyserial is not installed.
    """
    _require_serial()
    from serial.tools.list_ports import comports

    return sorted(
        (
            PortInfo(
                port.device,
                "" if port.description in (None, NO_DESCRIPTION) else port.description,
                None if port.vid is None or port.pid is None else (port.vid, port.pid),
            )
            for port in comports()
        ),
        key=lambda info: info.port,
    )


def open_client(port: str, *, baud: int = BAUD, patience: float = 10.0) -> LinkClient:
    """Open a serial port exclusively, and make a client for its board.

    Parameters
    ----------
    port : str
        The port's name (``/dev/ttyUSB1``, ``COM3``).
    baud : int
        Bits per second.
    patience : float
        Seconds without an answer, or without a port, after which to give up.

    Raises
    ------
    PortError
        If the port does not exist, is in use, may not be opened, or refuses the baud rate.
    LinkError
        If pyserial is not installed.
    """
    return LinkClient(port_opener(port, baud=baud, patience=patience), port, patience=patience)


def port_opener(port: str, *, baud: int = BAUD, patience: float = 10.0) -> Callable[[], Any]:
    """Make a function that opens a serial port, exclusively, for a :class:`.LinkClient`.

    Parameters
    ----------
    port, baud
        Parameters of :func:`open_client`.
    patience : float
        Seconds after which a write fails.

    Raises
    ------
    LinkError
        If pyserial is not installed.
    """
    serial = _require_serial()

    def open_port() -> Any:
        try:
            return serial.Serial(
                port, baud, timeout=READ_SECONDS, write_timeout=patience, exclusive=True
            )
        except OSError as error:
            raise PortError(_failure(port, baud, error)) from error
        except Exception as error:  # ValueError, OverflowError, or termios.error (POSIX only)
            raise PortError(_baud_failure(port, baud, error)) from error

    return open_port


def _require_serial() -> ModuleType:
    try:
        import serial
    except ImportError:
        raise LinkError(
            "the package pyserial is missing: install it with pip install 'metaplast[driver]'"
        ) from None
    module: ModuleType = serial
    return module


def _baud_failure(port: str, baud: int, error: Exception) -> str:
    return (
        f"{port} cannot be opened at {baud} bits per second ({error}): name another --baud, which "
        "must be that of the board's bitstream too (`metaplast build --baud`)"
    )


def _failure(port: str, baud: int, error: OSError) -> str:
    """The message for a port that cannot be opened: the reason and the remedy."""
    if error.errno in (EINVAL, ENOTTY) or "Cannot configure port" in str(error):  # macOS; Windows
        return _baud_failure(port, baud, error)
    number = error.errno
    if number is None and (found := re.search(r"\b(\w+Error)\(", str(error))):
        number = WINDOWS_ERRORS.get(found[1])
    if number in (EAGAIN, EBUSY):
        return (
            f"{port} is in use by another program: end that program (another `metaplast`, or a "
            "terminal or flash program), or name another port"
        )
    if number in (EACCES, EPERM):
        remedy = (
            "join the group that owns it, in most distributions dialout "
            "(`sudo usermod -aG dialout $USER`), and log in again"
            if sys.platform == "linux"
            else "allow it for your account"
        )
        return f"you have no permission to open {port}: {remedy}"
    if number == ENOENT:
        return (
            f"{port} does not exist: plug the board in; `metaplast devices` lists the ports that "
            "exist"
        )
    if number == EISDIR or "Inappropriate ioctl" in str(error):
        return f"{port} is not a serial port; `metaplast devices` lists the serial ports"
    return f"{port} cannot be opened ({error}); `metaplast devices` lists the ports that exist"
