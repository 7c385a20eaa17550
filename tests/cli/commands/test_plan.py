"""`metaplast plan`."""

import json
from pathlib import Path

import pytest

from metaplast.golden_model.config import NetworkConfig
from metaplast.golden_model.files.model_file import Model
from metaplast.hdl.planning.cycles import Workload, mean_cycles
from metaplast.hdl.planning.universal import UniversalTrainer

from ..conftest import Command, Document

NETWORK = ("--inputs", 64, "--hidden", 32, "--groups", 8, "--classes", 10)


def test_a_plan_for_a_board(document: Document) -> None:
    report = document("plan", *NETWORK, "--fpga", "icebreaker")
    assert report["fpga"] == report["plan"]["fpga"] == "iCE40UP5K"
    assert (report["config"]["inputs"], report["config"]["hidden"]) == (64, [32])
    for resource, amount in report["need"].items():
        assert 0 <= amount <= report["supply"][resource], resource


def test_the_plan_of_the_icebreakers_network_is_quick_enough_and_fits(document: Document) -> None:
    network = ("--inputs", 784, "--hidden", 128, "--groups", 32, "--classes", 10)
    report = document("plan", *network, "--fpga", "iCE40UP5K", "--chosen", 1.91)
    assert report["cycles_per_sample"] <= 620
    for resource, amount in report["need"].items():
        assert amount <= report["supply"][resource], resource


def test_a_report_is_a_plan_for_other_commands(document: Document, workspace: Path) -> None:
    first = document("plan", *NETWORK, "--fpga", "ulx3s-85f", "--out", "plan.json")
    again = document("plan", *NETWORK, "--plan", "plan.json")
    assert first == json.loads((workspace / "plan.json").read_text())
    assert again["plan"] == first["plan"]


def test_a_report_says_its_network_and_fpga(run: Command, document: Document) -> None:
    options = ("--inputs", 20, "--hidden", 8, "--classes", 3, "--fpga", "icebreaker")
    first = document("plan", *options, "--set", "pe=2", "--out", "plan.json")
    assert document("plan", "--plan", "plan.json") == first
    Path("bare.json").write_text(json.dumps(json.loads(Path("plan.json").read_text())["plan"]))
    result = run("plan", "--plan", "bare.json")
    assert (result.status, result.sentence) == (
        1,
        "bare.json holds no network; give a MODEL, or --inputs and --classes",
    )


def test_factors_are_kept(document: Document) -> None:
    report = document("plan", *NETWORK, "--fpga", "icebreaker", "--set", "0.pe=2")
    assert report["plan"]["layers"][0]["pe"] == 2
    report = document("plan", *NETWORK, "--set", "sample_buffers=3")
    assert report["plan"]["layers"][0]["sample_buffers"] == 3


def test_other_factors_are_adapted_without_an_fpga(document: Document) -> None:
    (layer,) = document("plan", *NETWORK, "--set", "simd=16")["plan"]["layers"]
    assert (layer["simd"], layer["update_width"], layer["input_width"]) == (16, 16, 16)


def test_a_plan_of_few_cells(document: Document) -> None:
    fpga = (*NETWORK, "--fpga", "icebreaker")
    whole, small = (document("plan", *fpga, *cells) for cells in ((), ("--cells", 2500)))
    assert small["need"]["cells"] <= 2500 < whole["need"]["cells"]
    assert small["cycles_per_sample"] > whole["cycles_per_sample"]
    assert small["supply"] == whole["supply"]


