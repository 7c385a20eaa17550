"""`metaplast export`."""

import json
from pathlib import Path

import pytest

from ..conftest import Command, Document

NETWORK = ("--inputs", 8, "--hidden", 4, "--groups", 2, "--classes", 2, "--counter-bits", 4)


def test_a_network_of_options(document: Document, workspace: Path) -> None:
    exported = document("export", "verilog", *NETWORK, "--out", "core")
    files = [Path(file) for file in exported["files"]]
    assert [file.suffix for file in files] == [".v", ".json", ".md", ".vlt"]
    assert all((workspace / file).is_file() for file in files)
    network = json.loads((workspace / files[1]).read_text())["network"]
    assert (network["inputs"], network["hidden"], network["counter_bits"]) == (8, [4], 4)


def test_the_network_of_a_model(run: Command, workspace: Path) -> None:
    assert (
        run(
            "train", "digits", "--hidden", 8, "--epochs", 1, "--samples", 100, "--model", "m.npz"
        ).status
        == 0
    )
    result = run("export", "verilog", "m.npz", "--out", "core")
    assert result.status == 0, result.err
    described = json.loads((workspace / "core" / "metaplast_trainer_core.json").read_text())
    assert described["network"]["inputs"] == 64


def test_a_plan_from_a_file(run: Command, workspace: Path) -> None:
    plan = {"version": 2, "layers": [{"simd": 4, "update_width": 2, "input_width": 4}]}
    (workspace / "plan.json").write_text(json.dumps(plan))
    result = run("export", "verilog", *NETWORK, "--plan", "plan.json", "--out", "core")
    assert result.status == 0, result.err
    described = json.loads((workspace / "core" / "metaplast_trainer_core.json").read_text())
    assert described["plan"]["layers"][0]["simd"] == 4


@pytest.mark.parametrize("fpga", [(), ("--fpga", "icebreaker")])
def test_given_factors(document: Document, workspace: Path, fpga: tuple[str, ...]) -> None:
    factors = ("--set", "simd=4", "--set", "0.memory=spram")
    exported = document("export", "verilog", *NETWORK, *fpga, *factors, "--out", "core")
    described = json.loads((workspace / exported["files"][1]).read_text())
    (layer,) = described["plan"]["layers"]
    assert (layer["simd"], layer["memory"]) == (4, "spram")
    names = [Path(file).name for file in exported["files"]]
    assert ("SB_SPRAM256KA.v" in names) == bool(fpga)
    assert [file["name"] for file in described["files"]] == names


def test_a_chosen_name(document: Document, workspace: Path) -> None:
    exported = document("export", "verilog", *NETWORK, "--name", "trainer", "--out", "core")
    files = [Path(file) for file in exported["files"]]
    assert {file.stem for file in files} == {"trainer"}
    assert "\nmodule trainer(" in (workspace / files[0]).read_text()


@pytest.mark.parametrize(
    ("options", "status", "sentence"),
    [
        (("--out", "core"), 2, "Invalid value for --inputs: is missing; give it, or a MODEL"),
        (("--out", "core", "--inputs", 8), 2, "Invalid value for --classes: is missing"),
        (("none.npz", "--out", "core"), 1, "none.npz"),
        (("none.npz", "--inputs", 8, "--out", "core"), 2, "leave out the network's options"),
        ((*NETWORK, "--out", "core", "--plan", "none.json"), 1, "none.json"),
        ((*NETWORK, "--out", "core", "--plan", "text.json"), 1, "text.json is not a plan"),
        (
            (*NETWORK, "--out", "core", "--plan", "wide.json"),
            2,
            "plan does not fit",
        ),
        ((*NETWORK, "--out", "text.json"), 2, "text.json is a file; name a directory"),
        ((*NETWORK, "--out", "core", "--fpga", "abacus"), 2, "abacus"),
        (
            (*NETWORK, "--out", "core", "--fpga", "x", "--plan", "y"),
            2,
            "leave out --plan or --fpga",
        ),
        (
            (*NETWORK, "--out", "core", "--plan", "wide.json", "--set", "pe=2"),
            2,
            "already has all fold factors; leave out --set",
        ),
        ((*NETWORK, "--out", "core", "--set", "pe"), 2, "must be FACTOR=VALUE"),
        ((*NETWORK, "--out", "core", "--set", "pe=9"), 2, "pe must be at most the 4 neurons"),
        ((*NETWORK, "--out", "core", "--name", "2nd"), 2, "digits and underscores, not '2nd'"),
        ((*NETWORK, "--out", "core", "--name", "module"), 2, "module is a keyword of Verilog"),
    ],
)
def test_what_cannot_be(
    run: Command,
    workspace: Path,
    options: tuple[object, ...],
    status: int,
    sentence: str,
) -> None:
    (workspace / "text.json").write_text("no plan")
    plan = {"version": 2, "layers": [{"simd": 5, "update_width": 2, "input_width": 4}]}
    (workspace / "wide.json").write_text(json.dumps(plan))
    result = run("export", "verilog", *options)
    assert result.status == status
    assert sentence in result.sentence
    assert not (workspace / "core").exists()
