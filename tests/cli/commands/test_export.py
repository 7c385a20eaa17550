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
        (
            (*NETWORK, "--out", "core", "--plan", "text.json"),
            1,
            "text.json is not JSON, as a plan is",
        ),
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


def test_a_universal_trainer(document: Document, workspace: Path) -> None:
    limits = ("--capacity", "inputs=20", "--capacity", "neurons=8", "--counter-bits", 4)
    exported = document(
        "export", "verilog", "--universal", *limits, "--set", "simd=8", "--out", "core"
    )
    trainer = json.loads((workspace / exported["files"][1]).read_text())["trainer"]
    capacity = trainer["capacity"]
    assert (capacity["inputs"], capacity["neurons"], capacity["counter_bits"]) == (20, 8, 4)
    assert trainer["engine"]["simd"] == 8

    (workspace / "trainer.json").write_text(json.dumps(trainer))
    again = document("export", "verilog", "--universal", "--plan", "trainer.json", "--out", "again")
    assert json.loads((workspace / again["files"][1]).read_text())["trainer"] == trainer


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--capacity", "inputs=20", *NETWORK), "needs --universal"),
        (("--universal", *NETWORK), "a universal trainer has no network"),
        (("--universal", "--capacity", "input=20"), "is no NAME=N with one of layers, inputs"),
        (("--universal", "--capacity", "inputs=many"), "--capacity: inputs must be a whole number"),
        (("--universal", "--capacity", "inputs=0"), "inputs must be from 1 to"),
        (("--universal", "--set", "update_width=3"), "must be a power of two, not 3"),
        (("--universal", "--set", "simd=0"), "simd must be"),
        (("--universal", "--fpga", "icebreaker", "--set", "pe=1"), "leave out --capacity"),
        (("--universal", "--plan", "missing.json"), "holds no universal trainer"),
    ],
)
def test_mistakes_of_a_universal_trainer(
    run: Command, workspace: Path, arguments: tuple[object, ...], message: str
) -> None:
    result = run("export", "verilog", *arguments, "--out", "core")
    assert result.status != 0
    assert message in " ".join(result.err.replace("│", "").split())
    assert not (workspace / "core").exists()
