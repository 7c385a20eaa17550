"""`metaplast devices`."""

import json
import sys
from types import SimpleNamespace
from typing import Any

import pytest
import serial
from serial.tools import list_ports

from metaplast.boards.targets.catalogue import BOARDS, boards_with_usb
from metaplast.golden_model import NetworkConfig

from ...boards.board_double import BoardDouble

CONFIG = NetworkConfig(inputs=24, hidden=(12,), groups=(4,), classes=3)
SHAPE = "24–12–3, groups of 4, 8-bit counters"


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


@pytest.fixture
def ports(monkeypatch: pytest.MonkeyPatch) -> FakePorts:
    fake = FakePorts()
    monkeypatch.setattr(list_ports, "comports", fake.comports)
    monkeypatch.setattr(serial, "Serial", fake.open)
    return fake


@pytest.fixture
def some(ports: FakePorts) -> FakePorts:
    """A board, a silent port that may be one, one in use, and two that are no known board's."""
    ports.add("/dev/ttyUSB1", (0x0403, 0x6010), BoardDouble(CONFIG))
    ports.add("/dev/ttyUSB2", (0x0403, 0x6015), BoardDouble(CONFIG, deaf=True))
    ports.add("/dev/ttyUSB3", (0x0403, 0x6015), serial.SerialException(16, "busy"))
    ports.add("/dev/ttyACM0", (0x2341, 0x0043), BoardDouble(CONFIG), description="Printer")
    ports.add("/dev/ttyS0", None, BoardDouble(CONFIG, deaf=True), description="n/a")
    return ports


def test_only_the_ports_of_known_boards_are_asked(run, some):
    result = run("devices")
    assert result.status == 0
    assert some.opened == ["/dev/ttyUSB1", "/dev/ttyUSB2", "/dev/ttyUSB3"]
    not_asked = (
        "not asked, since its USB id is no known board's (`metaplast devices --all` asks it)"
    )
    assert result.out.splitlines() == [
        f"/dev/ttyACM0  Printer, USB 2341:0043: {not_asked}",
        f"/dev/ttyS0  n/a: {not_asked}",
        (
            "/dev/ttyUSB1  USB Serial, USB 0403:6010, may be icebreaker or tang-nano-9k: "
            f"{SHAPE}, 24 MHz"
        ),
        (
            "/dev/ttyUSB2  USB Serial, USB 0403:6015, may be ulx3s-12f or ulx3s-85f: no Metaplast "
            "board answers at 1,000,000 bits per second"
        ),
        (
            "/dev/ttyUSB3  USB Serial, USB 0403:6015, may be ulx3s-12f or ulx3s-85f: /dev/ttyUSB3 "
            "is in use by another program: end that program (another `metaplast`, or a terminal or "
            "flash program), or name another port"
        ),
    ]


def test_every_port_is_asked_on_request(run, some):
    result = run("devices", "--all", "--baud", 115200)
    assert some.opened == sorted(some.boards)
    lines = result.out.splitlines()
    assert lines[0] == f"/dev/ttyACM0  Printer, USB 2341:0043: {SHAPE}, 24 MHz"
    assert lines[1] == "/dev/ttyS0  n/a: no Metaplast board answers at 115,200 bits per second"


def test_the_ports_as_json(run, some):
    entries = json.loads(run("devices", "--json").out)["ports"]
    assert [entry["port"] for entry in entries] == sorted(some.boards)
    assert entries[0] == {
        "port": "/dev/ttyACM0",
        "description": "Printer",
        "usb": "2341:0043",
        "may_be": [],
        "asked": False,
        "board": None,
        "clock_khz": None,
        "reason": "not asked, since its USB id is no known board's "
        "(`metaplast devices --all` asks it)",
    }
    assert entries[1]["usb"] is None
    assert entries[2] == {
        "port": "/dev/ttyUSB1",
        "description": "USB Serial",
        "usb": "0403:6010",
        "may_be": ["icebreaker", "tang-nano-9k"],
        "asked": True,
        "board": SHAPE,
        "clock_khz": 24000,
        "reason": None,
    }
    assert entries[3]["asked"]
    assert entries[3]["reason"] == "no Metaplast board answers at 1,000,000 bits per second"
    assert entries[4]["reason"].startswith("/dev/ttyUSB3 is in use by another program")


def test_a_board_of_another_release(run, ports):
    ports.add("/dev/ttyUSB1", (0x0403, 0x6010), BoardDouble(CONFIG, overrides={0: 0x4D504C02}))
    (line,) = run("devices").out.splitlines()
    assert "has the identity 0x4d504c02, and not 0x4d504c01: flash a bitstream" in line


def test_a_description_does_not_steer_the_terminal(run, ports):
    ports.add("/dev/ttyS0", None, BoardDouble(CONFIG), description="\x1b[2J\nlost")
    assert run("devices").out.startswith("/dev/ttyS0  \\x1b[2J\\nlost: not asked")


def test_without_ports(run, ports):
    assert (
        run("devices").out == "there are no serial ports; plug a board in, or use virtual:BOARD\n"
    )
    assert json.loads(run("devices", "--json").out) == {"ports": []}


def test_the_extra_is_named(run, monkeypatch):
    monkeypatch.setitem(sys.modules, "serial", None)
    assert run("devices").sentence == (
        "looking for boards needs serial, which is not installed; "
        "get it with: pip install 'metaplast[driver]'"
    )


def test_a_baud_rate_below_one(run, ports):
    assert run("devices", "--baud", 0).status == 2


def test_the_ports_of_this_computer_are_listed(spawn):
    result = spawn("devices", "--json")
    assert all(entry["port"] for entry in json.loads(result.out)["ports"])


def test_every_usb_id_is_found():
    for board in BOARDS:
        for usb in board.usb:
            assert board in boards_with_usb(usb)
    assert boards_with_usb(None) == boards_with_usb((0, 0)) == ()
