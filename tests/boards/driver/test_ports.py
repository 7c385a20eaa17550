"""Serial ports: an immediate message for each failure to open one."""

import os
import pty
import sys
import time
import tty
from collections.abc import Iterator
from errno import EACCES, EAGAIN, EBUSY, EINVAL, ENOENT, ENOTTY, EPERM
from types import SimpleNamespace
from typing import Any

import pytest
import serial
from serial.tools import list_ports as serial_ports

from metaplast.boards.driver.errors import LinkError, NoAnswerError, PortError
from metaplast.boards.driver.ports import PortInfo, list_ports, open_client

AT_ONCE = 1.0
"""Seconds; the patience of every client here is longer."""


@pytest.fixture
def terminal() -> Iterator[str]:
    """A pseudo-terminal without a board."""
    host, end = pty.openpty()
    tty.setraw(end)
    yield os.ttyname(end)
    os.close(host)
    os.close(end)


def sentence_of(port: str, **options: Any) -> str:
    """The message of a port that cannot be opened, which comes at once."""
    started = time.monotonic()
    with pytest.raises(PortError) as caught:
        open_client(port, **options)
    assert time.monotonic() - started < AT_ONCE
    sentence = str(caught.value)
    assert "\n" not in sentence
    return sentence


def test_two_programs_cannot_open_one_port(terminal: str) -> None:
    with open_client(terminal):
        assert sentence_of(terminal) == (
            f"{terminal} is in use by another program: end that program (another `metaplast`, or "
            "a terminal or flash program), or name another port"
        )
    with open_client(terminal, patience=0.1) as client, pytest.raises(NoAnswerError):
        client.sync()


def test_a_port_that_does_not_exist() -> None:
    assert sentence_of("/dev/nobody") == (
        "/dev/nobody does not exist: plug the board in; `metaplast devices` lists the ports that "
        "exist"
    )


def test_a_file_is_no_port() -> None:
    for file in ("/dev/null", "/tmp"):
        assert sentence_of(file) == (
            f"{file} is not a serial port; `metaplast devices` lists the serial ports"
        )


@pytest.mark.parametrize("baud", [-5, 12345678901])
def test_a_baud_rate_that_no_port_has(terminal: str, baud: int) -> None:
    sentence = sentence_of(terminal, baud=baud)
    assert sentence.startswith(f"{terminal} cannot be opened at {baud} bits per second (")
    assert sentence.endswith(
        "): name another --baud, which must be that of the board's bitstream too "
        "(`metaplast build --baud`)"
    )
    # The port is free again.
    open_client(terminal).close()


class PosixError(Exception):
    """An error that is not an OSError, like ``termios.error``."""


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (serial.SerialException(EAGAIN, "x"), "PORT is in use by another program: "),
        (serial.SerialException(EBUSY, "x"), "PORT is in use by another program: "),
        (serial.SerialException(EPERM, "x"), "you have no permission to open PORT: "),
        (serial.SerialException(ENOENT, "x"), "PORT does not exist: "),
        (OSError(ENOTTY, "x"), "PORT cannot be opened at 1000000 bits per second ([Errno 25] x):"),
        (OSError(EINVAL, "x"), "PORT cannot be opened at 1000000 bits per second ([Errno 22] x):"),
        (PosixError("x"), "PORT cannot be opened at 1000000 bits per second (x): name another"),
        (
            serial.SerialException("Could not configure port: (5, 'Input/output error')"),
            "PORT cannot be opened (Could not configure port: (5, 'Input/output error')); ",
        ),
        # On Windows, pyserial gives no numbers.
        (
            serial.SerialException(
                "could not open port 'COM3': PermissionError(13, 'Access is denied.', None, 5)"
            ),
            "PORT is in use by another program: ",
        ),
        (
            serial.SerialException(
                "could not open port 'COM3': FileNotFoundError(2, 'The system cannot find the "
                "file specified.', None, 2)"
            ),
            "PORT does not exist: ",
        ),
        (
            serial.SerialException(
                "Cannot configure port, something went wrong. Original message: "
                "OSError(22, 'The parameter is incorrect.', None, 87)"
            ),
            "PORT cannot be opened at 1000000 bits per second (Cannot configure port, ",
        ),
    ],
)
def test_each_failure_has_its_message(
    monkeypatch: pytest.MonkeyPatch, error: Exception, message: str
) -> None:
    def fail(*args: Any, **options: Any) -> None:
        raise error

    monkeypatch.setattr(serial, "Serial", fail)
    assert sentence_of("PORT").startswith(message)


JOIN_GROUP = (
    "join the group that owns it, in most distributions dialout "
    "(`sudo usermod -aG dialout $USER`), and log in again"
)


@pytest.mark.parametrize(
    ("platform", "way_out"), [("linux", JOIN_GROUP), ("darwin", "allow it for your account")]
)
def test_a_port_without_permission(
    monkeypatch: pytest.MonkeyPatch, platform: str, way_out: str
) -> None:
    def fail(*args: Any, **options: Any) -> None:
        raise serial.SerialException(EACCES, "could not open port PORT: [Errno 13] ...")

    monkeypatch.setattr(serial, "Serial", fail)
    monkeypatch.setattr(sys, "platform", platform)
    assert sentence_of("PORT") == f"you have no permission to open PORT: {way_out}"


def test_ports_are_listed_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    ports = [
        SimpleNamespace(device="/dev/ttyUSB1", description="Dual", vid=0x0403, pid=0x6010),
        SimpleNamespace(device="/dev/ttyS0", description=None, vid=None, pid=None),
        SimpleNamespace(device="/dev/ttyS1", description="n/a", vid=None, pid=None),
    ]
    monkeypatch.setattr(serial_ports, "comports", lambda: ports)
    assert list_ports() == [
        PortInfo("/dev/ttyS0", "", None),
        PortInfo("/dev/ttyS1", "", None),
        PortInfo("/dev/ttyUSB1", "Dual", (0x0403, 0x6010)),
    ]


def test_pyserial_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "serial", None)
    for use in (list_ports, lambda: open_client("PORT")):
        with pytest.raises(LinkError, match=r"^the package pyserial is missing: install it with"):
            use()
