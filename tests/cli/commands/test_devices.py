"""`metaplast devices`."""

import json
import sys

import pytest

from metaplast.boards.targets.catalogue import BOARDS, boards_with_usb

from ...boards.board_double import BoardDouble
from ..fake_ports import CONFIG, FakePorts

SHAPE = "24–12–3, groups of 4, 8-bit counters"


@pytest.fixture
def ports(monkeypatch: pytest.MonkeyPatch) -> FakePorts:
    fake = FakePorts()
    fake.plug_in(monkeypatch)
    return fake


@pytest.fixture
def some(monkeypatch: pytest.MonkeyPatch) -> FakePorts:
    fake = FakePorts.some()
    fake.plug_in(monkeypatch)
    return fake


def test_only_the_ports_of_known_boards_are_asked(document, some):
    entries = document("devices")["ports"]
    asked = ["/dev/ttyUSB1", "/dev/ttyUSB2", "/dev/ttyUSB3"]
    assert some.opened == asked
    assert [entry["port"] for entry in entries] == sorted(some.boards)
    assert [entry["port"] for entry in entries if entry["asked"]] == asked
    assert entries[0] == {
        "port": "/dev/ttyACM0",
        "description": "Printer",
        "usb": "2341:0043",
        "may_be": [],
        "asked": False,
        "board": None,
        "clock_khz": None,
        "reason": "not asked, as no supported board has its USB id "
        "(`metaplast devices --all` asks it)",
    }
    assert (entries[1]["description"], entries[1]["usb"]) == ("", None)
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
    assert entries[3]["reason"] == "no Metaplast board answers at 1,000,000 bits per second"
    assert entries[4]["reason"].startswith("/dev/ttyUSB3 is in use by another program")


def test_every_port_is_asked_on_request(document, some):
    entries = document("devices", "--all", "--baud", 115200)["ports"]
    assert some.opened == sorted(some.boards)
    assert (entries[0]["board"], entries[0]["clock_khz"]) == (SHAPE, 24000)
    assert entries[1]["reason"] == "no Metaplast board answers at 115,200 bits per second"


def test_a_board_of_another_release(document, ports):
    ports.add("/dev/ttyUSB1", (0x0403, 0x6010), BoardDouble(CONFIG, overrides={0: 0x4D504C02}))
    (entry,) = document("devices")["ports"]
    assert "has the identity 0x4d504c02, and not 0x4d504c01: flash" in entry["reason"]


def test_a_description_does_not_steer_the_terminal(run, ports):
    ports.add("/dev/ttyS0", None, BoardDouble(CONFIG), description="\x1b[2J\nlost")
    assert run("devices").out.startswith("/dev/ttyS0  \\x1b[2J\\nlost: not asked")


def test_without_ports(document, ports):
    assert document("devices") == {"ports": []}


def test_the_extra_is_named(run, monkeypatch):
    monkeypatch.setitem(sys.modules, "serial", None)
    result = run("devices")
    assert result.status == 1
    assert result.sentence.endswith("install it with: pip install 'metaplast[driver]'")


def test_a_baud_rate_below_one(run, ports):
    assert run("devices", "--baud", 0).status == 2


def test_the_ports_of_this_computer_are_listed(spawn):
    result = spawn("devices", "--json")
    assert result.status == 0
    assert all(entry["port"] for entry in json.loads(result.out)["ports"])


def test_every_usb_id_is_found():
    for board in BOARDS:
        for usb in board.usb:
            assert board in boards_with_usb(usb)
    assert boards_with_usb(None) == boards_with_usb((0, 0)) == ()
