"""`metaplast devices`."""

import json
import sys

import pytest

from metaplast.boards.targets.catalogue import BOARDS, boards_with_usb
from metaplast.golden_model import NetworkConfig
from metaplast.hdl.registers.register_map import UniversalRegister

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
        "capacity": None,
        "network": None,
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
        "capacity": None,
        "network": {
            "inputs": 24,
            "hidden": [12],
            "groups": [4],
            "classes": 3,
            "counter_bits": 8,
        },
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
    ports.add("/dev/ttyUSB1", (0x0403, 0x6010), BoardDouble(CONFIG, overrides={0: 0x4D504C03}))
    (entry,) = document("devices")["ports"]
    assert "has the identity 0x4d504c03, and not 0x4d504c02: flash" in entry["reason"]


CAPACITY = {
    "layers": 3,
    "inputs": 784,
    "neurons": 128,
    "classes": 10,
    "counter_bits": 8,
    "rows": 300,
    "columns": 256,
    "sample_words": 512,
    "choices": 64,
}
CAPACITY_REGISTERS = {f"MAX_{name.upper()}": size for name, size in CAPACITY.items()}


@pytest.mark.parametrize("is_set_up", [True, False])
def test_a_universal_trainer(run, document, ports, is_set_up):
    config = CONFIG if is_set_up else NetworkConfig(inputs=1, hidden=(1,), groups=(1,), classes=2)
    registers = CAPACITY_REGISTERS | {"PE": 1, "SIMD": 200, "INPUT_WIDTH": 8, "MAX_BUFFERS": 4}
    registers |= {"BUFFERS": 4, "STRIDE": 4} if is_set_up else {"BUFFERS": 1, "STRIDE": 1}
    del registers["MAX_COUNTER_BITS"]
    overrides = {UniversalRegister[name]: value for name, value in registers.items()}
    ports.add("/dev/ttyUSB1", (0x0403, 0x6010), BoardDouble(config, overrides=overrides))
    (entry,) = document("devices")["ports"]
    assert entry["capacity"] == CAPACITY
    hidden = None if entry["network"] is None else entry["network"]["hidden"]
    assert hidden == ([12] if is_set_up else None)
    now = "24–12–3, groups of 4" if is_set_up else "no network"
    text = (
        "universal trainer, 8-bit counters: up to 3 layers, 784 inputs, 128 neurons per layer, "
        f"10 classes, 60,000 hidden weights with padding; now {now}"
    )
    assert entry["board"] == text
    assert run("devices").out.endswith(f": {text}, 24 MHz\n")


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
