"""The text output of each command, compared with the golden texts in ``golden/``.

The other tests of the command line read JSON and the exit status. ``METAPLAST_UPDATE_GOLDEN=1``
writes the golden texts anew.
"""

import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from metaplast.boards.bitstream.description import Build
from metaplast.golden_model import datasets
from metaplast.golden_model.baselines import comparison
from metaplast.hdl.planning.universal import UniversalTrainer

from .conftest import Command
from .example_build import UNIVERSAL, write_build
from .fake_ports import FakePorts

GOLDEN = Path(__file__).parent / "golden"
UPDATE_VARIABLE = "METAPLAST_UPDATE_GOLDEN"

SMALL = "--hidden 12 --batch 10 --epochs 2"
NETWORK = "--inputs 64 --hidden 32 --groups 8 --classes 10"

# For each golden text, the commands whose output it holds.
TEXTS: dict[str, list[str]] = {
    "encode": [
        "encode digits --planes level,level,right --pool --out bits.npz",
        "encode features.csv --model features-model.npz --out bits.npz",
    ],
    "store": [
        "store toy.npz --out toy.img",
        "store digits --planes level,right --pool --split train --out d.img --board icebreaker",
        "store digits --validation 100 --shuffle-block 4 --out digits.img",
        "store digits --out digits.img --board orangecrab",
    ],
    "train": [
        f"train toy.npz {SMALL}",
        f"train toy.npz {SMALL} --quiet",
        "train toy.npz --hidden 12,8 --batch 10 --epochs 2 --validation 20 --model two.npz",
        "train toy.npz --continue two.npz --epochs 1 --validation 20 --samples 60 --model 3.npz",
        "train no_test.npz --hidden 12 --epochs 1",
        "train toy.npz --hidden 12 --epochs 1 --plot pictures",
        "train toy.npz --hidden 12 --epochs 1 --validation 20 --keep last --quiet",
        "train tiny.npz",
        "train tiny.npz --epochs 1",
    ],
    "evaluate": [
        "evaluate toy-model.npz toy.npz",
        "evaluate toy-model.npz toy.npz --split train",
        "evaluate toy-model.npz table.csv",
        "evaluate many-model.npz many.npz",
        "evaluate two.npz toy.npz",
    ],
    "predict": ["predict toy-model.npz few.npz", "predict features-model.npz indexed.csv"],
    "info": ["info toy-model.npz", "info digits-model.npz", "info features-model.npz"],
    "simulate": [
        f"simulate toy.npz {SMALL} --groups 3",
        f"simulate toy.npz {SMALL} --groups 3 --fixed --check batch --quiet",
        f"simulate toy.npz {SMALL} --groups 3 --fixed --waves w.vcd --waves-batch 2",
    ],
    "plan": [
        f"plan {NETWORK}",
        f"plan {NETWORK} --fpga icebreaker --out plan.json",
        f"plan {NETWORK} --fpga ecp5-25f --set banks=4",
        "plan --universal --fpga ulx3s-85f --out trainer.json",
        f"plan --universal --fpga ulx3s-12f {NETWORK} --accuracy 0.9",
    ],
    "export": [f"export verilog {NETWORK} --out core"],
    "devices": ["devices", "devices --all --baud 115200"],
    "no_devices": ["devices"],
    "boards": ["boards", "boards built universal"],
    "build": ["build ulx3s-85f", "build icebreaker --fixed --hidden 64"],
    "report": ["report built", "report built --html page.html", "report universal"],
    "flash": ["flash built"],
    "data": ["data list --data-dir here", "data fetch fashion-mnist --data-dir here"],
    "compare": [
        "compare toy.npz --hidden 12 --epochs 2 --batch 10",
        "compare toy.npz --hidden 12 --models ours --seeds 2 --validation 20 --quiet",
    ],
    "bench": ["bench golden --data digits --samples 200 --epochs 1"],
}

MODELS = (
    f"train toy.npz {SMALL}",
    "train toy.npz --hidden 12,8 --batch 10 --epochs 2 --model two.npz",
    "train digits --hidden 8 --epochs 1 --bits-per-feature 2 --validation 100",
    "train features.csv --hidden 8 --epochs 1 --per-feature",
    "train many.npz --hidden 16 --epochs 1",
)
"""Commands that write the models of `encode`, `evaluate`, `predict` and `info`."""


