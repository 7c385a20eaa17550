"""The driver without simulator, Amaranth and POSIX."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from metaplast.golden_model.files.model_file import Model

HOST = Path(__file__).with_name("standalone_host.py")


def on_standalone_host(*arguments: str, cwd: Path) -> str:
    """Output of the command without simulator, Amaranth and POSIX."""
    done = subprocess.run(
        [sys.executable, str(HOST), *arguments],
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture
def toy(tmp_path: Path) -> Path:
    """A small data set: three prototypes of 24 bits with a tenth of them flipped."""
    draw = np.random.default_rng(5)
    y = np.arange(70) % 3
    x = draw.integers(0, 2, (3, 24))[y] ^ (draw.random((70, 24)) < 0.1)
    path = tmp_path / "toy.npz"
    np.savez(path, x_train=x[:50], y_train=y[:50], x_test=x[50:], y_test=y[50:])
    return path


@pytest.mark.parametrize("module", ["metaplast.boards.driver.ports", "metaplast.boards.driver"])
def test_the_driver_is_imported(module: str, tmp_path: Path) -> None:
    program = (
        f"import sys; sys.path.insert(0, {str(HOST.parent)!r}); import standalone_host; "
        f"standalone_host.block(); import {module}"
    )
    subprocess.run([sys.executable, "-c", program], cwd=tmp_path, check=True)


def test_the_usb_ids_need_no_planner(tmp_path: Path) -> None:
    program = (
        f"import sys; sys.path.insert(0, {str(HOST.parent)!r}); import standalone_host; "
        "standalone_host.block(); sys.modules['metaplast.hdl.planning.planner'] = None; "
        "from metaplast.boards.targets.catalogue import boards_with_usb; "
        "assert boards_with_usb((0x0403, 0x6010))"
    )
    subprocess.run([sys.executable, "-c", program], cwd=tmp_path, check=True)


def test_a_board_is_trained_as_the_golden_model(toy: Path) -> None:
    shape = ["--hidden", "12", "--groups", "4", "--batch", "20", "--seed", "7", "--epochs", "2"]
    out = on_standalone_host(
        *("train", "toy.npz", *shape, "--board", "COM3", "--check", "--model", "board.npz"),
        cwd=toy.parent,
    )
    assert "board and golden model are equal, to the last counter" in out
    on_standalone_host("train", "toy.npz", *shape, "--model", "golden.npz", cwd=toy.parent)
    board, golden = (Model.load(toy.with_name(f"{name}.npz")) for name in ("board", "golden"))
    assert board.epoch == golden.epoch == 2
    assert np.array_equal(board.counters[0], golden.counters[0])


def test_boards_are_found(tmp_path: Path) -> None:
    ports = json.loads(on_standalone_host("devices", "--json", cwd=tmp_path))["ports"]
    assert [(entry["port"], entry["asked"], entry["board"]) for entry in ports] == [
        ("COM3", True, "24–12–3, groups of 4, 8-bit counters"),
        ("COM4", False, None),
        ("COM5", True, None),
        ("COM6", True, None),
    ]
    assert ports[2]["reason"] == "no Metaplast board answers at 1,000,000 bits per second"
    assert ports[3]["reason"].startswith("COM6 is in use by another program")
