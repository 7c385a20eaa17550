"""`metaplast boards`, `build`, `report` and `flash`."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from metaplast.boards.bitstream.errors import BuildError
from metaplast.boards.targets.catalogue import BOARDS
from metaplast.golden_model import NetworkConfig
from metaplast.hdl.planning.plan import FoldedNetwork
from metaplast.hdl.planning.resources import network_needs

from ..conftest import Command, Document
from ..example_build import KNOWN, UNIVERSAL, write_build


@pytest.fixture
def built(workspace: Path) -> Path:
    return write_build(workspace / "built")


def test_the_boards(document: Document) -> None:
    boards = document("boards")
    assert [board["name"] for board in boards] == [board.name for board in BOARDS]
    assert boards[0]["fpga"] == "iCE40UP5K"
    assert (boards[0]["clock_mhz"], boards[0]["baud"]) == (24, 1_000_000)
    assert boards[0]["usb"] == ["0403:6010"]
    assert [board["trainer"] for board in boards] == [board.trainer.to_dict() for board in BOARDS]


def test_the_boards_are_listed_without_amaranth() -> None:
    program = (
        "import sys; sys.modules['amaranth'] = None; sys.argv = ['metaplast', 'boards', '--json']; "
        "from metaplast.cli import main; main()"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert len(json.loads(done.stdout)) == len(BOARDS)


@pytest.mark.parametrize(
    ("command", "purpose"),
    [
        ("boards", "comparing builds"),
        ("report", "reporting a build"),
        ("flash", "flashing a board"),
    ],
)
def test_the_extra_is_named(
    run: Command, built: Path, monkeypatch: pytest.MonkeyPatch, command: str, purpose: str
) -> None:
    monkeypatch.setitem(sys.modules, "amaranth", None)
    result = run(command, built)
    assert result.status == 1
    assert result.sentence == (
        f"{purpose} needs amaranth, which is not installed; "
        "install it with: pip install 'metaplast[boards]'"
    )


def test_builds_are_compared(document: Document, built: Path) -> None:
    (build,) = document("boards", built)
    assert build == {name: value for name, value in KNOWN.items() if name != "placement"}


def test_a_build_of_a_universal_trainer(run: Command, document: Document, workspace: Path) -> None:
    universal = write_build(workspace / "universal", UNIVERSAL)
    assert document("report", universal) == UNIVERSAL
    assert document("boards", universal)[0]["trainer"] == UNIVERSAL["trainer"]
    text = run("report", universal).out
    capacity = "up to 4 layers, 784 inputs, 128 neurons per layer, 10 classes, 60,000 hidden"
    assert f"capacity        {capacity} weights with padding\n" in text
    assert "link            900 samples/s with 16–8–4\n" in text
    assert "cycles per sample" not in text
    assert " universal " in run("boards", universal).out
    assert run("report", universal, "--html", "page.html").status == 0
    page = (workspace / "page.html").read_text()
    assert "<title>iCEBreaker: Universal trainer</title>" in page


def test_a_report(document: Document, built: Path) -> None:
    assert document("report", built) == KNOWN


def test_a_page_needs_no_other_file(run: Command, built: Path, workspace: Path) -> None:
    pytest.importorskip("matplotlib")
    run("train", "digits", "--hidden", 8, "--epochs", 2, "--model", "m.npz")
    assert run("report", built, "--html", "plain.html").status == 0
    result = run("report", built, "--html", "page.html", "--model", "m.npz")
    assert result.status == 0, result.err
    page = (workspace / "page.html").read_text()
    assert page.count("<svg") == 2
    assert (workspace / "plain.html").read_text().count("<svg") == 1
    assert "<title>iCEBreaker: 16–8–4</title>" in page
    assert "digits, network 64–8–10, 2 epochs." in page
    for name in ("build.json", "top.bin"):
        before = (built / name).read_bytes()
        result = run("report", built, "--html", built / name)
        assert result.status == 1
        assert result.sentence.endswith("would overwrite its own input; name another file")
        assert (built / name).read_bytes() == before
    assert run("report", built, "--html", built / "page.html").status == 0


def test_only_a_learning_curve_needs_matplotlib(
    run: Command, built: Path, workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    assert run("report", built, "--html", "page.html").status == 0
    result = run("report", built, "--html", "other.html", "--model", "m.npz")
    assert result.status == 1
    assert result.sentence == (
        "the learning curve needs matplotlib, which is not installed; "
        "install it with: pip install 'metaplast[plot]'"
    )
    assert not (workspace / "other.html").exists()


def test_a_model_without_a_page(run: Command, built: Path) -> None:
    result = run("report", built, "--model", "m.npz")
    assert result.status == 2
    assert "needs --html FILE" in result.err


def test_the_command_to_run_where_there_is_no_loader(
    run: Command, built: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(built))
    result = run("flash", built)
    assert result.status == 0
    assert result.out == (
        f"openFPGALoader --board ice40_generic --write-flash {built / 'top.bin'}\n"
    )
    assert "openFPGALoader is not installed; install it and run:" in result.err


@pytest.mark.parametrize("command", ["report", "flash", "boards"])
def test_no_build(run: Command, workspace: Path, command: str) -> None:
    result = run(command, "nowhere")
    assert result.status == 1
    assert result.sentence == (
        "nowhere has no build: name a directory that `metaplast build` has written"
    )


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("arty",), "board 'arty' is not known; known boards: icebreaker"),
        (
            ("icebreaker", "--fixed", "--clock", "fast"),
            "must be a frequency in MHz, such as 37.5, not 'fast'",
        ),
        (("icebreaker", "--fixed", "--clock", 5), "a clock of 5 MHz cannot be made from 12 MHz"),
        (("icebreaker", "--seeds", 0), "must be at least 1, not 0"),
        (("icebreaker", "--baud", 0), "must be at least 1, not 0"),
        (("icebreaker", "--fixed", "--baud", 7_000_000), "does not suit a link of 7,000,000 baud"),
        (("icebreaker", "--fixed", "--hidden", 4096), "iCE40UP5K"),
        (("icebreaker", "--fixed", "--cells", 500), "500; allow it more logic cells"),
        (("icebreaker", "--fixed", "--cells", 500, "--plan", "p.json"), "leave out --cells"),
        *(
            (("icebreaker", option, value), f"Invalid value for {option}: needs --fixed, to build")
            for option, value in (
                ("--inputs", 64),
                ("--hidden", 64),
                ("--groups", 8),
                ("--classes", 3),
                ("--counter-bits", 4),
                ("--cells", 500),
            )
        ),
        (("icebreaker", "m.npz"), "Invalid value for MODEL: needs --fixed, to build"),
    ],
)
def test_what_cannot_be_built(run: Command, options: tuple[object, ...], message: str) -> None:
    result = run("build", *options)
    assert result.status == 2
    assert message in " ".join(result.err.replace("│", " ").split())


def test_a_core_of_few_cells(run: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    def build(board: Any, folded: FoldedNetwork, **options: Any) -> None:
        raise BuildError(f"{network_needs(folded, board.fpga).cells} cells")

    monkeypatch.setattr("metaplast.boards.bitstream.build.build_bitstream", build)
    cells, unit = run("build", "icebreaker", "--fixed", "--cells", 3000).sentence.split()
    assert unit == "cells"
    assert 2500 < int(cells) <= 3000


def test_a_build_has_the_universal_trainer(run: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    def build(board: Any, design: object, **options: Any) -> None:
        raise BuildError(f"{design == board.trainer}")

    monkeypatch.setattr("metaplast.boards.bitstream.build.build_bitstream", build)
    assert run("build", "ulx3s-85f").sentence == "True"
    assert run("build", "ulx3s-85f", "--fixed").sentence == "False"


def test_a_model_says_the_network(run: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    def build(board: Any, config: NetworkConfig, *arguments: Any, **options: Any) -> None:
        raise BuildError(f"{config.inputs} inputs, {config.hidden}, groups of {config.groups}")

    run("train", "digits", "--hidden", "12", "--epochs", 1, "--model", "m.npz")
    monkeypatch.setattr("metaplast.boards.bitstream.build.build_bitstream", build)
    result = run("build", "icebreaker", "--fixed", "m.npz")
    assert result.sentence == "64 inputs, (12,), groups of (3,)"
    assert run("build", "icebreaker", "--fixed").sentence == "784 inputs, (128,), groups of (32,)"
    result = run("build", "icebreaker", "--fixed", "--hidden", "60,12", "--groups", "6")
    assert result.sentence == "784 inputs, (60, 12), groups of (6, 6)"
    result = run("build", "icebreaker", "--fixed", "m.npz", "--hidden", "60")
    assert result.status == 2
    assert "already defines the network; leave out the network's options" in result.err


def test_a_plan_for_another_fpga_is_not_built(workspace: Path, run: Command) -> None:
    made = run("plan", "--universal", "--fpga", "ecp5-12f", "--out", "trainer.json")
    assert made.status == 0, made.err
    result = run("build", "ulx3s-85f", "--plan", "trainer.json", "--out", "new")
    assert result.status == 2
    assert (
        "trainer.json is a plan for the ECP5-12F, and the ULX3S (85F) has an ECP5-85F: plan with "
        "--fpga ulx3s-85f"
    ) in result.sentence
    assert not Path("new").exists()


@pytest.mark.parametrize("text", ["", "{}", "[]"])
def test_a_plan_without_a_universal_trainer_is_not_built(
    workspace: Path, run: Command, text: str
) -> None:
    Path("plan.json").write_text(text)
    result = run("build", "icebreaker", "--plan", "plan.json", "--out", "new")
    assert result.status == 2
    assert "plan.json holds no universal trainer" in result.sentence
    assert "`metaplast plan --universal --out FILE`" in result.sentence
    assert not Path("new").exists()