def masked(text: str) -> str:
    """Replace times, rates and the versions of packages by ``#``."""
    rules = (
        (r"(?<=cycles/sample, )[\d,]+ samples/s, [\d.]+ M", "# samples/s, # M"),  # of `simulate`
        (r"(?<=simulator )(built|found in the cache) in \d+ s", "# in # s"),
        (r"^( +\d+ .*%) +[\d,]+(?=$|  +[\d,.]+$)", r"\1  #"),  # samples/s of an epoch
        (r"(?<=e\+\d\d) +[\d.]+$", "  #"),  # seconds of a compared model
        (r"^(threads|samples/s|peak memory|epoch|its matrix .*|ratio)(  +)\d.*$", r"\1\2#"),
    )
    for pattern, replacement in rules:
        text = re.sub(pattern, replacement, text, flags=re.MULTILINE)
    return text


def write_data(folder: Path) -> None:
    """Write the data sets of the commands, beside ``toy.npz``."""
    with np.load(folder / "toy.npz") as arrays:
        x, y = arrays["x_test"], arrays["y_test"]
        np.savez("no_test.npz", x_train=arrays["x_train"], y_train=arrays["y_train"])
    np.savez("few.npz", x=x[:5])
    np.savetxt("table.csv", np.column_stack([x, y]), fmt="%d", delimiter=",")
    rows = ["a,b,c,label", *(f"{i % 7},5,{i % 3},{'xy'[i % 2]}" for i in range(40))]
    Path("features.csv").write_text("\n".join(rows))
    rows = [",c,b,a", *(f"{i},{i % 3},5,{i % 7}" for i in range(4))]
    Path("indexed.csv").write_text("\n".join(rows))
    draw = np.random.default_rng(1)
    np.savez("many.npz", x_train=draw.integers(0, 2, (84, 30)), y_train=np.arange(84) % 21)
    vectors = Path(__file__).parents[1] / "data" / "vectors"
    Path("tiny.npz").write_bytes((vectors / "tiny.npz").read_bytes())


@pytest.fixture
def prepare(toy: Path, run: Command, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Prepares the files, ports and packages that the commands of a golden text find."""

    def prepared(name: str) -> None:
        write_data(toy.parent)
        built = write_build(Path("built"))
        universal = write_build(Path("universal"), UNIVERSAL)
        if name in ("encode", "evaluate", "predict", "info"):
            for command in MODELS:
                assert run(*command.split()).status == 0
        (FakePorts() if name == "no_devices" else FakePorts.some()).plug_in(monkeypatch)
        monkeypatch.setattr(comparison, "_installed", lambda package: False)
        if name == "flash":
            monkeypatch.setenv("PATH", "")

        def build(
            board: Any, design: Any, *, progress: Callable[[str], None], **options: Any
        ) -> Build:
            progress("synthesis")
            return Build.load(universal if isinstance(design, UniversalTrainer) else built)

        monkeypatch.setattr("metaplast.boards.bitstream.build.build_bitstream", build)
        monkeypatch.setattr(datasets, "fetch", lambda name, folder, **options: folder / name)

    return prepared


@pytest.mark.parametrize("name", TEXTS)
def test_the_text_of_a_command(name: str, run: Command, prepare: Callable[[str], None]) -> None:
    prepare(name)
    parts = []
    for command in TEXTS[name]:
        result = run(*command.split())
        assert result.status == 0, result.err
        parts.append(f"$ metaplast {command}\n{result.err}{result.out}")
    text = masked("\n".join(parts))
    file = GOLDEN / f"{name}.txt"
    if os.environ.get(UPDATE_VARIABLE):
        file.write_text(text, encoding="utf-8")
    assert text == file.read_text(encoding="utf-8"), f"{UPDATE_VARIABLE}=1 writes it anew"


def test_every_golden_text_is_compared() -> None:
    assert sorted(file.stem for file in GOLDEN.iterdir()) == sorted(TEXTS)