def test_the_memories_of_a_plan(document: Document) -> None:
    network = ("--inputs", 784, "--hidden", 128, "--groups", 32, "--classes", 10)
    (layer,) = document("plan", *network, "--fpga", "iCE40UP5K")["layers"]
    components = {component["name"]: component for component in layer["components"]}
    hidden, snapshot = components["hidden weights"], components["snapshot"]
    assert hidden["memory"] == {"count": 1, "depth": 12544, "width": 64, "kind": "spram"}
    assert (hidden["sprams"], hidden["block_rams"]) == (4, 0)
    assert (snapshot["sprams"], snapshot["memory"]["kind"]) == (0, "block")
    assert snapshot["block_rams"] > 1
    (layer,) = document("plan", *NETWORK, "--fpga", "ecp5-25f")["layers"]
    (choices,) = [one for one in layer["components"] if one["name"] == "choices"]
    assert choices["block_rams"] == 0
    assert choices["luts"] > 0


def test_a_written_plan_must_fit_the_fpga(run: Command) -> None:
    run("plan", *NETWORK, "--fpga", "ecp5-85f", "--out", "plan.json")
    assert run("plan", *NETWORK, "--plan", "plan.json", "--fpga", "ecp5-85f").status == 0
    result = run("plan", *NETWORK, "--plan", "plan.json", "--fpga", "icebreaker")
    assert result.status == 2
    assert "does not fit the iCE40UP5K: it needs " in result.sentence
    assert "the nearest plan that fits has 0." in result.sentence


def test_the_workload_of_each_layer(document: Document) -> None:
    network = ("--inputs", 64, "--hidden", "32,16", "--groups", 8, "--classes", 10)
    options = ("--chosen", "2,0.5", "--errors", "0.6,0.5", "--accuracy", 0.9)
    report = document("plan", *network, *options)
    assert [layer["chosen"] for layer in report["layers"]] == pytest.approx([2, 0.5])
    assert [layer["errors"] for layer in report["layers"]] == [0.6, 0.5]
    assert report["accuracy"] == 0.9


def test_the_network_of_a_model(document: Document, model: Path) -> None:
    report = document("plan", model)
    assert report["config"] == Model.load(model).config.to_dict()
    assert report["fpga"] is None


UNIVERSAL = ("--universal", "--fpga", "ecp5-12f")


def test_a_universal_trainer_for_an_fpga(document: Document, workspace: Path) -> None:
    report = document("plan", *UNIVERSAL, "--out", "trainer.json")
    written = json.loads((workspace / "trainer.json").read_text())
    assert written == report
    trainer = UniversalTrainer.from_dict(written)
    assert trainer.fpga == "ECP5-12F"
    for resource, amount in report["need"].items():
        assert 0 <= amount <= report["supply"][resource], resource
    config = NetworkConfig.from_dict(report["network"]["config"])
    assert (config.inputs, config.classes) == (784, 10)
    assert report["network"]["rows"] <= trainer.capacity.rows


def test_a_universal_trainer_for_a_network(document: Document) -> None:
    report = document("plan", *UNIVERSAL, *NETWORK, "--accuracy", 0.9)
    assert report["network"]["config"]["hidden"] == [32]
    assert report["network"]["accuracy"] == 0.9
    config = NetworkConfig.from_dict(report["network"]["config"])
    placed = UniversalTrainer.from_dict(report).place(config)
    assert report["network"]["cycles_per_sample"] == mean_cycles(placed, Workload(accuracy=0.9))


def test_a_universal_trainer_for_a_model(document: Document, model: Path) -> None:
    report = document("plan", model, *UNIVERSAL)
    assert report["network"]["config"] == Model.load(model).config.to_dict()


def test_a_universal_trainer_with_another_width_and_few_cells(document: Document) -> None:
    report = document("plan", *UNIVERSAL, "--counter-bits", 4, "--cells", 5500)
    assert report["capacity"]["counter_bits"] == 4
    assert report["need"]["cells"] <= 5500 < report["supply"]["cells"] == 12_144


