"""Serial ports of a computer, with boards on them, for tests."""

from types import SimpleNamespace
from typing import Any

import pytest
import serial
from serial.tools import list_ports

from metaplast.golden_model import NetworkConfig

from ..boards.board_double import BoardDouble

CONFIG = NetworkConfig(inputs=24, hidden=(12,), groups=(4,), classes=3)


class FakePorts:
    """The ports of a computer.

    Attributes
    ----------
    boards : dict
        The board at each port, or the error when it is opened.
    opened : list of str
        Ports that were opened, in order.
    """

    def __init__(self) -> None:
        self.boards: dict[str, BoardDouble | Exception] = {}
        self.opened: list[str] = []
        self._ports: list[SimpleNamespace] = []

    def add(
        self,
        name: str,
        usb: tuple[int, int] | None,
        board: BoardDouble | Exception,
        *,
        description: str = "USB Serial",
    ) -> None:
        """Plug something in."""
        vid, pid = usb or (None, None)
        self._ports.append(SimpleNamespace(device=name, description=description, vid=vid, pid=pid))
        self.boards[name] = board

    def comports(self) -> list[SimpleNamespace]:
        """As pyserial's."""
        return self._ports

    def open(self, name: str, baud: int, **options: Any) -> BoardDouble:
        """As pyserial's ``Serial``."""
        assert options["exclusive"]
        self.opened.append(name)
        board = self.boards[name]
        if isinstance(board, Exception):
            raise board
        return board.open()

    @classmethod
    def some(cls) -> "FakePorts":
        """A board, a silent port that may be one, one in use, and two that are no known board's."""
        ports = cls()
        ports.add("/dev/ttyUSB1", (0x0403, 0x6010), BoardDouble(CONFIG))
        ports.add("/dev/ttyUSB2", (0x0403, 0x6015), BoardDouble(CONFIG, deaf=True))
        ports.add("/dev/ttyUSB3", (0x0403, 0x6015), serial.SerialException(16, "busy"))
        ports.add("/dev/ttyACM0", (0x2341, 0x0043), BoardDouble(CONFIG), description="Printer")
        ports.add("/dev/ttyS0", None, BoardDouble(CONFIG, deaf=True), description="n/a")
        return ports

    def plug_in(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Make these the ports of this computer."""
        monkeypatch.setattr(list_ports, "comports", self.comports)
        monkeypatch.setattr(serial, "Serial", self.open)
