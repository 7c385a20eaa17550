"""`metaplast plan`."""

import json
from pathlib import Path

import pytest

from ..conftest import Command

NETWORK = ("--inputs", 64, "--hidden", 32, "--groups", 8, "--classes", 10)


def test_a_plan_for_a_board(run: Command) -> None:
    result = run("plan", *NETWORK, "--fpga", "icebreaker")
    assert (result.status, result.err) == (0, "")
    assert result.out.startswith("64–32–10 on iCE40UP5K: 8-bit counters, batch 100\n")
    for word in ("banks", "forward", "cycles per sample", "block RAMs", "SPRAMs"):
        assert word in result.out


def test_the_plan_of_the_icebreakers_network_is_quick_enough_and_fits(run: Command) -> None:
    network = ("--inputs", 784, "--hidden", 128, "--groups", 32, "--classes", 10)
    result = run("plan", *network, "--fpga", "iCE40UP5K", "--chosen", 1.91, "--json")
    report = json.loads(result.out)
    assert report["cycles_per_sample"] <= 620
    for resource, amount in report["need"].items():
        assert amount <= report["supply"][resource], resource


def test_a_report_is_a_plan_for_other_commands(run: Command, workspace: Path) -> None:
    first = run("plan", *NETWORK, "--fpga", "ulx3s-85f", "--out", "plan.json", "--json")
    assert first.status == 0, first.err
    again = run("plan", *NETWORK, "--plan", "plan.json", "--json")
    written = json.loads((workspace / "plan.json").read_text())
    assert json.loads(first.out) == written
    assert json.loads(again.out)["plan"] == written["plan"]


def test_a_report_says_its_network_and_fpga(run: Command, workspace: Path) -> None:
    options = ("--inputs", 20, "--hidden", 8, "--classes", 3, "--fpga", "icebreaker")
    first = run("plan", *options, "--set", "pe=2", "--out", "plan.json")
    again = run("plan", "--plan", "plan.json")
    assert (again.status, again.err) == (0, "")
    assert again.out == first.out.removesuffix("wrote plan.json\n")
    Path("bare.json").write_text(json.dumps(json.loads(Path("plan.json").read_text())["plan"]))
    result = run("plan", "--plan", "bare.json")
    assert (result.status, result.sentence) == (
        1,
        "bare.json does not say for which network it is; give a MODEL, or --inputs and --classes",
    )


def test_factors_are_kept(run: Command) -> None:
    report = json.loads(
        run("plan", *NETWORK, "--fpga", "icebreaker", "--set", "0.pe=2", "--json").out
    )
    assert report["plan"]["layers"][0]["pe"] == 2
    report = json.loads(run("plan", *NETWORK, "--set", "sample_buffers=3", "--json").out)
    assert report["plan"]["layers"][0]["sample_buffers"] == 3


def test_a_plan_of_few_cells(run: Command) -> None:
    fpga = (*NETWORK, "--fpga", "icebreaker", "--json")
    whole, small = (json.loads(run("plan", *fpga, *cells).out) for cells in ((), ("--cells", 2500)))
    assert small["need"]["cells"] <= 2500 < whole["need"]["cells"]
    assert small["cycles_per_sample"] > whole["cycles_per_sample"]
    assert small["supply"] == whole["supply"]


def test_the_memories_of_a_plan(run: Command) -> None:
    network = ("--inputs", 784, "--hidden", 128, "--groups", 32, "--classes", 10)
    out = run("plan", *network, "--fpga", "iCE40UP5K").out
    (hidden,) = [line for line in out.splitlines() if "hidden weights" in line]
    assert hidden.split() == ["0", "hidden", "weights", "1", "12,544", "64", "4", "SPRAMs"]
    (snapshot,) = [line for line in out.splitlines() if "snapshot" in line]
    assert snapshot.endswith(" EBRs")
    assert " 1 EBR" in out
    out = run("plan", *NETWORK, "--fpga", "ecp5-25f").out
    (choices,) = [line for line in out.splitlines() if "choices" in line]
    assert choices.endswith(" LUTs")
    out = run("plan", *NETWORK, "--fpga", "icebreaker", "--set", "banks=4").out
    out += run("plan", *NETWORK).out
    assert " registers" in out
    assert out.rstrip().splitlines()[-1].startswith("in all")


def test_a_written_plan_must_fit_the_fpga(run: Command) -> None:
    run("plan", *NETWORK, "--fpga", "ecp5-85f", "--out", "plan.json")
    assert run("plan", *NETWORK, "--plan", "plan.json", "--fpga", "ecp5-85f").status == 0
    result = run("plan", *NETWORK, "--plan", "plan.json", "--fpga", "icebreaker")
    assert result.status == 2
    assert "does not fit the iCE40UP5K: it needs " in result.sentence
    assert "the nearest plan that fits has 0." in result.sentence


def test_the_workload_of_each_layer(run: Command) -> None:
    network = ("--inputs", 64, "--hidden", "32,16", "--groups", 8, "--classes", 10)
    options = ("--chosen", "2,0.5", "--errors", "0.6,0.5", "--accuracy", 0.9, "--json")
    report = json.loads(run("plan", *network, *options).out)
    assert [layer["chosen"] for layer in report["layers"]] == pytest.approx([2, 0.5])
    assert [layer["errors"] for layer in report["layers"]] == [0.6, 0.5]
    assert report["accuracy"] == 0.9


def test_the_network_of_a_model(run: Command, model: Path) -> None:
    result = run("plan", model)
    assert result.status == 0, result.err
    assert result.out.startswith("24–12–3 for no FPGA")


@pytest.mark.parametrize(
    ("options", "status", "sentence"),
    [
        ((), 2, "--inputs: must be given, or a MODEL"),
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