@pytest.mark.parametrize(
    ("options", "status", "sentence"),
    [
        ((), 2, "--inputs: is missing; give it, or a MODEL"),
        ((*NETWORK, "--fpga", "abacus"), 2, "FPGA 'abacus' is not known"),
        ((*NETWORK, "--set", "pe"), 2, "must be FACTOR=VALUE or LAYER.FACTOR=VALUE"),
        ((*NETWORK, "--set", "1.pe=2"), 2, "names layer 1, and the network has layers 0 to 0"),
        ((*NETWORK, "--set", "pe=two"), 2, "pe must be an integer, not 'two'"),
        ((*NETWORK, "--set", "pe=" + "9" * 5000), 2, "pe must be an integer, not '999"),
        ((*NETWORK, "--chosen", -1), 2, "chosen must be at least 0, not -1"),
        ((*NETWORK, "--chosen", "nan"), 2, "chosen must be at least 0, not nan"),
        (
            ("--inputs", 9, "--hidden", 40_000, "--classes", 3),
            2,
            "layer 0 has 40,000 neurons; a layer in gateware has at most 32,768: make it smaller",
        ),
        (
            ("--inputs", 10_000, "--hidden", 16, "--classes", 3, "--fpga", "icebreaker"),
            2,
            "does not fit the iCE40UP5K: with any plan, it needs at least 95 EBRs of 30",
        ),
        ((*NETWORK, "--set", "width=2"), 2, "has no width"),
        ((*NETWORK, "--set", "pe=33"), 2, "pe must be at most the 32 neurons"),
        ((*NETWORK, "--cells", 3000), 2, "--cells: needs --fpga NAME"),
        ((*NETWORK, "--fpga", "icebreaker", "--cells", 0), 2, "must be at least 1, not 0"),
        (
            (*NETWORK, "--fpga", "icebreaker", "--cells", 9000),
            2,
            "cells must be from 1 to 5,280, which the iCE40UP5K has, not 9,000",
        ),
        (
            (*NETWORK, "--fpga", "icebreaker", "--cells", 500),
            2,
            "logic cells of 500; allow it more logic cells",
        ),
        ((*NETWORK, "--plan", "p.json", "--set", "pe=2"), 2, "leave out --set"),
        ((*NETWORK, "--plan", "none.json"), 1, "none.json"),
        ((*NETWORK, "--out", "."), 1, "is a directory"),
        ((*NETWORK, "--universal"), 2, "--universal: needs --fpga NAME"),
        ((*UNIVERSAL, "--set", "pe=2"), 2, "chooses all fold factors; leave out --set"),
        ((*UNIVERSAL, "--plan", "p.json"), 2, "chooses all fold factors; leave out --plan"),
        ((*UNIVERSAL, "--hidden", 8), 2, "--inputs: is missing; give it, or a MODEL"),
        ((*UNIVERSAL, "--counter-bits", 17), 2, "--counter-bits: must be from 2 to 16, not 17"),
        ((*UNIVERSAL, "--chosen", "1,1"), 2, "chosen must be a number for each of the 1 layers"),
        (
            ("--universal", "--fpga", "icebreaker", "--cells", 2_000),
            2,
            "does not fit the iCE40UP5K: with any folding, it needs at least ",
        ),
        ((*NETWORK, "--chosen", 9), 2, "chosen must be from 0 to"),
        ((*NETWORK, "--chosen", "1,1"), 2, "chosen must be a number for each of the 1 layers"),
        ((*NETWORK, "--chosen", "few"), 2, "such as 1.9,0.5, not 'few'"),
        ((*NETWORK, "--errors", "1.5"), 2, "errors must be from 0 to 1, not 1.5"),
        ((*NETWORK, "--accuracy", 2), 2, "accuracy must be from 0 to 1, not 2"),
        (
            ("--inputs", 784, "--hidden", 1024, "--classes", 10, "--fpga", "icebreaker"),
            2,
            "does not fit the iCE40UP5K",
        ),
    ],
)
def test_what_cannot_be(
    run: Command, options: tuple[object, ...], status: int, sentence: str
) -> None:
    result = run("plan", *options)
    assert result.status == status
    assert sentence in result.sentence
