"""Commands of openFPGALoader for data images, and how it ends."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from metaplast.boards.bitstream.errors import BuildError
from metaplast.boards.bitstream.loader import data_command, run_loader
from metaplast.boards.targets.catalogue import find_board


@pytest.mark.parametrize(
    ("board", "cable", "options"),
    [
        ("icebreaker", None, "--board ice40_generic --write-flash --offset 0x100000"),
        ("ulx3s-12f", None, "--board ulx3s --write-flash --offset 0x200000"),
        ("ulx3s-85f", None, "--board ulx3s --write-flash --offset 0x200000"),
        ("orangecrab", None, "--cable CABLE --write-flash --offset 0x200000"),
        ("orangecrab", "tigard", "--cable tigard --write-flash --offset 0x200000"),
        ("tang-nano-9k", None, "--board tangnano9k --external-flash --write-flash --offset 0x0"),
    ],
)
def test_the_command_for_a_data_image(board: str, cable: str | None, options: str) -> None:
    command = data_command(find_board(board), Path("a.img"), cable=cable)
    assert command == f"openFPGALoader {options} --file-type raw --verify a.img".split()


def loader(folder: Path, monkeypatch: pytest.MonkeyPatch, status: int) -> None:
    """Put a program on PATH that prints a line, and exits with a status."""
    program = folder / "openFPGALoader"
    program.write_text(f'#!/bin/sh\necho erased "$@"\nexit {status}\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")


@pytest.mark.parametrize("capture", [False, True])
def test_messages_are_shown_or_kept(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    capture: bool,
) -> None:
    loader(tmp_path, monkeypatch, 0)
    assert run_loader(["openFPGALoader", "a.img"], capture=capture)
    assert capfd.readouterr().out == ("" if capture else "erased a.img\n")


@pytest.mark.parametrize(
    ("capture", "reason"), [(False, "with status 3; its messages are above"), (True, ": erased")]
)
def test_a_failure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capture: bool, reason: str
) -> None:
    loader(tmp_path, monkeypatch, 3)
    with pytest.raises(BuildError, match=f"^openFPGALoader failed ?{reason}.*: check that the bo"):
        run_loader(["openFPGALoader"], capture=capture)


def test_no_loader(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert not run_loader(["openFPGALoader"])


def test_it_needs_no_amaranth() -> None:
    code = (
        "import sys; sys.modules['amaranth'] = None\n"
        "from metaplast.boards.bitstream.loader import data_command\n"
        "from metaplast.boards.targets import find_board\n"
        "print(data_command(find_board('icebreaker'), 'a.img')[2])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("ice40_generic\n", "")
